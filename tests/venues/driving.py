"""A venue without an engine: a plan says at which record something is sent, and everything that comes back is kept with its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np

from tests.engine.hand import ACCOUNT, ES_TERMS, SPY_TERMS, T0
from workbench.domain.events import AnyEvent, Arrival
from workbench.domain.orders import AnyCommand, Ask, Cancel, Cause, Exit, Key, Modify, OrderType, Submit
from workbench.domain.records import ASK, BID, Kind, Phase, Records, empty
from workbench.domain.units import MICROS, MS
from workbench.simulation.account import Accounts
from workbench.simulation.matching.exchange import Exchange
from workbench.simulation.matching.models import CAUTIOUS, FillModel
from workbench.venues.base import Batch, Happened, Venue
from workbench.venues.recorded import RecordedVenue
from workbench.venues.simulated import SimulatedVenue

CONTRACTS = [ES_TERMS.contract, SPY_TERMS.contract]
BASE = {1: 24_000, 2: 6_000_000}
Chunk = Callable[[], int] | None


class Sent(NamedTuple):
    """A command that leaves when the engine stands before record `at` (a barrier), or right behind it (a watch)."""

    at: int
    is_behind: bool
    command: AnyCommand


class Heard(NamedTuple):
    """What came back: how many records were consumed before it, when it reached us, and what it was."""

    place: int
    recv_ns: int
    event: AnyEvent


def tape(seed: int, n: int = 300, step_ns: int = 20 * MS) -> Records:
    """Two contracts whose quotes wander by ticks, with prints between; some records arrive together."""
    rng = np.random.default_rng(seed)
    made = empty(n)
    made["seq"] = np.arange(1, n + 1) + (5 << 40)
    made["recv_ns"] = T0 + np.cumsum(rng.integers(0, 2 * step_ns, n) * (rng.random(n) < 0.8))
    made["contract"] = rng.integers(1, 3, n)
    tick = np.where(made["contract"] == 1, 1, 100)
    walk = np.zeros(n, np.int64)
    for contract in (1, 2):
        own = made["contract"] == contract
        walk[own] = BASE[contract] + np.cumsum(rng.integers(-1, 2, own.sum())) * tick[own]
    made["px"], made["sz"], made["px2"], made["sz2"] = walk, rng.integers(1, 6, n), walk + tick, rng.integers(1, 6, n)
    made["flags"], made["kind"] = BID | ASK, np.where(rng.random(n) < 0.2, Kind.PRINT, Kind.QUOTE)
    made["kind"][:2], made["contract"][:2], made["px"][:2], made["level"][:2] = Kind.PHASE, (1, 2), 20261119, Phase.RTH
    return made


def plan(seed: int, records: Records, n: int = 12) -> list[Sent]:
    """Some brackets of all kinds, off-tick and impossible ones among them, and what is said about them later."""
    rng = np.random.default_rng(seed)
    sent, keys = list[Sent](), dict[int, Key]()
    for ref, at in enumerate(np.sort(rng.integers(2, len(records), n)).tolist(), 1):
        is_behind, now = bool(rng.random() < 0.3), int(records["recv_ns"][at])
        cause, what = Cause(int(records["seq"][at]), 0), rng.random()
        if what < 0.15:
            question = ["account", "weather"][int(rng.integers(2))]
            command: AnyCommand = Ask(ref, Key(ACCOUNT, 0, ""), now, cause, question, "")
        elif keys and what < 0.45:
            about = int(rng.choice(list(keys)))
            kind = [Cancel, Exit, Modify][int(rng.integers(3))]
            extra: tuple[Any, ...] = {Cancel: (), Exit: ("test",), Modify: (BASE[keys[about].contract] - 200,)}[kind]
            command = kind(about, keys[about], now, cause, *extra)
        else:
            contract, side = int(rng.integers(1, 3)), int(rng.choice([1, -1]))
            tick = 1 if contract == 1 else 100
            px = BASE[contract] + int(rng.integers(-3, 4)) * tick + (37 if contract == 2 and rng.random() < 0.2 else 0)
            kind_of = OrderType(int(rng.integers(1, 4)))
            levels = (px, px - side * int(rng.integers(2, 9)) * tick, px + side * int(rng.integers(2, 9)) * tick)
            keys[ref] = Key([ACCOUNT, "shadow:a"][int(rng.integers(2))], contract, "test")
            command = Submit(ref, keys[ref], now, cause, side, int(rng.integers(1, 4)), kind_of, *levels)
        sent.append(Sent(at, is_behind, command))
    return sent


def simulated(
    records: Records, model: FillModel = CAUTIOUS, chunk: Chunk = None, *, venue: type[SimulatedVenue] = SimulatedVenue, **more: Any
) -> SimulatedVenue:
    accounts = Accounts([ES_TERMS, SPY_TERMS], cash_micros=10**6 * MICROS)
    return venue(records, Exchange(CONTRACTS, model), accounts, chunk=chunk, **more)


def recorded(records: Records, log: list[Heard], chunk: Chunk = None) -> RecordedVenue:
    """The log that a run of `drive` would have written."""
    arrivals, n, before = list[Arrival](), 0, -1
    for place, recv_ns, event in log:
        n, before = (n + 1 if place == before else 1), place
        after = int(records["seq"][place - 1]) if place else int(records["seq"][0]) - 1
        arrivals.append(Arrival(after, n, recv_ns, event))
    return RecordedVenue(records, arrivals, chunk=chunk)


async def _drive(venue: Venue, plan_: list[Sent], at_turn: Callable[[int, int], bool] | None) -> list[Heard]:
    place, left, heard, turn = 0, list(plan_), list[Heard](), 0
    async for arrival in venue.events():
        if isinstance(arrival, Happened):
            heard.append(Heard(place, *arrival))
        else:
            place = await _take(venue, arrival, place, left)
        turn += 1
        if at_turn is not None and at_turn(turn, place):
            break
    return heard


async def _take(venue: Venue, batch: Batch, place: int, left: list[Sent]) -> int:
    """Consume a batch as an engine does: to the first record at which something is to be sent."""
    due = next((each for each in left if each.at < batch.stop), None)
    stop = batch.stop if due is None else due.at + due.is_behind
    assert batch.start >= place and stop >= batch.start
    venue.settle(stop)
    if due is not None:
        for each in [each for each in left if (each.at, each.is_behind) == (due.at, due.is_behind)]:
            left.remove(each)
            await venue.send(each.command)
    return stop


def drive(venue: Venue, sent: list[Sent], at_turn: Callable[[int, int], bool] | None = None) -> list[Heard]:
    """Play a venue to its end; `at_turn` hears turn and place after each turn, and ends it by saying True."""
    return asyncio.run(_drive(venue, sorted(sent, key=lambda each: (each.at, each.is_behind)), at_turn))


def chunks(seed: int) -> Chunk:
    """Any sizes: one record at a time, a few, or floods."""
    rng = np.random.default_rng(seed)
    most = int(rng.choice([1, 3, 40, 1_000]))
    return lambda: int(rng.integers(1, most + 1))


def told(heard: list[Heard]) -> list[Any]:
    """Plain values, to be compared and read."""
    return [msgspec.to_builtins(each) for each in heard]
