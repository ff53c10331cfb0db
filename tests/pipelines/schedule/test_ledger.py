"""A key is claimed once and ends once, by whom ever; a reader finds nothing where nothing ran."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from workbench.domain.errors import StoreError
from workbench.pipelines.schedule.ledger import Ledger, Run, State
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.store.versions import FORMATS

RUN = Run(key="report/20261120-close-ab", page="report", digest="ab", session=20261120, slot="close", due_ns=5, begun_ns=6)


def test_of_many_who_claim_a_key_one_gets_it(tmp_path: Path) -> None:
    Ledger(tmp_path, is_written=True)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: Ledger(tmp_path, is_written=True).claim(RUN), range(16)))
    assert sum(got) == 1


def test_a_run_ends_once_and_is_not_begun_again_afterwards(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, is_written=True)
    ledger.claim(RUN)
    assert ledger.again(RUN.key, 9) and ledger.end(RUN.key, State.DONE, 12)
    assert not ledger.end(RUN.key, State.FAILED, 13, "late") and not ledger.again(RUN.key, 14)
    assert ledger.get(RUN.key) == replace(RUN, state=State.DONE, attempts=2, begun_ns=9, ended_ns=12)


def test_a_reader_makes_no_file_and_finds_what_a_writer_wrote(tmp_path: Path) -> None:
    reader = Ledger(tmp_path)
    assert reader.runs() == [] and reader.of("report") is None and not list(tmp_path.iterdir())
    Ledger(tmp_path, is_written=True).claim(RUN)
    assert reader.runs("report") == [RUN] == reader.runs(states=(State.RUNNING,)) and reader.runs("other") == []


FAILED = Notice(about=About.PAGE, severity=Severity.WARNING, key=f"run:{RUN.key}", text="report failed")


def test_what_is_to_be_told_is_written_with_the_end_and_only_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, is_written=True)
    ledger.claim(RUN)
    assert ledger.end(RUN.key, State.FAILED, 12, "no data", FAILED) and not ledger.end(RUN.key, State.FAILED, 13, "late", FAILED)
    assert ledger.untold() == [(FAILED.key, FAILED)] == Ledger(tmp_path, is_written=True).untold()
    ledger.told([FAILED.key], 14)
    missed = replace(RUN, key="report/20261121-close-ab", why="late")
    assert ledger.untold() == [] and ledger.miss([missed], replace(FAILED, key="m")) and not ledger.miss([missed], replace(FAILED, key="n"))
    assert [id_ for id_, _ in ledger.untold()] == ["m"]


def test_what_stands_is_told_when_it_begins_and_when_it_is_otherwise_and_again_when_it_was_gone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, is_written=True)
    left, other = replace(FAILED, text="it was edited"), replace(FAILED, text="it is gone")
    for stands, n_told in (
        ({"p": left}, 1),
        ({"p": left}, 0),
        ({"p": other}, 1),
        ({}, 0),
        ({"p": other}, 1),
        ({"p": replace(other, key="k")}, 0),
    ):
        ledger.stand(stands)
        untold = ledger.untold()
        ledger.told([id_ for id_, _ in untold], 1)
        assert len(untold) == n_told, stands


def test_an_older_file_is_brought_forward_and_a_newer_one_refused_with_words(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, is_written=True)
    ledger.claim(RUN)
    path = ledger.folder / "runs.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (FORMATS["schedule"],)
        db.execute("DROP TABLE notices")
        db.execute("PRAGMA user_version = 0")  # as it was before it said its format
    assert Ledger(tmp_path).runs() == [RUN], "a reader needs no more than there is"
    newer = Ledger(tmp_path, is_written=True)
    assert newer.runs() == [RUN] and newer.untold() == [] and path.with_name("runs.db.v0").exists()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 99")
    for is_written in (True, False):
        with pytest.raises(StoreError, match="is a schedule of format 99; this code knows up to 1: update the workbench"):
            Ledger(tmp_path, is_written=is_written).runs()


def test_what_is_no_ledger_is_refused_with_words(tmp_path: Path) -> None:
    (tmp_path / "schedule").mkdir()
    (tmp_path / "schedule" / "runs.db").write_text("not a database " * 90)
    with pytest.raises(StoreError, match="file is not a database"):
        Ledger(tmp_path, is_written=True)
