"""Comparing commands, and what a run over records leaves behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.world import World, world
from workbench.domain.decisions import DriftSeen, Issued, ParityBroken
from workbench.domain.orders import AnyCommand, Cancel, Cause, Exit, Key
from workbench.runtime.replay import Outcome, first_difference, issued, replay, simulate
from workbench.store import entries
from workbench.store.journal import Journal

pytestmark = pytest.mark.covers("S0-22")
KEY = Key("DUSIM1", 1, "s")
commands = st.lists(
    st.one_of(
        st.builds(lambda ref, at: Cancel(ref, KEY, at, Cause(at, 0)), st.integers(1, 3), st.integers(1, 3)),
        st.builds(lambda ref, at: Exit(ref, KEY, at, Cause(at, 0), "time"), st.integers(1, 3), st.integers(1, 3)),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def case() -> tuple[World, Outcome]:
    of = world(("ES",), minutes=25, activity=0.1)
    return of, asyncio.run(simulate(of.setup, of.records, of.fills))


@given(commands, commands)
def test_the_first_pair_that_differs_is_told_and_equal_lists_differ_nowhere(a: list[AnyCommand], b: list[AnyCommand]) -> None:
    told = first_difference(a, b)
    if a == b:
        assert told is None
        return
    at = next(n for n in range(max(len(a), len(b))) if a[n : n + 1] != b[n : n + 1])
    words = [repr(each[at]) if at < len(each) else "nothing" for each in (a, b)]
    assert told == ParityBroken(*words)


def test_a_list_that_is_longer_by_one_differs_there() -> None:
    one = Cancel(1, KEY, 5, Cause(1, 0))
    assert first_difference([one], [one, one]) == ParityBroken("nothing", repr(one))
    assert first_difference(iter([one, one]), iter([one])) == ParityBroken(repr(one), "nothing")


def test_commands_are_picked_out_of_facts_in_order() -> None:
    one, two = Cancel(1, KEY, 5, Cause(1, 0)), Cancel(2, KEY, 5, Cause(1, 0))
    assert issued([DriftSeen(1, "x"), Issued(two), DriftSeen(1, "y"), Issued(one)]) == [two, one]


def test_what_is_not_kept_in_memory_decides_alike(case: tuple[World, Outcome], tmp_path: Path) -> None:
    of, whole = case
    with Journal.in_one_commit(tmp_path / "journal.db") as journal:
        lean = asyncio.run(simulate(of.setup, of.records, of.fills, journal=journal, keep=False))
    assert (lean.commands_digest, lean.state_digest, lean.n_commands) == (whole.commands_digest, whole.state_digest, whole.n_commands)
    assert lean.facts == [] and lean.arrivals == []
    assert list(entries.arrivals(tmp_path / "journal.db")) == whole.arrivals


def test_a_session_played_from_the_middle_needs_the_engine_that_stood_there(case: tuple[World, Outcome]) -> None:
    of, whole = case
    start = asyncio.run(replay(of.setup, of.records, whole.arrivals)).engine.snapshot()
    on = asyncio.run(replay(of.setup, of.records[-1:], [], begin=lambda engine: engine.restore(start)))
    assert on.state_digest == asyncio.run(replay(of.setup, of.records[-1:], [], begin=lambda engine: engine.restore(start))).state_digest
    assert on.state_digest != asyncio.run(replay(of.setup, of.records[-1:], [])).state_digest


def test_an_outcome_counts_the_commands_it_holds(case: tuple[World, Outcome]) -> None:
    _, whole = case
    assert len(whole.commands) == whole.n_commands > 5 and whole.last_seq == int(case[0].records["seq"][-1])
