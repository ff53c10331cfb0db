from __future__ import annotations

import sqlite3

import pytest

from workbench.store.wal import FRAME, WAL_HEADER, Wal


@pytest.fixture
def db(tmp_path):
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    for pragma in ("page_size = 4096", "journal_mode = WAL", "wal_autocheckpoint = 0"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE a (b)")
    yield db
    db.close()


def test_it_counts_the_frames_sqlite_has_written(db, tmp_path):
    wal = Wal(tmp_path / "a.db-wal")
    for n in range(5):
        assert wal.used == wal.n_bytes
        assert (wal.used - WAL_HEADER) % FRAME == 0
        db.execute("INSERT INTO a VALUES (?)", ("x" * 5_000 * n,))
    wal.close()


def test_zeros_ahead_mean_nothing_to_sqlite(db, tmp_path):
    wal = Wal(tmp_path / "a.db-wal")
    wal.reserve(1 << 20)
    used, n_bytes = wal.used, wal.n_bytes
    assert n_bytes == used + (1 << 20)
    db.execute("INSERT INTO a VALUES (1)")
    assert used < wal.used < n_bytes == wal.n_bytes
    assert sqlite3.connect(tmp_path / "a.db").execute("SELECT * FROM a").fetchall() == [(1,)]
    db.execute("PRAGMA wal_checkpoint(RESTART)")
    db.execute("INSERT INTO a VALUES (2)")
    assert wal.used < used
    wal.reserve(100)
    assert wal.n_bytes == n_bytes
    assert sqlite3.connect(tmp_path / "a.db").execute("SELECT * FROM a").fetchall() == [(1,), (2,)]
    wal.close()


def test_a_file_of_nothing_but_zeros_is_an_empty_log(db, tmp_path):
    db.close()
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    db.execute("SELECT * FROM a").fetchall()
    wal = Wal(tmp_path / "a.db-wal")
    assert wal.n_bytes == 0
    wal.reserve(1 << 20)
    assert wal.used == WAL_HEADER
    db.execute("INSERT INTO a VALUES (1)")
    assert wal.used > WAL_HEADER
    assert db.execute("SELECT * FROM a").fetchall() == [(1,)]
    wal.close()
    db.close()
    assert sqlite3.connect(tmp_path / "a.db").execute("SELECT * FROM a").fetchall() == [(1,)]
