"""The tap: an ib_async client that splits the socket's bytes itself. Market data goes to `hot`, all else to ib_async and to whoever asks.

Rules
-----
1. Frames are handed on in the order in which they came: records, events and answers never overtake one another.
2. Nothing that comes in raises out of here: what cannot be read, and what our own readers raise, is told to `on_trouble`.
3. Bytes leave in one place, `TapConnection.sendMsg`. Who comes first, and what must not leave, is the lane's to say: the library's own
   throttle, which puts a cancel behind every request that waits, is not used.

One loop, no thread; nest_asyncio is never asked for.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any, Final, Protocol

from ib_async import IB
from ib_async.client import Client
from ib_async.connection import Connection

from workbench.domain.errors import VenueError
from workbench.venues.ib.hot import Hot

MIN_SERVER: Final = 157
NEXT_ID, ACCOUNTS = "9", "15"

OnFrame = Callable[[list[str]], None]  # fields of a frame that is no market data of ours, the first is its id
OnTrouble = Callable[[str, str], None]  # what went wrong, and the frame it was about


class Recorder(Protocol):
    """Hears all that becomes of the sockets, in its order; must not raise."""

    def came(self, data: bytes) -> None:
        """Bytes came, and nobody has read them."""

    def left(self, data: bytes) -> None:
        """Bytes are about to leave."""

    def made(self) -> None:
        """There is a connection."""

    def refused(self, why: str) -> None:
        """There is none; the name of the error, and its words."""

    def ended(self, error: str | None) -> None:
        """The other side ended it; with an error it broke."""


class Outgoing(Protocol):
    """The order in which payloads leave."""

    def offer(self, payload: bytes) -> None:
        """Take a payload (fields with NUL behind each, no length); it is written now or later, by `TapClient.write`."""

    def drop(self) -> list[bytes]:
        """Forget what waits, and give it back: the socket is gone."""


class TapConnection(Connection):
    """The socket. Chunks come in and frames leave here; the recorder sees both.

    Attributes
    ----------
    hold, let_go
        Called before and behind a chunk: all that comes of it has come at one time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.hold: Callable[[], object] = lambda: None
        self.let_go: Callable[[], object] = lambda: None
        self.recorder: Recorder | None = None

    async def connectAsync(self, host: str, port: int) -> None:  # noqa: N802  # name of the library
        try:
            await super().connectAsync(host, port)
        except OSError as error:
            if self.recorder is not None:
                self.recorder.refused(f"{type(error).__name__}: {error}")
            raise

    def connection_made(self, transport: Any) -> None:
        """Have the system look after a peer that is silent for hours; the heartbeat sees it long before."""
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self.recorder is not None:
            self.recorder.made()

    def data_received(self, data: bytes) -> None:
        self.hold()
        try:
            if self.recorder is not None:
                self.recorder.came(data)
            self.on_data(data)
        finally:
            self.let_go()

    def eof_received(self) -> None:
        if self.recorder is not None:
            self.recorder.ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and self.recorder is not None:
            self.recorder.ended(str(exc))
        super().connection_lost(exc)

    def sendMsg(self, msg: bytes) -> None:  # noqa: N802  # name of the library
        if self.transport and self.recorder is not None:
            self.recorder.left(msg)
        super().sendMsg(msg)


