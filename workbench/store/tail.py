"""The tail: market records on their way to the disk, as they arrive. Records only; every other event and all facts are `store.journal`'s.

One writer a data folder. Records are copied into a mapped segment of zeros that is on the disk already, then counted: what
`append` returned from survives `kill -9`; what `flush` returned from survives a power cut, and so does what `ahead` gave away once
the journal has committed it. A segment that was only
*allocated* beforehand would pay for its extents at every flush, and one that grows for its length.

A store into a mapped page needs no new block where files are written in place (ext4, xfs). Where they are copied on write (btrfs,
zfs) a full disk ends the process instead of raising: keep the data folder on the former.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import numpy as np
from filelock import FileLock

from workbench.domain.errors import StoreError
from workbench.domain.records import Records
from workbench.store import segments
from workbench.store.ahead import Ahead, put_back
from workbench.store.blanks import Blank
from workbench.store.segments import COMMITTED_AT, HEADER, SIZE, SYNCED_AT, Segment
from workbench.store.whole import CAN_SYNC_A_PART, fdatasync, hold, remove_parts, sync_folder, sync_part, this_boot, told, trouble

SEGMENT_RECORDS: Final = 65_536  # 4 MiB: a minute of a busy session, and 4 ms to make
PREPARE_BYTES: Final = 524_288  # zeros a call of `prepare`: a millisecond
MOST_AHEAD: Final = 65_536  # bytes handed over; twice as many cost a commit as much as the sync it spares
CLOSING_S: Final = 2.0  # that closing what a power cut left may take somebody else
MAX_UNSYNCED: Final = 8  # full segments that may wait for a flush, each an open file


class _Full(NamedTuple):
    """A segment that is full and will be closed at the next flush."""

    fd: int
    length: int


class Tail:
    """The writer.

    Parameters
    ----------
    folder
        ``data/tail``; made if absent.
    session
        Log session the records belong to, a date written 20261120.
    epoch
        Of this start, above all others (`store.epochs.next_epoch`).
    segment_records
        Records a segment holds.

    Raises
    ------
    StoreError
        If another process writes this tail, the epoch is not new, or the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> from workbench.domain.records import empty
    >>> records = empty(3); records["seq"] = [1, 2, 3]
    >>> with tempfile.TemporaryDirectory() as data, Tail(Path(data), session=20261120, epoch=1) as tail:
    ...     tail.append(records[:2]); tail.append(records[2:])
    ...     [len(part) for part in read_tail(Path(data))]
    [3]
    """

    def __init__(self, folder: Path, *, session: int, epoch: int, segment_records: int = SEGMENT_RECORDS) -> None:
        self._folder, self._session, self._epoch = folder, session, epoch
        self._size = HEADER + segment_records * SIZE
        self._lock = hold_tail(folder, wait_s=1.0)  # a sealer may hold it for a moment
        try:
            finish_orphans(folder)
            newest = max((int(path.name.split("-")[0]) for path in segments.paths(folder)), default=0)
            if epoch <= newest:
                raise StoreError(f"epoch {epoch} is not new: the tail {folder} holds segments of epoch {newest}; take `next_epoch`")
            remove_parts(folder)
            self._blank: Blank | None = Blank(folder, self._size)
            self._blank.fill(self._size, is_synced=True)
        except BaseException:
            self._lock.release()
            raise
        self._number = 0  # of the next segment
        self._full: list[_Full] = []
        self._is_failed = self._is_closed = False
        self._fd = -1  # no segment is open: the first append opens one, and knows its first seq
        self._at = self._synced = self._given = 0
        self._end = -1

    def append(self, records: Records) -> None:
        """Add records of the current session, contiguous in memory, with `seq` rising: all of them or, if it raises, none.

        Raises
        ------
        StoreError
            If there is no room for the next segment, or an earlier flush failed.
        """
        at = self._at
        end = at + records.nbytes
        if end > self._end:
            self._spill(records)
            return
        self._map[at:end] = records  # type: ignore[call-overload]  # any contiguous buffer will do
        self._at = self._cells[COMMITTED_AT] = end

    def flush(self) -> None:
        """Make everything appended so far durable. Free when nothing was appended since.

        Raises
        ------
        StoreError
            If the disk refuses. The kernel forgets which pages it could not write, so a second try would lie: from then on
            every call raises.
        """
        if self._at == self._synced and not self._full:
            return
        self._must_work()
        self._settle()

    def ahead(self) -> bytes | None:
        """Give what was appended and is durable nowhere yet, to be committed by the journal: `Journal.carry`.

        Returns
        -------
        bytes or None
            Body of a row of `store.ahead`. `None`: there is nothing, or it was better flushed than given away, and is durable.

        Raises
        ------
        StoreError
            As `flush`.
        """
        start = max(self._synced, self._given)
        if self._at == start and not self._full:
            return None
        if self._full or self._synced <= HEADER or self._at - start > MOST_AHEAD or not CAN_SYNC_A_PART:
            self.flush()
            return None
        self._must_work()
        made = Ahead(self._session, self._epoch, self._number - 1, start, self._map[start : self._at])
        self._given = self._at
        return made.packed()

    def prepare(self) -> None:
        """Write another piece of the next segment's zeros; called each second it keeps `append` from having to do it at once."""
        self._must_work()
        with trouble(f"preparing a segment in {self._folder}"):
            if self._blank is None:
                self._blank = Blank(self._folder, self._size)
            self._blank.fill(PREPARE_BYTES, is_synced=True)

    def roll_session(self, session: int) -> None:
        """Let the records that follow belong to another log session."""
        if session != self._session:
            self._leave()
            self.flush()
            self._session = session

    def close(self) -> None:
        """Close the last segment durably and let go of the tail."""
        if self._is_closed:
            return
        try:
            if not self._is_failed:
                self._leave()
                self.flush()
        finally:
            self._is_closed, self._end = True, -1
            if self._blank is not None:
                self._blank.drop()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _must_work(self) -> None:
        if self._is_closed:
            raise StoreError(f"the tail {self._folder} is closed")
        if self._is_failed:
            raise StoreError(f"the tail {self._folder} could not be flushed earlier: restart into recovery")

    def _spill(self, records: Records) -> None:
        """Append what does not fit into the current segment: first write all of it where it counts for nothing, then count."""
        self._must_work()
        if not len(records):
            return
        room = max(self._end - self._at, 0) // SIZE
        capacity = (self._size - HEADER) // SIZE
        parts = [records[at : at + capacity] for at in range(room, len(records), capacity)]
        made: list[tuple[Path, int]] = []
        try:
            with trouble(f"opening a segment in {self._folder}"):
                for part in parts:
                    made.append(self._make(part, self._number + len(made)))
                sync_folder(made[-1][0].parent)
        except StoreError:
            for path, fd in made:
                path.unlink(missing_ok=True)
                os.close(fd)
            raise
        if room:
            self.append(records[:room])
        for (_, fd), part in zip(made, parts, strict=True):
            self._leave()
            self._enter(fd, HEADER + part.nbytes)
        self._number += len(made)
        if len(self._full) > MAX_UNSYNCED:
            self._settle()

    def _make(self, part: Records, number: int) -> tuple[Path, int]:
        """Make a segment that holds `part` but counts nothing yet. One that `part` fills needs no zeros first."""
        folder = self._folder / str(self._session)
        if not folder.exists():
            folder.mkdir(parents=True)
            sync_folder(self._folder)
        is_full = HEADER + part.nbytes == self._size
        blank = Blank(self._folder, self._size) if is_full else self._take_blank()
        path = folder / f"{self._epoch}-{number}.seg"
        boot = this_boot() if CAN_SYNC_A_PART else 0
        try:
            if not is_full:
                blank.fill(self._size)
            page = segments.header(session=self._session, epoch=self._epoch, number=number, first_seq=int(part["seq"][0]), boot=boot)
            _write_all(blank.fd, page, 0)
            _write_all(blank.fd, np.ascontiguousarray(part).view("u1").data, HEADER)
            blank.path.replace(path)
        except OSError:
            blank.drop()
            raise
        return path, blank.fd

    def _take_blank(self) -> Blank:
        blank, self._blank = self._blank, None
        return blank if blank is not None else Blank(self._folder, self._size)

    def _enter(self, fd: int, length: int) -> None:
        """Go on in the segment `fd`, whose records become part of the tail with the last line."""
        self._fd = fd
        self._map = mmap.mmap(fd, self._size)
        self._cells = memoryview(self._map)[:HEADER].cast("q")
        self._at, self._synced, self._given, self._end = length, HEADER, 0, self._size
        self._cells[COMMITTED_AT] = length

    def _leave(self) -> None:
        """Put the current segment among those that the next flush closes."""
        if self._fd >= 0:
            self._full.append(_Full(self._fd, self._at))
            self._cells.release()
            self._map.close()
            self._fd = -1
        self._at = self._synced = self._given = 0
        self._end = -1

    def _settle(self) -> None:
        """Make all segments durable and close those that are full. What fails here fails for good."""
        try:
            while self._full:
                segments.close(*self._full[0])
                os.close(self._full.pop(0).fd)
            if self._fd >= 0:
                self._sync()
        except OSError as error:
            self._is_failed, self._end = True, -1
            raise told(f"flushing the tail {self._folder}", error) from error
        if self._fd >= 0:
            self._cells[SYNCED_AT] = self._synced = self._at

    def _sync(self) -> None:
        """Make the current segment durable; once its first page is, no more than the records: the header follows when it may."""
        if self._synced == HEADER or not CAN_SYNC_A_PART:
            fdatasync(self._fd)
            return
        with memoryview(self._map) as memory:
            sync_part(self._fd, memory[self._synced : self._at], self._synced)


