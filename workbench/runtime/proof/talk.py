"""A conversation with a TWS in raw frames: all of either direction are kept, with their time. Knows the protocol, no client library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from workbench.domain.errors import VenueError
from workbench.wire import (
    Answer,
    FrameError,
    ManagedAccounts,
    NextValidId,
    Reader,
    Request,
    StartApi,
    WireError,
    decode_answer,
    encode,
    fields,
    frame,
    hello,
    parse_welcome,
)

CONNECT_S: Final = 5.0
ANSWER_S: Final = 20.0
A = TypeVar("A", bound=Answer)


class Frame(NamedTuple):
    """One frame: seconds since the greeting, in which part of the tour, of which direction, and what it was."""

    at_s: float
    stop: str
    is_ours: bool
    payload: bytes
    message: Answer | Request | None  # `None`: it could not be read
    problem: str = ""

    @property
    def name(self) -> str:
        """Name the class of the message, or its number."""
        if self.message is not None:
            return type(self.message).__name__
        return f"message {self.payload.partition(bytes(1))[0][:8].decode('ascii', 'replace')}"


class Conversation(NamedTuple):
    """All that was said, and what the tour noted."""

    version: int
    accounts: tuple[str, ...]
    frames: tuple[Frame, ...]
    orders: dict[str, int]  # what for -> order id
    notes: tuple[str, ...] = ()
    account: str = ""

    def answers(self, stop: str | None = None) -> list[Frame]:
        """Give what they said, in all or in one part."""
        return [each for each in self.frames if not each.is_ours and stop in (None, each.stop)]

    @property
    def stops(self) -> list[str]:
        """Name the parts in their order."""
        return list(dict.fromkeys(each.stop for each in self.frames))


class Talk:
    """One client. `stop` names the part of the tour that frames are noted under."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._came = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.version = 0
        self.stop = "session"
        self.frames: list[Frame] = []
        self.is_over = False
        self._req_id = 9_000

    @property
    def n_heard(self) -> int:
        """Frames so far; a mark to wait from."""
        return len(self.frames)

    def req_id(self) -> int:
        """Give a number for a question."""
        self._req_id += 1
        return self._req_id

    async def start(self, client_id: int) -> None:
        """Greet and begin; `VenueError` where nobody lets us in."""
        self._writer.write(hello())
        try:
            async with asyncio.timeout(CONNECT_S):
                length = int.from_bytes(await self._reader.readexactly(4), "big")
                self.version = parse_welcome(await self._reader.readexactly(min(length, 1_000))).version
        except (TimeoutError, EOFError, OSError, FrameError) as error:
            raise VenueError(f"it does not greet as a TWS does ({type(error).__name__}); `workbench connect` looks closer") from error
        self._task = self._loop.create_task(self._listen())
        self.send(StartApi(client_id))
        if not await self.until(lambda new: {ManagedAccounts, NextValidId} <= {type(each) for each in new}, since=0):
            raise VenueError("it greets, but lets no client in; is the client id in use? `workbench connect` looks closer")

    def send(self, request: Request) -> None:
        """Say something."""
        payload = encode(request, self.version)
        self.frames.append(Frame(self._now_s(), self.stop, True, payload, request))
        self._writer.write(frame(payload))

    async def until(self, is_enough: Callable[[list[Answer]], object], *, since: int, timeout_s: float = ANSWER_S) -> bool:
        """Wait until what came since a mark is enough; `False` when time is over, or the conversation."""
        until_s = self._loop.time() + timeout_s
        while not is_enough(self.since(since)):
            left_s = until_s - self._loop.time()
            if left_s <= 0 or self.is_over:
                return False
            self._came.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._came.wait()
            except TimeoutError:
                return False
        return True

    def since(self, mark: int) -> list[Answer]:
        """Give the answers since a mark."""
        return [each.message for each in self.frames[mark:] if isinstance(each.message, Answer)]

    def of(self, kind: type[A]) -> list[A]:
        """Give all answers of a kind."""
        return [each.message for each in self.frames if isinstance(each.message, kind)]

    async def _listen(self) -> None:
        cutter = Reader()
        try:
            while data := await self._reader.read(65_536):
                for payload in cutter.feed(data):
                    self._take(payload)
                self._came.set()
        except (OSError, FrameError):
            pass  # over, one way or another
        self.is_over = True
        self._came.set()

    def _take(self, payload: bytes) -> None:
        message, problem = None, ""
        try:
            message = decode_answer(fields(payload), self.version)
        except WireError as error:
            problem = str(error)
        self.frames.append(Frame(self._now_s(), self.stop, False, payload, message, problem))

    def _now_s(self) -> float:
        return round(self._loop.time() - self._began_s, 6)

    async def close(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()


async def connect(host: str, port: int) -> Talk:
    """Call; `VenueError` where nobody answers."""
    try:
        async with asyncio.timeout(CONNECT_S):
            return Talk(*await asyncio.open_connection(host, port))
    except (TimeoutError, OSError) as error:
        raise VenueError(f"nobody listens at {host}:{port}; `workbench connect` looks closer") from error
