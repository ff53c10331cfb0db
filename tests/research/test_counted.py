"""What IB counted against what was recorded: over the whole recorder, its keeper and the gateway, in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.simulation.fortnight.tape import tape
from tests.simulation.fortnight.world import Life, Recorder, at
from workbench.domain.records import Kind
from workbench.domain.units import SECOND
from workbench.gateway.faults import actions as act
from workbench.research import open_session
from workbench.research.counted import uncounted, words
from workbench.research.frames.session import Session
from workbench.store.folders import Folders
from workbench.store.recordings import Recordings
from workbench.store.told_bars import ToldBarTable

SESSION = 20261125
BEGIN, MUTED, END = at("2026-11-25 09:00"), at("2026-11-25 09:04"), at("2026-11-25 09:12")


def recorded(folder: Path, *faults: tuple[int, act.Action], until_ns: int = END) -> Recorder:
    of = tape(("ESZ6",), (SESSION,), seed=1)
    return Recorder(folder, of, ("ES",)).live(Life(BEGIN, until_ns, faults))


def opened(of: Recorder) -> Session:
    return open_session(SESSION, data=of.data)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    return recorded(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def muted(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    return recorded(tmp_path_factory.mktemp("muted"), (MUTED, act.Mute(what=("TickByTickLast",), for_s=150, who="all")))


@pytest.mark.covers("S2-29")
def test_the_volume_of_ibs_bars_is_that_of_the_prints(whole: Recorder) -> None:
    [(symbol, minutes, told, seen, missed_in, missed)] = uncounted(opened(whole)).rows()
    assert symbol == "ESZ6" and minutes >= 10 and told == seen > 100 and (missed_in, missed) == (0, 0.0)
    assert words(opened(whole)) == []


def test_bars_lie_beside_the_log_and_none_in_it(whole: Recorder) -> None:
    day, rows = opened(whole), ToldBarTable(whole.data).read(SESSION)
    assert len(rows) >= 12 * 11 and len({row.start_ns for row in rows}) == len(rows) and not list(Folders(whole.data).told.iterdir())[1:]
    assert not (Recordings.of(whole.data).read(SESSION)["kind"] == Kind.BAR).any()
    frame = day.told_bars
    assert len(frame) == len(rows) and frame["volume"].sum() == sum(row.volume for row in rows)
    assert frame["close_pts"][-1] == rows[-1].close_px / 4 and frame["vwap_pts"].null_count() == sum(row.volume == 0 for row in rows)
    half = BEGIN + (END - BEGIN) // 2
    assert 0 < len(day.as_seen_at(half).told_bars) < len(rows) and uncounted(day.as_seen_at(half))["minutes_told"][0] < 6


@pytest.mark.covers("S2-29")
def test_prints_that_were_lost_without_a_word_are_told(muted: Recorder) -> None:
    day = opened(muted)
    [(symbol, _, told, seen, minutes, missed)] = uncounted(day).rows()
    assert symbol == "ESZ6" and missed == told - seen > 0 and 2 <= minutes <= 4
    [(_, said)] = words(day)
    assert said == f"IB counted {missed:,.0f} contracts in {minutes} minutes that we did not see"
    verified = workbench("data", "verify", "--data", muted.data)
    assert verified.code == 0 and f"note  {SESSION} ESZ6: {said}" in verified.out


@pytest.mark.covers("S1-32")
def test_a_recorder_that_is_killed_and_begins_again_doubles_none(tmp_path: Path) -> None:
    of = tape(("ESZ6",), (SESSION,), seed=1)
    recorder = Recorder(tmp_path, of, ("ES",))
    recorder.live(Life(BEGIN, BEGIN + 183 * SECOND, is_killed=True)).live(Life(BEGIN + 189 * SECOND, BEGIN + 400 * SECOND))
    rows = ToldBarTable(recorder.data).read(SESSION)
    assert len({row.start_ns for row in rows}) == len(rows) >= 35 + 40
    assert uncounted(opened(recorder))["minutes_told"][0] >= 4 and words(opened(recorder)) == []


def test_where_no_bars_were_told_nothing_is_said(whole: Recorder, tmp_path: Path) -> None:
    table = ToldBarTable(whole.data)
    kept = table.read(SESSION)
    table.table.replace(SESSION, [])
    assert len(uncounted(opened(whole))) == 0 and words(opened(whole)) == [] and len(opened(whole).told_bars) == 0
    table.table.replace(SESSION, kept)
