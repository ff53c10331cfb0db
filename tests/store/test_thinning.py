"""Letting records go: windows stay bit for bit, a kill at any line is made good, and nothing else can be played any more."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.store.killing import is_killed_at_line
from tests.store.tapes import SESSION, contract, tape
from tests.store.victims import WINDOWS, take_in_session, thin_session
from workbench.domain.errors import DataError
from workbench.domain.records import Records
from workbench.store.audit import audit
from workbench.store.bars import read_bars
from workbench.store.folders import Folders
from workbench.store.intake import take_in
from workbench.store.log import log_sessions, read_log
from workbench.store.recordings import Recordings
from workbench.store.retention import is_thinned, thinned
from workbench.store.tail import Tail
from workbench.store.thinning import is_done, thin, within

LINES = ("thinning", "retention", "bars", "checksums", "recordings", "delta_table", "delta_log", "whole")


def stays(n: int = 200) -> Records:
    records = tape(n)
    return records[within(records["recv_ns"], WINDOWS)]


def test_what_lies_in_a_window_stays_bit_for_bit_and_the_rest_goes(tmp_path: Path) -> None:
    take_in_session(tmp_path, 200, 1)
    assert len(read_log(tmp_path, SESSION)) == 200 and list(Folders(tmp_path).cache.glob("*.seg"))
    done = thin(tmp_path, SESSION, WINDOWS, 7)
    assert (done.n_before, done.n_after) == (200, len(stays())) and 0 < done.n_after < 60
    assert Recordings.of(tmp_path).read(SESSION).tobytes() == stays().tobytes()
    assert not list(Folders(tmp_path).cache.glob("*.seg"))
    assert read_log(tmp_path, SESSION, windows=True).tobytes() == stays().tobytes()
    with pytest.raises(DataError, match=rf"{done.n_after} of 200 records are kept, around own orders: it cannot be played"):
        read_log(tmp_path, SESSION)
    assert audit(tmp_path).is_right  # the holes are known


def test_called_again_it_changes_nothing_and_no_mind(tmp_path: Path) -> None:
    take_in_session(tmp_path, 200, 1)
    first = thin(tmp_path, SESSION, WINDOWS, 7)
    version = Recordings.of(tmp_path).table().version()
    assert thin(tmp_path, SESSION, (), 9) == first and Recordings.of(tmp_path).table().version() == version


def test_a_session_without_own_orders_goes_whole_and_is_still_known(tmp_path: Path) -> None:
    take_in_session(tmp_path, 200, 1)
    assert thin(tmp_path, SESSION, (), 7).n_after == 0
    assert Recordings.of(tmp_path).sessions() == [] and log_sessions(tmp_path) == [SESSION]
    assert is_done(Recordings.of(tmp_path), thinned(tmp_path)[SESSION])


def test_what_is_in_the_tail_stays(tmp_path: Path) -> None:
    with Tail(Folders(tmp_path).tail, session=SESSION, epoch=1, segment_records=64) as tail:
        tail.append(tape(10))
    with pytest.raises(DataError, match="still in the tail"):
        thin(tmp_path, SESSION, (), 7)
    assert not thinned(tmp_path)


def test_a_session_that_is_imported_anew_is_whole_again(tmp_path: Path) -> None:
    take_in_session(tmp_path, 200, 1)
    thin(tmp_path, SESSION, (), 7)
    take_in(tmp_path, session=SESSION, records=tape(80, epoch=2), contracts=[contract(1), contract(2)], source="again", replace=True)
    assert is_thinned(tmp_path, SESSION) is None and len(read_log(tmp_path, SESSION)) == 80 and not thinned(tmp_path)


def _kill_at(data: Path, made: Path, k: int) -> bool:
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(made, data)
    is_killed = is_killed_at_line(k, LINES, thin_session, data)
    there = Recordings.of(data).read(SESSION).tobytes()
    assert there in (tape(200).tobytes(), stays().tobytes())  # all, or the windows; never less
    if there == stays().tobytes():
        assert read_bars(data, SESSION, "1m") is not None  # bars first, records after
    thin_session(data)
    assert Recordings.of(data).read(SESSION).tobytes() == stays().tobytes()
    assert read_bars(data, SESSION, "1m") is not None and audit(data).is_right
    return is_killed


@pytest.mark.covers("S3-30")
def test_it_may_be_killed_at_any_line(tmp_path: Path) -> None:
    take_in_session(tmp_path / "made", 200, 1)
    for k in random.Random(1).sample(range(20, 330), 3):
        _kill_at(tmp_path / "data", tmp_path / "made", k)


@pytest.mark.proof
def test_it_may_be_killed_at_every_ninth_line(tmp_path: Path) -> None:
    take_in_session(tmp_path / "made", 200, 1)
    k = 1
    while _kill_at(tmp_path / "data", tmp_path / "made", k):
        k += 9
    assert k > 250
