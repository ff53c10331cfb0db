"""One virtual time over two real processes: a world in the parent, a program in a forked child, a real socket between. Knows no trading.

The child's loop is master of time as long as the child lives: where it would sleep it asks the parent, which lets its own loop go on to
that moment, or to the first byte for the child, whichever comes first. Bytes travel through a socket pair: what a child wrote before it
died by SIGKILL arrives, as the kernel does it, and the end of the socket after it. Nothing here waits in real time for anything else.
"""

from __future__ import annotations

import asyncio
import math
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from workbench.simulation.virtual import VirtualLoop
from workbench.simulation.virtual.loop import TURN_S

HEAD: Final = struct.Struct("<cIdI")  # what, connection, seconds, bytes that follow
CONNECT, BYTES, CLOSE, UNTIL, POINT, SAID, REFUSED, LOST, STOP = (bytes([letter]) for letter in b"CBEUPXRLS")
PORT: Final = 7497


class Wire:
    """Frames over one end of a socket pair."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._held = end, bytearray()

    def send(self, what: bytes, number: int = 0, at_s: float = 0.0, body: bytes = b"") -> None:
        self._end.sendall(HEAD.pack(what, number, at_s, len(body)) + body)

    def next(self) -> tuple[bytes, int, float, bytes] | None:
        """Give the next frame, or `None` behind the last: the other process is gone."""
        while True:
            if len(self._held) >= HEAD.size:
                what, number, at_s, n = HEAD.unpack_from(self._held)
                if len(self._held) >= HEAD.size + n:
                    body = bytes(self._held[HEAD.size : HEAD.size + n])
                    del self._held[: HEAD.size + n]
                    return what, number, at_s, body
            try:
                more = self._end.recv(1 << 16)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self._held += more

    def close(self) -> None:
        self._end.close()


# ---- the child ------------------------------------------------------------------------------------------------------------------------
class ChildLoop(VirtualLoop):
    """The loop of the program: sleeps by asking the world to go on."""

    def __init__(self, wire: Wire, now_s: float, epoch_ns: int, at: Callable[[str, bytes], None]) -> None:
        super().__init__(epoch_ns=epoch_ns, horizon_s=1e9)
        self._now_s, self.wire, self.at = now_s, wire, at
        self._sockets: dict[int, ChildSocket] = {}
        self.on_stop: Callable[[], None] = lambda: None

    def pass_time(self, timeout: float | None) -> None:
        if timeout is not None and timeout <= 0:
            self._now_s += TURN_S
            return
        self.wire.send(UNTIL, 0, max(self._now_s, self._scheduled[0].when()) if self._scheduled else math.inf)
        while True:
            frame = self.wire.next()
            if frame is None:
                os._exit(3)  # the world is gone
            what, number, at_s, body = frame
            if what == UNTIL:
                self._now_s = max(self._now_s, at_s) + TURN_S
                return
            if what == STOP:
                self.call_soon(self.on_stop)
            elif number in self._sockets:
                self.call_soon(self._sockets[number].hear, what, body)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        number = len(self._sockets) + 1
        made = self._sockets[number] = ChildSocket(self, number, protocol_factory())
        self.wire.send(CONNECT, number, self._now_s)
        await made.is_there
        return made, made.protocol


class ChildSocket(asyncio.Transport):
    """The program's end of a connection."""

    def __init__(self, loop: ChildLoop, number: int, protocol: Any) -> None:
        super().__init__({"peername": ("127.0.0.1", PORT), "sockname": ("127.0.0.1", PORT)})
        self._loop, self._number, self.protocol = loop, number, protocol
        self.is_there: asyncio.Future[None] = loop.create_future()
        self._is_closing = False

    def hear(self, what: bytes, body: bytes) -> None:
        if what == CONNECT:
            self.protocol.connection_made(self)
            self.is_there.set_result(None)
        elif what == REFUSED:
            self.is_there.set_exception(ConnectionRefusedError(111, "nobody listens"))
        elif what == BYTES and not self._is_closing:
            self._loop.at("read", body)
            self.protocol.data_received(body)
        elif what == LOST and not self._is_closing:
            self._is_closing = True
            self.protocol.connection_lost(None)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._is_closing:
            whole = bytes(data)
            self._loop.at("about to write", whole)
            self._loop.wire.send(BYTES, self._number, self._loop.time(), whole)
            self._loop.at("written", whole)

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.wire.send(CLOSE, self._number, self._loop.time())
            self._loop.call_soon(self.protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self._is_closing

    def write_eof(self) -> None:
        self.close()

    def get_write_buffer_size(self) -> int:
        return 0

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol


# ---- the parent -----------------------------------------------------------------------------------------------------------------------
class Child:
    """A forked process, as the world sees it.

    Attributes
    ----------
    until_s
        How far the world may go on without asking it.
    points
        Which it has passed, in their order.
    said
        What it said last of itself, before it ended by itself.
    """

    def __init__(
        self, loop: WorldLoop, work: Callable[[ChildLoop], Any], epoch_ns: int, at: Callable[[ChildLoop], Callable[..., None]]
    ) -> None:
        here, there = socket.socketpair()
        sys.stdout.flush(), sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            here.close()
            _live(Wire(there), loop.time(), epoch_ns, work, at)
        there.close()
        self._loop, self.wire, self.until_s, self.points = loop, Wire(here), loop.time(), list[str]()
        self.over: asyncio.Future[int] = loop.create_future()
        self.said: Any = None
        self.out: list[tuple[bytes, int, bytes]] = []
        self.is_gone = self.is_frozen = False
        self._arriving: deque[tuple[bytes, int, bytes]] = deque()
        self._relays: dict[int, Relay] = {}
        self.on_bytes: Callable[[bytes], None] = lambda data: None

    def hear(self) -> None:
        """Let it go on until it sleeps or dies."""
        if self.is_frozen:
            self.until_s = math.inf
            return
        self.wire.send(UNTIL, 0, self._loop.time())
        while (frame := self.wire.next()) is not None:
            what, number, at_s, body = frame
            if what == UNTIL:
                self.until_s = at_s
                return
            if what == POINT:
                self.points.append(body.decode())
            elif what == SAID:
                self.said = pickle.loads(body)
            else:
                if what == BYTES:
                    self.on_bytes(body)
                self._arriving.append((what, number, body))
                self._loop.call_at(max(at_s, self._loop.time()), self._arrive)
        self._bury()

    def _bury(self) -> None:
        self.is_gone = True
        self.until_s = math.inf
        for number in self._relays:
            self._arriving.append((CLOSE, number, b""))
            self._loop.call_at(self._loop.time() + 1e-4, self._arrive)
        status = os.waitpid(self.pid, 0)[1]
        self.wire.close()
        self._loop.child = None
        self._loop.call_soon(self.over.set_result, status)

    def _arrive(self) -> None:
        what, number, body = self._arriving.popleft()
        if what == CONNECT:
            self._relays[number] = Relay(self, number)
            task = self._loop.create_task(self._relays[number].connect())
            self._loop.background.add(task)
        elif what == BYTES:
            self._relays[number].take(body)
        else:
            self._relays[number].close()

    def stop(self) -> None:
        """Ask it to end."""
        self.out.append((STOP, 0, b""))

    def freeze(self) -> None:
        """Stop it, as SIGSTOP does: the world goes on, its socket stands, bytes for it are kept."""
        os.kill(self.pid, signal.SIGSTOP)
        self.is_frozen, self.until_s = True, math.inf

    def thaw(self) -> None:
        """Let it go on, and be the one that the world waits for."""
        os.kill(self.pid, signal.SIGCONT)
        self.is_frozen, self.until_s = False, self._loop.time()
        self._loop.child = self

    def kill(self) -> None:
        """End it, whatever it is doing; it can be buried at the next look."""
        if not self.is_gone:
            os.kill(self.pid, signal.SIGKILL)
            self.is_frozen = False
            while self.wire.next() is not None:
                pass
            self._bury()


class Relay(asyncio.Protocol):
    """A connection of the child's to a listener in the parent's loop."""

    def __init__(self, child: Child, number: int) -> None:
        self._child, self._number = child, number
        self._transport: Any = None
        self._waiting: list[bytes] = []
        self._is_closed = False

    async def connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", PORT)
        except ConnectionRefusedError:
            self._say(REFUSED)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._say(CONNECT)
        for each in self._waiting:
            self._transport.write(each)
        if self._is_closed:
            self._transport.close()

    def take(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._is_closed = True
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._say(BYTES, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._say(LOST)

    def _say(self, what: bytes, data: bytes = b"") -> None:
        if not self._child.is_gone:
            self._child.out.append((what, self._number, data))


class WorldLoop(VirtualLoop):
    """The world's loop: time passes as its child allows, and freely while there is none."""

    child: Child | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.background: set[asyncio.Task[Any]] = set()

    def pass_time(self, timeout: float | None) -> None:
        child = self.child
        if child is None or (timeout is not None and timeout <= 0):
            super().pass_time(timeout)
            return
        due_s = self._scheduled[0].when() if self._scheduled else math.inf
        if due_s <= child.until_s and not (child.out and not child.is_frozen):
            super().pass_time(timeout)
            return
        if not child.out:
            self._now_s = max(self._now_s, child.until_s)
        for what, number, body in child.out:
            child.wire.send(what, number, 0.0, body)
        child.out.clear()
        child.hear()


def _live(
    wire: Wire, now_s: float, epoch_ns: int, work: Callable[[ChildLoop], Any], at: Callable[[ChildLoop], Callable[..., None]]
) -> None:
    """Be the child: never comes back."""
    code = 1
    try:
        asyncio._set_running_loop(None)
        loop = ChildLoop(wire, now_s, epoch_ns, lambda name, data: None)
        loop.at = at(loop)
        asyncio.set_event_loop(loop)
        wire.next()  # the world's leave to begin
        said = loop.run_until_complete(work(loop))
        wire.send(SAID, 0, 0.0, pickle.dumps(said))
        code = 0
    except Exception as error:  # noqa: BLE001  whatever ends a program is told by one sentence
        wire.send(SAID, 0, 0.0, pickle.dumps((type(error).__name__, str(error), traceback.format_exc())))
    finally:
        os._exit(code)
