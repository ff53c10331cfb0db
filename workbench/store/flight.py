"""What went over a socket, byte by byte, both ways, with its times: compressed files that a kill leaves readable. Knows no protocol.

Rules
-----
1. A file is a head, a card (JSON, `Card`), then blocks: lengths, a checksum, and a piece of one stream of chunks, packed by zlib. A chunk
   may lie in two blocks. `COMMITTED` in the head is where the last whole block ends; it is stored behind the block itself.
2. Who notes a chunk pays for a copy. Packing and writing happen on a timer, `PIECE` bytes at a time: a kill loses `FLUSH_S` at most.
   Nothing is synced: what a power cut takes, the checksums tell.
3. Trouble with the disk, and a folder that is full, end the recording with a sentence. Nobody else notices.
4. Between the chunks stand the turns of the loop, two bytes or three each: which timer rang before which chunk, and what had been done
   by then, follows of them.
5. The bytes hold what a broker says: account numbers, positions, orders. Files are for their owner alone (mode 0600).

Measured on the machine of `docs/performance.md`: `Flight.note` of 100 bytes takes 0.5 us; a piece of market data takes 0.15 ms to pack
and write, and a quarter of the room.
"""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workbench.domain.errors import StoreError
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import told, trouble

MAGIC: Final = b"WB-WIRE\0"
HEAD: Final = struct.Struct("<8sIIQQ")  # magic, format, bytes of the card, COMMITTED, closed
COMMITTED_AT: Final = 16
BLOCK: Final = struct.Struct("<III")  # bytes of the piece, bytes packed, their CRC-32
CHUNK: Final = struct.Struct("<qIHH")  # ns, bytes, connection, way
PIECE: Final = 8 << 10
FLUSH_S: Final = 0.5
SUFFIX: Final = ".wire"
US: Final = 1_000  # ns
SHORT: Final = tuple(bytes([code, 0]) for code in range(128))  # a turn within 64 us of the one before, in which nobody looked
MOST_TURNS: Final = 4_096  # bytes of turns that wait for a chunk
FREE_FRAC: Final = 0.25  # of the budget, that a start makes room for


class Way(IntEnum):
    """What a chunk is: bytes that came or left, or what became of a connection."""

    CAME = 0
    LEFT = 1
    MADE = 2
    REFUSED = 3  # no connection; why, as text
    ENDED = 4  # the other side ended it
    LOST = 5  # it broke; the error, as text
    TURNS = 6  # of the loop, since the one at ``ns``: `turns_of`


class Chunk(NamedTuple):
    """One entry. ``ns`` never falls; connections of a process are counted from 1, attempts that failed bear the number of the next."""

    ns: int
    connection: int
    way: Way
    data: bytes