def _write_all(fd: int, content: bytes | memoryview, at: int) -> None:
    while len(content):
        n = os.pwrite(fd, content, at)
        content, at = content[n:], at + n


def finish_orphans(folder: Path) -> list[Segment]:
    """Close every open segment, each with what a journal carried of it, and drop empty folders.

    Call only while holding the tail: their writers are gone then.
    """
    left = segments.paths(folder)
    if cut := [path for path in left if segments.is_cut(path)]:
        put_back(folder, cut)
    closed = [done for path in left if (done := segments.finish(path)) is not None]
    for day in folder.iterdir():
        if day.is_dir() and not any(day.iterdir()):
            day.rmdir()
    return closed


def close_left_open(folder: Path, *, wait_s: float = 0.0) -> None:
    """Close what a writer left open that is gone. While one is at work, its tail is its own."""
    try:
        lock = hold_tail(folder, wait_s=wait_s)
    except StoreError:
        return
    try:
        finish_orphans(folder)
    finally:
        lock.release()


def hold_tail(folder: Path, *, wait_s: float = 0.0) -> FileLock:
    """Become the one process that may write this tail, until `release()`; `StoreError` if another one is."""
    return hold(folder / "writer.lock", f"another process writes the tail {folder}: stop it first", wait_s=wait_s)


def read_tail(folder: Path, session: int | None = None) -> list[Records]:
    """Map what the tail holds at this moment, in the order it was written, also while its writer writes.

    Parameters
    ----------
    session
        One log session, or all of them.

    Returns
    -------
    list of Records
        One read-only array a segment; they stay readable when the sealer deletes the files.
    """
    return [records for _, records in read_segments(folder, session)]


def read_segments(folder: Path, session: int | None = None) -> list[tuple[Segment, Records]]:
    """Map the segments of a tail together with what they say about themselves; see `read_tail`."""
    found = _mapped(folder, session)
    if any(segments.is_cut(segment.path) for segment, _ in found if not segment.is_closed):
        close_left_open(folder, wait_s=CLOSING_S)  # if somebody holds it, that is what he began with
        found = _mapped(folder, session)
    return found


def _mapped(folder: Path, session: int | None) -> list[tuple[Segment, Records]]:
    found = []
    for path in reversed(segments.paths(folder, session)):  # the newest first: where one holds records, those before it are complete
        try:
            found.append(segments.read(path))
        except FileNotFoundError:
            continue  # sealed in the meantime: its records are in the recordings
    return found[::-1]
