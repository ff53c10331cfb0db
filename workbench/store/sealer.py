"""The sealer: a process of its own that moves the tail's records into the recordings, exactly once. It knows no market and no engine.

Each commit carries Delta's application transaction (segment, offset of the next record): killed before the commit nothing has
happened, killed after it the next pass sees how far it got. A segment is deleted when it is closed, sealed to its end, and its
rows were read back from the table and found equal.

    python -m workbench.store.sealer DATA [--once]
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.errors import StoreError
from workbench.domain.records import Records
from workbench.store.folders import Folders
from workbench.store.recordings import Recordings
from workbench.store.segments import Segment
from workbench.store.tail import close_left_open, read_segments
from workbench.store.whole import only_one, trouble

EVERY_S: Final = 60.0  # at most between two passes while records wait
MANY_RECORDS: Final = 50_000  # that do not wait that long
LOOK_S: Final = 1.0  # between two looks at the tail
AWAY_S, MOST_AWAY_S = 10.0, 300.0  # until an object store that did not answer is asked again, doubled each time
BATCH_RECORDS: Final = 500_000  # of a commit, when a backlog is sealed; the one before is read back meanwhile: 200 MB while it lasts
WORDS: Final = np.dtype("u8")  # eight to a record: compared so, nothing is copied

Part = tuple[Records, tuple[str, int]]  # records, and the transaction that says up to where


class SealReport(NamedTuple):
    """What one pass did. ``n_waiting`` records are left in the tail: they came in meanwhile."""

    n_sealed: int
    n_commits: int
    n_removed: int
    n_waiting: int


def seal(data: Path, recordings: Recordings | None = None) -> SealReport:
    """Seal all that the tail holds at this moment, also the committed part of an open segment.

    Parameters
    ----------
    recordings
        Where they lie elsewhere; `None`: in the data folder.

    Raises
    ------
    StoreError
        If another sealer works on this folder, a disk refuses, or rows read back differ. What was sealed stays sealed.
    """
    recordings = recordings or Recordings.of(data)
    tail = Folders(data).tail
    if not tail.exists():
        return SealReport(0, 0, 0, 0)
    with only_one(tail / "sealer.lock", f"another sealer works on {tail}"), ThreadPoolExecutor(1) as beside:
        close_left_open(tail)
        n_sealed = n_commits = n_removed = 0
        parts = read_segments(tail)
        done, spans, checks = recordings.versions_of([segment.name for segment, _ in parts]), list(_spans(parts)), list[Future[None]]()
        batches = list(_batches(parts, done))
        for session, batch in batches:
            recordings.append_parts(session, batch)
            n_commits += 1
            n_sealed += sum(len(rows) for rows, _ in batch)
            done |= dict(transaction for _, transaction in batch)
            while n_commits < len(batches) and len(checks) < len(spans) and _is_sealed(spans[len(checks)], done):
                checks.append(beside.submit(_must_be_recorded, recordings, spans[len(checks)]))  # while the next one is written
        recordings.make_durable()
        for check in checks:
            check.result()
        for at, span in enumerate(spans):
            if at >= len(checks):
                _must_be_recorded(recordings, span)
            for segment, _ in span:
                with trouble(f"removing {segment.path}"):
                    segment.path.unlink()
            n_removed += len(span)
    return SealReport(n_sealed, n_commits, n_removed, waiting(data, recordings).n_records)


def _batches(parts: list[tuple[Segment, Records]], done: dict[str, int]) -> Iterator[tuple[int, list[Part]]]:
    """Put what is not sealed yet together into commits: segments of one session, half a million records at most unless one holds more."""
    for session, group in groupby(parts, lambda part: part[0].session):
        batch: list[Part] = []
        for segment, rows in group:
            fresh = rows[done[segment.name] :]
            if batch and sum(len(held) for held, _ in batch) + len(fresh) > BATCH_RECORDS:
                yield session, batch
                batch = []
            if len(fresh):
                batch.append((fresh, (segment.name, segment.n)))
        if batch:
            yield session, batch


class Waiting(NamedTuple):
    """What the tail holds that a pass would seal or remove."""

    n_records: int
    n_closed: int


def waiting(data: Path, recordings: Recordings | None = None, known: dict[str, int] | None = None) -> Waiting:
    """Look what there is to do.

    Parameters
    ----------
    known
        How far segments are sealed, as far as the caller knows: the table is opened for others only, and what it says is added.
        A table of years takes a while to open, and a sealer looks each second.
    """
    known = {} if known is None else known
    found = [segment for segment, _ in read_segments(Folders(data).tail)]
    if new := [segment.name for segment in found if segment.name not in known]:
        known.update((recordings or Recordings.of(data)).versions_of(new))
    return Waiting(sum(max(segment.n - known[segment.name], 0) for segment in found), sum(segment.is_closed for segment in found))


def _spans(parts: list[tuple[Segment, Records]]) -> Iterator[list[tuple[Segment, Records]]]:
    """Put closed segments together that follow each other without a gap: they are read back in one go, each file opened once."""
    span: list[tuple[Segment, Records]] = []
    for segment, rows in parts:
        if not segment.is_closed:
            continue
        follows = span and span[-1][0].session == segment.session and int(span[-1][1]["seq"][-1]) + 1 == int(rows["seq"][0])
        if span and not (follows and sum(len(held) for _, held in span) + len(rows) <= BATCH_RECORDS):
            yield span
            span = []
        span.append((segment, rows))
    if span:
        yield span


def _is_sealed(span: list[tuple[Segment, Records]], done: dict[str, int]) -> bool:
    return all(done[segment.name] >= segment.n for segment, _ in span)


def _must_be_recorded(recordings: Recordings, span: list[tuple[Segment, Records]]) -> None:
    found = recordings.read(span[0][0].session, seqs=(int(span[0][1]["seq"][0]), int(span[-1][1]["seq"][-1])))
    for segment, rows in span:
        start, stop = np.searchsorted(found["seq"], [rows["seq"][0], rows["seq"][-1] + 1])
        held = found[start:stop]
        if len(held) != len(rows) or not np.array_equal(held.view(WORDS), rows.view(WORDS)):
            raise StoreError(
                f"{segment.path} holds {len(rows)} records, the recordings hold {len(held)} in their place, or others: "
                "the segment is kept; compare both before anything is deleted"
            )


class Watch:
    """Decides when it is time for a pass: 60 s after something began to wait, or when 50,000 records do.

    >>> watch = Watch()
    >>> [watch.is_due(Waiting(n, 0), now_s=now_s) for n, now_s in ((10, 0.0), (10, 59.0), (10, 60.0), (50_000, 61.0))]
    [False, False, True, True]
    """

    def __init__(self) -> None:
        self._since_s: float | None = None

    def is_due(self, what: Waiting, *, now_s: float) -> bool:
        """Tell whether to seal, given what waits."""
        if what == (0, 0):
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s = now_s
        if what.n_records < MANY_RECORDS and now_s - self._since_s < EVERY_S:
            return False
        self._since_s = None
        return True


def main(arguments: list[str] | None = None) -> int:
    """Seal until told to stop (SIGTERM, SIGINT): the pass under way is finished first."""
    parser = argparse.ArgumentParser(prog="python -m workbench.store.sealer", description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the data folder")
    parser.add_argument("--once", action="store_true", help="seal what is there, then end")
    options = parser.parse_args(arguments)
    try:
        if options.once:
            _say(seal(options.data))
            return 0
        return _run(options.data)
    except StoreError as error:
        sys.stderr.write(f"sealer: {error}\n")
        return 1


def _run(data: Path) -> int:
    is_told_to_stop = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal is_told_to_stop
        is_told_to_stop = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    watch, known, again_s, wait_s = Watch(), dict[str, int](), 0.0, AWAY_S
    while not is_told_to_stop:
        if time.monotonic() >= again_s:
            try:
                if watch.is_due(waiting(data, known=known), now_s=time.monotonic()):
                    _say(seal(data))
                    known.clear()
                wait_s = AWAY_S
            except StoreError as error:
                if Recordings.of(data).is_here:
                    raise
                sys.stderr.write(f"sealer: tried again in {wait_s:g} s: {error}\n")
                sys.stderr.flush()
                known.clear()  # a commit whose answer was lost may have come through
                again_s, wait_s = time.monotonic() + wait_s, min(2 * wait_s, MOST_AWAY_S)
        time.sleep(LOOK_S)  # nothing tells another process that a segment has grown; looking costs a few header pages
    return 0


def _say(report: SealReport) -> None:
    sys.stdout.write(
        f"sealed {report.n_sealed:,} records in {report.n_commits} commits; "
        f"{report.n_removed} segments removed, {report.n_waiting:,} records wait\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
