"""What a scheduler has done, run by run: the memory that makes a slot run at most once, whoever is killed when. SQLite; decides nothing.

A run is written down before its process is started, and that is durable before anything else happens. So a scheduler that died leaves no
run that nobody knows of: what it left *running* is looked into by the next one (`daemon`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from workbench.store.folders import Folders
from workbench.store.whole import trouble

WAIT_S: Final = 10.0
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
            with self._open() as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute(TABLE)

    def folder_of(self, key: str) -> Path:
        """Give the folder in which a run keeps what it leaves."""
        return self.folder / "runs" / key

    def claim(self, run: Run) -> bool:
        """Write a run down, running or missed; false if its key is there already: then it is somebody's, or was."""
        row = msgspec.structs.asdict(run)
        words = f"INSERT OR IGNORE INTO runs ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})"  # noqa: S608  our own names
        return self._change(words, row | {"state": run.state.value})

    def again(self, key: str, begun_ns: int) -> bool:
        """Begin another attempt of a run that is still written down as running; false if it is not."""
        words = "UPDATE runs SET attempts = attempts + 1, begun_ns = :at WHERE key = :key AND state = 'running'"
        return self._change(words, {"key": key, "at": begun_ns})

    def end(self, key: str, state: State, ended_ns: int, why: str = "") -> bool:
        """Write down how a run ended; false if that was written before."""
        words = "UPDATE runs SET state = :state, ended_ns = :at, why = :why WHERE key = :key AND state = 'running'"
        return self._change(words, {"key": key, "state": state.value, "at": ended_ns, "why": why})

    def runs(self, page: str | None = None, *, states: tuple[State, ...] = tuple(State)) -> list[Run]:
        """List runs, the earliest due first."""
        named = ", ".join(f"'{state.value}'" for state in states)
        words = f"SELECT * FROM runs WHERE state IN ({named}) AND (:page IS NULL OR page = :page) ORDER BY due_ns, key"  # noqa: S608
        return self._select(words, {"page": page})

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
        if not self._path.is_file():
            return []
        with self._open() as db:
            return [msgspec.convert(dict(each), Run) for each in db.execute(words, row)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open it for one transaction: no connection outlives a look, none is shared by threads."""
        uri = f"{self._path.resolve().as_uri()}?mode={'rwc' if self._is_written else 'ro'}"
        with trouble(f"using {self._path}"), closing(sqlite3.connect(uri, uri=True, timeout=WAIT_S)) as db:
            db.row_factory = sqlite3.Row
            if self._is_written:
                db.execute("PRAGMA synchronous=FULL")
            with db:
                yield db
