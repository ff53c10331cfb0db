"""The file of a journal: its one table, how it is made, copied, and brought forward from an older format. No row is known here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from workbench.domain.errors import StoreError
from workbench.store.versions import FORMATS, Migration, bring_forward
from workbench.store.wal import PAGE
from workbench.store.whole import PART, sync_file, trouble

EVENT: Final = "event"
FACTS: Final = "facts"
AHEAD: Final = "ahead"  # records, `store.ahead`
APPLICATION_ID: Final = int.from_bytes(b"WBJR", "big")

SCHEMA: Final = f"""
CREATE TABLE entry (
  id INTEGER PRIMARY KEY,
  after_seq INTEGER NOT NULL,
  n INTEGER NOT NULL,
  recv_ns INTEGER NOT NULL,
  what TEXT NOT NULL,
  v INTEGER NOT NULL,
  body BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'a journal is append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'a journal is append-only'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMATS["journal"]};
"""
INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
ROW: Final = ", (?, ?, ?, ?, ?, ?, ?, ?)"  # one more in the same statement


@contextmanager
def database_trouble(doing: str) -> Iterator[None]:
    """Turn what SQLite complains about into a `StoreError` that says what was being done."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreError(f"{doing} failed: {error}") from error


def format_of(db: sqlite3.Connection, path: Path) -> int:
    """Give the format version of an open journal; `StoreError` if the file is something else."""
    with database_trouble(f"opening the journal {path}"):
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is no journal of the workbench")
    return version


def copy_database(path: Path, target: Path) -> None:
    """Copy a database as of one moment, also while its writer writes (SQLite's own backup)."""
    with database_trouble(f"copying {path}"), trouble(f"copying {path}"):
        source, copy = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True), sqlite3.connect(target)
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
        finally:
            copy.close()
            source.close()
        sync_file(target)


def create(path: Path) -> None:
    """Put an empty journal at `path` at once: a reader never sees a database without its table."""
    part = path.with_name(f".{path.name}{PART}")
    part.unlink(missing_ok=True)
    with database_trouble(f"making the journal {path}"):
        db = sqlite3.connect(part, isolation_level=None)
        try:
            db.executescript(f"PRAGMA page_size = {PAGE}; BEGIN; {SCHEMA} COMMIT;")
        finally:
            db.close()
    sync_file(part)
    part.replace(path)


def migrate(path: Path, migrations: Mapping[tuple[str, int], Migration]) -> None:
    """Bring an older journal to the format of this code, after a copy; refuse a newer one."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        found = format_of(db, path)
    finally:
        db.close()
    bring_forward("journal", path, found, migrations=migrations, copy=copy_database)
