"""One segment: a page of header and then 64-byte records. The format and what a reader may trust; who writes when is `store.tail`.

Rules
-----
1. Header cells are little-endian int64. `COMMITTED` is the length of the file in bytes up to its last whole record: a writer
   stores it, in one machine word, after the records themselves. Readers believe it and nothing behind it.
2. `SYNCED` is what was durable when it was written. After a power cut the pages behind it may be missing in any order, and `COMMITTED`
   itself may be an old one where `BOOT` is set (flushes then leave the header out): the segment ends at the first record whose ``seq``
   does not rise (0 is *never written*). (That the disk kept one half of a 64-byte record cannot be told; no command can have come from it.)
   Before it is read, what a journal carried of it is put back (`store.ahead`). One whose header is zeros was never synced, and is empty.
3. A closed segment ends at `COMMITTED`, is durable, and never changes again.
4. Names that begin with a dot are not segments yet.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.errors import StoreError
from workbench.domain.records import RECORD, RECORD_VERSION, Records, empty
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import this_boot, trouble

HEADER: Final = 4096  # bytes before the first record: one page
SIZE: Final = RECORD.itemsize
N_CELLS: Final = 16
MAGIC: Final = int.from_bytes(b"WB-SEGMT", "little")

# cells of the header
MAGIC_AT: Final = 0
FORMAT_AT: Final = 1
DTYPE_AT: Final = 2  # RECORD_VERSION
SESSION_AT: Final = 3
EPOCH_AT: Final = 4
NUMBER_AT: Final = 5
FIRST_SEQ_AT: Final = 6
COMMITTED_AT: Final = 7
SYNCED_AT: Final = 8
CLOSED_AT: Final = 9
STAMP_AT: Final = 10  # free for whoever writes a segment at once; 0 in the tail
BOOT_AT: Final = 11  # of the machine's start in which it was written, `store.whole.this_boot`; 0: its header is as durable as its records


class Segment(NamedTuple):
    """What a segment says about itself. ``length`` in bytes, header included; ``number`` counts the segments of its epoch."""

    path: Path
    session: int
    epoch: int
    number: int
    first_seq: int
    length: int
    is_closed: bool

    @property
    def name(self) -> str:
        """Its name wherever one is needed that no other segment of the data folder will ever have."""
        return name_of(self.session, self.epoch, self.number)

    @property
    def n(self) -> int:
        """Records in it."""
        return (self.length - HEADER) // SIZE


def name_of(session: int, epoch: int, number: int) -> str:
    """Name a segment, as `Segment.name` does."""
    return f"{session}/{epoch}-{number}"


def header(*, session: int, epoch: int, number: int, first_seq: int, committed: int = HEADER, boot: int = 0) -> bytes:
    """Make the header page of a segment that is open."""
    cells = np.zeros(HEADER // 8, "<i8")
    cells[: CLOSED_AT + 1] = MAGIC, FORMATS["segment"], RECORD_VERSION, session, epoch, number, first_seq, committed, HEADER, 0
    cells[BOOT_AT] = boot
    return cells.tobytes()


def paths(folder: Path, session: int | None = None) -> list[Path]:
    """List the segments below `folder` (one folder a session) in the order of their records."""
    days = [day for day in _listed(folder) if day.isdigit()] if session is None else [str(session)]
    names = [(day, name) for day in days for name in _listed(folder / day) if name.endswith(".seg") and not name.startswith(".")]
    return [folder / day / name for day, name in sorted(names, key=lambda it: (int(it[0]), *map(int, it[1][:-4].split("-"))))]


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def read(path: Path) -> tuple[Segment, Records]:
    """Map a segment as it is at this moment, read-only, also while its writer writes.

    Returns
    -------
    Segment, Records
        The records stay readable after the file is deleted.

    Raises
    ------
    FileNotFoundError
        If it is gone: sealed in the meantime.
    StoreError
        If it is damaged or of a newer format.
    """
    with path.open("rb") as file:
        if not any(first := file.read(HEADER)):
            return _never_synced(path)
        if len(first) < HEADER:
            raise StoreError(f"{path} is no segment: it ends within its header")
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    live = np.frombuffer(memory, "<i8", N_CELLS)
    is_closed = bool(live[CLOSED_AT])  # before COMMITTED: the other way round, an append between the two looks would be lost
    cells = live.tolist()
    _check(cells, len(memory), path)
    is_after_a_cut = not is_closed and cells[BOOT_AT] not in (0, this_boot())
    end = len(memory) if is_after_a_cut else cells[COMMITTED_AT]
    records: Records = np.frombuffer(memory, RECORD, (end - HEADER) // SIZE, HEADER)
    if not is_closed:
        records = records[: _whole(records, (cells[SYNCED_AT] - HEADER) // SIZE)]
    length = HEADER + records.nbytes
    segment = Segment(path, cells[SESSION_AT], cells[EPOCH_AT], cells[NUMBER_AT], cells[FIRST_SEQ_AT], length, is_closed)
    return segment, records


def _never_synced(path: Path) -> tuple[Segment, Records]:
    """Read a file whose name outlived a power cut and whose bytes did not: nothing in it was durable."""
    epoch, _, number = path.stem.partition("-")
    if not (path.parent.name.isdigit() and epoch.isdigit() and number.isdigit()):
        raise StoreError(f"{path} is no segment: it is empty")
    return Segment(path, int(path.parent.name), int(epoch), int(number), 0, HEADER, is_closed=False), empty(0)


def is_cut(path: Path) -> bool:
    """Whether a writer left this segment open before the machine's present start: a journal may hold more of it."""
    try:
        with path.open("rb") as file:
            cells = np.frombuffer(file.read(N_CELLS * 8).ljust(N_CELLS * 8, b"\0"), "<i8")
    except FileNotFoundError:
        return False  # sealed in the meantime
    return not cells[CLOSED_AT] and int(cells[BOOT_AT]) not in (0, this_boot())


