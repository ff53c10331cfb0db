r"""One client's conversation: greeting, startApi, then requests in and answers out. Bytes in, bytes to a `Pipe`; no socket, no clock.

::

    GREETING --API\0 v157..178--> STARTING --71 startApi--> READY
        |                             |                       |
        +--- anything else, too late, refused, cut: GONE <----+

Nothing a client sends raises here: it gets TWS's error or is dropped, and no other client notices.
"""

from __future__ import annotations

import logging
from collections import deque
from enum import Enum
from typing import Final, Protocol

from workbench.domain.units import SECOND
from workbench.gateway import behaviour
from workbench.wire import (
    REQUESTS,
    Answer,
    CurrentTime,
    ErrorMessage,
    FrameError,
    Greeting,
    Reader,
    ReqCurrentTime,
    Request,
    StartApi,
    WireError,
    decode_request,
    encode,
    fields,
    frame,
    welcome,
)

log = logging.getLogger(__name__)
KNOWN: Final = {str(request.msg_id): request for request in REQUESTS}
NO_ID: Final = -1  # an error that belongs to no request


class Pipe(Protocol):
    """What a transport gives a session to speak through."""

    def write(self, data: bytes) -> None:
        """Send bytes, in order."""

    def close(self) -> None:
        """Close behind what was written."""

    def abort(self) -> None:
        """Break off at once: the client sees a reset."""

    def n_waiting(self) -> int:
        """Count bytes written that the client has not taken."""
        ...


class Host(Protocol):
    """What a session asks of the gateway it belongs to."""

    @property
    def now_ns(self) -> int: ...
    @property
    def speed(self) -> float: ...
    def wall_text(self) -> str: ...
    def hears(self, session: Session) -> bool: ...
    def greeted(self, session: Session) -> bool: ...
    def started(self, session: Session, client_id: int) -> bool: ...
    def asked(self, session: Session, request: Request) -> None: ...
    def said(self, session: Session, message: Answer) -> None: ...
    def gone(self, session: Session) -> None: ...


class Stage(Enum):
    """How far a conversation has come."""

    GREETING = "greeting"
    STARTING = "starting"
    READY = "ready"
    GONE = "gone"


