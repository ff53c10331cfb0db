"""Ticks of past sessions through the gateway: page by page, nothing twice, nothing left out, taken up again in the middle of a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.importers.ib_history.through import through
from tests.venues.ib.checkup.room import both, one
from workbench.domain.errors import ConfigError
from workbench.domain.records import EVENT_TIME, PROVENANCE_SHIFT, Kind, Provenance
from workbench.domain.units import SECOND
from workbench.importers.ib_history.tick_shelf import TickShelf
from workbench.research import open_session
from workbench.runtime.history import fetch, outlook
from workbench.runtime.tick_history import FetchedTicks, TickOutlook, fetch_ticks, tick_outlook
from workbench.store.log import log_sessions, read_log
from workbench.venues.ib.history import ANSWER_S

DAY = 20261119


def ticked(data: Path, root: str = "ES", faults: Any = None, kill_after: int | None = None, **words: Any) -> Any:
    async def talk(source: Any, loop: Any) -> tuple[TickOutlook, FetchedTicks, float]:
        plan = await tick_outlook(data, source, [root], **({"days": 1} | words))
        began = loop.time()
        done = await fetch_ticks(data, plan, source)
        return plan, done, loop.time() - began

    (plan, done, took_s), room = through(talk, faults, kill_after=kill_after)
    return plan, done, took_s, room


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    data = tmp_path_factory.mktemp("whole")
    return data, *ticked(data)


def prints(data: Path) -> np.ndarray:
    records = read_log(data, DAY)
    return records[records["kind"] == Kind.PRINT]


def test_a_session_comes_whole_and_costs_what_was_said(whole):
    data, plan, done, took_s, room = whole
    assert done.left == () and done.progress.n_whole == 1
    assert sum(plan.n_ticks) == done.progress.n_ticks == len(prints(data))
    assert abs(room.n_asked - 1 - plan.n_questions) <= 1  # one for the estimate
    assert room.n_refused == 0 and took_s >= plan.at_least_s - 1
    assert any("about 9 questions" in line for line in plan.lines())


def test_a_print_is_marked_as_asked_for_and_arrives_in_the_second_it_happened(whole):
    found = prints(whole[0])
    assert (found["event_ns"] == found["recv_ns"]).all() and (found["recv_ns"] % SECOND == 0).all()
    assert (found["flags"] >> PROVENANCE_SHIFT == Provenance.BACKFILL).all() and (found["flags"] & EVENT_TIME).all()
    assert (np.diff(found["seq"]) > 0).all() and (np.diff(found["recv_ns"]) >= 0).all()


def test_prints_of_one_second_keep_the_order_they_were_told_in(whole):
    data, plan, *_ = whole
    told = [(tick.at_s, tick.price, tick.size) for page in TickShelf(data).pages(plan.sessions[0]) for tick in page.ticks]
    contract = plan.sessions[0].contract
    back = [(int(each["recv_ns"]) // SECOND, repr(contract.to_pts(int(each["px"]))), str(each["sz"])) for each in prints(data)]
    assert back == told and len({at_s for at_s, *_ in told}) < len(told)


def test_a_cell_reads_them(whole):
    day = open_session("2026-11-19", data=whole[0], zone="UTC")
    assert len(day.prints) == len(prints(whole[0]))
    assert day.prints["side"].null_count() == len(day.prints)  # who was aggressive is not told
    assert day.bars("ES", "1m")["n_prints"].sum() > 8_000


@pytest.mark.parametrize("killed_at", [2, 5, 9])
def test_killed_in_the_middle_of_a_session_it_goes_on_there(tmp_path, whole, killed_at):
    _, first, _, _ = ticked(tmp_path, kill_after=killed_at)
    assert len(first.left) == 1 and first.report is None and log_sessions(tmp_path) == []
    _, second, _, room = ticked(tmp_path)
    assert second.left == () and room.n_asked - 1 == 9 - first.progress.n_pages
    for name in ("recv_ns", "px", "sz"):
        np.testing.assert_array_equal(prints(tmp_path)[name], prints(whole[0])[name])


def test_a_second_time_nothing_is_asked(tmp_path, whole):
    plan, done, _, room = ticked(whole[0])
    assert plan.n_open == 0 and room.n_asked == 1 and done.progress.n_pages == 0


def test_quotes_stand_before_the_prints_of_their_second(tmp_path):
    _, done, _, room = ticked(tmp_path, quotes=True)
    assert done.left == () and room.n_refused == 0
    records = read_log(tmp_path, DAY)
    market = records[(records["kind"] == Kind.QUOTE) | (records["kind"] == Kind.PRINT)]
    for second in np.unique(market["recv_ns"])[:200]:
        assert (np.diff(market["kind"][market["recv_ns"] == second].astype(int)) >= 0).all()
    day = open_session("2026-11-19", data=tmp_path, zone="UTC")
    assert (day.quotes["bid_pts"] < day.quotes["ask_pts"]).all()


def test_prints_take_the_place_of_bars_and_other_contracts_keep_theirs(tmp_path):
    async def talk(source: Any, loop: Any) -> None:
        plan = await outlook(tmp_path, source, ("ES", "SPY"), since="2026-11-18", until="2026-11-19", length_s=3600)
        await fetch(tmp_path, plan, source)
        ticks = await tick_outlook(tmp_path, source, ["ES"], days=1)
        await fetch_ticks(tmp_path, ticks, source)

    through(talk)
    assert set(open_session("2026-11-19", data=tmp_path).prints["symbol"]) == {"ESZ6"}
    assert not (read_log(tmp_path, 20261118)["kind"] == Kind.PRINT).any()
    records = read_log(tmp_path, DAY)
    bars = records[records["kind"] == Kind.BAR]
    assert len(np.unique(bars["contract"])) == 1 and len(bars) > 20  # SPY's

    async def again(source: Any, loop: Any) -> None:
        plan = await outlook(tmp_path, source, ("ES", "SPY"), since="2026-11-17", until="2026-11-19", length_s=3600)
        await fetch(tmp_path, plan, source)

    through(again)
    np.testing.assert_array_equal(prints(tmp_path)["px"], records["px"][records["kind"] == Kind.PRINT])


def test_an_empty_answer_in_the_middle_is_not_taken_for_the_end(tmp_path):
    empty = one("ReqHistoricalTicks", 'do = "ignore" }, { do = "raw", fields = ["98", "{id}", "0", "1"]', nth=4)
    _, done, _, _ = ticked(tmp_path, faults=empty)
    assert [each.why for each in done.left] == ["nothing came, where there is more"]
    _, again, _, _ = ticked(tmp_path)
    assert again.left == () and again.progress.n_pages == 6


def test_no_data_in_words_is_believed_when_said_twice(tmp_path):
    why = 'do = "refuse", code = 162, why = "HMDS query returned no data: ESZ6@CME"'
    _, once, _, _ = ticked(tmp_path / "once", faults=one("ReqHistoricalTicks", why, nth=4))
    assert [each.why for each in once.left] == ["nothing came, where there is more"]
    _, twice, _, _ = ticked(tmp_path / "twice", faults=one("ReqHistoricalTicks", why))
    assert twice.left == () and twice.progress.n_ticks == 0 and twice.report is None


def test_refusals_for_pace_are_waited_out(tmp_path):
    pacing = one("ReqHistoricalTicks", 'do = "refuse", code = 162, why = "Historical data request pacing violation"', nth=3)
    _, done, took_s, _ = ticked(tmp_path, faults=pacing)
    assert done.left == () and took_s > 60


def test_an_answer_that_never_comes_ends_by_our_own_deadline(tmp_path):
    _, done, took_s, _ = ticked(tmp_path, faults=both(one("ReqHistoricalTicks", 'do = "ignore"', nth=2)))
    assert done.left == () and ANSWER_S < took_s < 2 * ANSWER_S


def test_days_that_cannot_be_meant_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="ticks of 61 days"):
        ticked(tmp_path, days=61)
