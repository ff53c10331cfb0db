"""Orders by the thousand in virtual time, as a program: brackets entered and left at market, by the live edge or by ib_async alone.

``python -m benchmarks.wire.finished ours|theirs|gateway FOLDER BRACKETS``: four orders a bracket. It says how its memory stood.
Client and gateway share a process and a loop in virtual time, over a link in memory, so that no clock and no disk sets the pace. What the
gateway alone keeps is measured by itself: ``gateway`` says to a fresh one, byte for byte and at the same moments, what the client before it
in the same folder said. The rate limits of both libraries are lifted, and nothing else: they spread messages in time, and keep nothing.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import logging
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from benchmarks.wire.edge import ACCOUNT, memory_mb, settings_for
from benchmarks.wire.room import BID_PX, market
from benchmarks.wire.session import BEGIN_NS, SESSION
from workbench.config import Mode
from workbench.domain.contracts import Contract
from workbench.domain.events import OrderFilled
from workbench.domain.orders import Cause, Exit, Key, Leg, OrderType, Submit
from workbench.gateway import behaviour
from workbench.gateway.base import Budget
from workbench.gateway.build import gateway
from workbench.gateway.transports.door import Connection
from workbench.gateway.transports.drive import Drive
from workbench.runtime import build
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.base import Happened

WARM: Final = 60  # brackets before the first look
AWAY: Final = 400  # quanta
PORT: Final = 7497
QUOTE_NS: Final = 5_000_000  # an order at market fills at the next quote
N_QUOTES: Final = 400_000
A_DAY_S: Final = 86_400.0
HEAD: Final = struct.Struct("<dI")  # when a client said something (s of the loop), and how many bytes; 0: it connected
LOOK: Final = 0xFFFFFFFF  # no bytes: the first look was taken
AT: Final = "said.bin"
_trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)  # glibc: give back what is free


def in_use_mb() -> float:
    """Anonymous memory that is in use."""
    gc.collect()
    _trim(0)
    return memory_mb("RssAnon")


class LoopClock:
    """The wall of a virtual loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        return self._loop.wall_ns()

    def wait_s(self, until_ns: int) -> float:
        return max(0, until_ns - self.now_ns()) / 1e9

    def take_step_ns(self) -> int | None:
        return None


class Whole:
    """A gateway, what is said to it, and how memory stands.

    Parameters
    ----------
    written
        Where what a client says is kept; `None` where nothing is.
    """

    def __init__(self, loop: VirtualLoop, n: int, written: BinaryIO | None) -> None:
        self.loop, self.n, self._written = loop, n, written
        self.settings = settings_for(PORT)
        self.fronts: list[Contract] = list(build.fronts(self.settings, ["ES"], SESSION))
        made = gateway(self.settings, market(N_QUOTES, QUOTE_NS), self.fronts, start_ns=BEGIN_NS, budget=Budget(tick_by_tick_s=0))
        self.gateway, self.drive = made, Drive(made, loop)
        self._before_mb = self._held_mb = 0.0
        self._began = time.process_time()

    def heard(self, data: bytes) -> None:
        """Keep what a client said."""
        if self._written is not None:
            self._written.write(HEAD.pack(self.loop.time(), len(data)) + data)

    def warm(self) -> None:
        """Take the first look."""
        if self._written is not None:
            self._written.write(HEAD.pack(self.loop.time(), LOOK))
        self._before_mb, self._held_mb, self._began = in_use_mb(), memory_mb("RssAnon"), time.process_time()

    def say(self, kept: str) -> None:
        """Write the line that is waited for."""
        held = memory_mb("RssAnon")
        told = {"before_mb": self._before_mb, "after_mb": in_use_mb(), "held_mb": held - self._held_mb}
        told |= {"cpu_s": time.process_time() - self._began, "virtual_s": self.loop.time()}
        print(json.dumps({"kind": "told", "kept": kept, **told}), flush=True)


class Heard(Connection):
    """A client of the gateway, whose bytes are kept."""

    def __init__(self, whole: Whole) -> None:
        super().__init__(whole.drive)
        self._whole = whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._whole.heard(b"")
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._whole.heard(data)
        super().data_received(data)


class Nowhere:
    """A transport to nobody."""

    def write(self, data: bytes) -> None:
        """Drop it."""

    def close(self) -> None:
        """Nothing."""

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0


