"""Connections inside a virtual loop: what is written arrives later, perhaps in pieces, in order, or no longer. No socket, no protocol.

A link is one TCP connection with knobs: latency, cuts, stalls, half-open, reset. Within one direction bytes are never reordered or lost
singly, since TCP does neither; duplicates and reordering belong to the messages above.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from workbench.simulation.virtual.loop import VirtualLoop

LATENCY_S: Final = (0.0002, 0.004)  # s; one way between two processes on one machine, with a busy scheduler
CONNECT_S: Final = (0.0005, 0.02)  # s; a three-way handshake and an accept
SPLIT_FRAC: Final = 0.15  # of what is written in one call, this part arrives in two
HIGH_WATER: Final = 64 * 1024  # bytes written and not taken; asyncio's own default
FIRST_PORT: Final = 49_152

Factory = Callable[[], asyncio.BaseProtocol]


class Network:
    """Who listens where, and every link that was ever made in this loop."""

    def __init__(self, loop: VirtualLoop, rng: random.Random) -> None:
        self._loop, self._rng = loop, rng
        self._listeners: dict[tuple[str, int], Factory] = {}
        self.links: list[Link] = []
        self.latency_s = LATENCY_S
        self.split_frac = SPLIT_FRAC

    def listen(self, factory: Factory, host: str, port: int) -> Listener:
        """Answer connections to ``(host, port)``; `OSError` if somebody does already."""
        port = port or next(p for p in range(FIRST_PORT, 65_536) if (host, p) not in self._listeners)
        if (host, port) in self._listeners:
            raise OSError(98, f"{host}:{port} is in use")
        self._listeners[host, port] = factory
        return Listener(self, host, port)

    def unlisten(self, host: str, port: int) -> None:
        """Refuse new connections from here on; those that stand, stand."""
        self._listeners.pop((host, port), None)

    async def connect(self, factory: Factory, host: str, port: int) -> tuple[MemoryTransport, Any]:
        """Connect as a client; `ConnectionRefusedError` if nobody listens."""
        await asyncio.sleep(self._rng.uniform(*CONNECT_S))
        server = self._listeners.get((host, port))
        if server is None:
            raise ConnectionRefusedError(111, f"nobody listens on {host}:{port}")
        link = Link(self._loop, self._rng, latency_s=self.latency_s, split_frac=self.split_frac)
        self.links.append(link)
        link.server.bind(server())
        link.client.bind(factory())
        return link.client, link.client.get_protocol()


class Listener(asyncio.AbstractServer):
    """What `asyncio.Server` is to a real loop."""

    def __init__(self, network: Network, host: str, port: int) -> None:
        self._network = network
        self.host, self.port = host, port
        self._serving = True

    def close(self) -> None:
        """Refuse new connections."""
        self._serving = False
        self._network.unlisten(self.host, self.port)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def is_serving(self) -> bool:
        return self._serving

    async def start_serving(self) -> None:
        """It does from the beginning."""

    async def serve_forever(self) -> None:
        """Wait for ever."""
        await asyncio.get_running_loop().create_future()

    async def wait_closed(self) -> None:
        """Nothing has to be waited for."""


class Link:
    """One connection. `client` connected, `server` was listening."""

    def __init__(self, loop: VirtualLoop, rng: random.Random, *, latency_s: tuple[float, float], split_frac: float) -> None:
        self.loop, self.rng = loop, rng
        self.latency_s, self.split_frac = latency_s, split_frac
        self.stalled_until_s = 0.0
        self.is_half_open = False
        self.client, self.server = MemoryTransport(self), MemoryTransport(self)
        self.client.peer, self.server.peer = self.server, self.client

    def stall(self, for_s: float) -> None:
        """Let nothing arrive for a while, in both directions; it arrives afterwards, in order."""
        self.stalled_until_s = self.loop.time() + for_s

    def half_open(self) -> None:
        """Let nothing arrive any more, and tell nobody: a pulled cable, a dead machine in between."""
        self.is_half_open = True

    def reset(self, *, flush: bool = False) -> None:
        """Break the connection: both ends see `ConnectionResetError`.

        With `flush` the server still receives what the client wrote before: a kernel sends it after the process has died.
        """
        error = ConnectionResetError(104, "connection reset by peer")
        self.client.lose(error)
        if flush:
            self.loop.call_at(max(self.client.arrives_s, self.loop.time()) + 1e-4, self.server.lose, error)
        else:
            self.server.lose(error)


class MemoryTransport(asyncio.Transport):
    """One end of a link, as a protocol sees it."""

    peer: MemoryTransport

    def __init__(self, link: Link) -> None:
        super().__init__({"peername": ("127.0.0.1", FIRST_PORT), "sockname": ("127.0.0.1", FIRST_PORT)})
        self._link, self._loop = link, link.loop
        self._protocol: Any = None
        self._closing = self._lost = self._paused_reading = self._paused_writing = self._ended = False
        self._n_waiting = 0  # bytes written that the peer's protocol has not taken
        self._under_way: deque[bytes | None] = deque()  # written, not arrived; `None` ends the direction
        self._unread: deque[bytes] = deque()  # arrived while reading was paused
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self.arrives_s = 0.0  # when the last byte written so far arrives

    def bind(self, protocol: asyncio.BaseProtocol) -> None:
        """Give this end its protocol and tell it of the connection."""
        self._protocol = protocol
        protocol.connection_made(self)

    def get_protocol(self) -> Any:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send; what is written after the end, or into a half-open link, is gone."""
        if self._closing or self._ended or not data or self._loop.is_closed():
            return
        whole = bytes(data)
        self._n_waiting += len(whole)
        rng = self._link.rng
        cut = rng.randrange(1, len(whole)) if len(whole) > 2 and rng.random() < self._link.split_frac else len(whole)
        for part in (whole[:cut], whole[cut:]):
            if part:
                self._dispatch(part)
        self._pause_if_full()

    def _dispatch(self, part: bytes | None) -> None:
        """Send a part on its way: it never arrives before what was written earlier."""
        due = self._loop.time() + self._link.rng.uniform(*self._link.latency_s)
        self.arrives_s = max(due, self.arrives_s, self._link.stalled_until_s) + 1e-9
        self._under_way.append(part)
        self._loop.call_at(self.arrives_s, self._arrive)

    def _arrive(self) -> None:
        """Let the first part under way arrive; a stall that began meanwhile holds it."""
        if (held_s := self._link.stalled_until_s) > self._loop.time():
            self._loop.call_at(held_s + 1e-9, self._arrive)
            return
        part = self._under_way.popleft()
        if self._link.is_half_open or self.peer._lost:
            return
        if part is None:
            self.peer._eof()
        elif self.peer._paused_reading:
            self.peer._unread.append(part)
        else:
            self.peer._take(part)

    def _take(self, part: bytes) -> None:
        self.peer._taken(len(part))
        if not self._closing:
            self._protocol.data_received(part)

    def _taken(self, n_bytes: int) -> None:
        self._n_waiting -= n_bytes
        if self._paused_writing and self._n_waiting <= self._low and not self._lost:
            self._paused_writing = False
            self._protocol.resume_writing()

    def _pause_if_full(self) -> None:
        if self._n_waiting > self._high and not self._paused_writing:
            self._paused_writing = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        """Bytes written that the other side has not taken: the kernel's buffers counted in."""
        return self._n_waiting

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = HIGH_WATER if high is None else high
        self._low = self._high // 4 if low is None else low

    def pause_reading(self) -> None:
        self._paused_reading = True

    def resume_reading(self) -> None:
        self._paused_reading = False
        while self._unread and not self._paused_reading and not self._lost:
            self._take(self._unread.popleft())

    def is_reading(self) -> bool:
        return not self._paused_reading and not self._closing

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """End this direction: the peer learns it after everything that was written."""
        if not self._ended and not self._closing and not self._loop.is_closed():
            self._ended = True
            self._dispatch(None)

    def _eof(self) -> None:
        if not self._closing and not self._protocol.eof_received():
            self.close()

    def close(self) -> None:
        """Close after what was written has been sent; the peer learns it behind the last byte. Behind the end of the loop: nothing."""
        if self._closing or self._loop.is_closed():
            return
        self._closing = True
        self._loop.call_soon(self._say_lost, None)
        if not self._ended:
            self._ended = True
            self._dispatch(None)

    def abort(self) -> None:
        """Break off at once; the peer sees a reset."""
        if not self._closing and not self._loop.is_closed():
            self._closing = True
            self._loop.call_soon(self._say_lost, None)
            self._loop.call_at(self._loop.time() + 1e-4, self.peer.lose, ConnectionResetError(104, "connection reset by peer"))

    def lose(self, error: Exception | None) -> None:
        """Learn that the connection is gone."""
        if not self._link.is_half_open:
            self._closing = True
            self._loop.call_soon(self._say_lost, error)

    def _say_lost(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._unread.clear()
            self._protocol.connection_lost(error)
