"""Row 9, durable intent: a turn with a command made durable by one commit, beside one bare fdatasync and a Delta commit.

A turn: twenty records and one event came in, a bracket goes out. The bare control writes 4 kB into a file of zeros that is on the disk
already and syncs it: what no durable system can do without. What the turn would take with a sync of the tail in front of the journal's
commit is printed. All in turn, in the same folder; the tail is synced now and then, outside the times, as each second in the product.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Self

import numpy as np

from benchmarks.peers import CACHE
from benchmarks.rounds import Line, alone, frozen, percentile
from benchmarks.tape import EPOCH, SESSION, tape
from workbench.domain.decisions import AnyFact, Approved, At, Issued, Proposal
from workbench.domain.events import Arrival, FeeReported
from workbench.domain.orders import Cause, Key, OrderType, Submit
from workbench.store.journal import Journal
from workbench.store.recordings import Recordings
from workbench.store.tail import Tail

N_TURNS = 300  # a round
N_ROUNDS = 5
N_RECORDS = 20  # a turn
N_BEAT = 50  # turns between two syncs of the tail
N_DELTA = 12  # commits a round
CONTROL_BYTES = 4 << 20
PAGE = 4096


def measure(quick: bool) -> list[Line]:
    CACHE.mkdir(parents=True, exist_ok=True)
    records = tape(1).records
    bare, turns, commits, apart = [], [], [], []
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        control, recordings = _control(folder), Recordings(folder / "recordings")
        with Both(folder / "one") as ours, Both(folder / "two") as before, frozen():
            seq = int(records["seq"][-1])
            for nth in range(N_ROUNDS):
                times = _round(control, ours, before, records, nth, seq)
                for kept, values in zip((bare, turns, apart), zip(*times, strict=True), strict=True):
                    kept.append(list(values))
                commits.append(_delta(recordings, records, nth))
                ours.rest()
                before.rest()
        os.close(control)
    return _lines(bare, turns, commits, apart)


class Both:
    """A tail and a journal."""

    def __init__(self, folder: Path) -> None:
        self.tail, self.journal = Tail(folder / "tail", session=SESSION, epoch=EPOCH), Journal(folder / "journal.db")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tail.close()
        self.journal.close()

    def turn(self, turn: tuple[np.ndarray, Arrival, list[AnyFact]], *, at_once: bool) -> None:
        batch, arrival, facts = turn
        self.tail.append(batch)
        if not at_once:
            self.tail.flush()
        self.journal.append(arrival)
        self.journal.extend(arrival.after_seq, arrival.n, arrival.recv_ns, facts)
        if (body := self.tail.ahead()) is not None:
            self.journal.carry(arrival.after_seq, body)
        self.journal.commit()

    def rest(self) -> None:
        """Do what is done each second, and between sessions."""
        self.tail.flush()
        self.tail.prepare()
        self.journal.checkpoint()
        self.journal.prepare()


def _control(folder: Path) -> int:
    fd = os.open(folder / "control", os.O_RDWR | os.O_CREAT)
    for at in range(0, CONTROL_BYTES, PAGE * 4):
        os.pwrite(fd, bytes(PAGE * 4), at)
    os.fsync(fd)
    return fd


def _round(control: int, ours: Both, before: Both, records: np.ndarray, nth: int, base: int) -> list[tuple[float, ...]]:
    """Sync bare, durably at once and durably one after the other, in turn; milliseconds of each."""
    clock, page, times = time.perf_counter_ns, bytes(range(256)) * (PAGE // 256), []
    for i in range(N_TURNS):
        start = clock()
        os.pwrite(control, page, (i * PAGE) % CONTROL_BYTES)
        os.fdatasync(control)
        of_control = clock() - start
        made = _turn(records, nth * N_TURNS + i, base)
        if i % N_BEAT == 0:
            ours.tail.flush()
        start = clock()
        ours.turn(made, at_once=True)
        middle = clock()
        before.turn(made, at_once=False)
        times.append((of_control / 1e6, (middle - start) / 1e6, (clock() - middle) / 1e6))
    return times


def _turn(records: np.ndarray, n: int, base: int) -> tuple[np.ndarray, Arrival, list[AnyFact]]:
    at = n * N_RECORDS % (len(records) - N_RECORDS)
    batch = records[at : at + N_RECORDS].copy()
    batch["seq"] = base + n * N_RECORDS + np.arange(N_RECORDS)
    seq, now_ns = int(batch["seq"][-1]), int(batch["recv_ns"][-1])
    cause, key = Cause(seq, 0), Key("DUSIM1", 1, "rule")
    wish = Proposal(1, OrderType.MARKET, 19_200, 19_192, 19_208, 600_000_000_000)
    command = Submit(n + 1, key, now_ns, cause, 1, 3, OrderType.MARKET, 19_200, 19_192, 19_208)
    facts = [At(now_ns, cause), Approved(key, wish, 3, 300_000_000), Issued(command)]
    return batch, Arrival(seq, 1, now_ns, FeeReported(f"x{n}", 620_000)), facts


def _delta(recordings: Recordings, records: np.ndarray, nth: int) -> list[float]:
    """Append three hundred records in a commit of their own, so many times; milliseconds."""
    times = []
    for i in range(N_DELTA):
        batch = records[i * 300 : (i + 1) * 300].copy()
        batch["seq"] += (nth * N_DELTA + i) * 300
        start = time.perf_counter_ns()
        recordings.append(SESSION, batch)
        times.append((time.perf_counter_ns() - start) / 1e6)
    return times


def _lines(bare: list[list[float]], turns: list[list[float]], commits: list[list[float]], apart: list[list[float]]) -> list[Line]:
    each = [percentile(t, 0.5) / percentile(b, 0.5) for b, t in zip(bare, turns, strict=True)]
    p50, p99 = (statistics.median(percentile(t, share) for t in turns) for share in (0.5, 0.99))
    b50, b99 = (statistics.median(percentile(b, share) for b in bare) for share in (0.5, 0.99))
    times_delta = [percentile(d, 0.5) / percentile(t, 0.5) for d, t in zip(commits, turns, strict=True)]
    delta = statistics.median(percentile(d, 0.5) for d in commits)
    ours = f"p50 {p50:.3f}, p99 {p99:.3f} ms"
    return [
        Line(
            row=9,
            what="durable turn, times a bare fdatasync, p50",
            anchor=f"bare fdatasync of 4 kB p50 {b50:.3f}, p99 {b99:.3f} ms",
            ours=ours,
            ratio=statistics.median(each),
            worst=max(each),
            bar=2.5,
            goal=2.5,
            more_is_better=False,
            notes=[
                f"{N_RECORDS} records, an event, three facts; {N_TURNS} turns a round, {N_ROUNDS} rounds",
                f"with two syncs p50 {statistics.median(percentile(t, 0.5) for t in apart):.3f} ms",
            ],
        ),
        Line(
            row=9,
            what="durable turn, p99",
            anchor=f"bare p99 {b99:.3f} ms",
            ours=ours,
            ratio=p99,
            goal=1.5,
            unit="ms",
            more_is_better=False,
        ),
        Line(
            row=9,
            what="durable turn against a Delta commit",
            anchor=f"Delta commit of 300 records p50 {delta:.1f} ms",
            ours=ours,
            ratio=statistics.median(times_delta),
            worst=min(times_delta),
            goal=50,
            notes=[f"{N_DELTA * N_ROUNDS} commits, synced as recordings are"],
        ),
    ]


if __name__ == "__main__":
    alone(measure)
