"""Row 5, one record at a time: from the bytes of a quote to the market's new state, no decision.

Decoding splits and converts a frame of text as the broker's socket gives it; packing writes the 64 bytes; `Engine.feed` folds them.
The anchor is what a Python system does with the same frame: decode, build an object, update the same integers.
"""

from __future__ import annotations

import statistics
import struct
import time
from dataclasses import dataclass

import numpy as np

from benchmarks.rounds import Line, alone, frozen, percentile
from benchmarks.rule import setup
from benchmarks.tape import Tape, tape
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, empty
from workbench.engine import Engine

PACK = struct.Struct("<7qIBbBB").pack_into
QUANTUM = 0.25
BOTH = BID | ASK | EVENT_TIME
N_ROUNDS = 5


def measure(quick: bool) -> list[Line]:
    of = tape(3)
    theirs, ours, packed = [], [], []
    for _ in range(N_ROUNDS):
        theirs.append(objects(of))
        ours.append(records(of, decode=True))
        packed.append(records(of, decode=False))
    middles = [[percentile(times, 0.5) for times in rounds] for rounds in (theirs, ours, packed)]
    p50, p99 = statistics.median(middles[1]), statistics.median(percentile(times, 0.99) for times in ours)
    faster = statistics.median(a / b for a, b in zip(middles[0], middles[1], strict=True))
    note = f"{len(ours[0]):,} quotes a round; packing and fold without decoding p50 {statistics.median(middles[2]):.2f} us"
    return [
        _line("p50", p50, 3, 2, statistics.median(middles[0]), [note, f"{faster:.2f} x the Python objects"]),
        _line("p99", p99, None, 5, statistics.median(percentile(times, 0.99) for times in theirs), []),
    ]


def _line(which: str, us: float, bar: float | None, goal: float, anchor_us: float, notes: list[str]) -> Line:
    return Line(
        row=5,
        what=f"live record, bytes to state, {which}",
        anchor=f"decode, dataclass, Python integers: {anchor_us:.2f} us",
        ours=f"{us:.2f} us",
        ratio=us,
        bar=bar,
        goal=goal,
        unit="us",
        more_is_better=False,
        notes=notes,
    )


def frame_of(r: np.void) -> bytes:
    """Write a quote as the broker does: NUL between texts, prices in points."""
    fields = 99, 1, 3, r["recv_ns"] // 10**9, r["px"] * QUANTUM, r["px2"] * QUANTUM, r["sz"], r["sz2"], 0
    return "".join(f"{field}\0" for field in fields).encode()


def records(of: Tape, *, decode: bool) -> list[float]:
    """Feed quotes one at a time; give microseconds of those that closed no bar."""
    engine, one = Engine(setup(of, strategies=())), empty(1)
    buffer, addr = memoryview(one.view("u1").reshape(-1)), one.ctypes.data
    feed, clock = engine.feed, time.perf_counter_ns
    took: list[float] = []
    rows = of.records[: len(of.records) // 3]
    frames = [frame_of(r) if r["kind"] == Kind.QUOTE else b"" for r in rows]
    with frozen():
        for row, frame in zip(rows.tolist(), frames, strict=True):
            seq, ns, event_ns, px, sz, px2, sz2, contract, kind, side, level, flags = row
            before = engine.n_barriers
            if decode and frame:
                start = clock()
                fields = frame.split(b"\0")
                px, px2 = round(float(fields[4]) / QUANTUM), round(float(fields[5]) / QUANTUM)
                PACK(buffer, 0, seq, ns, event_ns, px, int(fields[6]), px2, int(fields[7]), contract, 1, 0, 0, BOTH)
            else:
                start = clock()
                PACK(buffer, 0, seq, ns, event_ns, px, sz, px2, sz2, contract, kind, side, level, flags)
            feed(addr, 0, 1)
            end = clock()
            if frame and engine.n_barriers == before:
                took.append((end - start) / 1e3)
    return took


@dataclass(frozen=True, slots=True)
class Quote:
    """What a Python system passes around."""

    seq: int
    recv_ns: int
    event_ns: int
    contract: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


def objects(of: Tape) -> list[float]:
    """Do with objects and Python integers what the fold does with a quote: flow, variance, time integrals, counts."""
    clock = time.perf_counter_ns
    rows = of.records[: len(of.records) // 3]
    frames = [(int(r["seq"]), int(r["recv_ns"]), frame_of(r)) for r in rows[rows["kind"] == Kind.QUOTE]]
    took: list[float] = []
    last, flow, variance, spread_us, quoted_us, imbalance_us, n = Quote(0, 0, 0, 1, 0, 0, 0, 0), 0, 0, 0, 0, 0, 0
    with frozen():
        for seq, ns, frame in frames:
            start = clock()
            fields = frame.split(b"\0")
            bid, ask = round(float(fields[4]) / QUANTUM), round(float(fields[5]) / QUANTUM)
            q = Quote(seq, ns, ns, 1, bid, int(fields[6]), ask, int(fields[7]))
            dt = q.recv_ns // 1000 - last.recv_ns // 1000
            spread_us += (last.ask - last.bid) * dt
            quoted_us += dt
            imbalance_us += (last.bid_size - last.ask_size) * dt
            flow += (q.bid_size if q.bid >= last.bid else 0) - (last.bid_size if q.bid <= last.bid else 0)
            flow -= (q.ask_size if q.ask <= last.ask else 0) - (last.ask_size if q.ask >= last.ask else 0)
            move = q.bid + q.ask - last.bid - last.ask
            variance += move * move
            n += 1
            last = q
            took.append((clock() - start) / 1e3)
    return took


if __name__ == "__main__":
    alone(measure)
