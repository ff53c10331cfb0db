"""What a scheduler has done, run by run: the memory that makes a slot run at most once, whoever is killed when. SQLite; decides nothing.

A run is written down before its process is started, and that is durable before anything else happens. So a scheduler that died leaves no
run that nobody knows of: what it left *running* is looked into by the next one (`daemon`). What a person is to be told of a run is written
with its end, in one transaction, and stays *untold* until it was handed over: nothing is forgotten or told twice, whoever dies between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from workbench.runtime.notify.notice import Notice
from workbench.store.folders import Folders
from workbench.store.schema import copy_database, database_trouble
from workbench.store.versions import FORMATS, SCHEDULE_NOTICES, bring_forward, refuse_newer
from workbench.store.whole import trouble

WAIT_S: Final = 10.0
STANDS: Final = "stands:"  # of what is told once for as long as it is so
LOCK: Final = ".lock"  # in the folder of a run: held by the process that is at work on it
TABLE: Final = """
CREATE TABLE IF NOT EXISTS runs (
  key TEXT PRIMARY KEY, page TEXT NOT NULL, digest TEXT NOT NULL, session INTEGER NOT NULL, slot TEXT NOT NULL, due_ns INTEGER NOT NULL,
  state TEXT NOT NULL, attempts INTEGER NOT NULL, begun_ns INTEGER NOT NULL, ended_ns INTEGER NOT NULL, why TEXT NOT NULL
) STRICT, WITHOUT ROWID
"""


class State(StrEnum):
    """How far a run is. ``done``, ``failed`` and ``missed`` are its end."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one page.

    Parameters
    ----------
    key
        ``page/session-slot-digest`` (`slots.run_key`): no key is run twice, and its folder is called after it.
    due_ns, begun_ns, ended_ns
        When it was due, when its last attempt was begun, when it ended; 0: not yet.
    attempts
        How often it was begun.
    why
        Of what failed or was missed, in words.
    """

    key: str
    page: str
    digest: str
    session: int
    slot: str
    due_ns: int
    state: State = State.RUNNING
    attempts: int = 1
    begun_ns: int = 0
    ended_ns: int = 0
    why: str = ""


class Ledger:
    """The runs of a data folder.

    Parameters
    ----------
    data
        Data folder.
    is_written
        Whether it may be written; a reader neither makes the file nor waits for a writer.

    Examples
    --------
    >>> import tempfile
    >>> run = Run(key="p/20261120-close-ab", page="p", digest="ab", session=20261120, slot="close", due_ns=5, begun_ns=6)
    >>> with tempfile.TemporaryDirectory() as data:
    ...     ledger = Ledger(Path(data), is_written=True)
    ...     ledger.claim(run), ledger.claim(run), ledger.of("p").state
    (True, False, <State.RUNNING: 'running'>)
    """

    def __init__(self, data: Path, *, is_written: bool = False) -> None:
        self.folder = Folders(data).schedule
        self._path, self._is_written = self.folder / "runs.db", is_written
        if is_written:
            with trouble(f"opening {self._path}"):
                self.folder.mkdir(parents=True, exist_ok=True)
            self._make()

    def folder_of(self, key: str) -> Path:
        """Give the folder in which a run keeps what it leaves."""
        return self.folder / "runs" / key

    def claim(self, run: Run) -> bool:
        """Write a run down; false if its key is there already: then it is somebody's, or was."""
        with self._open() as db:
            return _claim(db, run)

    def miss(self, runs: Sequence[Run], notice: Notice) -> bool:
        """Write runs down as missed, with what is to be told of them; false if all of them were there already."""
        with self._open() as db:
            is_new = sum(_claim(db, msgspec.structs.replace(run, state=State.MISSED, attempts=0)) for run in runs) > 0
            if is_new:
                _note(db, notice.key, notice)
        return is_new

    def again(self, key: str, begun_ns: int) -> bool:
        """Begin another attempt of a run that is still written down as running; false if it is not."""
        words = "UPDATE runs SET attempts = attempts + 1, begun_ns = :at WHERE key = :key AND state = 'running'"
        return self._change(words, {"key": key, "at": begun_ns})

    def end(self, key: str, state: State, ended_ns: int, why: str = "", notice: Notice | None = None) -> bool:
        """Write down how a run ended, and what is to be told of that; false if it was written before."""
        words = "UPDATE runs SET state = :state, ended_ns = :at, why = :why WHERE key = :key AND state = 'running'"
        with self._open() as db:
            is_new = db.execute(words, {"key": key, "state": state.value, "at": ended_ns, "why": why}).rowcount == 1
            if is_new and notice is not None:
                _note(db, notice.key, notice)
        return is_new

    # ------------------------------------------------------------------ what is to be told
    def stand(self, notices: Mapping[str, Notice]) -> None:
        """Write down what stands now, by what it is about; it is told when it begins to stand, or stands otherwise than before."""
        known = self._noted(STANDS)
        if known.keys() == notices.keys() and all(known[id_].text == notices[id_].text for id_ in known):
            return
        with self._open() as db:
            for id_ in known.keys() - notices.keys():
                db.execute("DELETE FROM notices WHERE id = ?", (STANDS + id_,))
            for id_, notice in notices.items():
                if id_ not in known or known[id_].text != notice.text:
                    _note(db, STANDS + id_, notice)

    def untold(self) -> list[tuple[str, Notice]]:
        """List what was not handed over yet, each under the name that `told` takes."""
        found = self._rows("SELECT id, body FROM notices WHERE told_ns = 0 ORDER BY id")
        return [(row["id"], msgspec.json.decode(row["body"], type=Notice)) for row in found]

    def told(self, ids: Iterable[str], now_ns: int) -> None:
        """Write down that notices were handed over."""
        with self._open() as db:
            db.executemany("UPDATE notices SET told_ns = ? WHERE id = ?", [(now_ns, id_) for id_ in ids])

    def _noted(self, under: str) -> dict[str, Notice]:
        found = self._rows("SELECT id, body FROM notices WHERE substr(id, 1, :n) = :under", {"n": len(under), "under": under})
        return {row["id"][len(under) :]: msgspec.json.decode(row["body"], type=Notice) for row in found}

    # ------------------------------------------------------------------ what there is

    def runs(self, page: str | None = None, *, states: tuple[State, ...] = tuple(State), since_ns: int = 0) -> list[Run]:
        """List runs, the earliest due first; those due before `since_ns` are left out."""
        words = """
            SELECT * FROM runs
            WHERE state IN (SELECT value FROM json_each(:states)) AND (:page IS NULL OR page = :page) AND due_ns >= :since
            ORDER BY due_ns, key
        """
        return self._select(words, {"states": msgspec.json.encode(states).decode(), "page": page, "since": since_ns})

    def get(self, key: str) -> Run | None:
        """Find one run by its key."""
        return next(iter(self._select("SELECT * FROM runs WHERE key = :key", {"key": key})), None)

    def of(self, page: str) -> Run | None:
        """Give the run of a page that was due last, `None` if it never was."""
        return next(iter(self._select("SELECT * FROM runs WHERE page = :page ORDER BY due_ns DESC, key LIMIT 1", {"page": page})), None)

    def _change(self, words: str, row: Mapping[str, Any]) -> bool:
        with self._open() as db:
            return db.execute(words, row).rowcount == 1

    def _select(self, words: str, row: Mapping[str, Any]) -> list[Run]:
        return [msgspec.convert(dict(each), Run) for each in self._rows(words, row)]

    def _rows(self, words: str, row: Mapping[str, Any] | None = None) -> list[sqlite3.Row]:
        if not self._path.is_file():
            return []
        with self._open() as db:
            return db.execute(words, row or {}).fetchall()

    def _make(self) -> None:
        """Make the file, or bring one of an older format forward; one that a newer workbench wrote is refused."""
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            found, is_there = _format(db, self._path), _has_runs(db)
        if is_there and found < FORMATS["schedule"]:
            with database_trouble(f"bringing {self._path} forward"):
                bring_forward("schedule", self._path, found, copy=copy_database)
        elif not is_there:
            with self._open() as db:
                for words in ("BEGIN IMMEDIATE", TABLE, SCHEDULE_NOTICES, f"PRAGMA user_version = {FORMATS['schedule']}"):
                    db.execute(words)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open it for one transaction: no connection outlives a look, none is shared by threads."""
        uri = f"{self._path.resolve().as_uri()}?mode={'rwc' if self._is_written else 'ro'}"
        doing = f"using {self._path}"
        with trouble(doing), database_trouble(doing), closing(sqlite3.connect(uri, uri=True, timeout=WAIT_S)) as db:
            db.row_factory = sqlite3.Row
            _format(db, self._path)
            if self._is_written:
                db.execute("PRAGMA synchronous=FULL")
            with db:
                yield db


def _format(db: sqlite3.Connection, path: Path) -> int:
    with database_trouble(f"opening {path}"):
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
    refuse_newer("schedule", found, path)
    return found


def _has_runs(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").fetchone() is not None


def _claim(db: sqlite3.Connection, run: Run) -> bool:
    row = msgspec.structs.asdict(run)
    words = f"INSERT OR IGNORE INTO runs ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})"  # noqa: S608  our own names
    return db.execute(words, row | {"state": run.state.value}).rowcount == 1


def _note(db: sqlite3.Connection, id_: str, notice: Notice) -> None:
    db.execute("INSERT OR REPLACE INTO notices VALUES (?, ?, 0)", (id_, msgspec.json.encode(notice)))
