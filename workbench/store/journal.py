"""The journal: every event that is no record, and every fact, in one SQLite file a run. The writer; reading is `store.entries`.

It carries records besides that the tail has not made durable yet (`store.ahead`), so that one commit makes a turn durable.

Rules
-----
1. Append-only and hash-chained (`store.chain`): rows are never changed, a later row corrects an earlier one.
2. Nothing is visible before `commit`, and all of it after; what `commit` returned from survives a power cut (WAL, `synchronous=FULL`).
3. A row's body is the wire form of `domain.events` or `domain.decisions`, with its version; older ones are upcast on reading.
4. The files ``-wal`` and ``-shm`` are part of the journal: never delete them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from workbench.domain.decisions import FACT_VERSION, AnyFact, encode_facts
from workbench.domain.errors import StoreError
from workbench.domain.events import EVENT_VERSION, Arrival, encode_event
from workbench.domain.records import RECORD_VERSION
from workbench.store import schema
from workbench.store.chain import EMPTY, Head, Row, digest
from workbench.store.schema import AHEAD, EVENT, FACTS, INSERT, ROW, SCHEMA, database_trouble
from workbench.store.versions import MIGRATIONS, Migration
from workbench.store.wal import PAGE, Wal
from workbench.store.whole import PART, sync_file, sync_folder, trouble

WAL_BYTES: Final = 4 << 20  # zeros kept ahead of the last commit: a thousand commits
FEW_ROWS: Final = 8  # of a turn; one statement, a transaction in itself, spares 15 of 230 us
BATCH_ROWS: Final = 1_000  # rows held back in memory when all is one commit
MANY_PAGES: Final = -16_384  # of page cache when all is one commit: 16 MiB, as SQLite counts kibibytes


class Journal:
    """The writer of one run's journal, which is made if absent.

    Parameters
    ----------
    path
        ``data/runs/<run>/journal.db``.
    migrations
        Ways from older formats.

    Raises
    ------
    StoreError
        If the file is no journal, is newer than this code, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from workbench.domain.events import FeeReported
    >>> from workbench.store.entries import arrivals
    >>> with tempfile.TemporaryDirectory() as run, Journal(Path(run) / "journal.db") as journal:
    ...     journal.append(Arrival(41, 1, 1_700_000_000_000_000_000, FeeReported("x1", 620_000)))
    ...     n_before = len(list(arrivals(journal.path)))
    ...     journal.commit()
    ...     n_before, [arrival.after_seq for arrival in arrivals(journal.path)]
    (0, [41])
    """

    def __init__(self, path: Path, *, migrations: Mapping[tuple[str, int], Migration] = MIGRATIONS) -> None:
        self.path = path
        self._rows: list[Row] = []
        with trouble(f"opening the journal {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                schema.migrate(path, migrations)
            else:
                schema.create(path)
        with database_trouble(f"opening the journal {path}"):
            self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=16)
            try:
                self._head = self._prepare_file()
                self._wal = Wal(path.with_name(path.name + "-wal"))
            except BaseException:
                self._db.close()
                raise
        self.prepare()
        sync_folder(path.parent)

    @classmethod
    def in_one_commit(cls, path: Path) -> Journal:
        """Open a journal of which nothing is there until `close`, and then all: for `simulate` and `replay`, which may be lost.

        `commit` costs nothing and promises nothing; memory stays bounded.

        Raises
        ------
        StoreError
            If there is a journal at `path` already.
        """
        return _OneCommit(path)

    def append(self, arrival: Arrival) -> None:
        """Add an event under its key (after_seq, n)."""
        self._add(arrival.after_seq, arrival.n, arrival.recv_ns, EVENT, EVENT_VERSION, encode_event(arrival.event))

    def extend(self, after_seq: int, n: int, now_ns: int, facts: list[AnyFact]) -> None:
        """Add facts that the core made true behind record `after_seq` (n = 0) or behind its n-th event, known at `now_ns`."""
        if facts:
            self._add(after_seq, n, now_ns, FACTS, FACT_VERSION, encode_facts(facts))

    def carry(self, last_seq: int, body: bytes) -> None:
        """Add records up to `last_seq` that the tail has not made durable, as `Tail.ahead` gives them."""
        self._add(last_seq, 0, 0, AHEAD, RECORD_VERSION, body)

    def commit(self) -> None:
        """Make everything added so far durable and visible, in one go. Free when nothing was added.

        Raises
        ------
        StoreError
            If the disk refuses: nothing became visible; what was added is kept and may be committed again.
        """
        if not self._rows:
            return
        try:
            if len(self._rows) <= FEW_ROWS:
                self._db.execute(INSERT + ROW * (len(self._rows) - 1), [cell for row in self._rows for cell in row])
            else:
                self._commit_many()
        except sqlite3.Error as error:  # without `database_trouble`, which costs 2 us
            raise StoreError(f"writing the journal {self.path} failed: {error}") from error
        self._rows.clear()

    def _commit_many(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(INSERT, self._rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @property
    def head(self) -> Head:
        """Where the chain ends, counting what is not committed yet. Kept elsewhere it proves later that nothing was cut off."""
        return self._head

    def prepare(self) -> None:
        """Keep room for a thousand commits ahead; called each second it spares `commit` from lengthening the file."""
        self._wal.reserve(WAL_BYTES)

    def checkpoint(self) -> None:
        """Move what was committed into the database itself, and begin its ``-wal`` anew; at session boundaries, when time is cheap."""
        self.commit()
        with database_trouble(f"checkpointing the journal {self.path}"):
            self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def close(self) -> None:
        """Commit and close."""
        try:
            self.commit()
        finally:
            self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._let_go()  # what was not committed by who knows never happened

    def _add(self, after_seq: int, n: int, recv_ns: int, what: str, v: int, body: bytes) -> None:
        head = self._head
        row_id = head.id + 1
        made = digest(head.digest, row_id, after_seq, n, recv_ns, what, v, body)
        self._rows.append((row_id, after_seq, n, recv_ns, what, v, body, made))
        self._head = Head(row_id, made)

    def _prepare_file(self) -> Head:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
            self._db.execute(f"PRAGMA {pragma}")
        last = self._db.execute("SELECT id, hash FROM entry ORDER BY id DESC LIMIT 1").fetchone()
        return Head(*last) if last else EMPTY

    def _let_go(self) -> None:
        self._wal.close()
        self._db.close()


class _OneCommit(Journal):
    """A journal that appears when it is closed."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise StoreError(f"there is a journal at {path} already; a run is never written twice")
        self.path = path
        self._rows = []
        self._head = EMPTY
        self._part = path.with_name(f".{path.name}{PART}")
        with trouble(f"opening the journal {path}"), database_trouble(f"opening the journal {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._part.unlink(missing_ok=True)
            self._db = sqlite3.connect(self._part, isolation_level=None, cached_statements=16)
            for pragma in (f"page_size = {PAGE}", "journal_mode = OFF", "synchronous = OFF", f"cache_size = {MANY_PAGES}"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")

    def commit(self) -> None:
        if len(self._rows) >= BATCH_ROWS:
            self._insert()

    def prepare(self) -> None:
        pass

    def checkpoint(self) -> None:
        pass

    def close(self) -> None:
        try:
            self._insert()
            with database_trouble(f"writing the journal {self.path}"):
                self._db.execute("COMMIT")
                self._db.close()
            with trouble(f"writing the journal {self.path}"):
                sync_file(self._part)
                self._part.replace(self.path)
                sync_folder(self.path.parent)
        finally:
            self._let_go()

    def _add(self, after_seq: int, n: int, recv_ns: int, what: str, v: int, body: bytes) -> None:
        super()._add(after_seq, n, recv_ns, what, v, body)
        self.commit()

    def _insert(self) -> None:
        with database_trouble(f"writing the journal {self.path}"):
            self._db.executemany(INSERT, self._rows)
        self._rows.clear()

    def _let_go(self) -> None:
        self._db.close()
        self._part.unlink(missing_ok=True)
