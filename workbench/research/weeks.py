"""Sessions of a span side by side: what each earned, cost, refused, and how fit its data was. Frames in, a frame out; draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from workbench.research.review import FIT, WON, journal

if TYPE_CHECKING:
    from workbench.research.frames.session import Session


def by_session(days: Session) -> pl.DataFrame:
    """Sum up each session of a span, by the run that traded it.

    Returns
    -------
    polars.DataFrame
        session; run [empty where nobody traded]; round_trips, won; fees_usd, pnl_usd [after fees, of round trips closed in that run];
        wishes, refused; fit_frac [share of 5 s bars good enough to enter on]; state_changes.
    """
    closed, decided, states = (journal(days, name) for name in ("round_trips", "decisions", "states"))
    rows = [_row(log.session, log.told.run.run if log.told.run is not None else "", closed, decided, states) for log in days.logs]
    sums = pl.DataFrame(rows, schema=SHAPE, orient="row").with_columns(pl.col("session").cast(pl.String).str.to_date("%Y%m%d"))
    bars = days.bars(None, "5s").group_by("session").agg((pl.col("quality_frac") >= FIT).mean().alias("fit_frac"))
    return sums.join(bars, on="session", how="left")


SHAPE = {
    "session": pl.Int64, "run": pl.String, "round_trips": pl.Int64, "won": pl.Int64, "fees_usd": pl.Float64, "pnl_usd": pl.Float64,
    "wishes": pl.Int64, "refused": pl.Int64, "state_changes": pl.Int64,
}  # fmt: skip


def _row(session: int, run: str, closed: pl.DataFrame, decided: pl.DataFrame, states: pl.DataFrame) -> tuple[object, ...]:
    mine = pl.col("run") == run
    trips, wishes = closed.filter(mine), decided.filter(mine)
    return (
        session,
        run,
        len(trips),
        int(trips.select(WON.sum()).item()),
        float(trips["fees_usd"].sum()),
        float(trips["pnl_usd"].sum()),
        len(wishes),
        int((wishes["verdict"] == "refused").sum()),
        len(states.filter(mine)),
    )
