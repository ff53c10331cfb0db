"""The audit: silent about what is whole, and each kind of damage named where it is."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.store.killing import Acknowledged, end, start
from tests.store.tapes import SESSION, contract, tape
from tests.store.victims import seal_on, take_in_session, write_on
from workbench.store import checksums
from workbench.store.audit import audit
from workbench.store.bars import keep_bars
from workbench.store.contracts import ContractBook
from workbench.store.folders import Folders
from workbench.store.gaps import GapTable
from workbench.store.manifest import runs
from workbench.store.recordings import Recordings
from workbench.store.sealer import seal
from workbench.store.segments import HEADER
from workbench.store.tail import Tail

NEXT = 20261123


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    ContractBook(folder).define(contract(1))
    take_in_session(folder, 120, 1)
    with Tail(Folders(folder).tail, session=NEXT, epoch=2, segment_records=64) as tail:
        tail.append(tape(40, epoch=2))
        seal(folder)
        tail.append(tape(10, epoch=2, start=40))
    return folder


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """An imported session, and another in the tail, most of it sealed."""
    return Path(shutil.copytree(made, tmp_path / "data"))


def said(data: Path) -> list[tuple[str, str]]:
    return [(each.where.rsplit("/", 1)[-1], each.said) for each in audit(data).findings if each.is_wrong]


@pytest.mark.covers("S1-32")
def test_nothing_is_said_of_what_is_whole(data: Path) -> None:
    done = audit(data)
    assert done.is_right and not done.findings
    assert (done.n_segments, done.n_records, done.n_journals) == (1, 170, 1) and done.n_files > 4 and done.n_bytes > 0
    assert audit(data, first=NEXT).n_records == 50


def _file(data: Path) -> Path:
    return max((data / "recordings" / "records" / f"session={SESSION}").rglob("*.parquet"), key=lambda path: path.stat().st_size)


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def _cut_journal(data: Path) -> None:
    db = sqlite3.connect(Folders(data).journal(runs(data)[0].run))
    db.execute("DROP TRIGGER entry_is_never_deleted")
    db.execute("DELETE FROM entry WHERE id = (SELECT max(id) FROM entry)")
    db.commit()
    db.close()


DAMAGE: list[tuple[Callable[[Path], object], str]] = [
    (lambda data: _file(data).unlink(), "the table names it, and it is gone"),
    (lambda data: _flip(_file(data), 100), "its bytes are not those that were written"),
    (lambda data: _file(data).write_bytes(_file(data).read_bytes()[:-9]), "bytes, written were"),
    (lambda data: Recordings.of(data).append(SESSION, tape(3)), "3 records stand in it more than once"),
    (lambda data: Recordings.of(data).replace(SESSION, np.delete(tape(120), 50)), "1 records behind"),
    (lambda data: Recordings.of(data).delete(SESSION), "it wrote 120 records, 0 are there"),
    (lambda data: Folders(data).journal(runs(data)[0].run).unlink(), "its journal is gone"),
    (_cut_journal, "is cut off"),
    (lambda data: _flip(next(Folders(data).tail.rglob("*.seg")), 0), "is no segment"),
    (lambda data: _flip(next(Folders(data).tail.rglob("*.seg")), HEADER + 40), "40 of its records are sealed"),
    (lambda data: (Folders(data).recordings / "_delta_log" / f"{0:020}.json").write_text("x"), "cannot be opened"),
    (lambda data: Folders(data).contracts.write_bytes(b"x\n"), "is damaged"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGE)
def test_damage_is_named(data: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(data)
    found = said(data)
    assert any(words in text for _, text in found), found


def test_tables_beside_the_records_and_bars_are_looked_at_too(data: Path) -> None:
    gaps = GapTable(data)
    gaps.write(SESSION, [(1, 2, 1, "ESZ6", "ticks", "nothing came", None, None, None)])
    path = keep_bars(data, SESSION, "1m", pl.DataFrame({"time": [1, 2]}))
    before = audit(data)
    assert before.is_right and before.n_files > 5
    _flip(path, 9)
    _flip(next(Folders(data).gaps.rglob("part-*.parquet")), 9)
    assert [text for _, text in said(data)] == ["its bytes are not those that were written (SHA-256)"] * 2
    path.unlink()
    assert any("listed, and it is gone" in text for _, text in said(data))


def test_files_of_before_there_were_checksums_are_a_note(data: Path) -> None:
    checksums.path_of(Folders(data).recordings).unlink()
    done = audit(data)
    assert done.is_right and "have no checksum" in done.findings[0].said and done.findings[0].todo == "workbench data compact keeps them"


def test_it_finds_nothing_wrong_beside_a_writer_and_a_sealer_at_work(tmp_path: Path) -> None:
    acknowledged = Acknowledged(tmp_path / "acknowledged")
    process = start(write_on, Folders(tmp_path).tail, acknowledged, 3, 1)
    sealer = start(seal_on, tmp_path)
    try:
        while acknowledged.last < 600:
            assert audit(tmp_path).is_right
    finally:
        for each in (process, sealer):
            each.kill()
            end(each)
    assert audit(tmp_path).n_records >= 600
