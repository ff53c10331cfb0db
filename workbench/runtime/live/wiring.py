"""From settings to a runner over a TWS: a first look, contracts and ids, who may send, the venue. The only place where those meet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from workbench.clock import Clock, SystemClock
from workbench.config import Mode, Root, Settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, VenueError
from workbench.domain.events import FrontChanged
from workbench.domain.units import SECOND
from workbench.runtime import build
from workbench.runtime.live.begin import Plan
from workbench.runtime.live.doors import TRADES, Door, before_the_wire, is_taken_back, must_be_allowed, token
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.live.flight import FlightRecorder
from workbench.runtime.live.hours import BrokersHours, Calendars, Hours
from workbench.runtime.live.leading import Leading, define, led_before, not_entered, of_the_run, recorded
from workbench.runtime.live.line import Line
from workbench.runtime.live.looking import Looked, clock_of, look, traded
from workbench.runtime.live.runner import Runner
from workbench.runtime.live.stages import News
from workbench.runtime.live.warming import IbWarmUp
from workbench.runtime.play import TICKS
from workbench.runtime.preflight.allowed import must_be_seen, unseen
from workbench.store.contracts import ContractBook
from workbench.store.fence import Fence
from workbench.store.told_bars import ToldFile
from workbench.venues.ib.budget import Budget
from workbench.workspace import things_of

if TYPE_CHECKING:
    from workbench.venues.ib.venue import IbVenue


LOOK_AGAIN_S: Final = 6.0  # between two sessions nobody beats: less than the silence at which a guardian takes over
ASKS_VOLUMES: Final = 6  # another one, for a second question right behind the first
LOOKS: Final = 3  # added to ib.client_id: who only looks has an id of its own, TWS frees one late


class Wired(NamedTuple):
    """A runner, ready to run; what it stands on; and how to let go of it."""

    runner: Runner
    line: Line
    account: str
    told: str
    close: Callable[[], Awaitable[None]]
    door: Door
    fence: Fence | None
    edge: IbEdge


async def wire(
    mode: Mode,
    settings: Settings,
    data: Path,
    *,
    account: str | None = None,
    strategies: Sequence[tuple[str, str]] | None = None,
    environment: Mapping[str, str],
    on_news: Callable[[News], None] = lambda _: None,
    clock: Clock | None = None,
    warms: bool = True,
    guarded: bool = False,
) -> Wired:
    """Look at the TWS that settings name, and put a runner on it.

    Parameters
    ----------
    mode
        What the run may do.
    account
        Of several, the one to trade; `None`: ib.account, else the only one of the login.
    strategies
        Pairs of strategy and recipe; `None`: the shipped ones for tick data. Nobody decides in mode record.
    environment
        Where an arming token may stand.
    clock
        Of the run; `None`: the gateway's own where it is a simulated one, else the machine's.
    warms
        Whether a run that begins with nothing asks TWS for its past first.
    guarded
        Whether it enters only while a guardian is heard.

    Raises
    ------
    ConfigError
        What may not run, and why.
    StoreError
        Another runner trades the account, or the guardian has not let go of it.
    VenueError
        No TWS there, or it refuses.
    """
    roots = [settings.roots[name] for name in settings.active]
    armed = token(data, environment) if mode is Mode.LIVE else None
    if mode is Mode.LIVE:  # before anybody is asked anything
        wanted = account or settings.ib.account or (armed.account if armed is not None else "")
        must_be_allowed(mode, settings.ib.account, wanted, armed, SystemClock().now_ns(), asked=settings.mode)
        must_be_seen(mode, settings, data, wanted, SystemClock().now_ns())
    seen = await look(settings.ib.host, settings.ib.port, settings.ib.client_id + LOOKS, roots, speed=settings.ib.speed)
    chosen = _account(account or settings.ib.account, seen)
    clock = clock or clock_of(seen.accounts, seen.now_ns, settings.ib.speed, settings.clock.step_limit_ns)
    must_be_allowed(mode, settings.ib.account, chosen, armed, clock.now_ns(), asked=settings.mode)
    log_session = Calendars(settings.log_calendar).session(clock.now_ns())
    known = await _define(mode, settings, data, chosen, seen, log_session)
    fence = Fence(data, chosen) if mode in TRADES else None
    edge = IbEdge(maker(mode, settings, data, chosen, clock, fence), FlightRecorder(settings, data, mode, clock))
    hours = BrokersHours(settings.log_calendar, lambda contract: edge.hours(contract) or plan.known.hours.get(contract, ()))
    line = Line(edge, clock)
    silent_ns = round(settings.guardian.silent_s * SECOND) if guarded else None
    gone = partial(is_taken_back, data, environment, chosen)
    door = Door(mode, chosen, lambda: edge.accounts, armed, clock, fence=fence, silent_ns=silent_ns, is_disarmed=gone)
    plan = Planner(mode, settings, data, chosen, known, hours, clock, strategies)
    warm = IbWarmUp(settings) if warms else None
    runner = Runner(data, mode, line, door, plan, hours=hours, history=warm, before=plan.look_again, on_news=on_news)
    clock_word = "the gateway's clock" if seen.is_simulated else "this machine's clock"
    told = f"{', '.join(contract.symbol for contract in plan.contracts(log_session))} · {clock_word}, x{settings.ib.speed:g}"
    if mode is Mode.PAPER and not seen.is_simulated and (why := unseen(mode, settings, data, chosen, clock.now_ns())) is not None:
        told = f"{told} · {why}"
    if fence is not None:
        fence.take()
    return Wired(runner, line, chosen, told, edge.close, door, fence, edge)


async def _define(mode: Mode, settings: Settings, data: Path, account: str, seen: Looked, session: int) -> Leading:
    """Define what was found; where the lead of a root is about to change, ask what was traded of both months."""
    roots = [settings.roots[name] for name in settings.active]
    known = define(data, seen, roots, session, led_before(data, mode, account))
    if contested := known.contested(session):
        at = settings.ib
        known.volumes = await traded(at.host, at.port, at.client_id + ASKS_VOLUMES, contested, session, speed=at.speed)
    return known


def _account(named: str | None, seen: Looked) -> str:
    if named is None and len(seen.accounts) == 1:
        return seen.accounts[0]
    if named is None:
        there = ", ".join(seen.accounts)
        raise ConfigError(f"the login has {len(seen.accounts)} accounts ({there}): name one in ib.account, or with --account")
    if named not in seen.accounts:
        raise ConfigError(f"account {named} is not among those of the login: {', '.join(seen.accounts)}")
    return named


class Planner:
    """Says what is traded in a session: the contracts that lead then, or those the run before could not leave.

    Parameters
    ----------
    known
        All contracts of the active roots.
    hours, clock
        Say when they close, as is known when asked.
    """

    def __init__(
        self,
        mode: Mode,
        settings: Settings,
        data: Path,
        account: str,
        known: Leading,
        hours: Hours,
        clock: Clock,
        strategies: Sequence[tuple[str, str]] | None,
    ) -> None:
        self._mode, self._settings, self._data, self._account, self.known = mode, settings, data, account, known
        self._hours, self._clock = hours, clock
        decides = mode in TRADES or mode is Mode.OBSERVE
        self._strategies = (TICKS if strategies is None else strategies) if decides else ()

    def contracts(self, session: int) -> tuple[Contract, ...]:
        """List the contracts of a session's run, ids rising."""
        leads = self.known.on(session)
        if self._mode is Mode.RECORD:
            leads = recorded(leads, self.known.contested(session))
        return of_the_run(self._data, session, self._mode, self._account, leads)

    async def look_again(self, session: int) -> None:
        """Look at the TWS once more before a session that follows: months are listed, others lead. One that is away changes nothing."""
        at, roots = self._settings.ib, [self._settings.roots[name] for name in self._settings.active]
        try:
            async with asyncio.timeout(LOOK_AGAIN_S):
                seen = await look(at.host, at.port, at.client_id + LOOKS, roots, speed=at.speed)
                self.known = await _define(self._mode, self._settings, self._data, self._account, seen, session)
        except (VenueError, TimeoutError):
            return  # what was known is traded on; rolls by date need no answer

    def __call__(self, session: int) -> Plan:
        settings, contracts, leads = self._settings, self.contracts(session), self.known.on(session)
        law = build.constitution(settings.profile, folder=build.laws_of(settings))
        things = things_of(settings.workspace)
        setup = build.setup(settings, contracts, [session], law, account=self._account, strategies=self._strategies, things=things)
        return Plan(
            setup,
            {"settings": settings.digest},
            f"{settings.ib.host}:{settings.ib.port}",
            closes=self._closes(contracts),
            not_entered=not_entered(contracts, leads, session),
            fronts=tuple(FrontChanged(each.root, each.id) for each in leads),
        )

    def _closes(self, contracts: Sequence[Contract]) -> dict[int, tuple[int, ...]]:
        told = {each.id: self._hours.closes(each, self._clock.now_ns()) for each in contracts}
        return {id_: closes for id_, closes in told.items() if closes is not None}


