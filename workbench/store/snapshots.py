"""The table ``futures_snapshots``: rows of `market.snapshots`, one partition a log session, written in batches and exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from workbench.domain.units import SECOND
from workbench.market.snapshots import Snapshot
from workbench.store.folders import Folders
from workbench.store.side import SideTable

_WHOLE: Final = frozenset({"ns", "seq", "contract", "trading_session", "phase", "open_interest"})
NAMES: Final = {"session": "trading_session"}  # of the contract; `session` is the log's, the partition
COLUMNS: Final = {
    name: int if name in _WHOLE else str if name == "symbol" else float for name in (NAMES.get(each, each) for each in Snapshot._fields)
}


class SnapshotTable:
    """The snapshots of one data folder."""

    def __init__(self, data: Path) -> None:
        self.table = SideTable(Folders(data).snapshots, "snapshots", COLUMNS)

    def append(self, session: int, rows: Sequence[Snapshot]) -> bool:
        """Add rows of a log session, whole moments of the grid; those up to a moment that was written before must not be among them."""
        return self.table.append(session, rows, (_application(session), rows[-1].ns // SECOND)) if rows else False

    def written_ns(self, session: int) -> int:
        """Give the moment up to which a session's rows are there, 0 if none is."""
        return self.table.version_of(_application(session)) * SECOND

    def read(self, session: int) -> list[Snapshot]:
        """Read a session, in the order of time."""
        return [Snapshot(*row) for row in self.table.read(session)]

    def sessions(self) -> list[int]:
        """List the log sessions it has rows of."""
        return self.table.sessions()


class Batch:
    """Rows that wait for others, so that files are few: for a while, or until they are many.

    Parameters
    ----------
    most_s, most_rows
        How long the oldest waits, and how many do.

    Examples
    --------
    >>> batch = Batch(60.0, 100)
    >>> batch.put(20261120, ["a row"], now_s=0.0)
    >>> batch.is_due(now_s=59.0), batch.is_due(now_s=60.0), batch.take(), batch.is_due(now_s=200.0)
    (False, True, [(20261120, ['a row'])], False)
    """

    def __init__(self, most_s: float, most_rows: int) -> None:
        self._most_s, self._most_rows = most_s, most_rows
        self._rows: dict[int, list[Snapshot]] = {}
        self._since_s: float | None = None

    def put(self, session: int, rows: Sequence[Snapshot], *, now_s: float) -> None:
        """Let rows of a session wait."""
        if rows:
            self._rows.setdefault(session, []).extend(rows)
            self._since_s = now_s if self._since_s is None else self._since_s

    def is_due(self, *, now_s: float) -> bool:
        """Tell whether they have waited long enough, or are enough."""
        n = sum(len(rows) for rows in self._rows.values())
        return self._since_s is not None and (n >= self._most_rows or now_s - self._since_s >= self._most_s)

    def take(self) -> list[tuple[int, list[Snapshot]]]:
        """Give all of them, by session, and keep none."""
        rows, self._rows, self._since_s = sorted(self._rows.items()), {}, None
        return rows


def _application(session: int) -> str:
    return f"snapshots/{session}"
