"""Small worlds for proofs of parity: a generated stretch of market, a law that lets trades happen, and the two ways of playing it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np

from workbench import calendars
from workbench.config import Settings, load_settings
from workbench.domain.contracts import Contract
from workbench.domain.records import Records
from workbench.domain.units import MINUTE
from workbench.engine import Engine, Setup
from workbench.learning.models import DEFAULT
from workbench.market.sessions import number, weave
from workbench.runtime import build
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.runtime.replay import Outcome
from workbench.simulation.market import MarketSettings, generate
from workbench.simulation.matching.models import CAUTIOUS, FillModel
from workbench.venues.recorded import RecordedVenue
from workbench.venues.simulated import SimulatedVenue

SESSION = 20261119
EPOCH = 3
Chunk = Callable[[], int]


class World(NamedTuple):
    """A log to be, and who trades it."""

    setup: Setup
    records: Records
    fills: FillModel


@cache
def settings() -> Settings:
    return load_settings(environment={})


@cache
def market(roots: tuple[str, ...], minutes: int, seed: int, activity: float, before: int = 5) -> tuple[tuple[Contract, ...], Records]:
    """Give contracts and framed records from `before` minutes ahead of the New York open for `minutes` minutes."""
    contracts = build.fronts(settings(), roots, SESSION)
    spans = calendars.around("NYSE", calendars.session_bounds(SESSION)).spans
    opens = next(span.start_ns for span in spans if span.session == SESSION and span.phase.name == "RTH")
    first, last = opens - before * MINUTE, opens + (minutes - before) * MINUTE
    shown = {
        contract.id: [
            (max(span.start_ns, first), min(span.end_ns, last), span.phase)
            for span in calendars.around(contract.calendar, [first, last]).spans
            if span.end_ns > first and span.start_ns < last
        ]
        for contract in contracts
    }
    made = generate(SESSION, contracts, shown, seed=seed, settings=MarketSettings(activity=activity))
    phases = np.concatenate([calendars.phase_records(contract, first, last) for contract in contracts])
    return contracts, number(weave(made, phases, first_ns=first, last_ns=last), EPOCH)


def world(
    roots: tuple[str, ...] = ("ES",),
    *,
    minutes: int = 40,
    seed: int = 7,
    activity: float = 0.2,
    strategies: tuple[tuple[str, str], ...] = (("learned", DEFAULT), ("vwap_reversion", "")),
    fills: FillModel = CAUTIOUS,
) -> World:
    """Make a world in which a quarter of an hour of learning is enough to trade."""
    contracts, records = market(roots, minutes, seed, activity)
    law = build.constitution("demo")
    change = msgspec.structs.replace
    risk = change(law.risk, max_entries_per_hour=200, min_seconds_between_entries=0.0, max_friction_frac=2.0)
    law = change(law, data=change(law.data, entry_quality=0.5), risk=risk)
    setup = build.setup(settings(), contracts, [SESSION], law, account="DUSIM1", strategies=strategies)
    quick: dict[str, Any] = {"params": {"learning_rate": 0.05}, "min_labels": 20, "min_outcomes": 40}
    recipes = tuple((msgspec.structs.replace(recipe, **quick), ids) for recipe, ids in setup.recipes)
    eager = {"learned": {"edge": 0.005, "stop_atr": 1.0, "patience": 2}, "vwap_reversion": {"stretch": 1.0, "stop_atr": 1.0}}
    strategies_ = tuple((s._replace(**eager[s.name]), ids) for s, ids in setup.strategies)
    return World(setup._replace(recipes=recipes, strategies=strategies_), records, fills)


def before(of: World) -> int:
    """The place in the log in front of a world's first record."""
    return int(of.records["seq"][0]) - 1


def closed_loop(
    of: World, chunk: Chunk | None = None, *, engine: type[Engine] = Engine, venue: type[SimulatedVenue] = SimulatedVenue
) -> Outcome:
    """Play a world with simulated fills."""
    made, log = engine(of.setup), RunLog(keep=True)
    last = asyncio.run(run(simulated(of.setup, of.records, of.fills, chunk=chunk, venue=venue), made, log, after_seq=before(of)))
    return Outcome(made, last, log.commands.n, log.commands.hex(), made.digest(), log.facts, log.arrivals)


def played_back(of: World, log: Outcome, chunk: Chunk | None = None, *, engine: type[Engine] = Engine) -> Outcome:
    """Play the log of an outcome back."""
    made, again = engine(of.setup), RunLog(keep=True)
    last = asyncio.run(run(RecordedVenue(of.records, log.arrivals, chunk=chunk), made, again, after_seq=before(of)))
    return Outcome(made, last, again.commands.n, again.commands.hex(), made.digest(), again.facts, again.arrivals)


def random_chunks(seed: int, most: int = 3_000) -> Chunk:
    """Cut as a socket might: mostly small, now and then a flood."""
    rng = np.random.default_rng(seed)
    return lambda: int(rng.integers(1, most) if rng.random() < 0.2 else rng.integers(1, 40))


def same(a: Outcome, b: Outcome) -> bool:
    """Whether two runs are one: commands, facts, events and the whole state at the end."""
    return (a.commands_digest, a.state_digest, a.facts, a.arrivals) == (b.commands_digest, b.state_digest, b.facts, b.arrivals)
