"""A whole run with a guardian beside it, both on one virtual loop: a runner that can be frozen and ended, as SIGSTOP and SIGKILL do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.simulation.drills.drill import ACCOUNT, Drill, settings
from tests.venues.ib.world import LoopClock
from workbench.config import Mode
from workbench.domain.contracts import Contract
from workbench.domain.decisions import ExitWish, Proposal
from workbench.domain.orders import AnyCommand, Leg, OrderType
from workbench.domain.units import HOUR, SECOND
from workbench.domain.views import PositionView, View
from workbench.engine import Setup
from workbench.gateway.build import gateway
from workbench.gateway.faults import Scenario
from workbench.gateway.transports import serve
from workbench.runtime.guardian.guardian import Guardian
from workbench.runtime.guardian.values import Limits, Runner
from workbench.runtime.live import Door, Ended, Line, Plan
from workbench.runtime.live import Runner as LiveRunner
from workbench.runtime.live.doors import before_the_wire
from workbench.runtime.live.edge import IbEdge
from workbench.simulation.broker import Order, Type
from workbench.simulation.broker.orders import OrderState
from workbench.simulation.virtual import VirtualLoop, run
from workbench.store.fence import Fence
from workbench.venues.ib.book import read_ref
from workbench.venues.ib.guarding import Link
from workbench.venues.ib.roles import Role, client_id
from workbench.venues.ib.venue import IbVenue

PATIENCE = Limits(10 * SECOND, 15 * SECOND, 120 * SECOND)
QTY = 2
FAR = 200  # ticks: the market does not come there


class Patient(NamedTuple):
    """Enter once, with exits far away, and hold for hours. `rests`: below the market, where nobody comes either."""

    rests: bool = False
    qty: int = 1
    name: str = "patient"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bar, tick = view.bar, view.contract.tick
        if bar.bid_px is None or bar.ask_px is None:
            return None
        entry = bar.bid_px - FAR // 2 * tick if self.rests else bar.ask_px
        kind = OrderType.LIMIT if self.rests else OrderType.MARKET
        return Proposal(1, kind, entry, entry - FAR * tick, entry + FAR * tick, 5 * HOUR)

    def manage(self, view: View, position: PositionView) -> ExitWish | None:
        return None


class Guarded(Drill):
    """One run, its guardian, and what is done to them.

    Parameters
    ----------
    story
        What happens once the run has what it wants at the broker; it begins at second 30.
    """

    def __init__(
        self,
        folder: Path,
        story: Callable[[Guarded], Any],
        *,
        rests: bool = False,
        limits: Limits = PATIENCE,
        faults: Scenario | None = None,
        lasts_s: float = 150.0,
    ) -> None:
        self.rests, self.limits, self.frozen, self.told = rests, limits, False, list[tuple[float, str]]()
        self.is_gone = self.is_elsewhere = False
        self.at_death: list[AnyCommand] = []
        super().__init__(folder, faults, trades_s=30, waits_s=lasts_s, aside=story)

    def _setup(self) -> Setup:
        told = gateway(settings(), self.records, self.contracts, accounts=(ACCOUNT,)).world.contracts
        self.contracts = tuple(told)  # with their conIds, as a run that looked at its TWS first knows them
        made = super()._setup()
        change = msgspec.structs.replace
        risk = change(made.law.risk, max_loss_per_trade_usd=100_000.0, max_heat_frac=1.0, max_contracts_per_order=QTY)
        law = change(made.law, risk=risk, execution=change(made.law.execution, entry_ttl_seconds=3_000.0))
        patient = Patient(self.rests)
        return made._replace(law=law, strategies=((patient, tuple(contract.id for contract in self.contracts)),))

    # ------------------------------------------------------------------ the two of them
    def _made(self, chain: str) -> IbVenue:
        venue = super()._made(chain)
        venue.client.check = before_the_wire(self.fence, venue.client.check)
        return venue

    async def _main(self, loop: VirtualLoop) -> None:
        self.loop, self.clock = loop, LoopClock(loop)
        self.fence = Fence(self.folder, ACCOUNT)
        self.fence.take()
        self._listen()
        self.port = await serve(self.gateway, "127.0.0.1", settings().ib.port)
        line = Line(self.edge, self.clock)
        self.gate = Door(
            Mode.PAPER,
            ACCOUNT,
            lambda: self.edge.accounts,
            None,
            self.clock,
            fence=self.fence,
            silent_ns=10 * SECOND,
            steady=self.clock.now_ns,
        )
        plan = Plan(self.setup, source="drill")
        runner = LiveRunner(self.folder, Mode.PAPER, line, self.gate, lambda _: plan)
        self.guardian = self._guardian()
        guarding = loop.create_task(self.guardian.run())
        await asyncio.sleep(0.1)  # a beat: entries need it
        self.running = loop.create_task(runner.run_forever())
        aside = loop.create_task(self._beside())
        try:
            while loop.time() < self.trades_s + self.waits_s and not guarding.done():
                await asyncio.sleep(1.0)
            if aside.done():
                aside.result()
            if guarding.done():
                guarding.result()
        finally:
            self.guardian.is_stopping = True
            line.stop()
            for task in (guarding, aside, self.running):
                task.cancel()
            await asyncio.gather(guarding, aside, self.running, return_exceptions=True)
            await line.close()
            await self.edge.close()
            await self.port.close()

    def _guardian(self) -> Guardian:
        own, theirs = (client_id(settings().ib.client_id, role) for role in (Role.GUARD, Role.TRADE))

        def link(number: int, contracts: Mapping[int, Contract]) -> Link:
            return Link("127.0.0.1", settings().ib.port, number, ACCOUNT, contracts, self.folder, self.clock)

        tell = lambda text: self.told.append((self.at_s, text))  # noqa: E731 - said once
        fence = Fence(self.folder, ACCOUNT)
        return Guardian(self.folder, ACCOUNT, fence, self, link, (own, theirs), self.limits, self.clock, tell, steady=self.clock.now_ns)

    # ------------------------------------------------------------------ the runner, as its guardian sees it
    def look(self) -> Runner:
        """It speaks each second while nobody freezes it."""
        ready = bool(self.venues) and self.venue.connection.is_ready
        self._said = self.clock.now_ns() if not self.frozen else self._said
        return Runner(self._said, is_ready=ready and not self.frozen)

    def why_out_of_reach(self) -> str | None:
        return "the runner's process is on another machine" if self.is_elsewhere else None

    def end(self) -> None:
        """SIGKILL: the kernel closes its socket."""
        if not self.is_gone:
            self.is_gone = True
            self.running.cancel()
            transport = self.venue.client.conn.transport
            if transport is not None:
                transport.abort()

    async def taken_up(self, for_s: float) -> Ended:
        """Call the same thing again, as a person does: another process, with the next token."""
        assert self.loop is not None
        self.fence = Fence(self.folder, ACCOUNT)
        self.fence.take()
        edge = IbEdge(self._made)
        line = Line(edge, self.clock)
        door = Door(Mode.PAPER, ACCOUNT, lambda: edge.accounts, None, self.clock, fence=self.fence)
        runner = LiveRunner(self.folder, Mode.PAPER, line, door, lambda _: Plan(self.setup, source="drill"))
        running = self.loop.create_task(runner.run_forever())
        try:
            await asyncio.sleep(for_s)
            line.stop()
            return await running
        finally:
            running.cancel()
            await line.close()
            await edge.close()

    # ------------------------------------------------------------------ what is done to them
    @property
    def at_s(self) -> float:
        assert self.loop is not None
        return self.loop.time()

    def freeze(self) -> None:
        """SIGSTOP: nothing is read, written or timed by the runner any more; its socket stands."""
        self.frozen, venue = True, self.venue
        venue.client.conn.on_data = lambda data: None
        venue.client.on_frame = lambda fields: None
        for task in (venue.connection._task, *venue._tasks):
            assert task is not None
            task.cancel()

        async def never(command: AnyCommand) -> None:
            self.at_death.append(command)
            await asyncio.Event().wait()

        venue.send = never

    def live(self, leg: Leg | None = None) -> list[OrderState]:
        """Orders of ours that live at the broker."""
        assert self.broker is not None
        named = [(each, read_ref(each.order.order_ref)) for each in self.broker.orders()]
        return [each for each, ref in named if ref is not None and leg in (None, ref.leg)]

    def lose_stop(self) -> None:
        """The exchange takes the stop away."""
        assert self.broker is not None
        for each in self.live(Leg.STOP):
            self.broker.cancel_by_hand(each.perm_id, self.gateway.world.now_ns)
        self.gateway.let_speak()

    def by_hand(self, side: int, qty: int) -> None:
        """A person trades in TWS."""
        assert self.broker is not None
        order = Order(client_id=0, order_id=0, account=ACCOUNT, contract=1, side=side, qty=qty, type=Type.MARKET, outside_rth=True)
        self.broker.place_by_hand(order, self.gateway.world.now_ns)
        self.gateway.let_speak()

    @property
    def held(self) -> int:
        """What the broker holds, own and foreign."""
        assert self.broker is not None
        return sum(each.qty for each in self.broker.positions(ACCOUNT))

    @property
    def own(self) -> int:
        """What of it is ours, by the broker's executions."""
        assert self.broker is not None
        return sum(each.side * each.qty for each in self.broker.executions() if read_ref(each.order_ref) is not None)

    async def until(self, is_so: Callable[[], object], most_s: float) -> float:
        """Wait in virtual time; give when it came."""
        end_s = self.at_s + most_s
        while not is_so():
            assert self.at_s < end_s, f"it did not come in {most_s} s; told: {self.told[-5:]}"
            await asyncio.sleep(0.1)
        return self.at_s

    def go(self) -> Guarded:
        run(self._main, seed=self.seed, epoch_ns=self.begin_ns, horizon_s=self.trades_s + self.waits_s + 600)
        return self
