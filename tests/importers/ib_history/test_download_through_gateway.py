"""Bars of the past through the gateway with the real client library: expired months, a gateway that dies, refusals, and no empty truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.commands.calling import workbench
from tests.importers.ib_history.through import through
from tests.venues.ib.checkup.room import both, one
from workbench.importers.ib_history.shelf import Shelf
from workbench.research import open_session
from workbench.runtime.history import Fetched, Outlook, fetch, outlook
from workbench.store.log import log_sessions
from workbench.venues.ib.history import ANSWER_S

WEEK = {"since": "2026-11-09", "until": "2026-11-13", "length_s": 3600}


def fetched(data: Path, roots: tuple[str, ...] = ("ES",), faults: Any = None, kill_after: int | None = None, **words: Any) -> Any:
    async def talk(source: Any, loop: Any) -> tuple[Outlook, Fetched, float]:
        plan = await outlook(data, source, roots, **(WEEK | words))
        began = loop.time()
        done = await fetch(data, plan, source)
        return plan, done, loop.time() - began

    (plan, done, took_s), room = through(talk, faults, kill_after=kill_after)
    return plan, done, took_s, room


def test_two_roots_over_a_roll_of_expired_months(tmp_path):
    plan, done, _, room = fetched(tmp_path, ("ES", "SPY"), since="2025-12-08", until="2025-12-22")
    assert [(each.contract.symbol, str(each.first), str(each.last)) for each in plan.stretches] == [
        ("ESZ5", "2025-12-08", "2025-12-19"),
        ("ESH6", "2025-12-08", "2025-12-22"),
        ("SPY", "2025-12-08", "2025-12-22"),
    ]
    assert done.left == () and done.progress.n_asked == len(plan.asked) == room.n_asked
    assert room.n_refused == 0
    with_both = [each for each in done.report.sessions if {"ESZ5", "ESH6", "SPY"} <= set(each.contracts)]
    assert len(with_both) >= 9  # both months of a roll stand in the same sessions


def test_two_years_of_hours_are_announced_by_dated_contract(tmp_path):
    async def talk(source: Any, loop: Any) -> Outlook:
        return await outlook(tmp_path, source, ("ES",), since="2y", length_s=3600)

    plan, room = through(talk)
    assert [each.contract.symbol for each in plan.stretches] == ["ESZ4", "ESH5", "ESM5", "ESU5", "ESZ5", "ESH6", "ESM6", "ESU6", "ESZ6"]
    assert len({each.contract.venue_ids["ib"] for each in plan.stretches}) == 9
    assert room.n_asked == 0 and 600 <= plan.n_open == len(plan.asked) < 620  # 505 sessions, and eight overlaps
    assert plan.at_least_s == plan.n_open


def test_what_the_gateway_told_is_what_is_recorded_and_what_a_cell_reads(tmp_path):
    fetched(tmp_path, ("ES", "SPY"))
    day = open_session("2026-11-11", data=tmp_path, zone="UTC")
    hours = day.bars("ES", "1h")
    kept = [bar for each in Shelf(tmp_path).every() if each.asked.of.startswith("ESZ6") for bar in each.bars]
    inside = [bar for bar in kept if bar.start_ns in {int(t.timestamp()) * 10**9 - 3600 * 10**9 for t in hours["time"].to_list()}]
    assert hours["close_pts"].to_list() == [float(bar.close) for bar in inside]
    assert hours["volume"].to_list() == [int(bar.volume) for bar in inside] and len(inside) >= 20


@pytest.mark.parametrize("command", ["replay", "simulate"])
def test_a_download_is_replayed_and_traded(tmp_path, command):
    fetched(tmp_path)
    said = workbench(command, "--session", "2026-11-11", "--data", tmp_path)
    assert said.code == 0, said.text
    assert "ESZ6" in said.text


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_killed_in_the_middle_it_goes_on_where_it_ended(tmp_path, killed_at):
    _, first, _, room = fetched(tmp_path, kill_after=killed_at)
    assert first.progress.n_asked == killed_at - 1 and len(first.left) == 5 - (killed_at - 1)
    assert all("connection" in each.why or "not asked" in each.why or "onnected" in each.why for each in first.left)
    _, second, _, room = fetched(tmp_path)
    assert room.n_asked == second.progress.n_asked == 5 - (killed_at - 1) and second.left == ()
    assert len(log_sessions(tmp_path)) == 5


def test_a_pacing_refusal_is_waited_out(tmp_path):
    _, done, took_s, room = fetched(tmp_path, faults="162_history_pacing")
    assert room.n_asked == 5 and done.left == () and took_s > 60


def test_small_bars_keep_to_ibs_pace(tmp_path):
    plan, done, took_s, room = fetched(tmp_path, since="2026-11-10", until="2026-11-13", length_s=5)
    assert len(plan.asked) == 4 * 23 == done.progress.n_asked
    assert room.n_refused == 0 and took_s > 600
    assert took_s == pytest.approx(plan.at_least_s, rel=0.1)


def test_no_data_is_kept_as_ibs_word_and_not_asked_again(tmp_path):
    _, done, _, room = fetched(tmp_path, faults="162_no_data")
    assert done.left == () and done.progress.n_nothing == 1 and room.n_asked == 4
    (said,) = (each.said for each in Shelf(tmp_path).every() if not each.bars)
    assert said.startswith("162: ") and "no data" in said
    assert len(log_sessions(tmp_path)) == 4
    _, _, _, room = fetched(tmp_path)
    assert room.n_asked == 0


def test_a_farm_that_is_broken_for_a_while_is_waited_for(tmp_path):
    _, done, _, _ = fetched(tmp_path, faults="2105_history_farm_broken")
    assert done.left == () and done.progress.n_bars > 100


def test_165_does_not_hang_it(tmp_path):
    _, done, took_s, _ = fetched(tmp_path, faults="165_history_hangs")
    assert done.left == () and took_s < ANSWER_S


def test_an_answer_that_never_comes_ends_by_our_own_deadline(tmp_path):
    _, done, took_s, _ = fetched(tmp_path, faults=one("ReqHistoricalData", 'do = "ignore"', nth=1))
    assert done.left == () and ANSWER_S < took_s < 2 * ANSWER_S


def test_an_empty_answer_is_never_the_truth(tmp_path):
    empty = one("ReqHistoricalData", 'do = "ignore" }, { do = "raw", fields = ["17", "{id}", "a", "b", "0"]')
    _, done, _, _ = fetched(tmp_path, faults=empty)
    assert len(done.left) == 5 and {each.why for each in done.left} == {"an empty answer without a word"}
    assert not any(Shelf(tmp_path).every()) and done.report is None
    _, again, _, _ = fetched(tmp_path)
    assert again.left == () and again.progress.n_asked == 5


def test_refusals_that_leave_the_library_waiting_are_heard(tmp_path):
    every = both(one("ReqHistoricalData", 'do = "refuse", code = 321, why = "no"'))
    _, done, took_s, _ = fetched(tmp_path, faults=every)
    assert len(done.left) == 5 and all(each.why.startswith("321: ") for each in done.left) and took_s < 600