class Turn(NamedTuple):
    """A turn of the loop: when it began, and whether everything that was ready before had been done.

    ``looks_us`` are what the turn *before* it was told of the time whenever it asked, in us of the loop since it began.
    """

    ns: int
    is_fresh: bool
    looks_us: tuple[int, ...] = ()


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known to play the bytes again.

    Parameters
    ----------
    run, session
        Whose bytes they are.
    began_ns
        The run's clock when the file was begun; ``speed`` is how fast that goes.
    follows
        The file before, below the folder of all, where the process went on from one session into the next; empty: a process began.
    order_id, client_id
        The first order id that was free, and under which id it connected.
    last_seq, n_entries
        What the log of the run held already.
    versions
        Of what decides about bytes: ``ib_async``, ``code``.
    settings
        All but who is told, as JSON.
    """

    run: str
    session: int
    began_ns: int
    mode: str = ""
    account: str = ""
    speed: float = 1.0
    follows: str = ""
    order_id: int = 1
    client_id: int = 0
    last_seq: int = 0
    n_entries: int = 0
    versions: dict[str, str] = {}
    settings: str = ""


class Flight:
    """The recorder of one process.

    Parameters
    ----------
    folder
        Of all recordings: ``data/flight``.
    later
        Calls something some seconds later: a loop's `call_later`.
    on_trouble
        Hears, once, why nothing is recorded any more.
    most_bytes
        Of the whole folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     flight = Flight(Path(folder), lambda s, call: None)
    ...     path = flight.begin(Card(run="r", session=20261120, began_ns=5))
    ...     flight.note(7, 1, Way.CAME, b"bytes")
    ...     flight.close()
    ...     reel = Reel(path)
    ...     [(chunk.ns, chunk.way.name, chunk.data) for chunk in reel], reel.ending
    ([(7, 'CAME', b'bytes')], '')
    """

    def __init__(
        self,
        folder: Path,
        later: Callable[[float, Callable[[], object]], object],
        on_trouble: Callable[[str], object] = lambda why: None,
        most_bytes: int = 1 << 62,
    ) -> None:
        self._folder, self._later, self._on_trouble, self._most = folder, later, on_trouble, most_bytes
        self._fd, self._at, self._others = -1, 0, 0
        self._buffer, self._turns = bytearray(), bytearray()
        self._from_us = self._last_us = 0  # of the turns that wait, and of the last one
        self._is_waiting = False
        self.path: Path | None = None
        self.n_connections = 0  # of the process, counted by who notes them

    @property
    def is_on(self) -> bool:
        """Whether it records."""
        return self._fd >= 0

    def begin(self, card: Card) -> Path | None:
        """Begin a file behind the one before, which is ended; `None` where that fails."""
        self.close()
        folder = self._folder / str(card.session) / card.run
        try:
            self._others = size_of(self._folder)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / f"{1 + len(list(folder.glob('*' + SUFFIX))):04}{SUFFIX}"
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            body = msgspec.json.encode(card)
            self._at = HEAD.size + len(body)
            _write(self._fd, HEAD.pack(MAGIC, FORMATS["wire"], len(body), self._at, 0) + body)
        except OSError as error:
            self._off(told(f"beginning a flight recording in {folder}", error))
            return None
        self.path = path
        return path

    def turn(self, ns: int, is_fresh: bool, looks_us: Sequence[int] = ()) -> None:
        """Take that the loop begins a turn (`Turn`): what it does in it hangs on when that is, and on what was done before."""
        now_us = ns // US
        step_us = now_us - self._last_us
        if 0 <= step_us < 64 and not looks_us:
            self._last_us = now_us
            self._turns += SHORT[step_us << 1 | is_fresh]
            return
        step_us = max(step_us, 0)
        self._last_us += step_us
        for number in (step_us << 1 | is_fresh, len(looks_us), *looks_us):
            code = number
            while code > 127:
                self._turns.append(code & 127 | 128)
                code >>= 7
            self._turns.append(code)
        if len(self._turns) > MOST_TURNS:
            self._note_turns()

    def _note_turns(self) -> None:
        turns, self._turns = bytes(self._turns), bytearray()
        from_us, self._from_us = self._from_us, self._last_us
        self.note(from_us * US, 0, Way.TURNS, turns)

    def note(self, ns: int, connection: int, way: int, data: bytes) -> None:
        """Take a chunk."""
        if self._fd < 0:
            self._turns.clear()
            return
        if self._turns:
            self._note_turns()
        self._buffer += CHUNK.pack(ns, len(data), connection, way)
        self._buffer += data
        if not self._is_waiting:
            self._is_waiting = True
            self._later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        """Pack and write one piece; come back for the rest at once, behind whatever else is due."""
        self._is_waiting = False
        if self._fd < 0:
            return
        try:
            self._put(PIECE)
        except OSError as error:
            self._off(told(f"the flight recording {self.path}", error))
            return
        if self._at + self._others > self._most:
            self._off(StoreError(f"{self._folder} holds all it may ({self._most:,} bytes; flight.max_gb)"))
        elif self._buffer:
            self._is_waiting = True
            self._later(0.0, self._flush)

    def _put(self, n: int) -> None:
        piece = bytes(self._buffer[:n])
        del self._buffer[:n]
        if not piece:
            return
        packed = zlib.compress(piece, 1)
        block = BLOCK.pack(len(piece), len(packed), zlib.crc32(packed)) + packed
        _write(self._fd, block)
        self._at += len(block)
        os.pwrite(self._fd, self._at.to_bytes(8, "little"), COMMITTED_AT)

    def close(self) -> None:
        """End the file, with all that waits."""
        if self._fd < 0:
            return
        if self._turns:
            self._note_turns()
        try:
            while self._buffer:
                self._put(PIECE)
            os.pwrite(self._fd, self._at.to_bytes(8, "little") + (1).to_bytes(8, "little"), COMMITTED_AT)
        except OSError as error:
            self._off(told(f"ending the flight recording {self.path}", error))
            return
        fd, self._fd = self._fd, -1
        os.close(fd)

    def _off(self, why: StoreError) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self._buffer.clear()
        self._on_trouble(str(why))


def _write(fd: int, data: bytes) -> None:
    """Write all of it; a disk that takes a part is full."""
    if (n := os.write(fd, data)) < len(data):
        os.ftruncate(fd, os.lseek(fd, 0, os.SEEK_CUR) - n)
        raise OSError(28, "no space left on the device")


class Reel:
    """Reads one file, also while it is written: chunk by chunk, in the order in which they were noted.

    Attributes
    ----------
    card
        What it is about.
    ending
        After all were read: what is wrong with the end, empty if nothing is. A recording that a kill or a power cut ended lacks its end.

    Raises
    ------
    StoreError
        It is no such file, or of a newer format.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.ending = path, ""
        with trouble(f"reading {path}"), path.open("rb") as file:
            head = file.read(HEAD.size)
            if len(head) < HEAD.size or not head.startswith(MAGIC):
                raise StoreError(f"{path} is no flight recording: its first bytes are not those of one")
            _, found, n_card, self._committed, closed = HEAD.unpack(head)
            refuse_newer("wire", found, path)
            body = file.read(n_card)
        self.is_closed = bool(closed)
        try:
            self.card = msgspec.json.decode(body, type=Card)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StoreError(f"{path} is no flight recording: its card cannot be read ({error})") from error
        self._from = HEAD.size + n_card

    def __iter__(self) -> Iterator[Chunk]:
        rest = bytearray()
        for piece in self._pieces():
            rest += piece
            at = 0
            while len(rest) - at >= CHUNK.size:
                ns, n, connection, way = CHUNK.unpack_from(rest, at)
                if len(rest) - at - CHUNK.size < n:
                    break
                at += CHUNK.size
                yield Chunk(ns, connection, Way(way), bytes(rest[at : at + n]))
                at += n
            del rest[:at]
        if rest and not self.ending:
            self.ending = f"the last {len(rest)} bytes are half of a chunk whose end was not written"

    def _pieces(self) -> Iterator[bytes]:
        with trouble(f"reading {self.path}"), self.path.open("rb") as file:
            at = file.seek(self._from)
            while at < self._committed:
                head = file.read(BLOCK.size)
                n_raw, n, crc = BLOCK.unpack(head) if len(head) == BLOCK.size else (0, 1, 0)
                packed = file.read(n)
                if len(packed) < n or zlib.crc32(packed) != crc or at + BLOCK.size + n > self._committed:
                    self.ending = f"the block at byte {at:,} is torn or damaged; {self._committed - at:,} bytes from there on are not read"
                    return
                piece = zlib.decompress(packed)
                if len(piece) != n_raw:
                    self.ending = f"the block at byte {at:,} does not hold what it says; nothing from there on is read"
                    return
                yield piece
                at += BLOCK.size + n
        if not self.is_closed:
            self.ending = "it was not ended: the process was killed, or goes on"