def _check(cells: list[int], size: int, path: Path) -> None:
    if cells[MAGIC_AT] != MAGIC:
        raise StoreError(f"{path} is no segment: its first bytes are not those of one")
    refuse_newer("segment", cells[FORMAT_AT], path)
    if cells[DTYPE_AT] > RECORD_VERSION:
        raise StoreError(f"{path} holds records of version {cells[DTYPE_AT]}; this code knows up to {RECORD_VERSION}: update the workbench")
    length = cells[COMMITTED_AT]
    if not HEADER <= length <= size or (length - HEADER) % SIZE:
        raise StoreError(f"{path} is damaged: it says {length} bytes are committed and has {size}")


def _whole(records: Records, n_synced: int) -> int:
    """Count the records up to the first that was not written, looking only at those that were not synced."""
    start = min(max(n_synced - 1, 0), len(records))
    stops = np.flatnonzero(np.diff(records["seq"][start:], prepend=0) <= 0)
    return start + int(stops[0]) if len(stops) else len(records)


def finish(path: Path) -> Segment | None:
    """Close a segment whose writer is gone: what a reader would trust becomes its end, durably.

    Returns
    -------
    Segment or None
        `None` if it held no record: it is deleted.
    """
    segment, records = read(path)
    if segment.is_closed:
        return segment
    del records
    with trouble(f"closing {path}"):
        if segment.n == 0:
            path.unlink()
            return None
        fd = os.open(path, os.O_RDWR)
        try:
            close(fd, segment.length)
        finally:
            os.close(fd)
    return segment._replace(is_closed=True)


def close(fd: int, length: int) -> None:
    """Make the records of an open segment durable, then say so. In this order: a closed segment is believed without a look."""
    os.pwrite(fd, np.array([length, length], "<i8").tobytes(), COMMITTED_AT * 8)
    os.fsync(fd)  # the header must never promise more than the file holds: it is right before the file is cut
    os.ftruncate(fd, length)
    os.pwrite(fd, np.array([length, length, 1], "<i8").tobytes(), COMMITTED_AT * 8)
    os.fsync(fd)


def write(path: Path, records: Records, *, session: int, epoch: int = 0, number: int = 0, stamp: int = 0) -> None:
    """Write a closed segment at once; a reader sees all of it or nothing.

    Raises
    ------
    StoreError
        If it cannot be written; nothing is left behind.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    first = int(records["seq"][0]) if len(records) else 0
    length = HEADER + records.nbytes
    with trouble(f"writing {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(header(session=session, epoch=epoch, number=number, first_seq=first, committed=length))
                file.write(np.ascontiguousarray(records).view("u1").data)
                file.flush()
                os.pwrite(file.fileno(), stamp.to_bytes(8, "little"), STAMP_AT * 8)
                close(file.fileno(), length)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def stamp_of(path: Path) -> int:
    """Give the stamp a segment was written with; 0 if there is no such file any more."""
    try:
        with path.open("rb") as file:
            return int.from_bytes(os.pread(file.fileno(), 8, STAMP_AT * 8), "little")
    except FileNotFoundError:
        return 0
