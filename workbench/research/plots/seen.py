"""What plots ask of a session, and how they ask: one contract's rows, or none with the reason. No drawing; reads nothing itself."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import polars as pl

from workbench.domain.errors import DataError
from workbench.research.plots.times import Wall, wall, zone_of


class Day(Protocol):
    """A session, or a range of them, as frames (`workbench.research.open_session`). Every frame may raise `DataError`: not there."""

    @property
    def source(self) -> str:
        """Say what the data is: ``generated data, seed 7``."""

    def bars(self, of: str, length: str = "1m") -> pl.DataFrame:
        """Give the bars of a contract or root."""


class Rows(NamedTuple):
    """One contract's rows of a frame, with ``x``: what the plot's clock showed. ``missing`` says why there are none."""

    frame: pl.DataFrame
    missing: str = ""

    def __bool__(self) -> bool:
        return not self.frame.is_empty()


def frame_of(day: Day, name: str, *arguments: Any) -> Rows:
    """Ask for a frame; none where the session has none.

    Only what says that data is missing is taken for an answer; a broken store raises.
    """
    try:
        found = getattr(day, name)
        return Rows(found(*arguments) if arguments else found)
    except DataError as error:
        return Rows(pl.DataFrame(), str(error))


def of_symbol(rows: Rows, symbol: str) -> Rows:
    """Keep one contract's rows."""
    return Rows(rows.frame.filter(pl.col("symbol") == symbol), rows.missing) if rows else rows


def on_wall(rows: Rows, clock: Wall, *columns: str) -> Rows:
    """Add what the clock showed: ``x`` for ``time``, ``opened_x`` for ``opened``."""
    if not rows.frame.width:
        return rows
    shown = [pl.Series("x" if name == "time" else f"{name}_x", clock.times(rows.frame[name])) for name in columns or ("time",)]
    return Rows(rows.frame.with_columns(shown), rows.missing)
