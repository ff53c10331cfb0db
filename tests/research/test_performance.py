"""How trading went adds up to the session's own sums, and is empty with its columns where nobody traded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session, performance
from workbench.research.review import journal

pytestmark = pytest.mark.covers("S3-43")


@pytest.fixture(scope="module")
def trips(day: Session) -> pl.DataFrame:
    return day.round_trips


@pytest.mark.parametrize("kind", ["symbol", "market"])
def test_each_way_to_sum_up_adds_up_to_all_of_it(day: Session, trips: pl.DataFrame, kind: str) -> None:
    by = performance.by_symbol(trips) if kind == "symbol" else performance.by_market(day, trips)
    assert by["n"].sum() == len(trips) > 3
    for name in ("pnl_usd", "fees_usd"):
        assert by[name].sum() == pytest.approx(trips[name].sum())
    assert (by["won_frac"] * by["n"]).sum() == pytest.approx((trips["pnl_usd"] > 0).sum())


def test_a_market_is_what_was_known_when_the_position_was_entered(day: Session, trips: pl.DataFrame) -> None:
    measured = day.features.select("time", "symbol", performance.MEASURE).drop_nulls()
    trip = trips.row(len(trips) // 2, named=True)
    own = measured.filter(pl.col("symbol") == trip["symbol"])
    before = own.filter(pl.col("time") <= trip["opened"])
    alone = performance.by_market(day, trips.filter(pl.col("ref") == trip["ref"]))
    assert alone["n"].to_list() == [1]
    if before.is_empty():
        assert alone["market"].to_list() == ["not known"]
        return
    value = before[performance.MEASURE][-1]
    low, high = (own[performance.MEASURE].quantile(part) for part in (performance.CALM, performance.BUSY))
    assert low is not None and high is not None
    assert alone["market"].to_list() == ["calm" if value <= low else "busy" if value >= high else "usual"]


def test_every_wish_was_acted_on_or_refused(day: Session) -> None:
    wished, decided = performance.signals(day), day.decisions
    assert wished["wishes"].sum() == len(decided) and (wished["acted"] + wished["refused"] == wished["wishes"]).all()
    assert wished["acted"].sum() == len(decided.filter(pl.col("verdict") == "approved"))
    told = wished.filter(pl.col("refused") > 0).row(0, named=True)
    reason, n = told["mostly"].rsplit(" ", 1)
    mine = decided.filter((pl.col("strategy") == told["strategy"]) & (pl.col("reason") == reason))
    assert len(mine) == int(n) <= told["refused"]


def test_a_move_to_break_even_pays_the_fees(day: Session) -> None:
    es = next(each for each in day.contracts if each.root == "ES")
    one = {"symbol": es.symbol, "qty": 2.0, "entry_pts": 6000.0, "exit_pts": 6001.0, "pnl_usd": 91.0, "fees_usd": 9.0}
    told = performance.charges(day, pl.DataFrame([one])).row(0, named=True)
    assert told["break_even_pts"] * 2 * float(es.multiplier) == pytest.approx(9.0)
    assert told["of_wins_frac"] == pytest.approx(9 / 100) and told["round_trip_bp"] == pytest.approx(90_000 / (12_001 * 2 * 50), abs=0.001)


def test_without_a_winner_no_share_of_wins_is_told(day: Session) -> None:
    symbol = day.contracts[0].symbol
    lost = {"symbol": symbol, "qty": 1.0, "entry_pts": 10.0, "exit_pts": 9.0, "pnl_usd": -51.0, "fees_usd": 1.0}
    assert performance.charges(day, pl.DataFrame([lost]))["of_wins_frac"].to_list() == [None]


def test_seven_and_thirty_days_end_with_the_last_round_trip() -> None:
    last = datetime(2026, 11, 19, 21, tzinfo=UTC)
    closed = [last - timedelta(days=days) for days in (31, 20, 8, 3, 0)]
    trips = pl.DataFrame({"closed": closed, "pnl_usd": [1.0, 2.0, 4.0, 8.0, 16.0], "fees_usd": [1.0] * 5, "r": [1.0] * 5})
    assert performance.lately(trips).select("days", "n", "pnl_usd").rows() == [(7, 2, 24.0), (30, 4, 30.0)]
    there = trips.with_columns(pl.col("closed").dt.convert_time_zone("America/New_York"))
    for frame in (trips, there):
        told = performance.lately(frame, date(2026, 11, 26)).select("days", "n", "pnl_usd").rows()
        assert told == [(7, 0, 0.0), (30, 4, 30.0)], "whatever the zone, they end with the day that is named"
    zone = ZoneInfo("America/New_York")
    late = there.with_columns(closed=pl.lit(datetime(2026, 11, 1, 0, 30, tzinfo=zone)))  # an hour and a half before the clock goes back
    assert performance.lately(late, date(2026, 11, 7))["n"].to_list() == [late.height] * 2


def test_where_nobody_traded_every_frame_is_there_and_empty(barred: Path) -> None:
    quiet = open_session(BARS_SESSION, data=barred)
    none = journal(quiet, "round_trips")
    frames = [performance.by_symbol(none), performance.by_market(quiet, none), performance.signals(quiet), performance.charges(quiet, none)]
    assert all(each.is_empty() and each.columns for each in [*frames, performance.lately(none)])
    assert performance.holding(none)["n"].to_list() == [0, 0, 0]