class TapClient(Client):
    """What `tapped` puts into an `IB`.

    Attributes
    ----------
    hot
        Takes the market data.
    on_frame
        Hears every other frame, before ib_async does.
    on_trouble
        Hears what could not be read, in words.
    lane
        Takes what is to leave; `None`: it leaves at once. To be set before connecting, built around `write`.
    on_unsent
        Hears what had not left when the socket went.
    """

    conn: TapConnection

    def __init__(self, wrapper: Any, hot: Hot) -> None:
        self.hot = hot
        self.on_frame: OnFrame = lambda fields: None
        self.on_trouble: OnTrouble = lambda what, frame: None
        self.on_unsent: Callable[[list[bytes]], None] = lambda payloads: None
        self.lane: Outgoing | None = None
        self._told = False  # whether ib_async heard of this chunk
        super().__init__(wrapper)
        self.conn = TapConnection()
        self.conn.on_data = self._onSocketHasData
        self.conn.disconnected += self._onSocketDisconnected

    def reset(self) -> None:
        super().reset()
        self.hot.reset()
        if self.lane is not None and (unsent := self.lane.drop()):
            self.on_unsent(unsent)

    # what comes in

    def _onSocketHasData(self, data: bytes) -> None:  # noqa: N802  # name of the library
        self._numBytesRecv += len(data)
        self._told = False
        try:
            self.hot.feed(data, self._payload)
        except VenueError as error:
            self._trouble(str(error), "")
            self.conn.disconnect()
        if self._told and self._tcpDataProcessed:
            self._tcpDataProcessed()

    def _payload(self, payload: bytes) -> None:
        if not self._told and self._tcpDataArrived:
            self._tcpDataArrived()
        self._told = True
        self._numMsgRecv += 1
        text = payload.decode(errors="backslashreplace")
        fields = text.split("\0")
        fields.pop()
        if not fields:
            self._trouble("a frame without a field", text)
            return
        try:
            self._read(fields)
        except Exception as error:  # noqa: BLE001  whatever one frame does to us, the next one is read
            self._trouble(f"{type(error).__name__}: {error}", "|".join(fields))

    def _read(self, fields: list[str]) -> None:
        if not self._serverVersion and len(fields) == 2:
            self._welcome(fields)
        else:
            if not self._apiReady:
                self._look_for_readiness(fields)
            self._hand_on(fields)

    def _hand_on(self, fields: list[str]) -> None:
        try:
            self.on_frame(fields)
        except Exception as error:  # noqa: BLE001  # one frame that we cannot read must not close the socket; it is told
            self._trouble(f"{type(error).__name__}: {error}", "|".join(fields))
        self.decoder.interpret(fields)

    def _welcome(self, fields: list[str]) -> None:
        """The handshake's answer: server version and time."""
        if not fields[0].isdecimal() or int(fields[0]) < MIN_SERVER:
            self._trouble(f"server version {fields[0]!r}: TWS or IB Gateway 972 or later is needed", "|".join(fields))
            self.conn.disconnect()
            return
        self._serverVersion = self.decoder.serverVersion = int(fields[0])
        self.connState = Client.CONNECTED
        self.hot.is_open = True
        self.startApi()
        self.wrapper.connectAck()

    def _look_for_readiness(self, fields: list[str]) -> None:
        """The next order id and the accounts: with both the client is ready."""
        if fields[0] == NEXT_ID and len(fields) == 3 and fields[2].isdecimal():
            self.updateReqId(int(fields[2]))
            self._hasReqId = True
        elif fields[0] == ACCOUNTS and len(fields) == 3:
            self._accounts = [account for account in fields[2].split(",") if account]
        if self._hasReqId and self._accounts:
            self._apiReady = True
            self.apiStart.emit()

    def _trouble(self, what: str, frame: str) -> None:
        self.on_trouble(what, frame)

    # what leaves

    def sendMsg(self, msg: str | None) -> None:  # noqa: N802  # name of the library
        """Take a payload (fields with NUL behind each) from one of the library's requests."""
        if not msg:
            return
        if self.lane is None:
            self.write(msg.encode())
        else:
            self.lane.offer(msg.encode())

    def write(self, payload: bytes) -> None:
        """Put a payload on the wire, framed, now. This is what a lane writes with; `ConnectionError` when there is no socket."""
        if not self.conn.isConnected():
            raise ConnectionError("not connected")
        self.conn.sendMsg(struct.pack(">I", len(payload)) + payload)


def tapped(hot: Hot, kind: type[TapClient] = TapClient) -> IB:
    """Make an `IB` whose client (``ib.client``) is a `TapClient`, or one that grew from it."""
    ib = IB()
    ib.client.conn.hasData -= ib.client._onSocketHasData
    ib.client = kind(ib.wrapper, hot)
    ib.client.apiEnd += ib.disconnectedEvent
    return ib
