r"""Frames and the greeting of both sides. Bytes in, bytes out; no socket, and no look into a message.

A frame is a big-endian uint32 length and as many bytes. The client begins with ``API\0`` and a frame ``v157..178 options``; the server
answers with a frame of its version and the time of the connection, and from then on both sides send frames of NUL-terminated fields.
Framing has no checksum, no sequence number and no heartbeat.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from workbench.wire.errors import FrameError

MOST_BYTES = 0xFF_FF_FF  # a payload's; IB's own clients refuse above 16 MB, the scanner parameters (the longest message) are about 2 MB
_LENGTH = struct.Struct(">I")
PREFIX = b"API\0"
OLDEST, NEWEST = 157, 178  # server versions that are spoken here in both directions
_VERSIONS = re.compile(r"v(\d{1,5})(?:\.\.(\d{1,5}))?(?: (.*))?", re.ASCII | re.DOTALL)


def frame(payload: bytes) -> bytes:
    r"""Put the length before a payload.

    >>> frame(b"49" + bytes(1) + b"1" + bytes(1))
    b'\x00\x00\x00\x0549\x001\x00'
    """
    if len(payload) > MOST_BYTES:
        raise FrameError(f"a payload of {len(payload):,} bytes: {MOST_BYTES:,} are the most")
    return len(payload).to_bytes(4, "big") + payload


class Reader:
    """Cuts a stream of bytes, in pieces of any size, into payloads; keeps no more than one unfinished frame.

    >>> reader = Reader()
    >>> reader.feed(frame(b"one") + frame(b"two")[:5])
    [b'one']
    >>> reader.feed(frame(b"two")[5:]), reader.n_pending
    ([b'two'], 0)

    Parameters
    ----------
    limit
        Most bytes of one payload. A longer one is refused when its length is read, before anything is kept for it.

    Raises
    ------
    FrameError
        In `feed`, at a length over the limit; and at every later call, as nothing after it can be told apart.
    """

    def __init__(self, limit: int = MOST_BYTES) -> None:
        self._limit = limit
        self._rest = bytearray()  # grows in place: a slow drip costs no more than a flood
        self._needed = 4  # bytes of the frame that is waited for, its length included
        self._broken = ""

    @property
    def n_pending(self) -> int:
        """Bytes of a frame that has not ended."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """Payloads that have become whole, in order."""
        if self._broken:
            raise FrameError(self._broken)
        rest = self._rest
        if rest:
            rest += data
            if len(rest) < self._needed:
                return []
            data = bytes(rest)
            rest.clear()
        payloads: list[bytes] = []
        at, end, n = 0, len(data), 0
        while end - at >= 4:
            (n,) = _LENGTH.unpack_from(data, at)
            if n > self._limit:
                self._broken = f"a frame of {n:,} bytes: {self._limit:,} are the most"
                if payloads:
                    return payloads  # these were whole; the next call tells
                raise FrameError(self._broken)
            if end - at - 4 < n:
                break
            payloads.append(data[at + 4 : at + 4 + n])
            at += 4 + n
        if at < end:
            rest += data[at:]
            self._needed = 4 + n if end - at >= 4 else 4
        return payloads


class Hello(NamedTuple):
    """What a client offers: versions from `oldest` to `newest`, and options such as ``+PACEAPI``."""

    oldest: int
    newest: int
    options: str = ""

    def agreed(self, oldest: int = OLDEST, newest: int = NEWEST) -> int | None:
        """The newest version that both sides speak; None where there is none.

        >>> Hello(100, 157).agreed(), Hello(157, 203).agreed(), Hello(213, 225).agreed()
        (157, 178, None)
        """
        version = min(self.newest, newest)
        return version if version >= max(self.oldest, oldest) else None


def hello(oldest: int = OLDEST, newest: int = NEWEST, options: str = "") -> bytes:
    r"""First bytes of a client.

    >>> hello(157, 178)
    b'API\x00\x00\x00\x00\tv157..178'
    """
    return PREFIX + frame(f"v{oldest}..{newest}{' ' if options else ''}{options}".encode())


def parse_hello(payload: bytes) -> Hello:
    r"""Read the first frame of a client (what follows ``API\0`` and the length).

    >>> parse_hello(b"v157..178 +PACEAPI")
    Hello(oldest=157, newest=178, options='+PACEAPI')
    >>> parse_hello(b"v100")
    Hello(oldest=100, newest=100, options='')

    Raises
    ------
    FrameError
        If it offers no versions.
    """
    found = _VERSIONS.fullmatch(payload.decode(errors="backslashreplace").rstrip("\0"))
    if not found:
        raise FrameError(f"not a greeting: {payload[:60]!r}")
    oldest, newest, options = found.groups(default="")
    return Hello(int(oldest), int(newest or oldest), options)


class Welcome(NamedTuple):
    """What a server answers to a greeting: its version, and its time as text with its zone."""

    version: int
    time: str


def welcome(version: int, time: str) -> bytes:
    r"""Payload of a server's first frame.

    >>> welcome(178, "20261120 08:31:00 US/Central")
    b'178\x0020261120 08:31:00 US/Central\x00'
    """
    return f"{version}\0{time}\0".encode()


def parse_welcome(payload: bytes) -> Welcome:
    """Read the first frame of a server.

    >>> parse_welcome(welcome(178, "20261120 08:31:00 US/Central")).version
    178

    Raises
    ------
    FrameError
        If it is not a version and a time.
    """
    version, _, time = payload.decode(errors="backslashreplace").partition("\0")
    if not (version.isascii() and version.isdigit() and len(version) <= 5 and time.endswith("\0") and time.count("\0") == 1):
        raise FrameError(f"not a welcome: {payload[:60]!r}")
    return Welcome(int(version), time[:-1])


class Greeting:
    """Finds a client's greeting in a stream whose pieces may be of any size; what came after it waits in `rest`.

    >>> greeting = Greeting()
    >>> greeting.feed(hello()[:6]), greeting.feed(hello()[6:] + b"more"), greeting.rest
    (None, Hello(oldest=157, newest=178, options=''), b'more')
    """

    MOST = 1_024  # bytes of an offer; options are a word or two

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> Hello | None:
        """The offer, once it is whole.

        Raises
        ------
        FrameError
            If the stream begins otherwise, or its offer is too long.
        """
        self.rest += data
        if not PREFIX.startswith(self.rest[:4]):
            raise FrameError(f"not a greeting: {self.rest[:20]!r}")
        if len(self.rest) < 8:
            return None
        n = int.from_bytes(self.rest[4:8], "big")
        if n > self.MOST:
            raise FrameError(f"a greeting of {n:,} bytes: {self.MOST:,} are the most")
        if len(self.rest) < 8 + n:
            return None
        offer, self.rest = self.rest[8 : 8 + n], self.rest[8 + n :]
        return parse_hello(offer)
