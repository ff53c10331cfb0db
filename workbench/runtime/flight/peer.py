"""The other side of a recorded socket, in virtual time: gives its bytes at their times, and never before what they answer. Decides nothing.

Rules
-----
1. The loop makes the turns it made then, at their times: a timer rings in the turn in which it did, and what came in a turn comes in it.
2. Where the loop had nothing left to do before a turn, we have nothing left either: what is ready is done first, and takes no time.
3. A chunk is stamped with its time. It waits for as many frames of ours as had left before it.
4. A connection is made, refused, ended and broken in the turn in which it was.
5. What waits for `PATIENCE_S` for a frame of ours that does not leave, or for a connection that nobody asks for, is `stuck`.
"""

from __future__ import annotations

import asyncio
import builtins
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from workbench.domain.units import SECOND
from workbench.runtime.live.flight import OURS
from workbench.simulation.virtual import VirtualLoop
from workbench.store.flight import Chunk, Turn, Way, turns_of

ASKED: Final = (Way.MADE, Way.REFUSED)
MOST_MORE: Final = 10_000  # turns of ours in the place of one: whoever is never through must not stop time
US_S: Final = 1e-6
PATIENCE_S: Final = 20.0  # s of the loop: longer than any wait between two attempts to connect
NOT_HELD: Final = -1


class Waiting(NamedTuple):
    """A chunk, and how many frames of ours had left before it."""

    chunk: Chunk
    n_before: int


class PlayedClock:
    """The run's clock: the time of the loop's turn, at its speed, and the very time of a chunk while that is given."""

    def __init__(self, now_s: Callable[[], float], epoch_ns: int, speed: float) -> None:
        self._now_s, self._epoch_ns, self.speed = now_s, epoch_ns, speed
        self._held_ns, self._least_ns = NOT_HELD, 0

    def now_ns(self) -> int:
        if self._held_ns >= 0:
            return self._held_ns
        return max(self._least_ns, self._epoch_ns + round(self._now_s() * self.speed * SECOND))

    def wait_s(self, until_ns: int) -> float:
        return max(0, until_ns - self.now_ns()) / SECOND / self.speed

    def take_step_ns(self) -> int | None:
        """Give none: steps come from the log."""
        return None

    def loop_s(self, ns: int) -> float:
        """Give the loop's time at which this clock shows `ns`."""
        return (ns - self._epoch_ns) / SECOND / self.speed

    def hold(self, ns: int) -> None:
        """Stand at a time."""
        self._held_ns = ns
        self._least_ns = max(self._least_ns, ns)

    def let_go(self) -> None:
        """Go on."""
        self._held_ns = NOT_HELD


