"""A broker that outlives its connections, and the venue that reaches it: seeded, in time that the script moves. Records come unnumbered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.replay.world import World
from workbench.clock import ManualClock
from workbench.config import Mode
from workbench.domain.events import (
    Answered,
    AnyEvent,
    ConnectionChanged,
    FeeReported,
    FillCorrected,
    ForeignFilled,
    Known,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    PositionTold,
    StreamChanged,
    Unknown,
)
from workbench.domain.orders import AnyCommand, Ask, Cancel, Exit, Leg, Modify, Submit
from workbench.domain.records import Kind, Records
from workbench.domain.units import MICROS, MS
from workbench.runtime.live import Calendars, Door, Ended, Line, News, Plan, Recalled, Runner
from workbench.venues.base import Batch, Happened

ACCOUNT = "DUSIM1"


class CutOffError(Exception):
    """A run was stopped from outside."""


def bare(records: Records) -> Records:
    """The market alone, as a socket would bring it: no seconds, no phases, no numbers."""
    made = records[(records["kind"] != Kind.TIME) & (records["kind"] != Kind.PHASE)].copy()
    made["seq"] = 0
    return made


class Order:
    """One bracket at the broker."""

    def __init__(self, sent: Submit) -> None:
        self.sent, self.filled, self.out, self.stop_px, self.has_exit = sent, 0, 0, sent.stop_px, False
        self.is_cancelled = False

    @property
    def rest(self) -> int:
        return 0 if self.is_cancelled else self.sent.qty - self.filled


class Broker:
    """The truth. `said` waits to be told; executions are told again after each connection."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.orders: dict[int, Order] = {}
        self.executions: list[OrderFilled | FillCorrected] = []
        self.said: deque[AnyEvent] = deque()
        self.sent: list[AnyCommand] = []

    def take(self, command: AnyCommand) -> None:
        self.sent.append(command)
        order = self.orders.get(command.ref)
        match command:
            case Ask(question="account"):
                self.said.append(Answered(0, "account", Known({"equity_micros": 300_000 * MICROS, "available_micros": 1})))
            case Ask(question="bracket", ref=ref):
                known = Known({"entry": order is not None, "exit": order is not None and order.has_exit})
                self.said.append(Answered(ref, "bracket", known if self.rng.random() < 0.9 else Unknown("timeout")))
            case Submit():
                assert order is None, "an order was sent twice"
                self.orders[command.ref] = Order(command)
                if self.rng.random() < 0.98:
                    self.said.append(OrderAccepted(command.ref, Leg.ENTRY, command.qty, command.entry_px))
                if self.rng.random() < 0.8:
                    self.fill(self.orders[command.ref])
            case Cancel() if order is not None and order.rest:
                rest, order.is_cancelled = order.rest, True
                self.said.append(OrderCancelled(command.ref, Leg.ENTRY, rest))
            case Modify(stop_px=px) if order is not None:
                order.stop_px = px
                self.said.append(OrderAccepted(command.ref, Leg.STOP, order.filled - order.out, px))
            case Exit() if order is not None:
                assert not order.has_exit, "an exit was sent twice"
                order.has_exit = True
                self.said.append(OrderAccepted(command.ref, Leg.EXIT, order.filled - order.out, 0))
                if rest := order.rest:
                    order.is_cancelled = True
                    self.said.append(OrderCancelled(command.ref, Leg.ENTRY, rest))
                if order.filled > order.out:
                    self.close(order, Leg.EXIT, order.sent.entry_px)

    def fill(self, order: Order) -> None:
        """Fill some of an entry; the stop stands behind it at once."""
        qty = int(self.rng.integers(1, order.rest + 1))
        self._execute(order.sent.ref, Leg.ENTRY, qty, order.sent.entry_px)
        order.filled += qty
        self.said.append(OrderAccepted(order.sent.ref, Leg.STOP, order.filled - order.out, order.stop_px))

    def close(self, order: Order, leg: Leg, px: int) -> None:
        self._execute(order.sent.ref, leg, order.filled - order.out, px)
        order.out = order.filled

    def _execute(self, ref: int, leg: Leg, qty: int, px: int) -> None:
        n = len(self.executions)
        late = bool(self.rng.random() < 0.5)
        told = OrderFilled(ref, leg, qty, px, f"{n}.01", None if late else 2_250_000)
        self.executions.append(told)
        self.said.append(told)
        if late:
            self.said.append(FeeReported(f"{n}.01", 2_250_000))
        if self.rng.random() < 0.2:
            corrected = FillCorrected(ref, leg, qty, px + 1, f"{n}.02", f"{n}.01")
            self.executions.append(corrected)
            self.said.append(corrected)

    def move(self) -> None:
        """Something happens to an order now and then."""
        held = [order for order in self.orders.values() if order.filled > order.out or order.rest]
        if not held or self.rng.random() < 0.5:
            return
        order = held[int(self.rng.integers(len(held)))]
        if order.rest and not order.has_exit:
            self.fill(order)
        elif order.filled > order.out and not order.rest:
            leg = Leg.TARGET if self.rng.random() < 0.5 else Leg.STOP
            self.close(order, leg, order.sent.target_px if leg is Leg.TARGET else order.stop_px)

    def resync(self) -> list[AnyEvent]:
        """What a new connection brings: all executions again, and the orders that work."""
        working: list[AnyEvent] = []
        for ref, order in self.orders.items():
            if order.rest:
                working.append(OrderAccepted(ref, Leg.ENTRY, order.rest, order.sent.entry_px))
            if order.filled > order.out:
                working.append(OrderAccepted(ref, Leg.STOP, order.filled - order.out, order.stop_px))
        return [*self.executions, *working]


