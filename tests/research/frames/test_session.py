"""A session as frames: each as it is declared, whole or lazy, now or as it was known at a moment."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.world import SESSION
from tests.research.conftest import Traded
from tests.research.folders import known_until
from tests.runtime.folders import BARS_SESSION
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import MINUTE, SECOND
from workbench.research import Session, open_session
from workbench.research.frames.columns import FRAMES, schema
from workbench.research.frames.times import moment_ns

EVERY = tuple(FRAMES)
LATE = {"forecasts": "is_up", "fills": "fee_usd"}


def span_ns(day: Session) -> tuple[int, int]:
    times = day.quotes["time"].dt.epoch("ns")
    return int(times[0]), int(times[-1])


@pytest.mark.parametrize("name", EVERY)
def test_every_frame_is_as_it_is_declared(day: Session, name: str) -> None:
    frame = day.frame(name)
    declared = schema(name)
    assert dict(list(frame.schema.items())[: len(declared)]) == declared
    assert len(frame.columns) == len(declared) or name == "features"
    if name != "states":  # nothing halted it
        assert len(frame) > 0
    first = "closed" if name == "round_trips" else "time"
    assert frame[first].is_sorted()
    assert frame.null_count().row(0)[0] == 0


@pytest.mark.parametrize("name", EVERY)
def test_a_scan_collects_to_the_frame(day: Session, name: str) -> None:
    assert day.scan(name).collect().equals(day.frame(name))
    assert day.scan(name).collect_schema() == day.frame(name).schema


def test_a_scan_makes_what_is_used_and_drops_rows_where_they_are_made(day: Session) -> None:
    lazy = day.scan("prints").filter(pl.col("size") >= 5).select("price_pts")
    assert lazy.collect().equals(day.prints.filter(pl.col("size") >= 5).select("price_pts"))
    assert day.scan("features").select("time", "rsi_14_1m").tail(3).collect().equals(day.features.select("time", "rsi_14_1m").tail(3))
    assert len(day.scan("depth").head(7).collect()) == 7
    assert day.scan("quotes", "SPY").select(pl.len()).collect().item() == len(day.frame("quotes", "SPY"))
    assert day.scan("bars", "ES", "5m").collect().equals(day.bars("ES", "5m"))
    plan = lazy.explain()
    assert "SELECTION" in plan and "PROJECT" in plan


@pytest.mark.parametrize("name", EVERY)
def test_pandas_gets_the_same(day: Session, name: str) -> None:
    frame = day.pandas(name)
    assert list(frame.columns) == day.frame(name).columns and len(frame) == len(day.frame(name))
    times = [column for column in frame.columns if column in ("time", "opened", "closed")]
    assert {str(frame[column].dtype) for column in times} == {"datetime64[ns, UTC]"}


def test_a_frame_is_read_once(day: Session) -> None:
    assert day.prints is day.prints and day.bars() is day.bars(None, "1m")


# ------------------------------------------------------------------ as seen at
@pytest.mark.parametrize("share", [0.02, 0.31, 0.67, 0.9])
def test_what_was_known_at_a_moment_is_what_a_log_that_ended_then_tells(traded: Traded, day: Session, tmp_path: Path, share: float) -> None:
    first, last = span_ns(day)
    until = first + int(share * (last - first))
    ended = open_session(SESSION, data=known_until(traded.data, until, tmp_path))
    seen = day.as_seen_at(until)
    for name in EVERY:
        assert seen.frame(name, length="5s").equals(ended.frame(name, length="5s")), name


@settings(max_examples=25)
@given(data=st.data())
def test_seen_earlier_is_a_prefix_of_seen_later(day: Session, data: st.DataObject) -> None:
    first, last = span_ns(day)
    moments = st.integers(first - SECOND, last + SECOND)
    early, late = sorted((data.draw(moments), data.draw(moments)))
    name = data.draw(st.sampled_from(EVERY))
    before, after = day.as_seen_at(early).frame(name), day.as_seen_at(late).frame(name)
    same = after.head(len(before))
    if column := LATE.get(name):  # of these nulls may have become known; nothing known changes
        known = before[column].is_not_null()
        assert before[column].filter(known).equals(same[column].filter(known))
        before, same = before.drop(column), same.drop(column)
    assert before.equals(same)
    assert day.as_seen_at(late).as_seen_at(early).frame(name).equals(day.as_seen_at(early).frame(name))
    assert day.as_seen_at(early).as_seen_at(late).frame(name).equals(day.as_seen_at(early).frame(name))  # no way back to the future
    assert day.as_seen_at(early).scan(name).collect().equals(day.as_seen_at(early).frame(name))


def test_before_the_first_record_there_is_nothing(day: Session) -> None:
    first, _ = span_ns(day)
    seen = day.as_seen_at(first - 24 * 60 * MINUTE)
    assert [len(seen.frame(name)) for name in EVERY] == [0] * len(EVERY)
    assert "no record yet" in repr(seen)


def test_the_record_at_the_very_moment_is_seen_and_an_open_bar_is_not(day: Session) -> None:
    times = day.prints["time"].dt.epoch("ns")
    at = int(times[100])
    assert len(day.as_seen_at(at).prints) == int((times <= at).sum()) and len(day.as_seen_at(at - 1).prints) <= 100
    bars = day.as_seen_at(at).bars("ES", "5s")
    assert int(bars["time"].dt.epoch("ns").max()) <= at < int(bars["time"].dt.epoch("ns").max()) + 10 * SECOND


def test_an_outcome_is_not_seen_before_its_horizon(day: Session) -> None:
    known = day.forecasts.filter(pl.col("is_up").is_not_null())
    first = int(known["time"].dt.epoch("ns")[0])
    horizon_ns = int(known["horizon_s"][0] * SECOND)
    assert day.as_seen_at(first + horizon_ns - 1).forecasts["is_up"].null_count() == len(day.as_seen_at(first + horizon_ns - 1).forecasts)
    assert day.as_seen_at(first + horizon_ns + 10 * SECOND).forecasts["is_up"].is_not_null().any()


def test_a_moment_without_a_zone_is_of_the_session(traded: Traded) -> None:
    day = traded.open(zone="America/New_York")
    seen = day.as_seen_at("2026-11-19 09:30")
    assert seen.prints["time"].dt.epoch("ns").max() <= moment_ns("2026-11-19T14:30Z", "UTC")
    assert str(seen.prints.schema["time"]) == "Datetime(time_unit='ns', time_zone='America/New_York')"
    assert "as seen at 2026-11-19 09:30:00 America/New_York" in repr(seen)


# ------------------------------------------------------------------ what is not there
def test_what_is_not_there_is_told_with_what_is(day: Session, barred: Path) -> None:
    imported = open_session(BARS_SESSION, data=barred)
    with pytest.raises(DataError, match=r"there are no quotes in session 2026-01-26; there are bars of ESH6, NQH6"):
        _ = imported.quotes
    nobody = r"nobody traded in run 20260126-import-1 \(import\) of session 20260126: .* workbench simulate --session 20260126 --data "
    with pytest.raises(DataError, match=nobody):
        _ = imported.fills
    with pytest.raises(DataError, match=r"there is no contract 'GC' in session 2026-01-26; there are ESH6 \(ES\), NQH6 \(NQ\)"):
        imported.bars("GC")
    with pytest.raises(ConfigError, match="there is no frame 'trades'; there are quotes, prints, depth, bars"):
        day.frame("trades")


def test_roots_narrow_every_frame(traded: Traded, day: Session) -> None:
    es = traded.open(roots="ES")
    for name in EVERY:
        if name in ("equity", "states"):
            continue
        assert es.frame(name).equals(day.frame(name, "ES")), name
    assert [of.symbol for of in es.contracts] == ["ESZ6"] and "SPY" not in repr(es)


def test_imported_bars_are_read_like_any_other(barred: Path) -> None:
    bars = open_session(BARS_SESSION, data=barred).bars("ES", "1m")
    traded = bars.filter(pl.col("volume") > 0)
    assert len(traded) == 120 and traded["open_pts"][:3].to_list() == [6900.0, 6901.0, 6902.0]
    assert traded["time"].dt.epoch("ns")[0] % MINUTE == 0 and traded["bid_pts"].is_null().all()
