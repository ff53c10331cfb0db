"""Row 11, what a record weighs in plain readable Delta, and how fast the sealer makes it: real tapes, each once, none repeated.

Bytes are those of a compacted session's files, divided by its records. Sealing is a pass of the sealer over a closed tail, with its reading
back and comparing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from deltalake import DeltaTable

from benchmarks.peers import CACHE
from benchmarks.rounds import Cost, Line, alone, frozen, in_turn, many, rate
from benchmarks.row12_session import write_parquet
from benchmarks.tape import EPOCH, REAL, SESSION, tape
from workbench.config import load_roots
from workbench.domain.records import Kind, Records
from workbench.market.sessions import number
from workbench.store.folders import Folders
from workbench.store.recordings import Recordings
from workbench.store.sealer import seal
from workbench.store.tail import Tail

SPY = REAL.parent / "lean/Data/equity/usa/tick/spy/20131008_trade.zip"
N_SEALED = 2_000_000
CHUNK = 100_000


def measure(quick: bool) -> list[Line]:
    CACHE.mkdir(parents=True, exist_ok=True)
    full = tape(1, with_depth=True)
    lines = [_weighed(f"bytes a record, {full.name.partition(' x ')[0]}", full.records, bar=8, goal=7)]
    if SPY.exists():
        lines.append(_weighed("bytes a print, SPY 2013-10-08", spy(), bar=5, goal=4.5))
    else:
        print(f"row 11: without {SPY.name}, which is not here")
    return [*lines, _sealed()]


def spy() -> Records:
    """Give the prints of one day of SPY, as the importer reads them."""
    from workbench.importers import lean

    (reading,) = lean.read_all([SPY], load_roots())
    records = reading.streams[0].records
    records["contract"] = 1
    return number(records, EPOCH)


def _weighed(what: str, records: Records, *, bar: float, goal: float) -> Line:
    n, n_market = len(records), int((~np.isin(records["kind"], (Kind.TIME, Kind.PHASE))).sum())
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        recordings = Recordings(Path(name) / "recordings")
        for at in range(0, len(records), CHUNK):
            recordings.append(SESSION, records[at : at + CHUNK])
        recordings.compact(SESSION)
        assert np.array_equal(recordings.read(SESSION), records)
        table = DeltaTable(str(Path(name) / "recordings"))
        ours = sum(table.get_add_actions(flatten=True).column("size_bytes").to_pylist())
        write_parquet(records, Path(name) / "plain.parquet")
        plain = (Path(name) / "plain.parquet").stat().st_size
    return Line(
        row=11,
        what=what,
        anchor=f"one plain Parquet file, zstd: {plain / n:.2f} bytes",
        ours=f"{ours / n:.2f} bytes",
        ratio=ours / n,
        bar=bar,
        goal=goal,
        unit="bytes",
        more_is_better=False,
        notes=[f"{n_market:,} of the market, {n - n_market:,} seconds and phases; 64 bytes each in memory; read back equal"],
    )


def _sealed() -> Line:
    records = tape(28, with_depth=True).records[:N_SEALED]
    theirs, ours = in_turn(lambda: _delta(records), lambda: _seal(records))
    cpu = sum(c.n for c in ours) / sum(c.cpu_s for c in ours)
    return Line(
        row=11,
        what="sealing a closed tail",
        anchor=f"Delta, appends of {CHUNK:,}: {many(rate(theirs))} records/s",
        ours=f"{many(rate(ours))} records/s",
        ratio=rate(ours) / 1e6,
        worst=min(c.rate for c in ours) / 1e6,
        bar=3,
        unit="M records/s",
        notes=[f"{len(records):,} records; written, synced, read back and compared; a second of processor seals {many(cpu)}"],
    )


def _delta(records: Records) -> Cost:
    with tempfile.TemporaryDirectory(dir=CACHE) as name, frozen():
        recordings = Recordings(Path(name) / "recordings")
        return _timed(lambda: [recordings.append(SESSION, records[at : at + CHUNK]) for at in range(0, len(records), CHUNK)], len(records))


def _seal(records: Records) -> Cost:
    with tempfile.TemporaryDirectory(dir=CACHE) as name, frozen():
        data = Path(name)
        with Tail(Folders(data).tail, session=SESSION, epoch=EPOCH) as tail:
            for at in range(0, len(records), CHUNK):
                tail.append(records[at : at + CHUNK])
            tail.flush()
        return _timed(lambda: seal(data), len(records))


def _timed(work: Callable[[], object], n: int) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, n)


if __name__ == "__main__":
    alone(measure)