class ScriptedVenue:
    """One connection after the other to a broker, and the market between.

    Parameters
    ----------
    market
        Unnumbered records.
    broker
        The truth.
    clock
        Moved to each record's time.
    at
        Where in the market it begins.
    """

    def __init__(self, market: Records, broker: Broker, clock: ManualClock, at: int = 0, *, cuts: float = 0.01) -> None:
        self.market, self.broker, self.clock, self.at, self.cuts = market, broker, clock, at, cuts
        self.is_up, self.accounts = False, [ACCOUNT]
        self.n_settled, self.recalled = 0, list[Recalled]()

    def recall(self, recalled: Recalled) -> None:
        self.recalled.append(recalled)

    async def events(self) -> AsyncIterator[Batch | Happened]:
        rng = self.broker.rng
        while self.at < len(self.market):
            if not self.is_up:
                for event in self.broker.resync():
                    yield self._now(event)
                self.broker.said.clear()  # told by the resynchronisation already
                self.is_up = True
                yield self._now(ConnectionChanged(True, "resynchronised"))
            most = int(rng.choice([1, 5, 30, 120]))
            part = self.market[self.at : self.at + int(rng.integers(1, most + 1))].copy()
            self.clock.advance_to(int(part["recv_ns"][-1]))
            self.at += len(part)
            yield Batch(part, int(part.ctypes.data), 0, len(part))
            if rng.random() < 0.1:
                self.clock.advance_to(self.clock.now_ns() + int(rng.integers(1, 900)) * MS)
                await asyncio.sleep(0)
            self.broker.move()
            while self.broker.said and rng.random() < 0.8:
                yield self._now(self.broker.said.popleft())
            async for each in self._noise():
                yield each

    async def _noise(self) -> AsyncIterator[Happened]:
        rng = self.broker.rng
        if rng.random() < self.cuts:
            self.is_up = False
            self.broker.said.clear()
            yield self._now(ConnectionChanged(False, "socket closed"))
        if rng.random() < 0.05:
            state = ["live", "lost"][int(rng.integers(2))]
            for event in (StreamChanged(1, "l1-250ms", state, "noise"), StreamChanged(1, "l1-250ms", "live", "noise is over")):
                yield self._now(event)
        if rng.random() < 0.05:
            yield self._now(PositionTold("DUSIM9", 1, 3, 7))
            yield self._now(ForeignFilled("DUSIM9", 1, 9, "", 1, 1, 24_000, "f"))

    def _now(self, event: AnyEvent) -> Happened:
        return Happened(self.clock.now_ns(), event)

    def settle(self, consumed: int) -> None:
        self.n_settled += 1

    async def send(self, command: AnyCommand) -> None:
        if self.is_up:  # what is sent over a line that is cut is lost, and nobody says so
            self.broker.take(command)


class Played:
    """One process's part in a run."""

    def __init__(
        self, data: Path, of: World, broker: Broker, *, mode: Mode = Mode.PAPER, at: int = 0, from_ns: int = 0, turns: int = 0, **more: Any
    ) -> None:
        market = bare(of.records)
        self.clock = ManualClock(max(from_ns, int(market["recv_ns"][at]) - 40 * MS))
        self.venue = ScriptedVenue(market, broker, self.clock, at, cuts=more.pop("cuts", 0.01))
        self.line = Line(self.venue, self.clock)
        door = Door(mode, ACCOUNT, lambda: self.venue.accounts, more.pop("armed", None), self.clock)
        self.news: list[News] = []
        self.n_turns, self._last = 0, turns
        plan = more.pop("plan", lambda _: Plan(of.setup, source="scripted"))
        self.runner = Runner(data, mode, self.line, door, plan, on_news=self.news.append, at_turn=self._turn, **more)

    def _turn(self, _: int) -> None:
        self.n_turns += 1
        if self.n_turns == self._last:
            raise CutOffError

    def run(self) -> Ended:
        async def whole() -> Ended:
            try:
                return await self.runner.run_forever()
            finally:
                await self.line.close()

        return asyncio.run(whole())


class ShortHours(Calendars):
    """Sessions of a few minutes, named by real dates, over real phases."""

    NAMES = (20261116, 20261117, 20261118, 20261119, 20261120, 20261123, 20261124)

    def __init__(self, first_ns: int, length_ns: int) -> None:
        super().__init__()
        self.first_ns, self.length_ns = first_ns, length_ns

    def session(self, ns: int) -> int:
        return self.NAMES[max(0, -(-(ns - self.first_ns) // self.length_ns) - 1)]

    def close_ns(self, session: int) -> int:
        return self.first_ns + (self.NAMES.index(session) + 1) * self.length_ns
