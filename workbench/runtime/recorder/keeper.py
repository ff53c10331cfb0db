"""The process beside a recorder: it reads the log as it grows, writes snapshots, seals, and tidies up behind each session.

Its clock gives it a rhythm, no more: what it writes is a function of the log, and of the bars that the recorder was told beside it.

Rules
-----
1. It reads before it seals, and what it makes goes into tables of its own: no engine ever sees it.
2. Killed at any moment it loses nothing: it reads the session again from its beginning and writes what is not written yet.
3. A session that is over is put together: one file a kind and a table, and what no version of the last week needs is deleted.
4. Trouble of a moment (a full disk, a sealer run by hand) is said once, and ends like a death: it begins anew, later and later. The
   recorder does not wait for it.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Final

from workbench import calendars
from workbench.config import Mode, Settings
from workbench.domain.errors import DataError, StoreError
from workbench.domain.events import ContractDefined
from workbench.domain.records import Records
from workbench.domain.units import SECOND
from workbench.market.snapshots import Snapshot, Snapshots
from workbench.runtime.logged import open_log
from workbench.runtime.recorder.filling import table as filled
from workbench.runtime.recorder.gaps import Gaps
from workbench.runtime.recorder.missing import MissingList, stretches
from workbench.store import processes
from workbench.store.contracts import ContractBook
from workbench.store.folders import Folders
from workbench.store.following import Following, Piece
from workbench.store.recordings import Recordings
from workbench.store.sealer import SealReport, Watch, seal, waiting
from workbench.store.snapshots import Batch, SnapshotTable
from workbench.store.told_bars import ToldBarTable
from workbench.store.whole import only_one

SETTLE_S: Final = 10.0  # between two looks at what was missing and was answered
LETS_GO_S: Final = 60.0  # for the keeper of a recorder that was killed just now
LOOK_S: Final = 1.0  # between two looks at the log
TOLD_S: Final = 600.0  # between two looks at the bars it was told: they are safe where they lie, and files are few
BEFORE: Final = 2  # sessions whose rows changes are held against, at a start
TROUBLE_S, MOST_TROUBLE_S = 10.0, 300.0  # until what went wrong is tried again, doubled each time


class Keeper:
    """Keeps what one recorder writes.

    Parameters
    ----------
    data
        Folder of the stores.
    settings
        How often, and how much at once.
    say
        Takes what a person may want to know.
    """

    def __init__(self, data: Path, settings: Settings, say: Callable[[str], None] = lambda _: None) -> None:
        self._data, self._recorder, self._say = data, settings.recorder, say
        self.table = SnapshotTable(data)
        self._batch = Batch(self._recorder.batch_s, self._recorder.batch_rows)
        self._watch, self._known = Watch(), dict[str, int]()
        self._written: dict[int, int] = {}
        self.missing = MissingList(data, settings.log_calendar, self._recorder.backfill_sessions, fills=self._recorder.backfill)
        self.told, self._calendar = ToldBarTable(data), settings.log_calendar
        self._settled_s, self._told_s, self._now_ns = 0.0, 0.0, 0
        self.session = self._begin()

    def _begin(self) -> int:
        """Begin at the last session that has snapshots: it is read again, those before are remembered as they were written."""
        there = self.table.sessions()
        first = there[-1] if there else 0
        self._following = Following(self._data, Mode.RECORD.value, first)
        self.snapshots = Snapshots(ContractBook(self._data).contracts(), self._recorder.snapshot_s * SECOND)
        self._gaps = Gaps(stretches)
        if there[:-1]:
            self._remember(there[-2])
        self.snapshots.remember(row for session in there[-1 - BEFORE : -1] for row in self.table.read(session))
        return first

    def _remember(self, session: int) -> None:
        """Read how the session before ended: who was heard then is not here for the first time. What is found is written already."""
        try:
            logged = open_log(self._data, session)
        except (DataError, StoreError):
            return  # let go, or not to be read: then nothing is known of it
        at = 0
        for arrival in logged.arrivals:
            stop = int(logged.records["seq"].searchsorted(arrival.after_seq, side="right"))
            self._gaps.take(logged.records[at:stop])
            self._gaps.hear(arrival)
            at = stop
        self._gaps.take(logged.records[at:])

    def look(self, now_s: float) -> None:
        """Read what came; write and seal what is due."""
        for piece in self._following.new():
            self._take(piece, now_s)
        if self._batch.is_due(now_s=now_s):
            self.flush()
        if now_s - self._settled_s >= SETTLE_S:
            self._settled_s = now_s
            self.missing.settle(self._now_ns)
        if now_s - self._told_s >= TOLD_S:
            self._told_s = now_s
            self._take_told()
        if self._watch.is_due(waiting(self._data, known=self._known), now_s=now_s):
            self._seal()

    def finish(self) -> None:
        """Read, write and seal all there is."""
        for piece in self._following.new():
            self._take(piece, 0.0)
        self.flush()
        self._take_told()
        self.missing.settle(self._now_ns)
        report = self._seal()
        self._say(f"sealed {report.n_sealed:,} records; {report.n_removed} segments removed, {report.n_waiting:,} wait")

    def _take(self, piece: Piece, now_s: float) -> None:
        if piece.session != self.session:
            self._over(self.session)
            self.session = piece.session
        rows, at = list[Snapshot](), 0
        seqs = piece.records["seq"]
        for event in piece.events:
            stop = int(seqs.searchsorted(event.after_seq, side="right"))
            rows += self._feed(piece.records[at:stop])
            if isinstance(event.event, ContractDefined):
                self.missing.contracts[event.event.contract.id] = event.event.contract
            self.snapshots.hear(event.event)
            self.missing.add(self._gaps.hear(event))
            at = stop
        rows += self._feed(piece.records[at:])
        self._now_ns = int(piece.records["recv_ns"][-1])
        written_ns = self._written_ns(piece.session)
        self._batch.put(piece.session, [row for row in rows if row.ns > written_ns], now_s=now_s)

    def _feed(self, records: Records) -> list[Snapshot]:
        self.missing.add(self._gaps.take(records))
        return self.snapshots.take(records)

    def _written_ns(self, session: int) -> int:
        if session not in self._written:
            self._written = {session: self.table.written_ns(session)}
        return self._written[session]

    def flush(self) -> None:
        """Write the rows that wait."""
        for session, rows in self._batch.take():
            self.table.append(session, rows)

    def _take_told(self) -> None:
        """Take bars up under the sessions that they began in."""
        self.told.take_up(lambda ns: calendars.log_session(ns, self._calendar).tolist())

    def _seal(self) -> SealReport:
        report = seal(self._data)
        self._known.clear()
        return report

    def _over(self, session: int) -> None:
        """Put the tables of a session that is over together."""
        if not session:
            return
        self.flush()
        self._take_told()
        self._seal()
        recordings = Recordings.of(self._data)
        n = recordings.compact(session)
        recordings.vacuum()
        self.table.table.compact(session)
        self.told.table.compact(session)
        for each in (self.table.table, self.missing.table.table, self.told.table, filled(self._data)):
            each.vacuum()
        self._say(f"session {session} is over: {n} files fewer")


def keep(settings: Settings, data: Path, *, beside: int | None = None, once: bool = False) -> None:
    """Keep until told to stop (SIGTERM, SIGINT), or until the process `beside` has ended; then once more, so that nothing waits.

    Raises
    ------
    StoreError
        Another keeper works on this folder.
    """
    told = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    wait_s = LETS_GO_S if beside is not None else 0.0
    with only_one(Folders(data).recordings.with_name("keeper.lock"), f"another keeper works on {data}", wait_s=wait_s):
        keeper: Keeper | None = None
        wait_s = TROUBLE_S
        began = processes.started(beside) if beside is not None else None
        while not (told.is_set() or once or (beside is not None and not processes.is_alive(beside, began or 0))):
            pause_s = LOOK_S  # nothing tells another process that a segment has grown
            try:
                keeper = keeper or Keeper(data, settings, _print)
                keeper.look(time.monotonic())
                wait_s = TROUBLE_S
            except (StoreError, DataError) as error:
                _print(f"trouble, tried again in {wait_s:g} s: {error}")
                keeper, pause_s, wait_s = None, wait_s, min(2 * wait_s, MOST_TROUBLE_S)
            told.wait(pause_s)
        (keeper or Keeper(data, settings, _print)).finish()


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
