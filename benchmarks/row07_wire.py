"""Row 7, tick to order over a socket: the quote that closes a bar leaves one process, the first order comes back to it.

Ours is the whole live edge in a process of its own: tap, records, bars, features, learner, strategies, risk, tail and journal made durable,
orders, the last look at their bytes, lane. The control is a bare asyncio client that answers the same quote with the same three orders,
in turn with ours; the second control one bare fdatasync, in turn as well. With ``journal off`` nothing is made durable:
printed only, as is what two syncs would take.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.peers import CACHE
from benchmarks.rounds import Line, alone, frozen, percentile
from benchmarks.wire.edge import ARMED
from benchmarks.wire.room import POINTS, Guest, Program, Room, message, room

N_ROUNDS: Final = 5
N_TICKS: Final = 40  # a round
PAUSE_S: Final = 0.04  # a bracket and its end are four messages; IB bears fifty a second
PAGE: Final = 4096
OVER, ON, STAY = 77_777, 88_888, 5  # ask sizes: they move the clock of the edge (`wire.edge`)


class Times(NamedTuple):
    """Microseconds, one list a round: a bare fdatasync, the control, ours; and how long until ours had sent all three orders."""

    sync_us: list[list[float]]
    bare_us: list[list[float]]
    ours_us: list[list[float]]


class Echo(asyncio.Protocol):
    """The server's side of the control."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.at_ns = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.at_ns:
            self.at_ns = time.monotonic_ns()
            self.came.set()

    async def answered(self, data: bytes) -> float:
        """Send, wait for the answer; microseconds."""
        self.at_ns = 0
        self.came.clear()
        began = time.monotonic_ns()
        self.transport.write(data)
        await asyncio.wait_for(self.came.wait(), 5)
        return (self.at_ns - began) / 1e3


class Ours:
    """The edge, from the server's side."""

    def __init__(self, guest: Guest) -> None:
        self.guest, streams = guest, guest.streams()
        self._quotes, self._line = streams["BidAsk"], streams["level1"]

    def quote(self, bid_size: int, ask_size: int) -> bytes:
        return message(99, self._quotes, 3, 1_795_188_600, POINTS, POINTS + 0.25, bid_size, ask_size, 0)

    def line(self) -> bytes:
        """A word of the level 1 line, which is silent else and would be asked for again."""
        return message(1, 6, self._line, 1, POINTS, 1, 0)

    async def warm(self) -> list[bytes]:
        """Go through some bars, the first of which are of a market that just opened; give the orders of the last."""
        for _ in range(2):
            with contextlib.suppress(TimeoutError):
                await self.answered(timeout_s=0.5)
            await self.through()
        await self.answered()
        await asyncio.sleep(PAUSE_S)
        orders = self.orders()
        await self.through()
        return orders

    async def answered(self, *, timeout_s: float = 5.0) -> float:
        """Close a bar with an entry wanted; microseconds until the first order came."""
        guest = self.guest
        guest.say(self.line() + self.quote(ARMED, STAY))
        await asyncio.sleep(PAUSE_S / 2)
        n = len(guest.heard)
        guest.orders.clear()
        began = guest.say(self.quote(ARMED, OVER))
        await asyncio.wait_for(guest.orders.wait(), timeout_s)
        return (next(at for at, data in guest.heard[n:] if data.startswith(b"3\0", 4)) - began) / 1e3

    async def through(self) -> None:
        """Go on by a bar in which nothing is wanted: the entry is withdrawn."""
        for size in (ON, OVER, ON):
            await asyncio.sleep(PAUSE_S)
            self.guest.say(self.quote(1, size))
        await asyncio.sleep(PAUSE_S)

    def orders(self) -> list[bytes]:
        """Give the frames of the last bracket."""
        data = b"".join(each for _, each in self.guest.heard[-12:] if each.startswith(b"3\0", 4))
        frames, at = [], 0
        while at < len(data):
            end = at + 4 + int.from_bytes(data[at : at + 4], "big")
            frames.append(data[at:end])
            at = end
        return frames[:3]