class Wire(asyncio.Transport):
    """Our end of a connection."""

    def __init__(self, peer: Peer, number: int) -> None:
        super().__init__()
        self._peer, self.number = peer, number
        self.protocol: Any = None
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.is_closed:
            self._peer.take(self.number, bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed

    def write_eof(self) -> None:
        """Say nothing: who does closes next."""

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def lose(self, error: Exception) -> None:
        """Break."""
        if not self.is_closed:
            self.is_closed = True
            self.protocol.connection_lost(error)


class Peer:
    """Everything that comes over the sockets of a process, turn by turn.

    Attributes
    ----------
    sent
        What left, by connection, with its time.
    stuck
        What waits for something that does not happen; `None`: nothing does.
    n_dropped
        Chunks of a connection that we had ended already.
    """

    def __init__(self, loop: VirtualLoop, clock: PlayedClock, chunks: Iterable[Chunk]) -> None:
        self._loop, self._clock = loop, clock
        self._more = _gated(chunks)
        self._next: Turn | Waiting | None = None
        self._due = deque[Waiting]()
        self._wires: dict[int, Wire] = {}
        self._asked: deque[tuple[Callable[[], Any], asyncio.Future[tuple[Wire, Any]]]] = deque()
        self._patient: asyncio.TimerHandle | None = None
        self.sent: dict[int, list[tuple[int, bytes]]] = {}
        self.stuck: Chunk | None = None
        self.over = asyncio.Event()
        self.n_dropped = 0

    def begin(self) -> None:
        """Begin with the turns: the process is where its recording begins."""
        if self._next is None:
            self._pull()

    async def connect(self, factory: Callable[[], Any]) -> tuple[Wire, Any]:
        """Be made, or refused, when that was."""
        future: asyncio.Future[tuple[Wire, Any]] = self._loop.create_future()
        self._asked.append((factory, future))
        return await future

    def take(self, connection: int, data: bytes) -> None:
        """Take a frame of ours."""
        self.sent.setdefault(connection, []).append((self._clock.now_ns(), data))
        if self._due:
            self._loop.call_soon(self._go)

    # ------------------------------------------------------------------ turns
    @property
    def turn(self) -> Turn | None:
        """The next one; `None` before the first and behind the last."""
        return self._next if isinstance(self._next, Turn) else None

    def make(self) -> None:
        """Make that turn: what came in it is due."""
        self._pull()
        while isinstance(self._next, Waiting):
            self._due.append(self._next)
            self._pull()
        if self._next is None:
            self.over.set()
        if self._due:
            self._loop.call_soon(self._go)

    def _pull(self) -> None:
        self._next = next(self._more, None)

    # ------------------------------------------------------------------ what comes
    def _may(self, waiting: Waiting) -> bool:
        """Whether it may be given as far as we are concerned."""
        if waiting.chunk.way in ASKED:
            while self._asked and self._asked[0][1].done():
                self._asked.popleft()
            return bool(self._asked)
        return len(self.sent.get(waiting.chunk.connection, ())) >= waiting.n_before

    def _go(self) -> None:
        """Give all that is due."""
        if self._patient is not None:
            self._patient.cancel()
            self._patient = None
        while self._due:
            chunk = self._due[0].chunk
            wire = self._wires.get(chunk.connection)
            if chunk.way not in ASKED and (wire is None or wire.is_closed):
                self._due.popleft()
                self.n_dropped += 1
            elif self._may(self._due[0]):
                self._due.popleft()
                self._give(chunk, wire)
            else:
                due_s = max(self._clock.loop_s(chunk.ns), 0.0)
                self._patient = self._loop.call_at(max(due_s + PATIENCE_S, self._loop.time()), self._give_up, chunk)
                return

    def _give_up(self, chunk: Chunk) -> None:
        self.stuck = chunk
        self.over.set()

    def _give(self, chunk: Chunk, wire: Wire | None) -> None:
        self._clock.hold(chunk.ns)
        try:
            if chunk.way in (Way.MADE, Way.REFUSED):
                self._answer(chunk, *self._asked.popleft())
            elif wire is not None and chunk.way is Way.CAME:
                wire.protocol.data_received(chunk.data)
            elif wire is not None and chunk.way is Way.ENDED:
                wire.protocol.eof_received()
                wire.close()
            elif wire is not None:
                wire.lose(OSError(chunk.data.decode(errors="replace")))
        finally:
            self._clock.let_go()

    def _answer(self, chunk: Chunk, factory: Callable[[], Any], future: asyncio.Future[tuple[Wire, Any]]) -> None:
        if chunk.way is Way.REFUSED:
            name, _, words = chunk.data.decode(errors="replace").partition(": ")
            kind = getattr(builtins, name, OSError)
            future.set_exception((kind if isinstance(kind, type) and issubclass(kind, OSError) else OSError)(words))
            return
        wire = self._wires[chunk.connection] = Wire(self, chunk.connection)
        wire.protocol = factory()
        wire.protocol.connection_made(wire)
        future.set_result((wire, wire.protocol))


def _gated(chunks: Iterable[Chunk]) -> Iterator[Turn | Waiting]:
    """Give turns and what came in them, each with how many frames of ours had left before it on its connection."""
    left: dict[int, int] = {}
    for chunk in chunks:
        if chunk.way is Way.LEFT:
            left[chunk.connection] = left.get(chunk.connection, 0) + 1
        elif chunk.way is Way.TURNS:
            yield from turns_of(chunk)
        else:
            yield Waiting(chunk, left.get(chunk.connection, 0))


class PlayedLoop(VirtualLoop):
    """A loop whose only network is a recording, and whose turns are its.

    Parameters
    ----------
    epoch_ns
        What the run's clock shows at the loop's time 0.
    speed
        How fast it goes.
    """

    def __init__(self, chunks: Iterable[Chunk], epoch_ns: int, speed: float, *, horizon_s: float) -> None:
        super().__init__(0, horizon_s=horizon_s, epoch_ns=epoch_ns)
        self.clock = PlayedClock(self.now_s, epoch_ns, speed)
        self.peer = Peer(self, self.clock, chunks)
        self._n_more = 0
        self._is_due_asked = True
        self._looks_us: deque[int] = deque()

    def begin(self) -> None:
        """Begin with the turns, and tell who calls this, and whom it begins, the times that they were told."""
        OURS.set(True)
        self.peer.begin()
        within: Any = self
        within.time = self._told

    def _told(self) -> float:
        """Give the time; the first who asks in a turn is the loop, which looks for timers that are due, to a microsecond."""
        if not self._is_due_asked:
            self._is_due_asked = True
            return self._now_s + US_S
        if OURS.get() and self._looks_us:
            return self._now_s + (self._looks_us.popleft() if len(self._looks_us) > 1 else self._looks_us[0]) * US_S
        return self._now_s

    def now_s(self) -> float:
        """Give when the turn began."""
        return self._now_s

    def pass_time(self, timeout: float | None) -> None:
        turn, self._is_due_asked = self.peer.turn, False
        if turn is None:
            self._looks_us.clear()
            super().pass_time(timeout)
        elif timeout == 0 and turn.is_fresh and self._n_more < MOST_MORE:
            self._n_more += 1
        else:
            self._n_more = 0
            self._now_s = max(self._now_s, self.clock.loop_s(turn.ns))
            self.peer.make()
            after = self.peer.turn
            self._looks_us = deque() if after is None else deque(after.looks_us)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        return await self.peer.connect(protocol_factory)