async def ours(whole: Whole, folder: Path) -> None:
    """Go through a venue of the live edge."""
    from workbench.venues.ib import lane
    from workbench.venues.ib.venue import IbVenue

    lane.MOST = lane.DATA = 1_000_000
    clock, known = LoopClock(whole.loop), whole.fronts
    venue = IbVenue(whole.settings, clock, mode=Mode.PAPER, run="many", account=ACCOUNT, data=folder, known=known, max_qty=1)
    fills: dict[tuple[int, Leg], asyncio.Event] = {}

    async def listen() -> None:
        async for arrival in venue.events():
            if not isinstance(arrival, Happened):
                venue.settle(arrival.stop)
            elif isinstance(arrival.event, OrderFilled):
                fills.setdefault((arrival.event.ref, arrival.event.leg), asyncio.Event()).set()

    ear = asyncio.create_task(listen())
    contract = next(each for each in await venue.open() if each.symbol == known[0].symbol)
    key = Key(ACCOUNT, contract.id, "many")
    for ref in range(1, WARM + whole.n + 1):
        if ref == WARM + 1:
            whole.warm()
        while not venue.connection.is_ready:
            await asyncio.sleep(0.05)
        await venue.send(Submit(ref, key, 0, Cause(1, 0), 1, 1, OrderType.MARKET, BID_PX, BID_PX - AWAY, BID_PX + AWAY))
        await asyncio.wait_for(fills.setdefault((ref, Leg.ENTRY), asyncio.Event()).wait(), 60)
        await venue.send(Exit(ref, key, 0, Cause(1, 0), "time"))
        await asyncio.wait_for(fills.setdefault((ref, Leg.EXIT), asyncio.Event()).wait(), 60)
        fills.clear()
    await asyncio.sleep(1.0)
    book, wrapper = venue.book, venue.ib.wrapper
    whole.say(f"{len(book.lives)} brackets, {len(book.executions)} executions; ib_async's {len(wrapper.trades)} trades")
    await venue.close()
    ear.cancel()


async def theirs(whole: Whole, folder: Path) -> None:
    """Do the same with ib_async alone."""
    from ib_async import IB, Order
    from ib_async import Contract as IbContract

    logging.disable()  # it tells of each order that a group cancelled
    ib = IB()
    ib.client.MaxRequests = 0
    await ib.connectAsync("127.0.0.1", PORT, clientId=10)
    wanted = IbContract(secType="FUT", symbol="ES", exchange="CME", lastTradeDateOrContractMonth="202612")
    contract, px = (await ib.qualifyContractsAsync(wanted))[0], BID_PX / 4
    await ib.reqAccountUpdatesAsync(ACCOUNT)

    def made(**fields: Any) -> Order:
        return Order(totalQuantity=1, account=ACCOUNT, tif="GTC", outsideRth=True, **fields)

    for nth in range(1, WARM + whole.n + 1):
        if nth == WARM + 1:
            whole.warm()
        number, group = ib.client.getReqId(), {"ocaGroup": f"g{nth}", "ocaType": 2}
        entry = ib.placeOrder(contract, made(orderId=number, action="BUY", orderType="MKT", transmit=False))
        for order in (
            made(action="SELL", orderType="STP", auxPrice=px - AWAY / 4, parentId=number, transmit=False, **group),
            made(action="SELL", orderType="LMT", lmtPrice=px + AWAY / 4, parentId=number, transmit=True, **group),
        ):
            ib.placeOrder(contract, order)
        await _filled(entry)
        await _filled(ib.placeOrder(contract, made(action="SELL", orderType="MKT", transmit=True, **group)))
    await asyncio.sleep(1.0)
    whole.say(f"{len(ib.wrapper.trades)} trades, {len(ib.wrapper.fills)} fills")
    ib.disconnect()


async def _filled(trade: Any) -> None:
    async with asyncio.timeout(60):
        while not trade.filled():
            await asyncio.sleep(0.001)


def _said(written: BinaryIO) -> Iterator[tuple[float, int, bytes]]:
    while head := written.read(HEAD.size):
        at_s, n = HEAD.unpack(head)
        yield at_s, n, b"" if n == LOOK else written.read(n)


async def alone(whole: Whole, folder: Path) -> None:
    """Say to the gateway what the client before said to another, at the same moments, and hear nothing."""
    connection = Connection(whole.drive)
    with (folder / AT).open("rb") as written:
        for at_s, n, data in _said(written):
            await asyncio.sleep(max(0.0, at_s - whole.loop.time()))
            if n == LOOK:
                whole.warm()
            elif n:
                connection.data_received(data)
            else:
                connection = Connection(whole.drive)
                connection.connection_made(Nowhere())  # type: ignore[arg-type]
    await asyncio.sleep(1.0)
    whole.say("nobody listens")


def main(who: str, folder: Path, n: int) -> None:
    behaviour.RATE_PER_S = 1_000_000

    async def told(loop: VirtualLoop) -> None:
        if who == "gateway":
            await alone(Whole(loop, n, None), folder)
            return
        with (folder / AT).open("wb") as written:
            whole = Whole(loop, n, written)
            server = await loop.create_server(lambda: Heard(whole), "127.0.0.1", PORT)
            await (ours if who == "ours" else theirs)(whole, folder)
            server.close()

    run(told, epoch_ns=BEGIN_NS, horizon_s=A_DAY_S)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
