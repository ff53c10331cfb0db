"""A story told through several processes over one gateway, in virtual time: `wire`, real runner, real client library; a process may die.

The law is the demo's with limits out of the way, and whoever trades is said by the test; all else is what `wire` makes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.replay.world import settings
from tests.venues.ib.world import LoopClock
from workbench.config import Mode, Settings
from workbench.domain.decisions import Adjust, AnyFact, ExitWish, Proposal
from workbench.domain.events import AnyEvent
from workbench.domain.orders import Leg, OrderType
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View
from workbench.gateway.build import gateway
from workbench.gateway.faults import Scenario
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import serve
from workbench.risk.constitution import Constitution
from workbench.runtime import build, play
from workbench.runtime.generated import Generated
from workbench.runtime.live import Ended, Plan
from workbench.runtime.live.wiring import Wired, wire
from workbench.runtime.logged import open_log
from workbench.simulation.broker import Broker, Order, Type
from workbench.simulation.virtual import VirtualLoop, run
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import runs
from workbench.store.requests import Request, answer_of, put
from workbench.venues.ib.book import read_ref

ACCOUNT = "DUSIM1"
logging.getLogger("ib_async").addHandler(logging.NullHandler())


class DiedError(Exception):
    """The process was ended without a chance to say anything."""


class Once(NamedTuple):
    """Buys once and holds: entered between two moments, at the market, under a stop so far away."""

    from_ns: int
    until_ns: int
    away_pts: float = 25.0
    name: str = "once"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bar, away = view.bar, round(self.away_pts / float(view.contract.price_quantum))
        if not self.from_ns <= view.now_ns < self.until_ns or bar.bid_px is None or bar.ask_px is None:
            return None
        return Proposal(1, OrderType.MARKET, bar.ask_px, bar.ask_px - away, bar.ask_px + away, 24 * 3600 * SECOND)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


def law(**changes: dict[str, Any]) -> Constitution:
    """Give the demo's law without what keeps a story from happening; `changes` by table."""
    made = build.constitution("demo")
    base: dict[str, dict[str, Any]] = {
        "risk": {"max_friction_frac": 10.0, "max_loss_per_trade_usd": 6_000.0, "max_contracts_per_order": 2},
        "sessions": {"horizon": "hold", "flat_before_close_s": 0.0, "no_entry_before_close_s": 0.0},
        "data": {"entry_quality": 0.3, "hold_quality": 0.0, "kill_quality": 0.0, "max_spread_ticks": 50.0},
        "execution": {"slippage_ticks": 0.0},
    }
    tables = {name: msgspec.structs.replace(getattr(made, name), **{**fields, **changes.get(name, {})}) for name, fields in base.items()}
    return msgspec.structs.replace(made, **tables)


Script = Callable[["Story"], Coroutine[Any, Any, None]]


