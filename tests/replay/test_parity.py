"""The promise: the same log gives the same commands, however it is cut, whoever plays it, wherever it was stopped and taken up again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from tests.replay.world import World, closed_loop, market, played_back, random_chunks, same, settings, world
from workbench.domain.decisions import RoundTripClosed
from workbench.domain.errors import InvariantError
from workbench.engine import Engine
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.runtime.replay import Outcome, first_difference
from workbench.venues.simulated import SimulatedVenue

pytestmark = [pytest.mark.covers("S0-22", "S0-27")]
ONE, MANY = ("ES",), ("ES", "NQ", "SPY", "QQQ")


@pytest.fixture(scope="module", params=[ONE, MANY], ids=["one contract", "four contracts"])
def case(request: pytest.FixtureRequest) -> tuple[World, Outcome]:
    """A world and what came of it when it was played whole."""
    made = world(request.param)
    return made, closed_loop(made)


def test_a_world_is_worth_its_proofs(case: tuple[World, Outcome]) -> None:
    _, whole = case
    kinds = {type(command).__name__ for command in whole.commands}
    assert {"Submit", "Exit"} <= kinds and whole.n_commands > 20
    assert sum(isinstance(fact, RoundTripClosed) for fact in whole.facts) > 5


def test_a_replay_of_the_log_issues_the_very_same_commands(case: tuple[World, Outcome]) -> None:
    made, whole = case
    again = played_back(made, whole)
    assert first_difference(whole.commands, again.commands) is None
    assert same(whole, again)


@pytest.mark.parametrize("seed", range(4))
def test_a_replay_in_random_chunks_is_the_same(case: tuple[World, Outcome], seed: int) -> None:
    made, whole = case
    assert same(whole, played_back(made, whole, random_chunks(seed)))


@pytest.mark.parametrize("seed", range(4))
def test_the_closed_loop_in_random_chunks_is_the_same(case: tuple[World, Outcome], seed: int) -> None:
    made, whole = case
    assert same(whole, closed_loop(made, random_chunks(seed)))


def test_the_closed_loop_one_record_at_a_time_is_the_same() -> None:
    made = world(ONE, minutes=20)
    assert same(closed_loop(made), closed_loop(made, lambda: 1))


@pytest.mark.proof
@pytest.mark.parametrize("roots", [ONE, MANY, ("ES", "NQ", "RTY", "SPY", "QQQ", "IWM")], ids=len)
def test_more_than_a_hundred_random_chunkings_of_both_proofs_are_the_same(roots: tuple[str, ...]) -> None:
    made = world(roots, minutes=25, activity=0.1)
    whole = closed_loop(made)
    assert whole.n_commands > 10
    for seed in range(100, 152):
        assert same(whole, closed_loop(made, random_chunks(seed))), seed
        assert same(whole, played_back(made, whole, random_chunks(seed))), seed
    assert same(whole, closed_loop(made, lambda: 1))


class FeedRunsOn(Engine):
    """Planted: `feed` does not stop at the record whose outputs hold a command."""

    def feed(self, addr: int, i: int, n: int) -> tuple[int, list[object]]:
        commands: list[object] = []
        while True:
            i, more = super().feed(addr, i, n)
            commands += more
            if i == n and not more:
                return i, commands


class NoRewind(SimulatedVenue):
    """Planted: the exchange stays where it ran ahead to, although the engine stopped earlier."""

    def settle(self, consumed: int) -> None:
        if self._ran and consumed != self._stop:
            self._due = False
            self.at = consumed
            return
        super().settle(consumed)


class WithoutWindows(Engine):
    """Planted: a snapshot forgets when the last orders left."""

    def restore(self, blob: bytes) -> None:
        super().restore(blob)
        self.desk.memory.orders_ns.clear()
        self.desk.memory.entries_ns.clear()


def is_caught(whole: Outcome, made: World, **planted: Any) -> bool:
    """Whether one of a few cuttings betrays a planted bug: by another outcome, or by an invariant that breaks."""
    for chunk in (None, random_chunks(1), random_chunks(2)):
        try:
            if not same(whole, closed_loop(made, chunk, **planted)):
                return True
        except InvariantError:
            return True
    return False


def test_a_feed_that_runs_on_is_caught(case: tuple[World, Outcome]) -> None:
    made, whole = case
    assert is_caught(whole, made, engine=FeedRunsOn)


def test_a_venue_that_does_not_rewind_is_caught(case: tuple[World, Outcome]) -> None:
    made, whole = case
    assert is_caught(whole, made, venue=NoRewind)


def test_without_a_planted_bug_nothing_is_caught(case: tuple[World, Outcome]) -> None:
    made, whole = case
    assert not is_caught(whole, made)


def stopped_and_taken_up(made: World, whole: Outcome, every: int, engine: type[Engine] = Engine) -> int:
    """Snapshot a run every so many barriers, restore each into fresh machines, play on; give how many ended differently."""
    first, log = Engine(made.setup), RunLog(keep=True)
    images: list[tuple[bytes, bytes, int, int, int, tuple[int, int]]] = []
    venue = simulated(made.setup, made.records, made.fills, chunk=lambda: 37)  # turns must end often enough to be stopped at

    def image(after_seq: int) -> None:
        if first.n_barriers // every > len(images):
            images.append((first.snapshot(), venue.snapshot(), after_seq, len(log.facts), len(log.arrivals), log.key))

    asyncio.run(run(venue, first, log, at_turn=image))
    assert len(images) > 3
    wrong = 0
    for state, other_side, after_seq, n_facts, n_arrivals, key in images:
        second, rest = engine(made.setup), RunLog(keep=True, key=key)
        again = simulated(made.setup, made.records, made.fills)
        second.restore(state)
        again.restore(other_side)
        asyncio.run(run(again, second, rest, after_seq=after_seq))
        is_same = rest.facts == whole.facts[n_facts:] and rest.arrivals == whole.arrivals[n_arrivals:]
        wrong += not (is_same and second.digest() == whole.state_digest)
    return wrong


def test_stopping_and_taking_up_again_changes_nothing(case: tuple[World, Outcome]) -> None:
    made, whole = case
    assert stopped_and_taken_up(made, whole, every=60) == 0


@pytest.mark.proof
def test_stopping_at_every_bar_of_a_session_changes_nothing() -> None:
    made = world(("ES", "SPY"), minutes=20, activity=0.1)
    assert stopped_and_taken_up(made, closed_loop(made), every=1) == 0


def test_a_snapshot_without_rate_windows_is_caught() -> None:
    made = world(MANY)
    tight = made.setup.law
    tight = msgspec.structs.replace(tight, execution=msgspec.structs.replace(tight.execution, max_orders_per_minute=6))
    tight = msgspec.structs.replace(tight, risk=msgspec.structs.replace(tight.risk, max_entries_per_hour=10))
    made = made._replace(setup=made.setup._replace(law=tight))
    assert stopped_and_taken_up(made, closed_loop(made), every=20, engine=WithoutWindows) > 0


HASHED = """
from tests.replay.world import closed_loop, world
print(closed_loop(world(("ES", "SPY"), minutes=20)).commands_digest)
print(closed_loop(world(("ES", "SPY"), minutes=20)).state_digest)
"""


@pytest.mark.proof
def test_three_hash_seeds_give_one_digest() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", HASHED], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1 and len(said.pop().split()) == 2


def test_the_setup_of_a_world_is_a_value() -> None:
    contracts, records = market(ONE, 20, 7, 0.2)
    assert settings().log_calendar == "CME Globex Equity" and len(contracts) == 1 and len(records) > 1000
