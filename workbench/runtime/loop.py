"""The loop: the page everybody should know by heart. It drives one venue and one engine, and decides nothing.

Nothing is sent before it is written: in a turn with a command the log makes records, event, facts and command durable first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from workbench.domain.decisions import AnyFact
from workbench.domain.events import Arrival
from workbench.domain.orders import AnyCommand
from workbench.engine import Engine
from workbench.venues.base import Batch, Happened, Venue


class Log(Protocol):
    """Where a run writes what arrived and what it decided."""

    def arrive(self, batch: Batch) -> None:
        """Take records before the engine sees them; records it has already are skipped."""

    def place(self, happened: Happened, after_seq: int) -> Arrival:
        """Give an event its key, and take it."""

    def keep(self, after_seq: int, facts: list[AnyFact]) -> None:
        """Take facts."""

    def commit(self) -> None:
        """Make everything taken so far durable."""


async def run(venue: Venue, engine: Engine, log: Log, *, after_seq: int = 0, at_turn: Callable[[int], None] | None = None) -> int:
    """Drive a venue to its end; give the seq of the last record taken.

    A turn that took an event, or that yields a command, is durable before anything leaves and before the next turn. `at_turn` hears
    that seq at the end of each turn, when engine, venue and log agree: there a checkpoint can be taken.
    """
    async for arrival in venue.events():
        commands: list[AnyCommand]
        if isinstance(arrival, Batch):
            log.arrive(arrival)
            consumed, commands = engine.feed(arrival.addr, arrival.start, arrival.stop)
            venue.settle(consumed)
            if consumed > arrival.start:
                after_seq = int(arrival.records["seq"][consumed - 1])
        else:
            commands = engine.step(log.place(arrival, after_seq))
        log.keep(after_seq, engine.take_facts())
        if commands or isinstance(arrival, Happened):
            log.commit()
            for command in commands:
                await venue.send(command)
        if at_turn is not None:
            at_turn(after_seq)
    log.commit()
    return after_seq