class Story:
    """Processes one after the other over one gateway; what they wrote, and the broker's truth."""

    def __init__(
        self,
        data: Path,
        day: Generated,
        *,
        start_ns: int,
        trader: Once,
        faults: Scenario | None = None,
        constitution: Constitution | None = None,
        is_master: bool = True,
    ) -> None:
        shipped = settings()
        self.settings: Settings = shipped.model_copy(update={"active": ("ES",), "profile": "demo"})
        self.data, self.start_ns, self.trader, self.law = data, start_ns, trader, constitution or law()
        self.gateway: Gateway = gateway(shipped, day.records, day.contracts, accounts=(ACCOUNT,), start_ns=start_ns, faults=faults)
        self.gateway.world.master_id = shipped.ib.client_id if is_master else None
        self.ended: list[Ended] = []
        self.dies_when: Callable[[Story], bool] | None = None
        self.digest = ""  # added to what the plan hangs on
        self.warms = False
        self._wired: Wired | None = None
        self._running: asyncio.Task[Ended] | None = None
        self._n_asked = 0

    # ------------------------------------------------------------------ telling it
    def tell(self, script: Script, *, horizon_s: float = 4 * 3600) -> Story:
        """Go through it; what runs at its end is stopped."""

        async def main(loop: VirtualLoop) -> None:
            self.loop = loop
            door = await serve(self.gateway, "127.0.0.1", self.settings.ib.port)
            try:
                await script(self)
                if self._running is not None:
                    await self.stop()
            finally:
                await self._let_go()
                await door.close()

        run(main, seed=1, epoch_ns=self.start_ns, horizon_s=horizon_s)
        return self

    async def start(self) -> None:
        """Begin a process."""
        self.wired = wired = await wire(
            Mode.PAPER, self.settings, self.data, environment={}, clock=LoopClock(self.loop), strategies=(), warms=self.warms
        )
        runner, planned, session = wired.runner, wired.runner._plan, wired.runner.run_session
        runner._plan = lambda session: self.plan(planned(session))

        async def kept() -> Ended:
            self.ended.append(await session())
            return self.ended[-1]

        runner.run_session = kept
        runner._at_turn = self._at_turn
        self._wired, self._running = wired, asyncio.ensure_future(runner.run_forever())

    def plan(self, plan: Plan) -> Plan:
        """Put this story's trader and law into a plan."""
        ids = tuple(contract.id for contract in plan.contracts)
        setup = plan.setup._replace(law=self.law, strategies=((self.trader, ids),))
        return plan._replace(setup=setup, digests={**plan.digests, "own": self.digest})

    def _at_turn(self, _: int) -> None:
        if self.dies_when is not None and self.dies_when(self):
            self.dies_when = None
            raise DiedError

    async def stop(self) -> None:
        """End the process as a person does."""
        assert self._wired is not None and self._running is not None
        self._wired.line.stop()
        await self._running
        await self._let_go()

    async def kill(self) -> None:
        """End the process where it stands."""
        assert self._running is not None
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running
        await self._let_go()

    async def dies(self, when: Callable[[Story], bool], within_s: float = 600) -> None:
        """Wait until the process dies at the end of the first turn at which something is so."""
        self.dies_when = when
        assert self._running is not None
        try:
            await asyncio.wait_for(self._running, within_s)
        except DiedError:
            await self._let_go()

    async def _let_go(self) -> None:
        if self._wired is None or self._running is None:
            return
        wired, self._wired = self._wired, None
        running, self._running = self._running, None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await wired.line.close()
        await wired.close()

    async def until(self, so: Callable[[], object], within_s: float = 300, what: str = "") -> None:
        """Wait until something is so."""
        end_s = self.loop.time() + within_s
        while not so():
            if self._running is not None and self._running.done():
                self._running.result()
            assert self.loop.time() < end_s, f"it never came: {what}"
            await asyncio.sleep(0.25)

    async def at(self, ns: int) -> None:
        """Wait until the gateway's clock shows a time."""
        await asyncio.sleep(max(0.0, (ns - self.now_ns) / SECOND))

    async def ask(self, action: str, **details: str) -> str:
        """Ask the run for something, as a shell does; give the answer."""
        self._n_asked += 1
        given = {"action": action, "why": "a story", "by": "operator", "asked_ns": self._n_asked, "details": details}
        path = put(self.data, msgspec.convert(given, Request))
        await self.until(lambda: answer_of(path) is not None, 30, f"answer to {action}")
        return answer_of(path) or ""

    def by_hand(self, side: int, qty: int, contract: int = 1) -> None:
        """Click in TWS."""
        order = Order(client_id=0, order_id=0, account=ACCOUNT, contract=contract, side=side, qty=qty, type=Type.MARKET, outside_rth=True)
        self.broker.place_by_hand(order, self.now_ns)
        self.gateway.let_speak()

    # ------------------------------------------------------------------ the broker's truth
    @property
    def now_ns(self) -> int:
        return self.start_ns + round(self.loop.time() * SECOND)

    @property
    def broker(self) -> Broker:
        found = self.gateway.world.known(Broker)
        assert found is not None, "nobody asked for the broker yet"
        return found

    def at_work(self, symbol: str) -> Counter[Leg]:
        """Contracts of orders of ours that live, by leg."""
        found: Counter[Leg] = Counter()
        for state in self.broker.orders():
            named = read_ref(state.order.order_ref)
            if named is not None and self.symbol(state.order.contract) == symbol:
                found[named.leg] += state.remaining
        return found

    def filled(self, symbol: str, leg: Leg) -> int:
        """Contracts that a leg of ours filled."""
        mine = [each for each in self.broker.executions() if self.symbol(each.contract) == symbol]
        return sum(each.qty for each in mine if (named := read_ref(each.order_ref)) is not None and named.leg is leg)

    def holds(self, symbol: str) -> int:
        """Contracts that the account holds."""
        return sum(each.qty for each in self.broker.positions(ACCOUNT) if self.symbol(each.contract) == symbol)

    def symbol(self, contract: int) -> str:
        return next(each.symbol for each in self.gateway.world.contracts if each.id == contract)

    def is_protected(self, symbol: str, qty: int) -> bool:
        """Whether the account holds so much under a stop and a target of ours over just that."""
        work = self.at_work(symbol)
        return self.holds(symbol) == qty and work[Leg.STOP] == qty and work[Leg.TARGET] == qty and not work[Leg.ENTRY]

    # ------------------------------------------------------------------ what was written
    def facts(self, *kinds: type[AnyFact]) -> list[Any]:
        """Facts of these kinds, of all runs."""
        found: list[Any] = []
        for each in runs(self.data):
            journal = Folders(self.data).journal(each.run)
            found += [fact for _, fact in entries.facts(journal) if isinstance(fact, kinds)] if journal.exists() else []
        return found

    def events(self, *kinds: type[AnyEvent]) -> list[Any]:
        """Events of these kinds, of all runs that were closed."""
        found: list[Any] = []
        for each in runs(self.data):
            journal = Folders(self.data).journal(each.run)
            told = entries.read_journal(journal) if journal.exists() else ()
            found += [entry.content for entry in told if isinstance(entry.content, kinds)]
        return found

    def differs(self) -> list[str]:
        """Hold the last ledger against the broker's truth, and each closed log against itself."""
        desk = self.ended[-1].engine.desk
        said = []
        theirs = {e.exec_id: (e.qty, e.px) for e in self.broker.executions() if read_ref(e.order_ref) is not None}
        mine = desk.memory.book.executions
        said += [f"execution {each} is not booked" for each in theirs if each not in mine]
        said += [f"execution {each} is booked as {mine[each]}" for each in theirs.keys() & mine.keys() if mine[each].qty != theirs[each][0]]
        for view in desk.places.values():
            own, others = desk.own(view.contract.id), desk.memory.referee.foreign.get(view.contract.id, 0)
            if (truth := self.holds(view.contract.symbol)) != own + others:
                said.append(f"{view.contract.symbol}: {own} own and {others} foreign, the broker has {truth}")
        for ended in self.ended:
            said += self.replay_differs(ended)
        return said

    def replay_differs(self, ended: Ended) -> list[str]:
        """Play a log back."""
        logged = open_log(self.data, ended.run.sessions[0])
        if logged.run.run != ended.run.run:
            return []  # another one followed in its session
        setup = self.plan(Plan(play.setup_as_traded(self.settings, logged))).setup
        played = asyncio.run(play.play_back(logged, build.as_run(setup, ended.run.closes, ended.run.not_entered)))
        if played.difference is not None:
            return [f"{ended.run.run}: the replay commands otherwise: {played.difference}"]
        same = played.outcome.commands_digest == ended.commands_digest, played.outcome.state_digest == ended.state_digest
        return [] if all(same) else [f"{ended.run.run}: commands, state are the same: {same}"]
