"""The live edge against the project's gateway, on one virtual loop over an in-memory link. No socket, no time but the loop's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.gateway.worlds import es, tape
from workbench.config import Mode, Settings, load_settings
from workbench.domain.contracts import Contract
from workbench.domain.events import AnyEvent, OrderAccepted, OrderFilled
from workbench.domain.orders import Ask, Cancel, Cause, Exit, Key, Modify, OrderType, Submit
from workbench.domain.units import SECOND
from workbench.execution.book import Booked
from workbench.gateway.build import gateway
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import serve
from workbench.simulation.virtual import VirtualLoop
from workbench.venues.base import Happened
from workbench.venues.ib.past import Past
from workbench.venues.ib.venue import IbVenue

ACCOUNT, RUN = "DUSIM1", "r1"
KEY = Key(ACCOUNT, 1, "first")
MID = 27_200  # px of the tape's bid in quanta, give or take two ticks


class LoopClock:
    """The wall of a virtual loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        return self._loop.wall_ns()

    def wait_s(self, until_ns: int) -> float:
        return max(0, until_ns - self.now_ns()) / SECOND

    def take_step_ns(self) -> int | None:
        return None


def settings(**flags: Any) -> Settings:
    return load_settings(folder="/nowhere", environment={}, flags={"active": '["ES"]', **flags})


class Edge:
    """A venue, what it said, and the gateway's truth beside it."""

    def __init__(self, venue: IbVenue, the_gateway: Gateway, door: Any) -> None:
        self.venue, self.gateway, self.door = venue, the_gateway, door
        self.said: list[AnyEvent] = []
        self.ears: list[asyncio.Task[None]] = []

    async def listen(self) -> None:
        async for arrival in self.venue.events():
            if isinstance(arrival, Happened):
                self.said.append(arrival.event)
            else:
                self.venue.settle(arrival.stop)

    def of(self, *kinds: type[Any]) -> list[Any]:
        return [event for event in self.said if isinstance(event, kinds)]

    async def until(self, is_true: Callable[[], object], timeout_s: float = 60.0) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while not is_true():
            if loop.time() > end:
                raise AssertionError(
                    f"it did not come in {timeout_s} s; {self.venue.state}: {self.venue.connection.why}; said: {self.said[-12:]}"
                )
            await asyncio.sleep(0.01)

    def another(self, folder: Path, loop: VirtualLoop) -> Edge:
        """A second process on the same gateway, to be closed by who asked for it."""
        venue = IbVenue(settings(), LoopClock(loop), mode=Mode.PAPER, run=RUN, account=ACCOUNT, data=folder, known=[es()], max_qty=5)
        made = Edge(venue, self.gateway, self.door)
        self.ears.append(loop.create_task(made.listen()))
        return made

    async def ready(self) -> None:
        await self.until(lambda: self.venue.connection.is_ready)

    async def opened(self, command: Submit) -> dict[str, Booked]:
        """Come up and open a bracket; when it stands, give its executions as the next process knows them."""
        await self.venue.open()
        await self.ready()
        await self.venue.send(command)
        await self.until(lambda: len(self.of(OrderAccepted)) == 3 and sum(fill.qty for fill in self.of(OrderFilled)) == command.qty)
        return {fill.exec_id: Booked(fill.ref, fill.leg, 1, fill.qty, fill.px) for fill in self.of(OrderFilled)}

    @asynccontextmanager
    async def followed(self, folder: Path, loop: VirtualLoop, past: Past, heard: Mapping[int, int] | None = None) -> AsyncIterator[Edge]:
        """Let a second process come up that knows this of the first, and what that heard of positions."""
        second = self.another(folder, loop)
        second.venue.recover(past)
        second.venue.money.held_before(heard or {})
        try:
            await second.venue.open()
            await second.ready()
            yield second
        finally:
            await second.venue.close()


@asynccontextmanager
async def edge(
    loop: VirtualLoop,
    folder: Path,
    *,
    mode: Mode = Mode.PAPER,
    faults: Any = None,
    n_seconds: int = 600,
    max_qty: int = 5,
    account: str = ACCOUNT,
    shown: int | None = None,
    known: Sequence[Contract] | None = None,
    **flags: Any,
) -> AsyncIterator[Edge]:
    set_up = settings(**flags)
    records = tape(n_seconds)
    if shown is not None:  # contracts that every quote shows: larger orders fill in parts
        records["sz"][1::2] = records["sz2"][1::2] = shown
    made = gateway(set_up, records, [es()], faults=faults)
    door = await serve(made, "127.0.0.1", set_up.ib.port)
    named = [es()] if known is None else known
    venue = IbVenue(set_up, LoopClock(loop), mode=mode, run=RUN, account=account, data=folder, known=named, max_qty=max_qty)
    world = Edge(venue, made, door)
    ear = loop.create_task(world.listen())
    try:
        yield world
    finally:
        await venue.close()
        for each in (ear, *world.ears):
            each.cancel()
        await door.close()


def submit(ref: int = 1, qty: int = 1, kind: OrderType = OrderType.MARKET, entry_px: int = MID, side: int = 1, wide: int = 400) -> Submit:
    return Submit(ref, KEY, 0, Cause(1, 0), side, qty, kind, entry_px, entry_px - side * wide, entry_px + side * wide)


def modify(ref: int, stop_px: int) -> Modify:
    return Modify(ref, KEY, 0, Cause(1, 0), stop_px)


def cancel(ref: int) -> Cancel:
    return Cancel(ref, KEY, 0, Cause(1, 0))


def leave(ref: int) -> Exit:
    return Exit(ref, KEY, 0, Cause(1, 0), "time")


def ask(question: str, ref: int = 0, detail: str = "") -> Ask:
    return Ask(ref, KEY, 0, Cause(1, 0), question, detail)