def leading(data: Path, seen: Looked, roots: Sequence[Root], hours: Hours, now_ns: int) -> tuple[Contract, ...]:
    """Give the contract that leads for each root at a moment, ids rising."""
    session = hours.session(now_ns)
    return define(data, seen, roots, session).on(session)


def budget_of(settings: Settings) -> Budget:
    """Give what the account may have at once, as settings say."""
    ib = settings.ib
    return Budget(lines=ib.lines, by_tick=ib.by_tick, depth=ib.depth)


def maker(mode: Mode, settings: Settings, data: Path, account: str, clock: Clock, fence: Fence | None) -> Callable[[str], IbVenue]:
    """Give what makes the venue of a chain of runs."""
    from workbench.venues.ib.venue import IbVenue

    law, told = build.constitution(settings.profile, folder=build.laws_of(settings)), ToldFile(data)

    def make(chain: str) -> IbVenue:
        known = ContractBook(data).contracts()
        most = law.risk.max_contracts_per_order
        apart = [each.id for each in known if law.foreign_of(each.root) == "ignore"]
        venue = IbVenue(
            settings,
            clock,
            mode=mode,
            run=chain,
            account=account,
            data=data,
            known=known,
            max_qty=most,
            budget=budget_of(settings),
            reconcile_s=law.execution.reconcile_seconds,
            ignored=apart,
        )
        venue.market.told = told.take
        if fence is not None:
            venue.client.check = before_the_wire(fence, venue.client.check)
        return venue

    return make
