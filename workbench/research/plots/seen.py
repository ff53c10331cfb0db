"""What plots ask of a session, and how: one contract's rows with the clock's time beside them, or none and the reason. No drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from workbench.domain.errors import DataError
from workbench.research.plots.times import Span, Wall, wall

if TYPE_CHECKING:
    from workbench.research.frames.session import Session


class Rows(NamedTuple):
    """Rows of a frame, none where ``missing`` says why: nobody traded, no quotes were recorded."""

    frame: pl.DataFrame
    missing: str = ""

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.frame)

    def within(self, span: Span, column: str = "time") -> Rows:
        """Keep what lies in a span, both ends included."""
        if span is None or column not in self.frame.columns:
            return self
        return Rows(self.frame.filter(pl.col(column).dt.epoch("ns").is_between(*span)), self.missing)

    def on(self, clock: Wall, *columns: str) -> Rows:
        """Add what the clock of a plot showed: ``x`` for ``time``, ``opened_x`` for ``opened``."""
        names = columns or ("time",)
        if not set(names) <= set(self.frame.columns):
            return self
        shown = [pl.Series("x" if name == "time" else f"{name}_x", clock.times(self.frame[name])) for name in names]
        return Rows(self.frame.with_columns(shown), self.missing)


def rows(day: Session, name: str, symbol: str | None = None, **more: Any) -> Rows:
    """Ask a session for a frame, or one contract's part of it. What is missing is an answer here; a broken store still raises."""
    try:
        found = day.frame(name, **more)
    except DataError as error:
        return Rows(pl.DataFrame(), str(error))
    return Rows(found if symbol is None else found.filter(pl.col("symbol") == symbol))


def contract(day: Session, of: str) -> str:
    """Choose the contract a plot is about: the one named, or of a root the one that traded most.

    Raises
    ------
    DataError
        There is no such contract; the text says what there is.
    """
    symbols = [each.symbol for each in day.contracts if of in (each.root, each.symbol)]
    if not symbols:
        there = ", ".join(f"{each.symbol} ({each.root})" if each.symbol != each.root else each.symbol for each in day.contracts)
        raise DataError(f"no contract {of!r} here; there are {there}")
    if len(symbols) == 1:
        return symbols[0]
    volumes = day.bars(of, "1h").group_by("symbol").agg(pl.col("volume").sum()).sort("volume", "symbol", descending=True)
    return str(volumes["symbol"][0]) if len(volumes) else symbols[0]


def provenance(day: Session) -> str:
    """Say what is looked at: session, mode, and where its data came from (``generated data``)."""
    first, last = day.sessions[0], day.sessions[-1]
    span = f"session {first:%a %-d %b %Y}" if first == last else f"sessions {first:%-d %b %Y} to {last:%-d %b %Y}"
    sources = dict.fromkeys(run.source for run in day.runs if run.source)
    modes = [] if day.run is None else [day.run.mode]
    return " · ".join([span, *modes, *sources])


def clock(day: Session, zone: str | None, moments: pl.Series) -> Wall:
    """Choose the clock of a plot: the zone asked for, else that of the session."""
    return wall(moments, zone or day.zone)
