"""The loop: nothing leaves before it is written, every turn with an event is durable, and a turn's end is told when all agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.replay.world import SESSION, World, world
from workbench.domain.decisions import Issued
from workbench.domain.events import Arrival, ClockStepped, OperatorAction, OperatorSaid
from workbench.domain.orders import AnyCommand
from workbench.domain.records import empty
from workbench.engine import Engine
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.store import entries
from workbench.store.journal import Journal
from workbench.store.tail import Tail, read_tail
from workbench.venues.base import Batch, Happened
from workbench.venues.recorded import RecordedVenue
from workbench.venues.simulated import SimulatedVenue

pytestmark = pytest.mark.covers("S0-01", "S0-21", "S2-03")


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=25, activity=0.1)


class Suspicious(SimulatedVenue):
    """Looks, before it takes a command, whether another process could read it already, and all that led to it."""

    folder: Path
    seen: list[AnyCommand]

    async def send(self, command: AnyCommand) -> None:
        written = [fact.command for _, fact in entries.facts(self.folder / "journal.db") if isinstance(fact, Issued)]
        assert command in written
        parts = read_tail(self.folder / "tail", SESSION)
        last = int(parts[-1]["seq"][-1]) if parts else 0
        if not command.cause.n:
            assert command.cause.seq <= last  # the record that caused it
        self.seen.append(command)
        await super().send(command)


def test_nothing_leaves_before_it_is_written(of: World, tmp_path: Path) -> None:
    venue = simulated(of.setup, of.records, of.fills, chunk=lambda: 50, venue=Suspicious)
    assert isinstance(venue, Suspicious)
    venue.folder, venue.seen = tmp_path, []
    epoch = int(of.records["seq"][0]) >> 40
    with Tail(tmp_path / "tail", session=SESSION, epoch=epoch) as tail, Journal(tmp_path / "journal.db") as journal:
        log = RunLog(tail, journal, keep=True)
        last = asyncio.run(run(venue, Engine(of.setup), log))
    assert last == int(of.records["seq"][-1]) and len(venue.seen) == log.commands.n > 5
    assert list(entries.arrivals(tmp_path / "journal.db")) == log.arrivals
    assert np.array_equal(np.concatenate(read_tail(tmp_path / "tail", SESSION)), of.records)


class Steps:
    """A venue and a log in one, that says what was done in which order."""

    def __init__(self, arrivals: list[Batch | Happened]) -> None:
        self.arrivals, self.done = arrivals, list[str]()

    async def events(self) -> AsyncIterator[Batch | Happened]:
        for each in self.arrivals:
            self.done.append("turn")
            yield each

    def settle(self, consumed: int) -> None:
        self.done.append("settle")

    async def send(self, command: AnyCommand) -> None:
        self.done.append("send")

    def arrive(self, batch: Batch) -> None:
        self.done.append("arrive")

    def place(self, happened: Happened, after_seq: int) -> Arrival:
        self.done.append("place")
        return Arrival(after_seq, 1, happened.recv_ns, happened.event)

    def keep(self, after_seq: int, facts: list[Any]) -> None:
        self.done.append("keep")

    def commit(self) -> None:
        self.done.append("commit")


def done(of: World, *arrivals: Batch | Happened) -> list[str]:
    steps = Steps(list(arrivals))
    asyncio.run(run(steps, Engine(of.setup), steps))
    return steps.done


def test_records_are_written_before_they_are_fed_and_an_event_before_it_is_heard(of: World) -> None:
    batch = Batch(of.records, of.records.ctypes.data, 0, 3)
    assert done(of, batch) == ["turn", "arrive", "settle", "keep", "commit"]  # the last word is the end of the run
    event = Happened(1, ClockStepped(1))
    assert done(of, event, batch) == ["turn", "place", "keep", "commit", "turn", "arrive", "settle", "keep", "commit"]


def test_a_venue_without_anything_to_say_ends_at_once(of: World) -> None:
    assert done(of) == ["commit"]
    assert asyncio.run(run(Steps([]), Engine(of.setup), RunLog(), after_seq=41)) == 41


def test_the_end_of_a_turn_is_told_with_the_last_record_taken(of: World) -> None:
    told = list[int]()
    halt = Arrival(int(of.records["seq"][9]), 1, int(of.records["recv_ns"][9]), OperatorSaid(OperatorAction.HALT, "by hand"))
    venue = RecordedVenue(of.records[:20], [halt], chunk=lambda: 6)
    asyncio.run(run(venue, Engine(of.setup), RunLog(), at_turn=told.append))
    assert told == [int(of.records["seq"][n]) for n in (5, 9, 9, 15, 19)]


def test_an_empty_batch_moves_nothing(of: World) -> None:
    none = empty(1)
    assert asyncio.run(run(Steps([Batch(none, none.ctypes.data, 0, 0)]), Engine(of.setup), RunLog(), after_seq=41)) == 41
