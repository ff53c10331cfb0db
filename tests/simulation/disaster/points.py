"""The instructions at which a process may die, by name, and how the harness comes to stand there. No product code is changed.

The writers of the log are replaced by children of theirs that say where they are; what is on the wire is read from its bytes.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from tests.simulation.disaster.disk import SLOW_S, Disk
from workbench.domain.decisions import Issued
from workbench.domain.events import Arrival, OrderFilled
from workbench.domain.orders import Command, Submit
from workbench.engine import Engine
from workbench.gateway.faults import doing
from workbench.runtime.heartbeat import Heartbeat
from workbench.runtime.live import begin, runner
from workbench.store import journal as journals
from workbench.store.journal import Journal
from workbench.store.tail import Tail
from workbench.store.whole import trouble

LOG: Final = (
    "a run begins",
    "the log was played again",
    "records written, not synced",
    "records synced, the journal not",
    "a fill taken, not written",
    "an event taken, not written",
    "a command decided, not written",
    "a commit under way",
    "an event written, nothing sent",
    "an entry written, not sent",
    "a command written, not sent",
    "a checkpoint about to be written",
    "a checkpoint written, the run not closed",
)
WIRE: Final = (
    "an order about to leave",
    "the entry of a bracket sent, no stop yet",
    "entry and stop sent, no target yet",
    "a bracket sent",
    "an exit sent",
    "a change of an order sent",
    "a cancel sent",
    "open orders asked for",
    "executions asked for",
    "a fill arrived, not read",
    "an acknowledgement arrived, not read",
)
POINTS: Final = (*LOG, *WIRE)
SMALL_SEGMENT: Final = 2_048  # records; a world has few, and each life copies all
SMALL_WAL: Final = 131_072

Pass = Callable[[str], None]


class _Database:
    """SQLite's connection, on a disk that refuses."""

    def __init__(self, inner: sqlite3.Connection, disk: Disk) -> None:
        self._inner, self._disk = inner, disk

    def execute(self, sql: str, *args: Any) -> Any:
        if self._disk.trouble and sql.startswith(("INSERT", "COMMIT")):
            try:
                self._disk.refuse()
            except OSError as error:
                told = "database or disk is full" if self._disk.trouble == "full" else "disk I/O error"
                raise sqlite3.OperationalError(told) from error
        return self._inner.execute(sql, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def journal_of(disk: Disk, at: Pass, hear: Callable[[Any], None], stand_still: Callable[[float], None]) -> type[Journal]:
    """Make a journal that says where it is."""

    class Watched(Journal):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            disk.is_honest = int(self._db.execute("PRAGMA synchronous").fetchone()[0]) >= 2
            self._db = _Database(self._db, disk)
            self._commands: list[Command] = []
            self._said: list[Any] = []

        def append(self, arrival: Arrival) -> None:
            super().append(arrival)
            self._said.append(arrival.event)
            at("a fill taken, not written" if isinstance(arrival.event, OrderFilled) else "an event taken, not written")

        def extend(self, after_seq: int, n: int, now_ns: int, facts: list[Any]) -> None:
            super().extend(after_seq, n, now_ns, facts)
            self._said += facts
            self._commands += [fact.command for fact in facts if isinstance(fact, Issued)]
            if self._commands:
                at("a command decided, not written")

        def commit(self) -> None:
            if not self._said:
                super().commit()
                return
            if disk.trouble == "slow":
                stand_still(SLOW_S)
            super().commit()
            at("a commit under way")
            disk.journal_synced(self.path)
            for each in self._said:
                hear(each)
            commands, self._said, self._commands = self._commands, [], []
            _stand_behind_a_commit(at, commands)

        def checkpoint(self) -> None:
            at("a checkpoint written, the run not closed")
            super().checkpoint()

    return Watched


def _stand_behind_a_commit(at: Pass, commands: list[Command]) -> None:
    if any(isinstance(each, Submit) for each in commands):
        at("an entry written, not sent")
    at("a command written, not sent" if commands else "an event written, nothing sent")


def tail_of(disk: Disk, at: Pass) -> type[Tail]:
    """Make a tail that says where it is."""

    class Watched(Tail):
        last_seq = 0

        def append(self, records: Any) -> None:
            super().append(records)
            if len(records):
                self.last_seq = int(records["seq"][-1])
                at("records written, not synced")

        def flush(self) -> None:
            with trouble("flushing the tail"):
                disk.refuse()
            super().flush()
            disk.tail_synced(self.last_seq)
            at("records synced, the journal not")

    return Watched


Replaced = list[tuple[object, str, Any]]  # in which module, which name, by what


def _on_the_disk(disk: Disk, at: Pass, hear: Callable[[Any], None], stand_still: Callable[[float], None]) -> Replaced:
    """Replace what writes, and what the system says of the disk."""
    journal, real_fsync = journal_of(disk, at, hear, stand_still), os.fsync

    def fsync(fd: int) -> None:
        disk.refuse()
        real_fsync(fd)

    return [
        (os, "fsync", fsync),
        (journals, "WAL_BYTES", SMALL_WAL),
        (runner, "Journal", journal),
        (begin, "Journal", journal),
        (runner, "Tail", partial(tail_of(disk, at), segment_records=SMALL_SEGMENT)),
        *((module, "this_boot", lambda: disk.boot) for module in _who_asks_for_the_boot()),
    ]


def _in_the_runner(at: Pass, met: Callable[[Engine], None]) -> Replaced:
    """Replace what a run begins and ends with."""
    real_relive, real_begin, real_write = begin.relive, begin.begin, begin.checkpoints.write

    async def relive(*args: Any) -> int:
        last = await real_relive(*args)
        at("the log was played again")
        return last

    def begin_(*args: Any) -> Any:
        begun = real_begin(*args)
        at("a run begins")
        return begun

    def write(*args: Any) -> Any:
        at("a checkpoint about to be written")
        return real_write(*args)

    def engine(setup: Any) -> Engine:
        made = Engine(setup)
        met(made)
        return made

    return [(runner, "relive", relive), (runner, "begin", begin_), (begin.checkpoints, "write", write), (runner, "Engine", engine)]


@contextmanager
def watched(
    disk: Disk,
    at: Pass,
    hear: Callable[[Any], None],
    stand_still: Callable[[float], None],
    steady: Callable[[], float],
    met: Callable[[Engine], None],
) -> Iterator[None]:
    """Put the children in the place of the writers, for one run of a world."""
    replaced: Replaced = [
        *_on_the_disk(disk, at, hear, stand_still),
        *_in_the_runner(at, met),
        (runner, "Heartbeat", partial(Heartbeat, steady=steady)),
        (runner, "gc", SimpleNamespace(collect=_nothing, freeze=_nothing, unfreeze=_nothing)),  # once for all worlds, not in each
        (doing, "FOREIGN_IDS", count(9_000_001)),  # of this world, not of all that went before
    ]
    with ExitStack() as stack:
        for owner, name, value in replaced:
            stack.enter_context(patch.object(owner, name, value))
        yield


def _who_asks_for_the_boot() -> list[object]:
    stores = [module for name, module in sorted(sys.modules.items()) if name.startswith("workbench.store.")]
    return [module for module in stores if hasattr(module, "this_boot")]


def _nothing() -> None:
    return None
