"""Reading a log as it grows: records and events of live runs in their order, each once, in pieces that fit into memory. Never writes.

The tail is looked at first, journals behind it: an event stands in its journal before the record behind it stands in the tail.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from workbench.domain.events import Arrival
from workbench.domain.records import Records
from workbench.store.entries import read_journal
from workbench.store.folders import Folders
from workbench.store.recordings import EPOCH_SHIFT, Recordings
from workbench.store.tail import read_segments

PIECE: Final = 500_000  # records of a piece: 32 MB
FOREVER: Final = (1 << 62) - 1  # above every number


class Piece(NamedTuple):
    """Records of one log session, and the events that stand among and before them, none behind the last record."""

    session: int
    records: Records
    events: tuple[Arrival, ...]


class Following:
    """Follows the logs that runs of one mode write.

    Parameters
    ----------
    mode
        Of the runs: its events are read, and sessions without such a run are passed over.
    first
        Earliest log session to read.
    """

    def __init__(self, data: Path, mode: str, first: int, recordings: Recordings | None = None) -> None:
        self._data, self._mode, self._first = data, mode, first
        self._recordings = recordings or Recordings.of(data)
        self._seq = 0
        self._session = 0
        self._read: dict[Path, int] = {}  # journal of that session -> id of the last entry read
        self._waiting: list[Arrival] = []  # events behind the last record

    def new(self) -> Iterator[Piece]:
        """Give what came since the last call."""
        tail = [(segment.session, rows) for segment, rows in read_segments(Folders(self._data).tail) if len(rows)]
        for session, rows in tail:
            fresh = rows[rows["seq"].searchsorted(self._seq, side="right") :]
            if session < self._first or not len(fresh) or not self._journals(session):
                continue
            if int(fresh["seq"][0]) != self._seq + 1:  # another epoch begins, or somebody sealed what was not read yet
                yield from self._sealed(int(fresh["seq"][0]))
            for at in range(0, len(fresh), PIECE):
                yield self._piece(session, fresh[at : at + PIECE])
        if not tail:
            yield from self._sealed(FOREVER)

    def _piece(self, session: int, records: Records) -> Piece:
        if session != self._session:
            self._session, self._read, self._waiting = session, {}, []
        last = self._seq = int(records["seq"][-1])
        events = sorted([*self._waiting, *self._events(session)], key=lambda each: (each.after_seq, each.n))
        self._waiting = [each for each in events if each.after_seq >= last]
        return Piece(session, records, tuple(each for each in events if each.after_seq < last))

    def _journals(self, session: int) -> list[Path]:
        return sorted(Folders(self._data).runs.glob(f"{session}-{self._mode}-*/journal.db"))

    def _events(self, session: int) -> Iterator[Arrival]:
        for path in self._journals(session):
            for entry in read_journal(path, after=self._read.get(path, 0)):
                self._read[path] = entry.id
                if not isinstance(entry.content, tuple):
                    yield Arrival(entry.after_seq, entry.n, entry.recv_ns, entry.content)

    def _sealed(self, until_seq: int) -> Iterator[Piece]:
        """Give what lies in the recordings alone, up to a number, piece by piece."""
        for span in self._recordings.sessions():
            if span.session < self._first or span.last_seq <= self._seq or not self._journals(span.session):
                continue
            for epoch in span.epochs:
                first = max(self._seq + 1, epoch << EPOCH_SHIFT)
                while first < min(until_seq, (epoch + 1) << EPOCH_SHIFT):
                    records = self._recordings.read(span.session, seqs=(first, min(first + PIECE, until_seq) - 1))
                    if not len(records):
                        break
                    yield self._piece(span.session, records)
                    first = self._seq + 1
