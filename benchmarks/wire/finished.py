"""Orders by the thousand, as a program: brackets entered at market and left at market, by the live edge or by ib_async alone.

``python -m benchmarks.wire.finished ours|theirs PORT FOLDER BRACKETS``: four orders a bracket. It says how its memory was before and after.
The rate limits of both libraries are lifted, and nothing else: they spread messages in time, and keep nothing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.wire.edge import ACCOUNT, anonymous_mb, settings_for
from benchmarks.wire.room import BID_PX, SESSION
from workbench.clock import SystemClock
from workbench.config import Mode
from workbench.domain.events import ConnectionChanged, OrderFilled
from workbench.domain.orders import Cause, Exit, Key, Leg, OrderType, Submit
from workbench.runtime import build
from workbench.venues.base import Happened

WARM: Final = 60  # brackets before the first look
AWAY: Final = 400  # quanta


def say(kind: str, before: float, n: int, began: float, kept: str) -> None:
    """Write the line that is waited for."""
    gc.collect()
    took = time.monotonic() - began
    print(
        json.dumps({"kind": kind, "before_mb": before, "after_mb": anonymous_mb(), "brackets": n, "took_s": took, "kept": kept}), flush=True
    )


async def ours(port: int, folder: Path, n: int) -> None:
    """Go through a venue of the live edge."""
    from workbench.venues.ib import lane
    from workbench.venues.ib.venue import IbVenue

    lane.MOST = lane.DATA = 1_000_000
    settings = settings_for(port)
    known = build.fronts(settings, ["ES"], SESSION)
    venue = IbVenue(settings, SystemClock(), mode=Mode.PAPER, run="many", account=ACCOUNT, data=folder, known=known, max_qty=1)
    fills: dict[tuple[int, Leg], asyncio.Event] = {}
    words: list[str] = []

    async def listen() -> None:
        async for arrival in venue.events():
            if isinstance(arrival, Happened):
                if isinstance(arrival.event, ConnectionChanged):
                    words.append(arrival.event.why)
                if isinstance(arrival.event, OrderFilled):
                    fills.setdefault((arrival.event.ref, arrival.event.leg), asyncio.Event()).set()
            else:
                venue.settle(arrival.stop)

    ear = asyncio.create_task(listen())
    contract = next(each for each in await venue.open() if each.symbol == known[0].symbol)
    while not venue.connection.is_ready:
        await asyncio.sleep(0.05)
    key, before, began = Key(ACCOUNT, contract.id, "many"), 0.0, time.monotonic()

    async def filled(ref: int, leg: Leg) -> None:
        try:
            await asyncio.wait_for(fills.setdefault((ref, leg), asyncio.Event()).wait(), 60)
        except TimeoutError:
            raise RuntimeError(f"{leg!r} of {ref} did not fill; {venue.state}: {words[-5:]}; {venue.book.lives.get(ref)}") from None

    for ref in range(1, WARM + n + 1):
        if ref == WARM + 1:
            gc.collect()
            before, began = anonymous_mb(), time.monotonic()
        px = BID_PX
        while not venue.connection.is_ready:  # on a busy machine a heartbeat may be late: what is sent then is refused
            await asyncio.sleep(0.05)
        await venue.send(Submit(ref, key, 0, Cause(1, 0), 1, 1, OrderType.MARKET, px, px - AWAY, px + AWAY))
        await filled(ref, Leg.ENTRY)
        await venue.send(Exit(ref, key, 0, Cause(1, 0), "time"))
        await filled(ref, Leg.EXIT)
        fills.clear()
    await asyncio.sleep(1.0)
    book, wrapper = venue.book, venue.ib.wrapper
    say("ours", before, n, began, f"{len(book.lives)} brackets, {len(book.executions)} executions; ib_async's {len(wrapper.trades)} trades")
    await venue.close()
    ear.cancel()


async def theirs(port: int, n: int) -> None:
    """Do the same with ib_async alone."""
    from ib_async import IB, Contract, Order

    ib = IB()
    ib.client.MaxRequests = 0
    await ib.connectAsync("127.0.0.1", port, clientId=10)
    contract = (
        await ib.qualifyContractsAsync(Contract(secType="FUT", symbol="ES", exchange="CME", lastTradeDateOrContractMonth="202612"))
    )[0]
    px, before, began = BID_PX / 4, 0.0, time.monotonic()
    await ib.reqAccountUpdatesAsync(ACCOUNT)

    def made(**fields: Any) -> Order:
        return Order(totalQuantity=1, account=ACCOUNT, tif="GTC", outsideRth=True, **fields)

    for nth in range(1, WARM + n + 1):
        if nth == WARM + 1:
            gc.collect()
            before, began = anonymous_mb(), time.monotonic()
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
    say("theirs", before, n, began, f"{len(ib.wrapper.trades)} trades, {len(ib.wrapper.fills)} fills")
    ib.disconnect()


async def _filled(trade: Any) -> None:
    until = time.monotonic() + 60
    while not trade.filled():
        if time.monotonic() > until:
            raise RuntimeError(f"not filled: {trade.orderStatus} {trade.log[-1]}")
        await asyncio.sleep(0)


if __name__ == "__main__":
    who, port_, folder_, n_ = sys.argv[1:]
    asyncio.run(ours(int(port_), Path(folder_), int(n_)) if who == "ours" else theirs(int(port_), int(n_)))
