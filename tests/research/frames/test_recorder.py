"""What stands beside a recorder's log, as frames: columns with units, null where nothing is known, cut at a moment like any other."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.replay.world import SESSION
from tests.runtime.live.scripted import CutOffError
from tests.runtime.recorder.world import made_of, often, recorder, small
from workbench.importers.ib_history.shelf import Shelf
from workbench.research import Session, latest_snapshots, open_session
from workbench.runtime.recorder.filling import Missing, questions
from workbench.runtime.recorder.gaps import FIRST
from workbench.runtime.recorder.keeper import Keeper
from workbench.venues.history import Bars, PastBar


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session whose recorder was killed, and taken up some time later."""
    data = tmp_path_factory.mktemp("recorded")
    died = recorder(data, turns=70)
    with pytest.raises(CutOffError):
        died.run()
    recorder(data, at=died.venue.at + 700, from_ns=died.clock.now_ns()).run()
    Keeper(data, often()).finish()
    return data


@pytest.fixture(scope="module")
def day(folder: Path) -> Session:
    return open_session(SESSION, data=folder, zone="America/New_York")


@pytest.mark.covers("S1-03", "S1-14")
def test_snapshots_are_the_rows_that_were_made(day: Session, folder: Path) -> None:
    frame, rows = day.snapshots, made_of(folder, SESSION)
    assert frame.columns[:5] == ["time", "symbol", "seq", "session", "phase"] and len(frame) == len(rows) > 20
    assert frame["last_pts"].to_list() == [row.last_pts for row in rows] and frame["seq"].to_list() == [row.seq for row in rows]
    assert frame["time"].dt.epoch("ns").to_list() == [row.ns for row in rows] and set(frame["phase"]) == {"ETH", "RTH"}
    assert frame.schema["time"] == pl.Datetime("ns", "America/New_York") and str(frame["session"][0]) == "2026-11-19"
    half = rows[len(rows) // 2].ns
    assert day.as_seen_at(half).snapshots.equals(frame.filter(pl.col("time").dt.epoch("ns") <= half))
    assert set(open_session(SESSION, data=folder, roots="SPY").snapshots["symbol"]) == {"SPY"}


@pytest.mark.covers("S1-14")
def test_the_newest_snapshots_are_read_again_after_half_a_minute(folder: Path) -> None:
    newest = latest_snapshots(folder)
    assert newest["symbol"].to_list() == ["ESZ6", "SPY"] and latest_snapshots(folder) is newest
    again = latest_snapshots(folder, max_age_s=0.0)
    assert again is not newest and again.equals(newest)
    assert len(latest_snapshots(folder / "absent")) == 0


@pytest.mark.covers("S4-12")
def test_gaps_say_what_is_missing_and_bars_what_was_found_of_it(day: Session, folder: Path) -> None:
    before = day.gaps
    assert {"time", "began", "lasted_s", "symbol", "stream", "why", "filled_by", "n_filled", "why_not"} == set(before.columns)
    assert before["lasted_s"].min() >= 1.0 and before["filled_by"].null_count() == len(before) > 0 and len(day.backfill) == 0
    keeper = Keeper(folder, often())
    gap = next(each for each in keeper.missing.gaps(SESSION) if each.symbol == "ESZ6" and each.why != FIRST)
    es = next(terms.contract for terms in small().setup.terms if terms.contract.symbol == "ESZ6")
    asked: list[Missing] = questions(gap, es)
    shown = PastBar(asked[0].start_ns, "6000.25", "6001", "6000", "6000.5", "12", "6000.4", 3)
    Shelf(folder).put(asked[0].asked, Bars((shown, shown._replace(start_ns=asked[0].start_ns + 5 * 10**9, volume="0"))), 1)
    keeper.finish()
    [bar, empty] = day.backfill.iter_rows(named=True)
    assert (bar["symbol"], bar["length_s"], bar["open_pts"], bar["high_pts"], bar["low_pts"], bar["close_pts"]) == (
        "ESZ6", 5.0, 6000.25, 6001.0, 6000.0, 6000.5,
    )  # fmt: skip
    assert (bar["volume"], bar["vwap_pts"], empty["vwap_pts"]) == (12.0, pytest.approx(6000.4, abs=0.01), None)
    filled = day.gaps.filter(pl.col("filled_by").is_not_null())
    assert filled.select("filled_by", "n_filled").rows() == [("bars 5s", 2)]
