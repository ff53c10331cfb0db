"""What a person reads about a session's data adds up: streams, minutes, gaps."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.replay.world import SESSION
from tests.research.conftest import Traded
from tests.runtime.folders import BARS_SESSION, HEAD, MINUTES, import_bars
from workbench.market.quality import PENALTIES
from workbench.research import Session, open_session
from workbench.research.quality import column_of, completeness, gaps, stream_quality


@pytest.mark.covers("S2-30")
def test_every_bar_says_what_lowered_its_quality_and_the_costs_add_up(day: Session) -> None:
    bars = day.bars(None, "5s")
    cost = bars["quality_why"].fill_null("").str.extract_all(r"0\.\d\d").list.eval(pl.element().cast(pl.Float64)).list.sum()
    assert (bars["quality_frac"] == (1 - cost).clip(lower_bound=0).round(3)).all()
    assert bars["quality_why"].null_count() == (bars["quality_frac"] == 1).sum() > 100
    assert set(bars.filter(pl.col("is_broken"))["quality_why"].str.slice(0, 7)) <= {"gap 0.5", "opening"}


@pytest.mark.covers("S2-30", "S3-42")
def test_a_table_a_stream_counts_bars_and_what_lowered_them(day: Session) -> None:
    bars, told = day.bars(None, "5s"), stream_quality(day)
    assert told["symbol"].to_list() == ["ESZ6", "SPY"] and set(told["stream"]) == {"ticks"} and told["n_bars"].sum() == len(bars)
    for row in told.to_dicts():
        mine = bars.filter(pl.col("symbol") == row["symbol"])
        assert row["quality_mean"] == pytest.approx(mine["quality_frac"].mean())
        assert [row[f"n_below_0{n}0"] for n in (8, 6, 3)] == [(mine["quality_frac"] < n / 10).sum() for n in (8, 6, 3)]
        assert row["n_opening"] == mine["is_broken"].sum() >= 1
        lowered = sum(row[column_of(name)] * cost for name, cost in PENALTIES.items())
        assert lowered / 1000 == pytest.approx((1 - mine["quality_frac"]).sum())  # no bar of this day lost more than all


def test_a_stream_of_imported_bars_is_called_one(barred: Path) -> None:
    assert set(stream_quality(open_session(BARS_SESSION, data=barred))["stream"]) == {"bars"}


@pytest.mark.covers("S4-21")
def test_minutes_are_expected_by_the_calendar_and_seen_where_something_came(day: Session, traded: Traded) -> None:
    told = {row["symbol"]: row for row in completeness(day).to_dicts()}
    assert told["ESZ6"]["minutes_expected"] == 23 * 60 and told["ESZ6"]["minutes_seen"] in (30, 31)
    assert told["ESZ6"]["complete_frac"] == told["ESZ6"]["minutes_seen"] / (23 * 60)
    began_ns = int(traded.of.records["recv_ns"][0])
    early = {row["symbol"]: row for row in completeness(day.as_seen_at(began_ns + 600_000_000_000)).to_dicts()}
    assert early["ESZ6"]["minutes_expected"] < told["ESZ6"]["minutes_expected"] and early["ESZ6"]["minutes_seen"] in (10, 11)


@pytest.mark.covers("S3-42", "S4-21", "S4-22")
def test_bars_count_for_the_minutes_they_cover_and_one_left_out_is_missed(tmp_path: Path) -> None:
    rows = [HEAD, *MINUTES[:60], *MINUTES[63:]]
    import_bars(tmp_path / "data", tmp_path, "ESH6", rows="\n".join(rows) + "\n")
    day = open_session(BARS_SESSION, data=tmp_path / "data")
    (told,) = completeness(day).to_dicts()
    assert (told["minutes_expected"], told["minutes_seen"]) == (23 * 60, 117)
    found = gaps(day)
    assert found["why"].to_list() == ["nothing since the opening", "nothing came", "nothing until the close"]
    hole = found.row(1, named=True)
    assert (hole["symbol"], hole["seconds"]) == ("ESH6", pytest.approx(240, abs=1)) and hole["ended"].hour == 16


@pytest.mark.covers("S4-21")
def test_gaps_lie_in_open_hours_alone(day: Session) -> None:
    found = gaps(day)
    assert found["began"].is_sorted() and (found["seconds"] > 90).all()
    es = found.filter(pl.col("symbol") == "ESZ6")
    assert es["why"].to_list() == ["nothing since the opening", "nothing until the close"]
    hours = es["seconds"].sum() / 3600
    assert hours == pytest.approx(22.5, abs=0.05)  # 23 hours are open, half an hour was recorded
    assert str(SESSION)[:4] == str(es["began"][0].year)
