"""How the market stands is what the engine's own bars and features say of its last minutes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.research.barred import SESSIONS
from workbench.research import Session, conditions, open_session

pytestmark = pytest.mark.covers("S3-42")


def test_the_last_price_is_that_of_the_last_bar_and_an_older_one_is_not_made_up(day: Session) -> None:
    bars = day.bars(None, "1m").drop_nulls("close_pts")
    for told in conditions.prices(day).iter_rows(named=True):
        own = bars.filter(pl.col("symbol") == told["symbol"])
        assert (told["last_pts"], told["time"]) == (own["close_pts"][-1], own["time"][-1])
        assert told["day_frac"] is None and told["week_frac"] is None, "half an hour holds no day"


def test_a_change_over_a_day_is_held_against_the_price_of_then(two_days: Path) -> None:
    days = open_session(SESSIONS[0], SESSIONS[-1], data=two_days)
    bars = days.bars(None, "1m").drop_nulls("close_pts")
    for told in conditions.prices(days).iter_rows(named=True):
        own = bars.filter((pl.col("symbol") == told["symbol"]) & (pl.col("time") <= told["time"] - pl.duration(days=1)))
        then = own["close_pts"][-1] if len(own) else None
        assert told["day_frac"] == (None if then is None else pytest.approx(told["last_pts"] / then - 1))


def test_a_trend_and_a_cross_are_read_off_the_engines_averages(day: Session) -> None:
    seen = day.features.drop_nulls(conditions.GAP).group_by("symbol").agg(pl.col("time", conditions.GAP, "ema_21_1m").last())
    gaps = {symbol: (gap, slow) for symbol, _, gap, slow in seen.iter_rows()}
    trends = dict(conditions.prices(day).select("symbol", "trend").iter_rows())
    assert trends == {symbol: "up" if gap > 0 else "down" for symbol, (gap, _) in gaps.items()}
    near = conditions.signals_near(day)
    assert dict(near.select("symbol", "gap_bp").iter_rows()) == {
        symbol: pytest.approx(gap / slow * 10_000, abs=0.01) for symbol, (gap, slow) in gaps.items()
    }
    assert set(near["crosses"]) <= {"soon", "up", "down"}
    assert near.select((pl.col("to_oversold") + pl.col("to_overbought")).round(9)).to_series().unique().to_list() == [40.0]


def test_shares_of_a_day_are_shares(day: Session) -> None:
    told = conditions.spreads(day)
    for name in ("oversold_frac", "overbought_frac", "up_frac"):
        assert told[name].drop_nulls().is_between(0, 1).all()
    assert (told["minutes"] > 0).all() and (told["volume"] > 0).all()


def test_what_was_heard_is_held_against_what_an_hour_holds(day: Session) -> None:
    told = conditions.heard(day)
    bars = day.bars(None, "1m")
    assert dict(told.select("symbol", "bars").iter_rows()) == dict(bars.group_by("symbol").len().iter_rows())
    assert (told["last_hour"] <= told["expected"]).all() and (told["expected"] <= 60).all()