def turns_of(chunk: Chunk) -> Iterator[Turn]:
    """Go through the turns that a chunk holds.

    >>> list(turns_of(Chunk(5_000, 0, Way.TURNS, bytes([7, 2, 9, 20, 128 | 0, 2, 0]))))
    [Turn(ns=8000, is_fresh=True, looks_us=(9, 20)), Turn(ns=136000, is_fresh=False, looks_us=())]
    """
    now_us, numbers = chunk.ns // US, _numbers(chunk.data)
    for step in numbers:
        looks_us = tuple(next(numbers) for _ in range(next(numbers)))
        now_us += step >> 1
        yield Turn(now_us * US, bool(step & 1), looks_us)


def _numbers(data: bytes) -> Iterator[int]:
    """Read numbers of seven bits a byte, the lowest first."""
    number = shift = 0
    for byte in data:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0


def reels(folder: Path, session: int, run: str | None = None) -> list[Path]:
    """List the files of a session, run by run, in the order in which they were begun."""
    day = folder / str(session)
    runs = sorted(each.name for each in day.iterdir() if each.is_dir()) if day.is_dir() else []
    return [path for name in runs if run in (None, name) for path in sorted((day / name).glob("*" + SUFFIX))]


def sessions(folder: Path) -> list[int]:
    """List the sessions of which there are recordings."""
    return sorted(int(each.name) for each in folder.iterdir() if each.name.isdigit()) if folder.is_dir() else []


def size_of(folder: Path) -> int:
    """Add up the bytes below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*" + SUFFIX)) if folder.is_dir() else 0


def forget(folder: Path, session: int, *, keep_days: int, most_bytes: int) -> list[int]:
    """Delete sessions that are too old, then the oldest until a part of the budget is free; never `session` itself. Give what went."""
    last = int((date.fromisoformat(str(session)) - timedelta(days=keep_days)).strftime("%Y%m%d"))
    gone: list[int] = []
    for each in sessions(folder):
        if each < session and (each < last or size_of(folder) > most_bytes * (1 - FREE_FRAC)):
            shutil.rmtree(folder / str(each), ignore_errors=True)
            gone.append(each)
    return gone
