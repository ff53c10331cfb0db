from __future__ import annotations

import contextlib
import os
import signal
import sqlite3

import polars as pl
import pytest

from tests.store.killing import Acknowledged, end, start
from tests.store.tapes import SESSION, contract, tape
from tests.store.victims import EVENT, commit_on, take_in_session, write_on
from workbench.domain.errors import StoreError
from workbench.domain.events import Arrival
from workbench.store import checkpoints
from workbench.store.audit import audit
from workbench.store.backup import LIST, backup, restore
from workbench.store.bars import keep_bars, read_bars
from workbench.store.contracts import ContractBook
from workbench.store.entries import read_journal, verify
from workbench.store.epochs import next_epoch
from workbench.store.folders import Folders
from workbench.store.gaps import GapTable
from workbench.store.journal import Journal
from workbench.store.log import read_log
from workbench.store.manifest import runs
from workbench.store.recordings import Recordings
from workbench.store.retention import thinned
from workbench.store.sealer import seal
from workbench.store.tail import Tail
from workbench.store.thinning import thin

NEXT = 20261123


@pytest.fixture
def data(tmp_path):
    """A data folder with something of everything."""
    data = tmp_path / "data"
    take_in_session(data, 100, next_epoch(data))
    ContractBook(data).define(contract(1))
    checkpoints.write(Folders(data).run("live"), 7, b"state", {})
    with Journal(Folders(data).journal("live")) as journal:
        journal.append(Arrival(1, 1, 2, EVENT))
    with Tail(Folders(data).tail, session=NEXT, epoch=next_epoch(data), segment_records=64) as tail:
        tail.append(tape(200, epoch=2))
    return data


def test_what_was_copied_is_restored(data, tmp_path):
    made = backup(data, tmp_path / "copy")
    assert restore(tmp_path / "copy", tmp_path / "restored") == made
    new = tmp_path / "restored"
    for session in (SESSION, NEXT):
        assert read_log(new, session).tobytes() == read_log(data, session).tobytes()
    assert runs(new) == runs(data)
    assert ContractBook(new).contracts() == ContractBook(data).contracts()
    assert verify(Folders(new).journal("live")) == verify(Folders(data).journal("live"))
    assert checkpoints.latest(Folders(new).run("live")).checkpoint.blob == b"state"
    assert next_epoch(new) == next_epoch(data) == 3
    assert seal(new).n_sealed == 200
    assert Recordings.of(new).read(NEXT).tobytes() == tape(200, epoch=2).tobytes()


def test_a_folder_that_is_not_there_is_no_backup(tmp_path):
    with pytest.raises(StoreError, match="is no folder"):
        backup(tmp_path / "dta", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_empty_folder_can_be_copied_and_restored(tmp_path):
    (tmp_path / "data").mkdir()
    backup(tmp_path / "data", tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "restored")
    assert list((tmp_path / "restored").iterdir()) == []


def test_a_folder_that_holds_anything_is_never_written_to(data, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine").touch()
    with pytest.raises(StoreError, match="is not empty"):
        backup(data, tmp_path / "copy")
    backup(data, tmp_path / "other")
    with pytest.raises(StoreError, match="is not empty"):
        restore(tmp_path / "other", data)
    with pytest.raises(StoreError, match="is no complete copy"):
        restore(tmp_path / "copy", tmp_path / "restored")


def test_every_damaged_file_of_a_copy_is_found_before_anything_is_restored(data, tmp_path):
    copy = tmp_path / "copy"
    made = backup(data, copy)
    for name in made.files:
        content = (copy / name).read_bytes()
        for damaged in (content[:-1], content[:-1] + bytes([content[-1] ^ 1])) if content else (b"x",):
            (copy / name).write_bytes(damaged)
            with pytest.raises(StoreError, match=r"is damaged: .* is not what was copied"):
                restore(copy, tmp_path / "restored")
        (copy / name).unlink()
        with pytest.raises(StoreError, match=r"restoring .* failed: No such file"):
            restore(copy, tmp_path / "restored")
        (copy / name).write_bytes(content)
    assert not (tmp_path / "restored").exists()
    (copy / LIST).write_text((copy / LIST).read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(StoreError, match="update the workbench"):
        restore(copy, tmp_path / "restored")


@pytest.mark.proof
def test_a_copy_made_beside_a_writer_and_a_sealer_holds_together(tmp_path):
    data = tmp_path / "data"
    Folders(data).run("live").mkdir(parents=True)
    told = [Acknowledged(tmp_path / f"acknowledged-{n}") for n in range(2)]
    processes = [start(write_on, Folders(data).tail, told[0], 3, 1), start(commit_on, Folders(data).journal("live"), told[1])]
    while told[0].last < 300 or told[1].last < 30:
        pass
    for n in range(3):
        before = [each.last for each in told]
        seal(data)
        backup(data, tmp_path / f"copy-{n}")
        restore(tmp_path / f"copy-{n}", tmp_path / f"restored-{n}")
        log = read_log(tmp_path / f"restored-{n}", SESSION)
        assert len(log) >= before[0]
        assert log.tobytes() == tape(len(log)).tobytes()
        n_entries = len(list(read_journal(Folders(tmp_path / f"restored-{n}").journal("live"))))
        assert n_entries >= before[1]
        assert n_entries % 3 == 0
        seal(tmp_path / f"restored-{n}")
        assert Recordings.of(tmp_path / f"restored-{n}").read(SESSION).tobytes() == log.tobytes()
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)
        assert end(process) == -signal.SIGKILL


def test_bars_marks_of_what_was_let_go_and_tables_beside_the_records_are_in_it(data, tmp_path):
    keep_bars(data, SESSION, "1m", pl.DataFrame({"time": [1, 2]}))
    GapTable(data).write(SESSION, [(1, 2, 1, "ESZ6", "ticks", "nothing came", None, None, None)])
    thin(data, SESSION, (), 7)
    backup(data, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "restored")
    assert thinned(tmp_path / "restored") == thinned(data) and audit(tmp_path / "restored", last=SESSION).is_right
    assert GapTable(tmp_path / "restored").read(SESSION) == GapTable(data).read(SESSION) != []
    assert read_bars(tmp_path / "restored", SESSION, "1m").equals(read_bars(data, SESSION, "1m"))


def test_the_ledger_of_runs_is_in_it_with_what_its_writer_has_not_put_into_place_yet(data, tmp_path):
    place = data / "schedule" / "runs.db"
    place.parent.mkdir()
    with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE runs (key TEXT)")
        db.execute("INSERT INTO runs VALUES ('report/20261120')")
        backup(data, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    with contextlib.closing(sqlite3.connect(tmp_path / "again" / "schedule" / "runs.db")) as db:
        assert db.execute("SELECT key FROM runs").fetchall() == [("report/20261120",)]


def test_the_evidence_of_promotions_is_in_it_and_nothing_half_written(data, tmp_path):
    place = data / "promotion" / "how_far"
    for name in ("0123456789ab/files/notebook.ipynb", "log.jsonl", ".part-x/report.md", ".lock"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("so it was")
    there = backup(data, tmp_path / "copy").files
    kept = {name.removeprefix("promotion/how_far/") for name in there if name.startswith("promotion")}
    assert kept == {"0123456789ab/files/notebook.ipynb", "log.jsonl"}
