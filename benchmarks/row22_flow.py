"""Row 22, a flood: 50,000 messages a second through the live edge into tail and engine, for a minute. Lost, late, and memory, counted.

Another process writes prebuilt frames in chunks of ten milliseconds: tick-by-tick quotes and prints, depth and level 1. Prints bear the
number of their chunk, so that the edge can say when a chunk was through tail and engine, on the clock that both processes share. What a
quote of level 1 becomes depends on the one before; prints and depth become one record each, and are counted in the tail.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.peers import CACHE
from benchmarks.rounds import Line, alone, many, percentile
from benchmarks.wire.room import POINTS, SESSION, Guest, Program, message, room
from workbench.domain.records import Kind
from workbench.store.tail import read_tail

RATE: Final = 50_000  # messages a second
CHUNK_S: Final = 0.01
N_CHUNK: Final = int(RATE * CHUNK_S)
SECONDS: Final = 60
SHORT: Final = 6
STEADY_S: Final = 22  # by then the ring of arrivals was filled once, and its pages are all there


class Flood(NamedTuple):
    """What came of it. Lags in milliseconds, by the second they were sent in; memory in MB, once a second."""

    n_sent: int
    n_prints: int
    n_depth: int
    told: dict[str, Any]
    lag_ms: list[list[float]]
    memory_mb: list[float]
    kept: dict[int, int]
    n_behind: int


def chunk(n: int, streams: dict[str, int]) -> tuple[bytes, int, int]:
    """Write the messages of a chunk: 45 % quotes, 10 % prints, 30 % depth, 15 % level 1; give also how many prints and depth rows."""
    rng = np.random.default_rng(n)
    kinds = rng.choice(4, N_CHUNK - 1, p=[0.45, 0.1, 0.3, 0.15]).tolist()
    moves, sizes = rng.integers(-8, 9, N_CHUNK).tolist(), rng.integers(1, 400, N_CHUNK).tolist()
    second = 1_795_188_600 + int(n * CHUNK_S)
    made = []
    for kind, move, size in zip([*kinds, 1], moves, sizes, strict=True):
        bid = POINTS + move / 4
        fields: tuple[object, ...] = (
            (99, streams["BidAsk"], 3, second, bid, bid + 0.25, size, size + 1, 0),
            (99, streams["AllLast"], 2, second, bid, n, 0, "CME", ""),
            (12, 1, streams["depth"], size % 10, 1, size & 1, bid, size),
            (1, 6, streams["level1"], 1 + (size & 1), bid, size, 0),
        )[kind]
        made.append(message(*fields))
    return b"".join(made), kinds.count(1) + 1, kinds.count(2)


async def flooded(seconds: int, mode: str) -> Flood:
    """Send for so long, and look."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        async with room() as opened:
            edge = Program("benchmarks.wire.edge", opened.port, name, mode)
            try:
                while "ready" not in await edge.told("stage"):
                    pass
                await asyncio.sleep(2.5)
                guest = opened.guests[-1]
                chunks = []
                for n in range(1, int(seconds / CHUNK_S) + 1):
                    chunks.append(chunk(n, guest.streams()))
                    await asyncio.sleep(0)  # the guest's heartbeat is answered meanwhile
                guest.say(_rows(guest))
                edge.say("how")
                before = await edge.told("hot")
                sent_ns, memory = await _send(guest, edge, [each[0] for each in chunks])
                n_sent = N_CHUNK * len(chunks)
                told = await _through(edge, int(before["hot"]) + n_sent)
                told["hot"] -= before["hot"]
                edge.say("through")
                through = (await edge.told("through"))["through"]
            finally:
                edge.end()
        kept = _kept(Path(name))
    lag: list[list[float]] = [[] for _ in range(seconds)]
    for n, at_ns in through:
        lag[min(int((n - 1) * CHUNK_S), seconds - 1)].append((at_ns - sent_ns[n - 1]) / 1e6)
    last = max((n for n, _ in through), default=0)
    prints, depth = (sum(each[at] for each in chunks) for at in (1, 2))
    return Flood(n_sent, prints, depth, told, lag, memory, kept, len(chunks) - last)


def _rows(guest: Guest) -> bytes:
    """Fill the book, so that what follows changes rows that are there."""
    depth = guest.streams()["depth"]
    return b"".join(message(12, 1, depth, row, 0, side, POINTS, 1) for row in range(10) for side in (0, 1))


