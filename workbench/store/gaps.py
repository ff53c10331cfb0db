"""The table of gaps: what is missing in the recordings, one partition a log session, and what was found of it. Values in and out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from workbench.store.folders import Folders
from workbench.store.side import Row, SideTable

COLUMNS: Final[dict[str, type]] = {
    "began_ns": int,
    "ended_ns": int,
    "contract": int,
    "symbol": str,
    "stream": str,
    "why": str,
    "filled_by": str,
    "n_filled": int,
    "why_not": str,
}


class GapTable:
    """The gaps of one data folder."""

    def __init__(self, data: Path) -> None:
        self.table = SideTable(Folders(data).gaps, "gaps", COLUMNS)

    def write(self, session: int, rows: Sequence[Row]) -> None:
        """Put the gaps of a session in the place of those that stood there."""
        self.table.replace(session, rows)

    def read(self, session: int) -> list[Row]:
        """Read the gaps of a session, in the order of their beginnings."""
        return self.table.read(session)
