"""How trading went: by contract and kind of market, what was wished, what it cost, how long it took. Frames in, frames out; draws nothing.

Every frame is empty, with its columns, where nothing was traded: a page of a quiet week is a page, not a failure.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

from workbench.research.review import MINUTES, WON, journal

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

DAYS: Final = (7, 30)
MEASURE: Final = "rv_ew_1m"  # what kind of market it is: realised variance of the last minutes, weighted to the present
CALM, BUSY = 1 / 3, 2 / 3  # shares of a contract's own minutes below which it is calm, above which it is busy

SUMS: Final = (
    pl.len().alias("n"),
    WON.mean().alias("won_frac"),
    pl.col("r").mean().alias("mean_r"),
    pl.col("fees_usd").sum(),
    pl.col("pnl_usd").mean().alias("expectancy_usd"),
    pl.col("pnl_usd").sum(),
)


def by_symbol(trips: pl.DataFrame) -> pl.DataFrame:
    """Sum up round trips by contract.

    Parameters
    ----------
    trips
        The frame ``round_trips`` of a session or a range.

    Returns
    -------
    polars.DataFrame
        symbol; n, won_frac, mean_r; fees_usd; expectancy_usd [mean after fees], pnl_usd [after fees].

    Examples
    --------
    >>> trips = pl.DataFrame({"symbol": ["ES", "ES"], "pnl_usd": [3.0, -1.0], "fees_usd": [0.5, 0.5], "r": [1.0, -0.5]})
    >>> by_symbol(trips).row(0)
    ('ES', 2, 0.5, 0.25, 1.0, 1.0, 2.0)
    """
    return trips.group_by("symbol").agg(*SUMS).sort("symbol")


def by_market(day: Session, trips: pl.DataFrame) -> pl.DataFrame:
    """Sum up round trips by the kind of market they were entered in.

    Calm, usual and busy are thirds of the contract's own minutes of the span, by realised variance: busy for one is calm for another.

    Returns
    -------
    polars.DataFrame
        market [calm usual busy, or not known: the measure was not warm]; then as `by_symbol`.
    """
    if trips.is_empty():
        return by_symbol(trips).rename({"symbol": "market"})
    measured = day.features.select("time", "symbol", MEASURE).drop_nulls().sort("time")
    bounds = measured.group_by("symbol").agg(pl.col(MEASURE).quantile(CALM).alias("calm"), pl.col(MEASURE).quantile(BUSY).alias("busy"))
    entered = trips.sort("opened").join_asof(
        measured,
        left_on="opened",
        right_on="time",
        by="symbol",
        check_sortedness=False,  # polars cannot check it by group
    )
    value, known = pl.col(MEASURE), entered.join(bounds, on="symbol", how="left")
    kind = (
        pl.when(value.is_null())
        .then(pl.lit("not known"))
        .when(value <= pl.col("calm"))
        .then(pl.lit("calm"))
        .when(value >= pl.col("busy"))
        .then(pl.lit("busy"))
        .otherwise(pl.lit("usual"))
    )
    order = pl.col("market").replace_strict({"calm": 0, "usual": 1, "busy": 2, "not known": 3})
    return known.group_by(kind.alias("market")).agg(*SUMS).sort(order)


def signals(day: Session) -> pl.DataFrame:
    """Count what each strategy wished, and what became of it.

    Returns
    -------
    polars.DataFrame
        strategy; wishes, acted [approved by risk], refused; act_frac; mostly [the most frequent reason of refusal, with its count].
    """
    decisions = journal(day, "decisions")
    refused = decisions.filter(pl.col("verdict") == "refused")
    counted = refused.group_by("strategy", "reason").len().sort("len", "reason", descending=[True, False])
    mostly = counted.group_by("strategy", maintain_order=True).agg(pl.format("{} {}", "reason", "len").first().alias("mostly"))
    acted = (pl.col("verdict") == "approved").sum()
    by = decisions.group_by("strategy").agg(
        pl.len().alias("wishes"), acted.alias("acted"), (pl.len() - acted).alias("refused"), (acted / pl.len()).alias("act_frac")
    )
    return by.join(mostly, on="strategy", how="left").sort("strategy")


def charges(day: Session, trips: pl.DataFrame) -> pl.DataFrame:
    """Say what fees cost, and how far a price must move to pay for them.

    Returns
    -------
    polars.DataFrame
        symbol; fees_usd; of_wins_frac [of what the winners earned before fees, null without a winner]; round_trip_bp [fees over what
        was bought and sold, in ten-thousandths]; break_even_pts [move that pays a round trip's fees, per contract or share].
    """
    worth = pl.DataFrame(
        {"symbol": [each.symbol for each in day.contracts], "point_usd": [float(each.multiplier) for each in day.contracts]},
        schema={"symbol": pl.String, "point_usd": pl.Float64},
    )
    gross, whole = pl.col("pnl_usd") + pl.col("fees_usd"), pl.col("qty") * pl.col("point_usd")
    won = gross.filter(gross > 0).sum()
    turned = (pl.col("entry_pts") + pl.col("exit_pts")) * whole
    by = trips.join(worth.unique("symbol"), on="symbol", how="left").group_by("symbol")
    return by.agg(
        pl.col("fees_usd").sum(),
        pl.when(won > 0).then(pl.col("fees_usd").sum() / won).alias("of_wins_frac"),
        (pl.col("fees_usd").sum() / turned.sum() * 10_000).round(3).alias("round_trip_bp"),
        (pl.col("fees_usd").sum() / whole.sum()).alias("break_even_pts"),
    ).sort("symbol")


def holding(trips: pl.DataFrame) -> pl.DataFrame:
    """Say how long round trips took: all, those that won, those that lost.

    Returns
    -------
    polars.DataFrame
        which [all won lost]; n; mean_minutes, median_minutes, longest_minutes; null where there is none.
    """
    parts = (("all", pl.lit(True)), ("won", WON), ("lost", ~WON))
    return pl.concat(
        trips.filter(which).select(
            pl.lit(name).alias("which"),
            pl.len().alias("n"),
            MINUTES.mean().round(1).alias("mean_minutes"),
            MINUTES.median().round(1).alias("median_minutes"),
            MINUTES.max().round(1).alias("longest_minutes"),
        )
        for name, which in parts
    )


def lately(trips: pl.DataFrame, last: date | None = None) -> pl.DataFrame:
    """Sum up the last seven and the last thirty days.

    Parameters
    ----------
    last
        The day they end with; `None`: that of the last round trip.

    Returns
    -------
    polars.DataFrame
        days; then as `by_symbol`.
    """
    closed = trips.schema["closed"]
    zone = (closed.time_zone if isinstance(closed, pl.Datetime) else None) or "UTC"  # a day is one of the zone that times are shown in
    end = trips["closed"].max() if last is None else datetime.combine(last, time.max, ZoneInfo(zone))
    if end is None or trips.is_empty():
        return by_symbol(trips).rename({"symbol": "days"})
    since = {days: pl.lit(end).dt.offset_by(f"-{days}d") for days in DAYS}  # by the calendar: a day may have 23 hours
    return pl.concat(trips.filter(pl.col("closed") > at).select(pl.lit(days).alias("days"), *SUMS) for days, at in since.items())
