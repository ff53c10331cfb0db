"""Row 6, the decision path: from the bytes of the quote that closes a bar to the commands in hand, River at every bar.

Timed: packing the record, and `Engine.feed`: fold, features, learners, exits, strategies, arbiter, risk. Not in it: journal, socket (rows 7
and 9). The tape has no TIME records here, so that quotes close the bars; one that closes several is left out.
"""

from __future__ import annotations

import asyncio
import statistics
import struct
import time
from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from benchmarks.rounds import Line, alone, frozen, percentile
from benchmarks.rule import whole
from benchmarks.split import split, words
from benchmarks.tape import Tape, tape
from workbench.domain.orders import AnyCommand
from workbench.domain.records import Kind, Records, empty
from workbench.domain.units import BAR_NS
from workbench.engine import Engine, Setup
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.simulation.matching.models import PLAIN

PACK = struct.Struct("<7qIBbBB").pack_into
N_DAYS = 10  # 7,100 decisions a round
N_ROUNDS = 3


class Times(NamedTuple):
    """Microseconds from bytes to commands: of all bars, on the clock and of the processor, and of those that sent a command."""

    all_us: list[float]
    cpu_us: list[float]
    sent_us: list[float]


def measure(quick: bool) -> list[Line]:
    return [_line(1, 150, 100), _line(4, 250, 250)]


def _line(contracts: int, bar: float, goal: float) -> Line:
    of = tape(N_DAYS, contracts=contracts)
    records = np.ascontiguousarray(of.records[of.records["kind"] != Kind.TIME])
    decided(of, records[: len(records) // N_DAYS])  # warm
    rounds = [decided(of, records) for _ in range(N_ROUNDS)]
    p50, p99, p999 = (statistics.median(percentile(each.all_us, share) for each in rounds) for share in (0.5, 0.99, 0.999))
    cpu_p99 = statistics.median(percentile(each.cpu_us, 0.99) for each in rounds)
    sent = [us for each in rounds for us in each.sent_us]
    parts, _ = split(tape(5, contracts=contracts), whole(of))
    river = sum(part.us for part in parts if "River" in part.name)
    return Line(
        row=6,
        what=f"decision path, {contracts} contract{'s' if contracts > 1 else ''}, River, p99",
        anchor=f"River's own predict and learn, {river:.0f} us a bar",
        ours=f"p50 {p50:.0f}, p99 {p99:.0f}, p99.9 {p999:.0f} us",
        ratio=p99,
        bar=bar,
        goal=goal,
        unit="us",
        more_is_better=False,
        notes=[
            f"{len(rounds[0].all_us):,} decisions a round, {N_ROUNDS} rounds; of the processor, without preemption, p99 {cpu_p99:.0f} us",
            f"{len(sent)} of all sent commands: p50 {percentile(sent, 0.5):.0f}, p99 {percentile(sent, 0.99):.0f} us",
            words(parts, 6),
        ],
    )


def closers(records: Records) -> list[int]:
    """Give the places of records that reach a boundary."""
    bars = records["recv_ns"] // BAR_NS
    return (np.flatnonzero(np.diff(bars)) + 1).tolist()


class Timed(Engine):
    """The engine, with a clock around the records that close a bar: each comes by itself, from its bytes."""

    def __init__(self, wanted: Setup, records: Records) -> None:
        super().__init__(wanted)
        self.times = Times([], [], [])
        self._records, self._one = records, empty(1)
        self._buffer, self._one_addr = memoryview(self._one.view("u1").reshape(-1)), self._one.ctypes.data
        self._closers = set(closers(records))

    def feed(self, addr: int, i: int, n: int) -> tuple[int, list[AnyCommand]]:
        if i not in self._closers or n != i + 1:
            return super().feed(addr, i, n)
        fields, before = self._records[i].item(), self.n_barriers
        of_cpu, start = time.thread_time_ns(), time.perf_counter_ns()
        PACK(self._buffer, 0, *fields)
        consumed, commands = super().feed(self._one_addr, 0, 1)
        took, of_cpu = time.perf_counter_ns() - start, time.thread_time_ns() - of_cpu
        if self.n_barriers == before + 1:
            self.times.all_us.append(took / 1e3)
            self.times.cpu_us.append(of_cpu / 1e3)
            if commands:
                self.times.sent_us.append(took / 1e3)
        return i + consumed, commands


def decided(of: Tape, records: Records) -> Times:
    """Play a tape with modelled fills, cut so that each record that closes a bar comes alone."""
    wanted, ends = whole(of), [*closers(records), len(records)]
    engine = Timed(wanted, records)

    def chunk() -> int:
        following = ends[bisect_left(ends, venue.at)]
        return following - venue.at or 1

    venue = simulated(wanted, records, PLAIN, chunk=chunk)
    with frozen():
        asyncio.run(run(venue, engine, RunLog(one_commit=True), after_seq=int(records["seq"][0]) - 1))
    return engine.times


if __name__ == "__main__":
    alone(measure)
