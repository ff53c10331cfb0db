from __future__ import annotations

import os
import random
import resource
import signal
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.killing import Acknowledged, end, is_killed_at_line, start
from tests.store.tapes import SESSION, tape
from tests.store.victims import write_on, write_three_segments
from workbench.domain.errors import StoreError
from workbench.store import segments
from workbench.store.epochs import first_seq
from workbench.store.segments import HEADER, SIZE
from workbench.store.tail import Tail, hold_tail, read_segments, read_tail

NEXT = 20261123


def held(folder, session=None):
    return np.concatenate([*read_tail(folder, session), tape(0)]).tobytes()


@contextmanager
def small_disk(n_bytes):
    """Let no file grow beyond `n_bytes`: the write fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    chunks=st.lists(st.integers(0, 40), max_size=12),
    segment_records=st.integers(1, 16),
    flushes=st.sets(st.integers(0, 25)),
    prepares=st.sets(st.integers(0, 25)),
)
def test_any_chunking_reads_back_the_same(tmp_path_factory, chunks, segment_records, flushes, prepares):
    folder = tmp_path_factory.mktemp("tail")
    records = tape(sum(chunks))
    with Tail(folder, session=SESSION, epoch=1, segment_records=segment_records) as tail:
        at = 0
        for i, n in enumerate(chunks):
            tail.append(records[at : at + n])
            at += n
            assert held(folder) == records[:at].tobytes()
            if i in flushes:
                tail.flush()
            if i in prepares:
                tail.prepare()
    assert held(folder) == records.tobytes()
    found = [segment for segment, _ in read_segments(folder)]
    assert all(segment.is_closed for segment in found)
    assert [segment.n for segment in found] == [min(segment_records, len(records) - at) for at in range(0, len(records), segment_records)]


def test_closing_cuts_off_the_zeros_and_says_so(tmp_path):
    with Tail(tmp_path, session=SESSION, epoch=1, segment_records=1000) as tail:
        tail.append(tape(3))
        (path,) = segments.paths(tmp_path)
        assert path.stat().st_size == HEADER + 1000 * SIZE
        assert not segments.read(path)[0].is_closed
    assert path.stat().st_size == HEADER + 3 * SIZE
    assert segments.read(path)[0] == (path, SESSION, 1, 0, first_seq(1), HEADER + 3 * SIZE, True)


def test_a_tail_without_a_record_leaves_no_segment(tmp_path):
    with Tail(tmp_path, session=SESSION, epoch=1) as tail:
        tail.append(tape(0))
        tail.flush()
    assert [path.name for path in tmp_path.rglob("*") if path.suffix in (".seg", ".part")] == []


def test_sessions_have_their_own_segments(tmp_path):
    with Tail(tmp_path, session=SESSION, epoch=1) as tail:
        tail.append(tape(5))
        tail.roll_session(SESSION)
        tail.append(tape(2, start=5))
        tail.roll_session(NEXT)
        tail.append(tape(4, start=7))
    assert held(tmp_path, SESSION) == tape(7).tobytes()
    assert held(tmp_path, NEXT) == tape(4, start=7).tobytes()
    assert [segment.name for segment, _ in read_segments(tmp_path)] == ["20261120/1-0", "20261123/1-1"]


def test_a_second_writer_is_refused(tmp_path):
    with Tail(tmp_path, session=SESSION, epoch=1), pytest.raises(StoreError, match="another process writes the tail"):
        Tail(tmp_path, session=SESSION, epoch=2)
    Tail(tmp_path, session=SESSION, epoch=2).close()


def test_a_start_needs_an_epoch_of_its_own(tmp_path):
    with Tail(tmp_path, session=SESSION, epoch=3) as tail:
        tail.append(tape(1, epoch=3))
    with pytest.raises(StoreError, match="epoch 3 is not new"):
        Tail(tmp_path, session=SESSION, epoch=3)
    with Tail(tmp_path, session=SESSION, epoch=4) as tail:
        tail.append(tape(2, epoch=4))
    assert held(tmp_path) == np.concatenate([tape(1, epoch=3), tape(2, epoch=4)]).tobytes()


def test_a_closed_tail_takes_nothing_more(tmp_path):
    tail = Tail(tmp_path, session=SESSION, epoch=1)
    tail.append(tape(1))
    tail.close()
    tail.close()
    with pytest.raises(StoreError, match="is closed"):
        tail.append(tape(1, start=1))


@pytest.mark.parametrize("n", [2, 30])
def test_a_full_disk_counts_nothing_of_the_chunk_and_may_be_tried_again(tmp_path, n):
    records = tape(7 + n)
    with Tail(tmp_path, session=SESSION, epoch=1, segment_records=8) as tail:
        tail.append(records[:7])
        with small_disk(HEADER), pytest.raises(StoreError, match=r"opening a segment .* failed: File too large"):
            tail.append(records[7:])
        assert held(tmp_path) == records[:7].tobytes()
        tail.flush()
        tail.append(records[7:])
        assert held(tmp_path) == records.tobytes()
    assert held(tmp_path) == records.tobytes()


def test_what_cannot_be_flushed_stops_the_tail_for_good(tmp_path):
    tail = Tail(tmp_path, session=SESSION, epoch=1)
    tail.append(tape(3))
    read_only = os.open("/dev/null", os.O_RDONLY)
    os.dup2(read_only, tail._fd)  # /dev/null cannot be synced
    with pytest.raises(StoreError, match=r"flushing the tail .* failed"):
        tail.flush()
    for again in (tail.flush, tail.prepare, lambda: tail.append(tape(1, start=3))):
        with pytest.raises(StoreError, match="restart into recovery"):
            again()
    tail.close()
    os.close(read_only)
    assert held(tmp_path) == tape(3).tobytes()


def _check_prefix(folder: Path, epoch: int, n_acknowledged: int) -> int:
    """All that was acknowledged is there, whole, and nothing that was never appended."""
    records = np.concatenate([*read_tail(folder), tape(0)])
    records = records[records["seq"] >> 40 == epoch]
    assert len(records) >= n_acknowledged
    assert records.tobytes() == tape(len(records), epoch=epoch).tobytes()
    return len(records)


def _kill_and_start_again(folder: Path, epoch: int, seed: int) -> None:
    acknowledged = Acknowledged(folder.with_name(f"acknowledged-{epoch}"))
    process = start(write_on, folder, acknowledged, seed, epoch)
    wanted = random.Random(seed).randrange(1, 2_000)
    while acknowledged.last < wanted:
        _check_prefix(folder, epoch, acknowledged.last)
    os.kill(process.pid, signal.SIGKILL)
    assert end(process) == -signal.SIGKILL
    n = _check_prefix(folder, epoch, acknowledged.last)
    with Tail(folder, session=SESSION, epoch=epoch + 1, segment_records=64) as tail:
        tail.append(tape(10, epoch=epoch + 1))
    assert _check_prefix(folder, epoch, acknowledged.last) == n
    assert _check_prefix(folder, epoch + 1, 10) == 10
    assert all(segment.is_closed for segment, _ in read_segments(folder))


@pytest.mark.covers("S1-32", "S3-37")
def test_a_killed_writer_loses_nothing_it_was_told_is_kept_and_readers_see_whole_records(tmp_path):
    for seed in range(4):
        _kill_and_start_again(tmp_path / "tail", 1 + 2 * seed, seed)


@pytest.mark.proof
def test_a_hundred_killed_writers_lose_nothing(tmp_path):
    for seed in range(100):
        _kill_and_start_again(tmp_path / f"tail-{seed // 5}", 1 + 2 * seed, seed)


def _kill_at(folder: Path, k: int) -> bool:
    acknowledged = Acknowledged(folder.with_name(f"{folder.name}-acknowledged"))
    was_killed = is_killed_at_line(k, ("tail", "segments", "whole"), write_three_segments, folder, acknowledged)
    folder.mkdir(exist_ok=True)
    n = _check_prefix(folder, 1, acknowledged.last)
    hold_tail(folder).release()
    with Tail(folder, session=SESSION, epoch=2) as tail:
        tail.append(tape(1, epoch=2))
    assert _check_prefix(folder, 1, acknowledged.last) == n
    assert not list(folder.rglob("*.part"))
    return was_killed


def test_a_writer_may_be_killed_at_any_line(tmp_path):
    for k in range(5, 400, 41):
        _kill_at(tmp_path / f"{k}", k)


@pytest.mark.proof
def test_a_writer_may_be_killed_at_every_line(tmp_path):
    k = 1
    while _kill_at(tmp_path / f"{k}", k):
        k += 1
    assert k > 300
