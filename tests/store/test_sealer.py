from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests.store.killing import Acknowledged, end, is_killed_at_line, start
from tests.store.tapes import SESSION, tape
from tests.store.victims import seal_all, write_on
from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.log import read_log
from workbench.store.recordings import Recordings
from workbench.store.sealer import MANY_RECORDS, SealReport, Waiting, Watch, main, seal, waiting
from workbench.store.tail import Tail, read_segments
from workbench.store.whole import only_one

NEXT = 20261123
LINES = ("sealer", "recordings", "delta_table", "delta_log", "tail", "segments", "whole")  # where a sealer may be killed


def fill(data, n, *, epoch=1, segment_records=64):
    with Tail(Folders(data).tail, session=SESSION, epoch=epoch, segment_records=segment_records) as tail:
        tail.append(tape(n, epoch=epoch))


def test_without_a_tail_there_is_nothing_to_do(tmp_path):
    assert seal(tmp_path) == SealReport(0, 0, 0, 0)
    assert waiting(tmp_path) == (0, 0)


def test_closed_segments_go_into_the_recordings_and_then_away(tmp_path):
    fill(tmp_path, 150)
    assert waiting(tmp_path) == Waiting(150, 3)
    assert seal(tmp_path) == SealReport(150, 1, 3, 0)
    assert Recordings.of(tmp_path).read(SESSION).tobytes() == tape(150).tobytes()
    assert read_segments(Folders(tmp_path).tail) == []
    assert seal(tmp_path) == SealReport(0, 0, 0, 0)


def test_what_is_committed_of_an_open_segment_is_sealed_and_the_segment_stays(tmp_path):
    recordings = Recordings.of(tmp_path)
    with Tail(Folders(tmp_path).tail, session=SESSION, epoch=1, segment_records=64) as tail:
        for at in range(0, 100, 10):
            tail.append(tape(10, start=at))
            assert seal(tmp_path).n_sealed == 10
            assert recordings.read(SESSION).tobytes() == tape(at + 10).tobytes()
        tail.flush()
        assert seal(tmp_path).n_removed == 1  # the first was full, and is closed by the flush
        assert len(read_segments(Folders(tmp_path).tail)) == 1
        tail.roll_session(NEXT)
        tail.append(tape(5, start=100))
    assert seal(tmp_path) == SealReport(5, 1, 2, 0)
    assert recordings.read(SESSION).tobytes() == tape(100).tobytes()
    assert recordings.read(NEXT).tobytes() == tape(5, start=100).tobytes()


def test_what_a_killed_writer_left_open_is_closed_and_sealed(tmp_path):
    acknowledged = Acknowledged(tmp_path / "acknowledged")
    process = start(write_on, Folders(tmp_path).tail, acknowledged, 1, 1)
    while acknowledged.last < 500:
        pass
    os.kill(process.pid, signal.SIGKILL)
    assert end(process) == -signal.SIGKILL
    report = seal(tmp_path)
    assert report.n_sealed >= acknowledged.last
    assert read_segments(Folders(tmp_path).tail) == []
    assert Recordings.of(tmp_path).read(SESSION).tobytes() == tape(report.n_sealed).tobytes()


@pytest.mark.covers("S1-32")
def test_sealing_beside_a_writer_that_is_killed_doubles_and_loses_nothing(tmp_path):
    acknowledged = Acknowledged(tmp_path / "acknowledged")
    process = start(write_on, Folders(tmp_path).tail, acknowledged, 2, 1)
    while acknowledged.last < 3_000:
        seal(tmp_path)
        log = read_log(tmp_path, SESSION)
        assert log.tobytes() == tape(len(log)).tobytes()
    os.kill(process.pid, signal.SIGKILL)
    assert end(process) == -signal.SIGKILL
    seal(tmp_path)
    records = Recordings.of(tmp_path).read(SESSION)
    assert len(records) >= acknowledged.last
    assert records.tobytes() == tape(len(records)).tobytes()


def test_a_backlog_goes_in_commits_of_bounded_size(tmp_path, monkeypatch):
    fill(tmp_path, 300)
    monkeypatch.setattr("workbench.store.sealer.BATCH_RECORDS", 130)
    assert seal(tmp_path) == SealReport(300, 3, 5, 0)
    assert Recordings.of(tmp_path).read(SESSION).tobytes() == tape(300).tobytes()


