"""How the market stands: price, trend and volume by contract, how a day was spread, how near a cross is. Frames in, frames out.

All values are the engine's own features of one-minute bars, so what a page says here is what a strategy saw. Draws nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from workbench.domain.units import MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.research.frames.session import Session

RSI, SLOW, GAP, VOLUME = "rsi_14_1m", "ema_21_1m", "ema_gap_9_21_1m", "volume_ratio_20_1m"
OVERSOLD, OVERBOUGHT = 30.0, 70.0  # Wilder's own lines (New Concepts in Technical Trading Systems, 1978)
LENGTH: Final = "1m"
DAY: Final = pl.duration(days=1, time_unit="ns")
WEEK: Final = pl.duration(weeks=1, time_unit="ns")
HOUR: Final = pl.duration(hours=1, time_unit="ns")
NEAR: Final = 0.1  # of the gap's own usual size: nearer than that the averages are about to cross


def week_before(session: int) -> int:
    """Give the day eight days before a session: a week of prices, and the session that it is held against.

    >>> week_before(20261103)
    20261026
    """
    day = date(session // 10_000, session // 100 % 100, session % 100) - timedelta(days=8)
    return day.year * 10_000 + day.month * 100 + day.day


def prices(day: Session) -> pl.DataFrame:
    """Give the last price of each contract and how it stands.

    Returns
    -------
    polars.DataFrame
        symbol; time, last_pts; day_frac, week_frac [change over 24 hours and 7 days; null where the span is shorter]; trend
        [up: the 9-minute average is above that of 21, down: below]; rsi [0 to 100]; volume_ratio [last minute over the mean of 20].
    """
    bars = day.bars(None, LENGTH).drop_nulls("close_pts").sort("time")
    now = bars.group_by("symbol").agg(pl.col("time").last(), pl.col("close_pts").last().alias("last_pts"))
    for name, back in (("day_frac", DAY), ("week_frac", WEEK)):
        then = now.select("symbol", at=pl.col("time") - back).sort("at")
        old = then.join_asof(bars.select("time", "symbol", "close_pts"), left_on="at", right_on="time", by="symbol", check_sortedness=False)
        now = now.join(old.select("symbol", pl.col("close_pts").alias(name)), on="symbol", how="left")
        now = now.with_columns((pl.col("last_pts") / pl.col(name) - 1).alias(name))
    latest = _minutes(day).group_by("symbol").agg(pl.col(GAP, RSI, VOLUME).drop_nulls().last())
    trend = pl.when(pl.col(GAP) > 0).then(pl.lit("up")).when(pl.col(GAP) < 0).then(pl.lit("down"))
    whole = now.join(latest, on="symbol", how="left").with_columns(trend.alias("trend"))
    return whole.select(
        "symbol",
        "time",
        "last_pts",
        "day_frac",
        "week_frac",
        "trend",
        pl.col(RSI).round(1).alias("rsi"),
        pl.col(VOLUME).round(2).alias("volume_ratio"),
    ).sort("symbol")


def spreads(day: Session) -> pl.DataFrame:
    """Say how the last 24 hours were spread.

    Returns
    -------
    polars.DataFrame
        symbol; minutes [with a warm value]; oversold_frac, overbought_frac [share of them with an RSI below 30, above 70]; up_frac [with
        the fast average above the slow one]; volume [mean of a minute].
    """
    minutes = _minutes(day)
    recent = minutes.filter(pl.col("time") > pl.col("time").max().over("symbol") - DAY)
    bars = day.bars(None, LENGTH).select("time", "symbol", "volume")
    by = recent.join(bars, on=["time", "symbol"], how="left").group_by("symbol")
    return by.agg(
        pl.col(RSI).count().alias("minutes"),
        (pl.col(RSI) < OVERSOLD).mean().alias("oversold_frac"),
        (pl.col(RSI) > OVERBOUGHT).mean().alias("overbought_frac"),
        (pl.col(GAP) > 0).mean().alias("up_frac"),
        pl.col("volume").mean().round(),
    ).sort("symbol")


def signals_near(day: Session) -> pl.DataFrame:
    """Say how near each contract is to what rules of thumb wait for.

    Returns
    -------
    polars.DataFrame
        symbol; gap_bp [average of 9 minutes less that of 21, in ten-thousandths]; crosses [soon: the gap is
        under a tenth of its usual size; up or down otherwise]; to_oversold, to_overbought [how far the RSI is from 30 and 70;
        negative: beyond].
    """
    by = _minutes(day).drop_nulls(GAP).group_by("symbol").agg(pl.col(GAP, RSI, SLOW).last(), pl.col(GAP).abs().median().alias("usual"))
    gap = pl.col(GAP)
    side = pl.when(gap.abs() < NEAR * pl.col("usual")).then(pl.lit("soon")).when(gap > 0).then(pl.lit("up")).otherwise(pl.lit("down"))
    return by.select(
        "symbol",
        (gap / pl.col(SLOW) * 10_000).round(2).alias("gap_bp"),
        side.alias("crosses"),
        (pl.col(RSI) - OVERSOLD).round(1).alias("to_oversold"),
        (OVERBOUGHT - pl.col(RSI)).round(1).alias("to_overbought"),
    ).sort("symbol")


def heard(day: Session) -> pl.DataFrame:
    """Say how much was heard: bars in all, the first and the last, and the last hour against what it should hold.

    Returns
    -------
    polars.DataFrame
        symbol; bars [one-minute]; first, last; last_hour, expected [bars of the 60 minutes before the last one]; quality_frac [mean].
    """
    bars = day.bars(None, LENGTH)
    by = bars.group_by("symbol").agg(
        pl.len().alias("bars"),
        pl.col("time").min().alias("first"),
        pl.col("time").max().alias("last"),
        (pl.col("time") > pl.col("time").max() - HOUR).sum().alias("last_hour"),
        pl.col("quality_frac").mean(),
    )
    span = ((pl.col("last") - pl.col("first")).dt.total_nanoseconds() // MINUTE + 1).clip(upper_bound=60)
    columns = ("symbol", "bars", "first", "last", "last_hour", "expected", "quality_frac")
    return by.with_columns(span.alias("expected")).select(columns).sort("symbol")


def _minutes(day: Session, columns: Sequence[str] = (RSI, SLOW, GAP, VOLUME)) -> pl.DataFrame:
    """Give the features of one-minute bars at the barriers at which such a bar closed."""
    return day.features.select("time", "symbol", *columns).filter(pl.col("time").dt.second() == 0).sort("time")