class Session:
    """The conversation with one client; to services it is a `base.Client`.

    Parameters
    ----------
    host
        The gateway.
    pipe
        Where answers go; written to in `flush` alone.
    """

    def __init__(self, host: Host, pipe: Pipe) -> None:
        self._host, self.pipe = host, pipe
        self.stage = Stage.GREETING
        self.id = NO_ID
        self.version = 0
        self.deadline_ns: int | None = host.now_ns + round(behaviour.GREETING_S * SECOND * host.speed)
        self.n_faulty = self.n_violations = 0
        self.drip_bytes_per_s = 0.0  # 0: as fast as the pipe takes it
        self._greeting = Greeting()
        self._reader = Reader(behaviour.MOST_REQUEST_BYTES)
        self._out = bytearray()
        self._closing: str | None = None  # "close" or "abort", after what is in `_out`
        self._asked_ns: deque[int] = deque(maxlen=behaviour.RATE_PER_S + 1)
        self._violated_ns: int | None = None
        self._paces = False
        self._later: deque[bytes] = deque()  # requests of a client that is paced, beyond its rate
        self._n_later_bytes = self._n_over = 0
        self._is_slowed = False
        self._dripped_ns = 0

    # ---- from the client -------------------------------------------------------------------------------------------------------------
    def receive(self, data: bytes) -> None:
        """Take bytes, in pieces of any size."""
        if self.stage is Stage.GONE or self._closing or not self._host.hears(self):
            return
        try:
            if self.stage is Stage.GREETING:
                data = self._greet(data)
            if data and self.stage is not Stage.GREETING:
                self._read(data)
        except FrameError as error:
            self._drop(str(error))

    def _greet(self, data: bytes) -> bytes:
        """Take the greeting; give what came behind it."""
        offer = self._greeting.feed(data)
        if offer is None:
            return b""
        version = offer.agreed(behaviour.MIN_VERSION, behaviour.MAX_VERSION)
        if version is None or not self._host.greeted(self):
            self._drop(f"it speaks versions {offer.oldest} to {offer.newest}, or too many are here")
            return b""
        self.version, self._paces = version, behaviour.PACE_OPTION in offer.options.split()
        self.stage = Stage.STARTING
        self.put(frame(welcome(version, self._host.wall_text())))
        return self._greeting.rest

    def _read(self, data: bytes) -> None:
        for payload in self._reader.feed(data):
            if self.stage is Stage.GONE or self._closing:
                return
            if self._paces:
                self._later.append(payload)
                self._n_later_bytes += len(payload)
            elif self._is_in_time():
                self._take(payload)
        if self._paces:
            self.pace()
            if self._n_later_bytes + 8 * len(self._later) > behaviour.MOST_PACED_BYTES:
                self._drop(f"{len(self._later):,} requests wait for their second")

    def pace(self) -> None:
        """Take what a paced client has asked, as far as its rate lets it."""
        while self._later and self.paced_ns() == self._host.now_ns and self.stage is not Stage.GONE and not self._closing:
            self._asked_ns.append(self._host.now_ns)
            payload = self._later.popleft()
            self._n_later_bytes -= len(payload)
            self._take(payload)
        self._is_slowed = bool(self._later)

    def paced_ns(self) -> int | None:
        """When the next request of a paced client is taken, `None` if none waits: a second's worth at once, then one by one."""
        if not self._later:
            return None
        now_ns, n, second_ns = self._host.now_ns, behaviour.RATE_PER_S, round(SECOND * self._host.speed)
        if len(self._asked_ns) < n:
            return now_ns
        return max(now_ns, self._asked_ns[-n] + second_ns, self._asked_ns[-1] + (second_ns // n if self._is_slowed else 0))

    def _is_in_time(self) -> bool:
        """Hold the client to its rate."""
        now_ns, second_ns = self._host.now_ns, round(SECOND * self._host.speed)
        self._asked_ns.append(now_ns)
        is_full = len(self._asked_ns) > behaviour.RATE_PER_S
        if not is_full or now_ns - self._asked_ns[0] >= second_ns:
            return True
        self._n_over += 1
        if self._n_over > behaviour.MOST_OVER_RATE:
            self._drop(f"{self._n_over:,} requests beyond the rate in a second")
        if self._violated_ns is None or now_ns - self._violated_ns >= second_ns:
            self._violated_ns, self._n_over = now_ns, 0
            self.n_violations += 1
            rec = sum(1 for at_ns in self._asked_ns if now_ns - at_ns < second_ns)
            self.error(NO_ID, 100, behaviour.text_of(100, rec=rec, n=self.n_violations))
            if self.n_violations >= behaviour.RATE_VIOLATIONS:
                self._drop("it broke the rate too often")
        return False

    def _take(self, payload: bytes) -> None:
        words: list[str] = []
        try:
            words = fields(payload)
            request = decode_request(words, self.version)
        except WireError as error:
            self._complain(words, error)
            return
        if self.stage is Stage.STARTING:
            self._start(request)
        elif isinstance(request, ReqCurrentTime):
            self.send(CurrentTime(self._host.now_ns // SECOND))
        elif not isinstance(request, StartApi):  # a second one changes nothing
            self._host.asked(self, request)

    def _start(self, request: Request) -> None:
        if not isinstance(request, StartApi):
            self.error(NO_ID, 504, behaviour.text_of(504))
        elif self._host.started(self, request.client_id):
            self.deadline_ns = None
        else:
            self.emit(ErrorMessage(NO_ID, 326, behaviour.text_of(326)))
            self.close()

    def _complain(self, words: list[str], error: WireError) -> None:
        """Say what could not be read: 505 for a number nobody knows, else 320, with the request's id where it can be seen."""
        self.n_faulty += 1
        if self.n_faulty >= behaviour.MOST_FAULTY:
            self._drop(f"{self.n_faulty} requests that could not be read, the last: {error}")
        elif is_unknown(words):
            self.error(NO_ID, 505, behaviour.text_of(505))
        else:
            self.error(id_in(words), 320, behaviour.text_of(320, why=str(error)[:200]))

    # ---- to the client ---------------------------------------------------------------------------------------------------------------
    def send(self, message: Answer) -> None:
        """Send a message; faults of the gateway see it first."""
        if self.stage is not Stage.GONE:
            self._host.said(self, message)

    def error(self, req_id: int, code: int, text: str, advanced: str = "") -> None:
        """Send an error or a notice."""
        self.send(ErrorMessage(req_id, code, text, advanced))

    def emit(self, message: Answer) -> None:
        """Write a message as it is."""
        self.put(frame(encode(message, self.version)))

    def put(self, data: bytes) -> None:
        """Write bytes as they are."""
        if self.stage is not Stage.GONE and not self._closing:
            self._out += data

    def close(self, *, at_once: bool = False) -> None:
        """End the conversation, behind what was written or at once (the client sees a reset)."""
        self._closing = self._closing or ("abort" if at_once else "close")

    def flush(self) -> None:
        """Hand what was written to the pipe, all of it or as much as a drip lets through, and close if that was asked."""
        if self.stage is Stage.GONE:
            return
        n_bytes = self._n_now()
        if n_bytes:
            self.pipe.write(bytes(self._out[:n_bytes]))
            del self._out[:n_bytes]
        if self._closing == "abort":
            self._leave(self.pipe.abort)
        elif self._closing and not self._out:
            self._leave(self.pipe.close)
        elif len(self._out) + self.pipe.n_waiting() > behaviour.MOST_WAITING_BYTES:
            log.warning("client %s is too slow: %s bytes wait for it", self.id, f"{self.pipe.n_waiting():,}")
            self._leave(self.pipe.abort)

    def _n_now(self) -> int:
        if not self.drip_bytes_per_s or self._closing == "abort":
            self._dripped_ns = self._host.now_ns
            return len(self._out)
        n_bytes = int((self._host.now_ns - self._dripped_ns) / (SECOND * self._host.speed) * self.drip_bytes_per_s)
        if n_bytes:
            self._dripped_ns = self._host.now_ns
        return min(n_bytes, len(self._out))

    @property
    def n_unsent(self) -> int:
        """Bytes that wait here: none but in a drip."""
        return len(self._out)

    @property
    def is_done(self) -> bool:
        return self.stage is Stage.GONE

    def lost(self) -> None:
        """Take that the socket is gone."""
        if self.stage is not Stage.GONE:
            self.stage = Stage.GONE
            self._out.clear()
            self._later.clear()
            self._host.gone(self)

    def _drop(self, why: str) -> None:
        log.info("client %s is dropped: %s", self.id, why)
        self.close()

    def _leave(self, how: object) -> None:
        assert callable(how)
        self.lost()
        how()


def is_unknown(words: list[str]) -> bool:
    """Tell whether the number of a request is none of ours."""
    return not words or words[0] not in KNOWN


def id_in(words: list[str]) -> int:
    """Find the id of a request that could not be read: its first field, where that is an id and a number.

    >>> id_in(["1", "11", "9001"]), id_in(["97", "55", "too few"]), id_in(["49", "1", "too many"])
    (9001, 55, -1)
    """
    kind = KNOWN.get(words[0]) if words else None
    if kind is None or kind.__struct_fields__[:1] not in (("req_id",), ("order_id",)):
        return NO_ID
    word = "".join(words[1 + (kind.edition is not None) :][:1])
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else NO_ID