def test_rows_that_read_back_differently_keep_their_segment(tmp_path):
    fill(tmp_path, 64)
    wrong = tape(64)
    wrong["px"][40] += 1
    Recordings.of(tmp_path).append(SESSION, wrong, ("20261120/1-0", 64))
    with pytest.raises(StoreError, match="the segment is kept"):
        seal(tmp_path)
    assert np.concatenate([rows for _, rows in read_segments(Folders(tmp_path).tail)]).tobytes() == tape(64).tobytes()


@pytest.mark.parametrize("damage", ["another", "missing", "twice"])
def test_of_segments_read_back_together_the_one_that_differs_is_named_and_all_stay(tmp_path, damage):
    fill(tmp_path, 300)
    held = tape(300)
    at = {"another": slice(0, 300), "missing": np.arange(300) != 150, "twice": np.sort([*range(300), 150])}[damage]
    held["sz"][150] += damage == "another"
    Recordings.of(tmp_path).append(SESSION, held[at])
    done = [(segment.name, segment.n) for segment, _ in read_segments(Folders(tmp_path).tail)]
    Recordings.of(tmp_path).append_parts(SESSION, [(held[:0], each) for each in done])
    with pytest.raises(StoreError, match=rf"{re.escape(done[2][0].split('/')[-1])}.* holds 64 records"):
        seal(tmp_path)
    assert len(read_segments(Folders(tmp_path).tail)) == 5


def test_looking_asks_the_table_about_new_segments_only(tmp_path):
    fill(tmp_path, 100)
    known = {"20261120/1-0": 60}
    assert waiting(tmp_path, known=known) == Waiting(4 + 36, 2)
    assert known == {"20261120/1-0": 60, "20261120/1-1": 0}


def test_two_sealers_do_not_work_at_once(tmp_path):
    fill(tmp_path, 10)
    with only_one(Folders(tmp_path).tail / "sealer.lock", ""), pytest.raises(StoreError, match="another sealer works"):
        seal(tmp_path)


def _kill_sealer_at(data, made, k, times=1):
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(made, data)
    killed = [is_killed_at_line(k + 37 * time, LINES, seal_all, data) for time in range(times)]
    log = read_log(data, SESSION)
    assert log.tobytes() == tape(200).tobytes()
    seal(data)
    assert Recordings.of(data).read(SESSION).tobytes() == tape(200).tobytes()
    assert Recordings.of(data).sessions()[0].n == 200
    assert read_segments(Folders(data).tail) == []
    return killed[0]


def test_a_sealer_may_be_killed_at_any_line(tmp_path):
    fill(tmp_path / "made", 200, segment_records=128)
    for k in random.Random(1).sample(range(20, 900), 12):
        _kill_sealer_at(tmp_path / "data", tmp_path / "made", k, times=2)


@pytest.mark.proof
def test_a_sealer_may_be_killed_at_every_line(tmp_path):
    fill(tmp_path / "made", 200, segment_records=128)
    k = 1
    while _kill_sealer_at(tmp_path / "data", tmp_path / "made", k):
        k += 1
    assert k > 500


@pytest.mark.covers("S1-10")
def test_a_pass_is_due_after_a_minute_or_fifty_thousand_records():
    watch = Watch()
    assert not watch.is_due(Waiting(0, 0), now_s=0.0)
    assert not watch.is_due(Waiting(1, 0), now_s=100.0)
    assert not watch.is_due(Waiting(0, 0), now_s=159.0)  # another sealer was here
    assert not watch.is_due(Waiting(0, 1), now_s=170.0)
    assert watch.is_due(Waiting(0, 1), now_s=230.0)
    assert watch.is_due(Waiting(MANY_RECORDS, 0), now_s=231.0)


def test_it_is_a_process_that_ends_when_told(tmp_path):
    fill(tmp_path, 100)
    done = subprocess.run([sys.executable, "-m", "workbench.store.sealer", str(tmp_path), "--once"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "sealed 100 records in 1 commits; 2 segments removed, 0 records wait\n"
    running = subprocess.Popen([sys.executable, "-u", "-m", "workbench.store.sealer", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    fill(tmp_path, MANY_RECORDS, epoch=2, segment_records=MANY_RECORDS)
    assert running.stdout.readline() == "sealed 50,000 records in 1 commits; 1 segments removed, 0 records wait\n"
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 0
    running.stdout.close()


def test_its_trouble_is_one_line_and_a_code(tmp_path, capsys):
    fill(tmp_path, 10)
    (tmp_path / "recordings").write_text("in the way")
    assert main([str(tmp_path), "--once"]) == 1
    assert capsys.readouterr().err.startswith("sealer: ")
