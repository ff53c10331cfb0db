"""Row 10, the recorder: records into the tail one at a time and in chunks, beside SQLite, Delta and ArcticDB.

One at a time: packed from Python numbers and appended, one call a record, with a flush each 50,000. Chunks: 4,096 records a call, flushed
each 100,000. Every store ends synced, but for SQLite (WAL, `synchronous=FULL`, a commit each 10,000) and ArcticDB, which sync as they do.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.peers import CACHE, Peer
from benchmarks.rounds import Cost, Line, alone, frozen, in_turn, many, rate, ratios
from benchmarks.tape import EPOCH, SESSION, Tape, tape
from workbench.domain.records import Records, empty
from workbench.store.recordings import Recordings
from workbench.store.tail import Tail

PACK = struct.Struct("<7qIBbBB").pack_into
N_ONE = 300_000
N_CHUNKS = 2_000_000
CHUNK = 4_096
FLUSH_ONE, FLUSH_CHUNKS = 50_000, 100_000
N_SQLITE, N_DELTA = 100_000, 500_000
APPEND_DELTA = 100_000


def measure(quick: bool) -> list[Line]:
    CACHE.mkdir(parents=True, exist_ok=True)
    of = tape(60)
    numbers(of.records, N_ONE), numbers(of.records, N_SQLITE)
    works = {name: _timed_in_folder(work, of) for name, work in WORKS.items()}
    with ExitStack() as stack:
        if not quick and (arctic := _arctic(stack, of)) is not None:
            works["ArcticDB"] = arctic.run
        costs = dict(zip(works, in_turn(*works.values()), strict=True))
    lines = [
        _line("one record at a time", costs["SQLite"], "SQLite executemany", costs["one"], 1e6, 2.5e6, "a flush each 50,000"),
        _line("chunks of 4,096", costs["Delta"], "Delta, appends of 100,000", costs["chunks"], None, 20e6, "a flush each 100,000"),
    ]
    return lines + ([_beside_arctic(costs["ArcticDB"], costs["chunks"])] if "ArcticDB" in costs else [])


def _arctic(stack: ExitStack, of: Tape) -> Peer | None:
    try:
        return stack.enter_context(Peer("arcticdb", of.records[:N_CHUNKS]))
    except RuntimeError as error:
        print(f"row 10: without arcticdb: {error}")
        return None


def _timed_in_folder(work: Callable[[Tape, Path], int], of: Tape) -> Callable[[], Cost]:
    return lambda: _timed(work, of)


def _timed(work: Callable[[Tape, Path], int], of: Tape) -> Cost:
    with tempfile.TemporaryDirectory(dir=CACHE) as name, frozen():
        wall, cpu = time.perf_counter(), time.process_time()
        n = work(of, Path(name))
        return Cost(time.perf_counter() - wall, time.process_time() - cpu, n)


def _line(what: str, theirs: list[Cost], anchor: str, ours: list[Cost], bar: float | None, goal: float, how: str) -> Line:
    middle, _ = ratios(theirs, ours)
    return Line(
        row=10,
        what=f"recorder, {what}",
        anchor=f"{anchor}: {many(rate(theirs))} records/s",
        ours=f"{many(rate(ours))} records/s",
        ratio=rate(ours) / 1e6,
        worst=min(c.rate for c in ours) / 1e6,
        bar=bar and bar / 1e6,
        goal=goal / 1e6,
        unit="M records/s",
        notes=[
            f"{middle:.3g} x the anchor; {how}; a second of processor takes {many(sum(c.n for c in ours) / sum(c.cpu_s for c in ours))}"
        ],
    )


def _beside_arctic(theirs: list[Cost], ours: list[Cost]) -> Line:
    middle, worst = ratios(theirs, ours)
    return Line(
        row=10,
        what="recorder, chunks, beside ArcticDB",
        anchor=f"ArcticDB LMDB append: {many(rate(theirs))} records/s",
        ours=f"{many(rate(ours))} records/s",
        ratio=middle,
        worst=worst,
        goal=3,
    )


_numbers: dict[int, list[tuple[int, ...]]] = {}


def numbers(records: Records, n: int) -> list[tuple[int, ...]]:
    """Give the first records as Python numbers, made once: they are what a decoder hands over."""
    if n not in _numbers:
        _numbers[n] = records[:n].tolist()
    return _numbers[n]


def one_at_a_time(of: Tape, folder: Path) -> int:
    """Pack each record from Python numbers and append it."""
    rows, one = numbers(of.records, N_ONE), empty(1)
    buffer = memoryview(one.view("u1").reshape(-1))
    with Tail(folder, session=SESSION, epoch=EPOCH) as tail:
        append = tail.append
        for at in range(0, len(rows), FLUSH_ONE):
            for row in rows[at : at + FLUSH_ONE]:
                PACK(buffer, 0, *row)
                append(one)
            tail.flush()
            tail.prepare()
    return len(rows)


def chunks(of: Tape, folder: Path) -> int:
    """Append chunks as a socket or an importer hands them over."""
    records = of.records[:N_CHUNKS]
    with Tail(folder, session=SESSION, epoch=EPOCH) as tail:
        since = 0
        for at in range(0, len(records), CHUNK):
            tail.append(records[at : at + CHUNK])
            since += CHUNK
            if since >= FLUSH_CHUNKS:
                tail.flush()
                since = 0
    return len(records)


def sqlite(of: Tape, folder: Path) -> int:
    """Insert rows as a program without a tail would."""
    rows = numbers(of.records, N_SQLITE)
    db = sqlite3.connect(folder / "ticks.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    names = ", ".join(of.records.dtype.names or ())
    db.execute(f"CREATE TABLE tick ({names})")
    for at in range(0, len(rows), 10_000):
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO tick VALUES ({', '.join('?' * 12)})", rows[at : at + 10_000])
        db.execute("COMMIT")
    db.close()
    return len(rows)


def delta(of: Tape, folder: Path) -> int:
    """Append to the recordings."""
    recordings = Recordings(folder / "recordings")
    for at in range(0, N_DELTA, APPEND_DELTA):
        recordings.append(SESSION, of.records[at : at + APPEND_DELTA])
    return N_DELTA


WORKS: Final[dict[str, Callable[[Tape, Path], int]]] = {"SQLite": sqlite, "Delta": delta, "one": one_at_a_time, "chunks": chunks}


if __name__ == "__main__":
    alone(measure)