async def _send(guest: Guest, edge: Program, chunks: list[bytes]) -> tuple[list[int], list[float]]:
    sent_ns, memory = [], []
    began = time.monotonic()
    for n, data in enumerate(chunks):
        if (early_s := began + n * CHUNK_S - time.monotonic()) > 0:
            await asyncio.sleep(early_s)
        sent_ns.append(guest.say(data))
        if n % 100 == 50:
            edge.say("how")
        elif n % 100 == 99:
            memory.append(float((await edge.told("hot"))["memory_mb"]))
    return sent_ns, memory


async def _through(edge: Program, n: int) -> dict[str, Any]:
    """Wait until so many messages were decoded, or nothing comes any more."""
    told, before = {"hot": -1}, -2
    while told["hot"] < n and told["hot"] != before:
        before = told["hot"]
        await asyncio.sleep(0.5)
        edge.say("how")
        told = await edge.told("hot")
    await asyncio.sleep(0.5)
    return told


def _kept(data: Path) -> dict[int, int]:
    """Count the records of the tail by kind."""
    counts: dict[int, int] = {}
    for part in read_tail(data / "tail", SESSION):
        for kind, n in zip(*np.unique(part["kind"], return_counts=True), strict=True):
            counts[int(kind)] = counts.get(int(kind), 0) + int(n)
    return counts


def lines(of: Flood, seconds: int, who: str) -> list[Line]:
    """Say it."""
    kept_prints = of.kept.get(int(Kind.PRINT), 0)
    kept_depth = of.kept.get(int(Kind.DEPTH_UPDATE), 0)
    lost = of.n_sent - of.told["hot"] + of.told["dropped"] + abs(of.n_prints - kept_prints) + abs(of.n_depth - kept_depth)
    p50 = [percentile(each, 0.5) for each in of.lag_ms if each]
    third = max(1, len(p50) // 3)
    early, late = percentile(sorted(p50[:third]), 0.5), percentile(sorted(p50[-third:]), 0.5)
    every = [lag for each in of.lag_ms for lag in each]
    steady = of.memory_mb[min(STEADY_S, max(0, len(of.memory_mb) - 2)) :] or [0.0]
    rate = f"{many(of.n_sent / seconds)} messages/s for {seconds} s"
    return [
        Line(
            row=22,
            what=f"{who}, flood: messages lost",
            anchor=rate,
            ours=f"{of.told['hot']:,} of {of.n_sent:,} decoded, {of.told['dropped']} dropped; in the tail {kept_prints:,} of "
            f"{of.n_prints:,} prints, {kept_depth:,} of {of.n_depth:,} rows of depth",
            ratio=lost,
            goal=0,
            unit="lost",
            more_is_better=False,
        ),
        Line(
            row=22,
            what=f"{who}, lag from the sender's write to tail and engine: last third over first, medians",
            anchor=f"first third p50 {early:.2f} ms",
            ours=f"last third p50 {late:.2f} ms; all p50 {percentile(every, 0.5):.2f}, p99 {percentile(every, 0.99):.1f}, "
            f"max {max(every):.0f} ms",
            ratio=late / early,
            goal=1.5,
            more_is_better=False,
            notes=[f"{of.n_behind} chunks were not through half a second after the last was decoded"],
        ),
        Line(
            row=22,
            what=f"{who}, anonymous memory, from second {len(of.memory_mb) - len(steady) + 1} to the end",
            anchor=f"{steady[0]:.0f} MB",
            ours=f"{steady[-1]:.0f} MB; at the first second {of.memory_mb[0]:.0f} MB",
            ratio=steady[-1] - steady[0],
            goal=5,
            unit="MB",
            more_is_better=False,
            notes=["the ring of arrivals, 64 MB of addresses, becomes memory as far as it was ever filled: 21 s at this rate"],
        ),
    ]


def resident(of: Flood) -> Line:
    """Say how much the recorder takes at the most."""
    return Line(
        row=22,
        what="recorder on one processor, resident at the most",
        anchor="",
        ours=f"{of.told['resident_mb']:.0f} MB",
        ratio=float(of.told["resident_mb"]),
        bar=400,
        unit="MB",
        more_is_better=False,
    )


def measure(quick: bool) -> list[Line]:
    seconds = SHORT if quick else SECONDS
    if not Path("/proc/self/status").exists():
        print("row 22: needs Linux (/proc/self/status)", file=sys.stderr)
        return []
    traded = lines(asyncio.run(flooded(seconds, "--rule")), seconds, "paper")
    recorded = asyncio.run(flooded(seconds, "--record"))
    return [*traded, *lines(recorded, seconds, "recorder on one processor"), resident(recorded)]


if __name__ == "__main__":
    alone(measure)