async def played(flags: list[str], n_rounds: int) -> Times:
    """Measure one edge beside its controls."""
    CACHE.mkdir(parents=True, exist_ok=True)
    times = Times([], [], [])
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        fd = os.open(Path(name) / "control", os.O_RDWR | os.O_CREAT)
        os.pwrite(fd, bytes(1 << 20), 0)
        os.fsync(fd)
        async with room() as opened:
            edge = Program("benchmarks.wire.edge", opened.port, name, "--steps", *flags)
            try:
                ours = await _ready(edge, opened)
                echo, bare = await _control(await ours.warm())
                try:
                    with frozen():
                        for _ in range(n_rounds):
                            _round = await _rounds(fd, echo, ours)
                            for kept, values in zip(times, _round, strict=True):
                                kept.append(values)
                finally:
                    bare.end()
            finally:
                edge.end()
        os.close(fd)
    return times


async def _rounds(fd: int, echo: Echo, ours: Ours) -> tuple[list[float], list[float], list[float]]:
    synced, bare, mine = [], [], []
    for i in range(N_TICKS):
        began = time.monotonic_ns()
        os.pwrite(fd, bytes([i]) * PAGE, i * PAGE)
        os.fdatasync(fd)
        synced.append((time.monotonic_ns() - began) / 1e3)
        await asyncio.sleep(PAUSE_S)
        bare.append(await echo.answered(ours.quote(ARMED, STAY)))
        with contextlib.suppress(TimeoutError):  # two quotes in one read, on a busy machine: the bar was closed before it began
            mine.append(await ours.answered(timeout_s=2.0))
        await ours.through()
    return synced, bare, mine


async def _ready(edge: Program, opened: Room) -> Ours:
    while "ready" not in await edge.told("stage"):
        pass
    await asyncio.sleep(2.5)  # its streams are asked for, and what stands was told
    return Ours(opened.guests[-1])


async def _control(orders: list[bytes]) -> tuple[Echo, Program]:
    loop, echo = asyncio.get_running_loop(), Echo()
    server = await loop.create_server(lambda: echo, "127.0.0.1", 0)
    bare = Program("benchmarks.wire.bare", server.sockets[0].getsockname()[1], *(each.hex() for each in orders))
    await bare.told("ready")
    return echo, bare


def _p(rounds: list[list[float]], share: float) -> float:
    return statistics.median(percentile(each, share) for each in rounds)


def _line(what: str, flags: list[str], *, is_held: bool, n_rounds: int) -> Line:
    times = asyncio.run(played(flags, n_rounds))
    sync, bare, ours = times
    over = [percentile(o, 0.5) - percentile(b, 0.5) - percentile(s, 0.5) for s, b, o in zip(sync, bare, ours, strict=True)]
    goal = 200.0 if is_held else None
    return Line(
        row=7,
        what=f"tick to order, {what}",
        anchor=f"bare asyncio p50 {_p(bare, 0.5):.0f}, p99 {_p(bare, 0.99):.0f} us; bare fdatasync p50 {_p(sync, 0.5):.0f}, "
        f"p99 {_p(sync, 0.99):.0f} us",
        ours=f"p50 {_p(ours, 0.5):.0f}, p99 {_p(ours, 0.99):.0f} us",
        ratio=statistics.median(over) if is_held else None,
        worst=max(over) if is_held else None,
        goal=goal,
        unit="us over control and fdatasync, p50",
        more_is_better=False,
        notes=[
            f"{n_rounds} rounds of {N_TICKS} ticks, {sum(map(len, ours))} of them closed a bar; {'' if is_held else 'not '}held to the goal"
        ],
    )


def measure(quick: bool) -> list[Line]:
    return [
        _line("the default recipe, journal on", [], is_held=True, n_rounds=N_ROUNDS),
        _line("a rule without a learner, journal on", ["--rule"], is_held=True, n_rounds=N_ROUNDS),
        _line("a rule, the tail synced before the journal", ["--rule", "--two-syncs"], is_held=False, n_rounds=2),
        _line("the default recipe, journal off", ["--no-log"], is_held=False, n_rounds=2),
    ]


if __name__ == "__main__":
    alone(measure)
