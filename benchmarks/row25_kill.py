"""Row 25, the way out of a queue: a thousand requests for data wait, then positions are left. How long until that is on the wire.

The venue of the live edge holds three brackets; each exit is an order at market. Beside it what ib_async's own client does, which puts what
comes last behind all that waits: a cancel of everything behind two hundred requests (a thousand would take twenty seconds).
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.rounds import Line, alone, percentile
from benchmarks.wire.edge import ACCOUNT, settings_for
from benchmarks.wire.room import BID_PX, SESSION, Guest, market, room
from workbench.clock import SystemClock
from workbench.config import Mode
from workbench.domain.events import OrderFilled
from workbench.domain.orders import Cause, Exit, Key, Leg, OrderType, Submit
from workbench.runtime import build
from workbench.venues.base import Happened
from workbench.venues.ib.venue import IbVenue

WAITING: Final = 1_000
THEIRS: Final = 200
BRACKETS: Final = 3
ROUNDS: Final = 5
QUOTE_NS: Final = 5_000_000


async def _ours(port: int, folder: Path, guests: list[Guest]) -> tuple[list[float], int]:
    """Milliseconds from the command to the first and to the last exit on the wire, round after round; and what waited."""
    settings = settings_for(port)
    known = build.fronts(settings, ["ES"], SESSION)
    venue = IbVenue(settings, SystemClock(), mode=Mode.PAPER, run="kill", account=ACCOUNT, data=folder, known=known, max_qty=1)
    fills: list[tuple[int, Leg]] = []
    ear = asyncio.create_task(_listen(venue, fills))
    contract = next(each for each in await venue.open() if each.symbol == known[0].symbol)
    await _until(lambda: venue.connection.is_ready)
    key, took, waiting = Key(ACCOUNT, contract.id, "kill"), [], 0
    for nth in range(ROUNDS):
        refs = range(nth * BRACKETS + 1, (nth + 1) * BRACKETS + 1)
        for ref in refs:
            await venue.send(Submit(ref, key, 0, Cause(1, 0), 1, 1, OrderType.MARKET, BID_PX, BID_PX - 400, BID_PX + 400))
        await _until(lambda r=refs: all((ref, Leg.ENTRY) in fills for ref in r))
        for _ in range(WAITING):
            venue.client.reqMatchingSymbols(venue.questions.number(), "ES")
        await asyncio.sleep(1.5)  # the lane is at its limit
        waiting = venue.client.lane.n_waiting
        heard = len(guests[-1].heard)
        began = time.monotonic_ns()
        for ref in refs:
            await venue.send(Exit(ref, key, 0, Cause(1, 0), "kill"))
        await _until(lambda r=refs: all((ref, Leg.EXIT) in fills for ref in r))
        placed = [at for at, data in guests[-1].heard[heard:] for _ in range(data.count(b"\0MKT\0"))]
        took.append((placed[BRACKETS - 1] - began) / 1e6)
        venue.client.lane.drop()
    await venue.close()
    ear.cancel()
    return took, waiting


async def _listen(venue: IbVenue, fills: list[tuple[int, Leg]]) -> None:
    async for arrival in venue.events():
        if isinstance(arrival, Happened):
            if isinstance(arrival.event, OrderFilled):
                fills.append((arrival.event.ref, arrival.event.leg))
        else:
            venue.settle(arrival.stop)


async def _until(is_true: object, timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not is_true():
        if time.monotonic() > end:
            raise RuntimeError("it did not come")
        await asyncio.sleep(0.005)


async def _theirs(port: int, guests: list[Guest]) -> float:
    """Milliseconds until ib_async's cancel of everything is on the wire, behind its own queue."""
    from ib_async import IB, StartupFetch

    ib = IB()
    await ib.connectAsync("127.0.0.1", port, clientId=77, fetchFields=StartupFetch(0))
    guest = guests[-1]
    for n in range(THEIRS):
        ib.client.reqMatchingSymbols(10_000 + n, "ES")
    began = time.monotonic_ns()
    ib.reqGlobalCancel()
    await _until(lambda: any(b"\x0558\x001\x00" in data for _, data in guest.heard), 60.0)
    took = (time.monotonic_ns() - began) / 1e6
    ib.disconnect()
    return took


async def _measure() -> list[Line]:
    with tempfile.TemporaryDirectory() as name:
        async with room(market(60_000, QUOTE_NS)) as opened:
            took, waiting = await _ours(opened.port, Path(name), opened.guests)
            theirs = await _theirs(opened.port, opened.guests)
    return [
        Line(
            row=25,
            what=f"{BRACKETS} positions left with {waiting} requests waiting: until the last exit is on the wire",
            anchor=f"ib_async, behind {THEIRS} requests: {theirs:.0f} ms",
            ours=f"p50 {percentile(took, 0.5):.0f}, max {max(took):.0f} ms",
            ratio=statistics.median(took),
            worst=max(took),
            goal=250,
            unit="ms",
            more_is_better=False,
            notes=[f"{ROUNDS} rounds; three orders of {BRACKETS} brackets left in the second before"],
        )
    ]


def measure(quick: bool) -> list[Line]:
    return asyncio.run(_measure())


if __name__ == "__main__":
    alone(measure)
