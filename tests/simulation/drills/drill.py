"""A whole live run against the project's gateway, in virtual time: the runner, the real ib_async, journal, tail, faults. No socket."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from tests.replay.world import SESSION, market
from tests.simulation.drills.busy import Busy
from tests.venues.ib.world import LoopClock
from workbench.config import Mode, Settings, load_settings
from workbench.domain.contracts import Contract
from workbench.domain.decisions import Issued
from workbench.domain.events import Arrival, ConnectionChanged
from workbench.domain.orders import Exit, Leg, Submit
from workbench.domain.records import Records
from workbench.domain.units import SECOND
from workbench.engine import Setup
from workbench.gateway.build import gateway
from workbench.gateway.faults import Rule, Scenario, load_scenario
from workbench.gateway.gateway import Gateway
from workbench.gateway.session import Session
from workbench.gateway.transports import serve
from workbench.runtime import build
from workbench.runtime.live import Door, Ended, Line, News, Plan, Runner
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.logged import Logged, open_log
from workbench.simulation.broker import Broker
from workbench.simulation.broker.orders import OrderState
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.book import read_ref
from workbench.venues.ib.venue import IbVenue
from workbench.wire import Request

ACCOUNT = "DUSIM1"
CASH_MICROS = 1_000_000 * 10**6
LATER_S = 40.0  # a fault that strikes by the clock does so when orders are alive
TRADES_S = 150.0  # the strategy enters for so long,
ASIDE_S = 30.0  # when something is done beside it, orders are alive
WAITS_S = 75.0  # and so long is left for the last position, and for what a fault delayed


@cache
def settings(roots: tuple[str, ...] = ("ES",)) -> Settings:
    return load_settings(folder="/nowhere", environment={}, flags={"active": json.dumps(roots)})


@cache
def tape(minutes: int = 40, seed: int = 7, roots: tuple[str, ...] = ("ES",)) -> tuple[tuple[Contract, ...], Records]:
    """ES, or others, from the New York open on; many drills share one."""
    return market(roots, minutes, seed, 0.2, before=0)


def _at(rule: Rule, **changes: Any) -> Rule:
    return msgspec.structs.replace(rule, when=msgspec.structs.replace(rule.when, **changes))


def scenario_of(name: str, *, seed: int | None = None, later_s: float = LATER_S) -> Scenario:
    """A shipped scenario; what strikes by the clock strikes later, with another seed if one is given."""
    made = load_scenario(name)
    rules = tuple(_at(rule, after_s=rule.when.after_s + later_s) if rule.when.after_s else rule for rule in made.rules)
    return msgspec.structs.replace(made, rules=rules, seed=made.seed if seed is None else seed)


def mixed_scenario(seed: int, names: Sequence[str]) -> Scenario:
    """Three of the shipped scenarios, drawn, at once; each strikes at another moment, or another message, than its file says."""
    rng, rules = Random(seed), list[Rule]()
    for name in rng.sample(names, 3):
        for rule in scenario_of(name).rules:
            nth = rng.randint(1, 12) if rule.when.nth else None
            after_s = rule.when.after_s + rng.uniform(-LATER_S, 120) if rule.when.after_s else rule.when.after_s
            rules.append(_at(rule, nth=nth, after_s=after_s))
    return Scenario(about=f"seed {seed}", rules=tuple(rules), seed=seed)


Aside = Callable[["Drill"], Coroutine[Any, Any, None]]


class Sampled(NamedTuple):
    """How things stood at one moment."""

    at_s: float
    stage: str
    is_ready: bool
    twice: tuple[str, ...]  # orderRefs of ours that bear two live entries
    naked: int  # contracts that the broker holds for us beyond what its live stops and exits cover
    held: int  # contracts of ours by the broker's executions, brackets added up


class Drill:
    """One run, and everything to judge it by."""

    roots: tuple[str, ...] = ("ES",)

    def __init__(
        self,
        folder: Path,
        faults: Scenario | None,
        *,
        seed: int = 1,
        trades_s: float = TRADES_S,
        waits_s: float = WAITS_S,
        aside: Aside | None = None,
    ) -> None:
        self.folder, self.seed, self.trades_s, self.waits_s, self.aside = folder, seed, trades_s, waits_s, aside
        self.contracts, self.records = tape(max(40, round(trades_s + waits_s) // 60 + 2), roots=self.roots)
        self.begin_ns, self.settings = int(self.records["recv_ns"][0]), settings(self.roots)
        self.setup = self._setup()
        self.gateway: Gateway = gateway(self.settings, self.records, self.contracts, accounts=(ACCOUNT,), faults=faults, seed=seed)
        self.news: list[tuple[float, News]] = []
        self.sampled: list[Sampled] = []
        self.edge = IbEdge(self._made)
        self.venues: list[IbVenue] = []
        self.n_asked: Counter[type[Request]] = Counter()
        self.ended: Ended | None = None
        self.wall_s = 0.0
        self.loop: VirtualLoop | None = None

    def _setup(self) -> Setup:
        law = build.constitution("demo")
        change = msgspec.structs.replace
        risk = change(
            law.risk,
            max_entries_per_hour=10_000,
            max_entries_per_day=10_000,
            max_losses_in_row=10_000,
            max_loss_per_day_usd=500_000.0,
            min_seconds_between_entries=0.0,
            max_friction_frac=10.0,
            max_contracts_per_order=4,
        )
        execution = change(law.execution, max_orders_per_minute=600, entry_ttl_seconds=10.0)
        data = change(law.data, entry_quality=0.7, hold_quality=0.3, kill_quality=0.1, max_spread_ticks=20.0)
        law = change(law, data=data, risk=risk, execution=execution)
        made = build.setup(self.settings, self.contracts, [SESSION], law, account=ACCOUNT, strategies=())
        busy = Busy(self.begin_ns + round(self.trades_s * SECOND), self.seed)
        return made._replace(strategies=((busy, tuple(contract.id for contract in self.contracts)),))

    def _made(self, chain: str) -> IbVenue:
        assert self.loop is not None
        venue = IbVenue(
            self.settings,
            LoopClock(self.loop),
            mode=Mode.PAPER,
            run=chain,
            account=ACCOUNT,
            data=self.folder,
            known=self.contracts,
            max_qty=4,
        )
        self.venues.append(venue)
        return venue

    # ------------------------------------------------------------------ running
    def run(self) -> Drill:
        """Go through it."""
        began = time.perf_counter()
        run(self._main, seed=self.seed, epoch_ns=self.begin_ns, horizon_s=self.trades_s + self.waits_s + 600)
        self.wall_s = time.perf_counter() - began
        return self

    def _listen(self) -> None:
        """Count what clients ask."""
        asked = self.gateway.asked

        def counted(session: Session, request: Request) -> None:
            self.n_asked[type(request)] += 1
            asked(session, request)

        self.gateway.asked = counted

    async def _main(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self._listen()
        door = await serve(self.gateway, "127.0.0.1", self.settings.ib.port)
        clock = LoopClock(loop)
        line = Line(self.edge, clock)
        gate = Door(Mode.PAPER, ACCOUNT, lambda: self.edge.accounts, None, clock)
        plan = Plan(self.setup, source="drill")
        runner = Runner(self.folder, Mode.PAPER, line, gate, lambda _: plan, on_news=lambda news: self.news.append((loop.time(), news)))
        watch = loop.create_task(self._watch(loop))
        running = loop.create_task(runner.run_forever())
        aside = loop.create_task(self._beside())
        try:
            while loop.time() < self.trades_s + self.waits_s and not running.done():
                await asyncio.sleep(1.0)
            line.stop()
            self.ended = await running
            if aside.done():
                aside.result()
        finally:
            watch.cancel()
            aside.cancel()
            await line.close()
            await self.edge.close()
            await door.close()

    async def _beside(self) -> None:
        """Do what was asked to be done while the run goes on."""
        if self.aside is not None:
            await asyncio.sleep(ASIDE_S)
            await self.aside(self)

    async def _watch(self, loop: VirtualLoop) -> None:
        while True:
            await asyncio.sleep(0.25)
            self.sampled.append(self._sample(loop.time()))

    def _sample(self, at_s: float) -> Sampled:
        entries, covered, held, of = Counter[str](), Counter[int](), Counter[int](), dict[int, int]()
        for state in [] if self.broker is None else self.broker.orders():
            named = read_ref(state.order.order_ref)
            if named is not None and named.leg is Leg.ENTRY:
                entries[state.order.order_ref] += 1
            elif named is not None and named.leg is not Leg.TARGET:
                covered[named.ref] += state.remaining
        for each in [] if self.broker is None else self.broker.executions():
            named = read_ref(each.order_ref)
            if named is not None:
                held[named.ref] += each.qty if named.leg is Leg.ENTRY else -each.qty
                of[named.ref] = each.contract
        naked = 0
        for contract in set(of.values()):  # what a hand closed is in no execution of ours, and needs no stop
            mine = [ref for ref in held if of[ref] == contract]
            there = abs(self.broker.position(ACCOUNT, contract).qty) if self.broker is not None else 0
            naked += min(sum(max(0, held[ref] - covered[ref]) for ref in mine), max(0, there - sum(covered[ref] for ref in mine)))
        stage = self.news[-1][1].stage.value if self.news else ""
        is_ready = bool(self.venues) and self.venue.connection.is_ready
        return Sampled(at_s, stage, is_ready, tuple(ref for ref, n in entries.items() if n > 1), naked, sum(held.values()))

    # ------------------------------------------------------------------ what came of it
    @property
    def broker(self) -> Broker | None:
        """The gateway's truth; `None` before anybody asked for it."""
        return self.gateway.world.known(Broker)

    @property
    def venue(self) -> IbVenue:
        return self.venues[-1]

    def logged(self) -> Logged:
        """What the run wrote."""
        return open_log(self.folder, SESSION)

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        return self.logged().arrivals

    def s_of(self, ns: int) -> float:
        """Seconds since the beginning."""
        return (ns - self.begin_ns) / SECOND

    def downs(self) -> list[tuple[float, float]]:
        """When the venue was away and came back, in seconds; its beginning is the first."""
        found, since = list[tuple[float, float]](), 0.0
        for each in self.arrivals:
            if isinstance(each.event, ConnectionChanged):
                at_s = self.s_of(each.recv_ns)
                if each.event.up:
                    found.append((since, at_s))
                    since = -1.0
                elif since < 0:
                    since = at_s
        return found

    def why_left(self, ref: int) -> str:
        """Why a bracket was left by an exit, if it was."""
        left = [fact.command for fact in self.facts(Issued) if isinstance(fact.command, Exit) and fact.command.ref == ref]
        return left[0].why if left else ""

    def longest_naked_s(self) -> float:
        """The longest stretch in which a position of ours had neither stop nor exit at the broker, in seconds."""
        longest, since = 0.0, None
        for each in self.sampled:
            since = None if each.naked <= 0 else each.at_s if since is None else since
            longest = max(longest, each.at_s - since if since is not None else 0.0)
        return longest

    def all_orders(self) -> list[OrderState]:
        """Every order the broker ever took from us."""
        taken = [] if self.broker is None else [*self.broker.orders(), *self.broker.completed()]
        return [state for state in taken if read_ref(state.order.order_ref) is not None]

    def is_open_at(self, ref: int, *times_s: float) -> bool:
        """Whether a bracket held something at all of these times, by the broker's executions."""
        qtys = [0] * len(times_s)
        for each in self.broker.executions() if self.broker is not None else ():
            named = read_ref(each.order_ref)
            if named is not None and named.ref == ref:
                for n, at_s in enumerate(times_s):
                    qtys[n] += (each.qty if named.leg is Leg.ENTRY else -each.qty) * (self.s_of(each.time_ns) <= at_s)
        return all(qtys)

    def filled(self) -> dict[int, int]:
        """What the entry of each bracket filled, by the broker's executions."""
        counted: Counter[int] = Counter()
        for each in self.broker.executions() if self.broker is not None else ():
            named = read_ref(each.order_ref)
            if named is not None and named.leg is Leg.ENTRY:
                counted[named.ref] += each.qty
        return dict(counted)

    def submitted(self) -> dict[int, Submit]:
        """Entries as they were commanded, by ref."""
        return {fact.command.ref: fact.command for fact in self.facts(Issued) if isinstance(fact.command, Submit)}

    def latched(self) -> list[str]:
        """What a person has to read before anything is traded again."""
        assert self.ended is not None
        return list(self.ended.engine.desk.memory.breaker.latched)

    def facts(self, *kinds: type[Any]) -> list[Any]:
        """Facts of these kinds, in order."""
        return [fact for fact in self.logged().facts() if isinstance(fact, kinds)]

    def of(self, *kinds: type[Any]) -> list[Any]:
        """Events of these kinds, in order."""
        return [each.event for each in self.arrivals if isinstance(each.event, kinds)]
