"""Row 12, reading a session: mapped from the cache, and out of Delta beside a plain Parquet file of the same columns."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.peers import CACHE
from benchmarks.rounds import Cost, Line, alone, frozen, in_turn, percentile, ratios
from benchmarks.tape import SESSION, tape
from workbench.domain.records import RECORD, Records
from workbench.store.recordings import Recordings

N_OPENS = 200
APPEND = 250_000  # records a commit, as sealed segments give


def measure(quick: bool) -> list[Line]:
    CACHE.mkdir(parents=True, exist_ok=True)
    records = tape(28).records  # 1.0 M
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        recordings = Recordings(folder / "recordings", cache=folder / "cache")
        for at in range(0, len(records), APPEND):
            recordings.append(SESSION, records[at : at + APPEND])
        recordings.compact(SESSION)
        write_parquet(records, folder / "plain.parquet")
        assert np.array_equal(recordings.read(SESSION), records)
        assert np.array_equal(read_parquet(folder / "plain.parquet"), records)
        works = (lambda: read_parquet(folder / "plain.parquet"), lambda: recordings.read(SESSION))
        theirs, ours = in_turn(*(lambda work=work: _timed(work) for work in works))
        first = _timed(lambda: recordings.cache(SESSION))
        opened = _opens(recordings)
    of_ours, of_theirs = (statistics.median(c.wall_s / c.n * 1e9 for c in costs) for costs in (ours, theirs))
    middle, worst = ratios(theirs, ours)
    about = f"{len(records):,} records in {-(-len(records) // APPEND)} commits, compacted; read back equal to the last bit"
    p50, p99 = (percentile(opened, share) for share in (0.5, 0.99))
    return [
        Line(
            row=12,
            what="open a session from the cache, p50",
            anchor=f"the first time, made out of Delta: {first.wall_s * 1e3:.0f} ms",
            ours=f"p50 {p50:.3f}, p99 {p99:.3f} ms",
            ratio=p50,
            bar=1,
            goal=1,
            unit="ms",
            more_is_better=False,
            notes=["finding the newest version, mapping the file, and one look at the last record"],
        ),
        Line(
            row=12,
            what="read a session out of Delta",
            anchor=f"plain Parquet: {of_theirs:.1f} ms a million records",
            ours=f"{of_ours:.1f} ms a million records",
            ratio=of_ours,
            bar=30,
            goal=30,
            unit="ms/M",
            more_is_better=False,
            notes=[about, f"by processor time {statistics.median(c.cpu_s / c.n * 1e9 for c in ours):.1f} ms/M"],
        ),
        Line(
            row=12,
            what="read a session out of Delta, beside Parquet",
            anchor=f"plain Parquet: {of_theirs:.1f} ms/M",
            ours=f"{of_ours:.1f} ms/M",
            ratio=middle,
            worst=worst,
            bar=1,
            goal=1,
            notes=["one file, zstd, read by polars and put into records: the fair half of what `Recordings.read` does"],
        ),
    ]


def _timed(work: object) -> Cost:
    with frozen():
        wall, cpu = time.perf_counter(), time.process_time()
        n = len(work())
        return Cost(time.perf_counter() - wall, time.process_time() - cpu, n)


def _opens(recordings: Recordings) -> list[float]:
    times = []
    for _ in range(N_OPENS):
        start = time.perf_counter_ns()
        records = recordings.cache(SESSION)
        assert records["seq"][-1] > 0
        times.append((time.perf_counter_ns() - start) / 1e6)
    return times


def write_parquet(records: Records, path: Path) -> None:
    """Write the columns into one file."""
    names = records.dtype.names or ()
    pl.DataFrame({name: np.ascontiguousarray(records[name]) for name in names}).write_parquet(path, compression="zstd", compression_level=3)


def read_parquet(path: Path) -> Records:
    """Read the file back into records."""
    frame = pl.read_parquet(path)
    records = np.empty(len(frame), RECORD)
    for name in frame.columns:
        records[name] = frame[name].to_numpy()
    return records


if __name__ == "__main__":
    alone(measure)
