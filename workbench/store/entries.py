"""Reading journals, also while their writer writes: entries, arrivals, facts; and the proof that nothing was changed. Never writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workbench.domain.decisions import FACT_VERSION, AnyFact, At, decode_facts
from workbench.domain.errors import StoreError
from workbench.domain.events import EVENT_VERSION, AnyEvent, Arrival, decode_event
from workbench.domain.orders import Cause
from workbench.store import opened
from workbench.store.chain import EMPTY, Head, Row, follow
from workbench.store.schema import AHEAD, EVENT, FACTS, database_trouble, format_of
from workbench.store.versions import UPCASTS, Upcast, refuse_newer, upcast

READING: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})
PAGE_ROWS: Final = 1_000  # rows a transaction: readers must be short, or the writer cannot begin its log anew
SELECT: Final = "SELECT id, after_seq, n, recv_ns, what, v, body, hash FROM entry WHERE id > ? ORDER BY id LIMIT ?"


class Entry(NamedTuple):
    """One row, decoded and brought to the version of this code: an event, or the facts of one call."""

    id: int
    after_seq: int
    n: int
    recv_ns: int
    content: AnyEvent | tuple[AnyFact, ...]


def read_journal(path: Path, *, after: int = 0, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> Iterator[Entry]:
    """Read the committed entries in their order; what the journal carries for the tail is none (`ahead_bodies`).

    Parameters
    ----------
    after
        Id of the last entry the caller has; 0 for all of them.

    Raises
    ------
    StoreError
        If the file is missing, no journal, damaged, or holds what this code does not know.
    """
    for row in _rows(path, after):
        if row[4] != AHEAD:
            yield _entry(row, upcasts)


def arrivals(path: Path, *, after: int = 0) -> Iterator[Arrival]:
    """Read the events alone, each with its place in the log."""
    for row in _rows(path, after):
        if row[4] == EVENT:
            entry = _entry(row, UPCASTS)
            assert not isinstance(entry.content, tuple)
            yield Arrival(entry.after_seq, entry.n, entry.recv_ns, entry.content)


def facts(path: Path, *, after: int = 0) -> Iterator[tuple[At, AnyFact]]:
    """Read the facts alone, each with when and why it became true.

    A row of facts may hold `At` heads itself; facts before the first one belong to the row's own key.
    """
    for row in _rows(path, after):
        if row[4] == FACTS:
            entry = _entry(row, UPCASTS)
            assert isinstance(entry.content, tuple)
            at = At(entry.recv_ns, Cause(entry.after_seq, entry.n))
            for fact in entry.content:
                if isinstance(fact, At):
                    at = fact
                else:
                    yield at, fact


def ahead_bodies(path: Path) -> list[bytes]:
    """Read what a journal carries for the tail, in the order it was committed."""
    db = connect(path)
    try:
        with database_trouble(f"reading the journal {path}"):
            return [body for (body,) in db.execute("SELECT body FROM entry WHERE what = ? ORDER BY id", (AHEAD,))]
    finally:
        db.close()


def last(path: Path) -> Entry | None:
    """Give the last committed entry, `None` of an empty journal."""
    db = connect(path)
    try:
        with database_trouble(f"reading the journal {path}"):
            row = db.execute("SELECT id FROM entry WHERE what != ? ORDER BY id DESC LIMIT 1", (AHEAD,)).fetchone()
    finally:
        db.close()
    return next(read_journal(path, after=row[0] - 1)) if row else None


def head(path: Path) -> Head:
    """Give where the chain of a journal ends, unproved; kept elsewhere it is the anchor `verify` needs to find a truncation."""
    db = connect(path)
    try:
        with database_trouble(f"reading the journal {path}"):
            row = db.execute("SELECT id, hash FROM entry ORDER BY id DESC LIMIT 1").fetchone()
    finally:
        db.close()
    return Head(*row) if row else EMPTY


def verify(path: Path, anchor: Head | None = None) -> Head:
    """Prove that a journal holds what was written, in its order.

    Parameters
    ----------
    anchor
        A head exported earlier. Without it a journal that lost its last entries reads as a shorter one.

    Returns
    -------
    Head
        Where the chain ends.

    Raises
    ------
    StoreError
        Naming the first entry that was changed, dropped, moved or cut off.
    """
    at = EMPTY
    seen = anchor is None or anchor == EMPTY
    for row in _rows(path, 0):
        at = follow(at, row)
        if anchor is not None and at.id == anchor.id:
            if at != anchor:
                raise StoreError(f"the journal {path} is not the one whose head was exported: entry {at.id} differs")
            seen = True
    if not seen and anchor is not None:
        raise StoreError(f"the journal {path} is cut off: it ends at entry {at.id}, its exported head is entry {anchor.id}")
    return at


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal to read it: the file read-only, and every statement but a SELECT denied. To be closed by the caller."""
    opened.reads("journal", path)
    if not path.exists():
        raise StoreError(f"there is no journal at {path}")
    with database_trouble(f"opening the journal {path}"):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
    try:
        refuse_newer("journal", format_of(db, path), path)
    except StoreError:
        db.close()
        raise
    db.set_authorizer(_may)
    return db


def _may(action: int, *_: str | None) -> int:
    """Let a connection read and nothing else: no write, no other file, no pragma, whatever statement it is given."""
    return sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY


def _rows(path: Path, after: int) -> Iterator[Row]:
    db = connect(path)
    try:
        while True:
            with database_trouble(f"reading the journal {path}"):
                rows: list[Row] = db.execute(SELECT, (after, PAGE_ROWS)).fetchall()
            yield from rows
            if len(rows) < PAGE_ROWS:
                return
            after = rows[-1][0]
    finally:
        db.close()


def _entry(row: Row, upcasts: Mapping[tuple[str, int], Upcast]) -> Entry:
    row_id, after_seq, n, recv_ns, what, v, body, _ = row
    try:
        if what == EVENT:
            event = decode_event(upcast(what, v, body, EVENT_VERSION, upcasts))
            return Entry(row_id, after_seq, n, recv_ns, event)
        if what == FACTS:
            return Entry(row_id, after_seq, n, recv_ns, tuple(decode_facts(upcast(what, v, body, FACT_VERSION, upcasts))))
    except (msgspec.MsgspecError, TypeError) as error:
        raise StoreError(f"entry {row_id} of a journal cannot be read: {error}") from error
    raise StoreError(f"entry {row_id} of a journal is {what!r}; this code knows {EVENT!r} and {FACTS!r}")
