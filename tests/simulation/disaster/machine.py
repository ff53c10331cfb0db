"""A machine in virtual time, on which one process can die while the world goes on. Loop and sockets; nothing of trading is known here.

Who owns a task, a timer or a callback is said by its context, which asyncio hands on from whoever made it. A process that dies
takes nothing more from its loop: what is ready of it is laid aside, its timers never ring, its sockets end. Its `finally` blocks run
only when the whole run is wound up, over files that nobody reads any more: a dead process tidies nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from enum import StrEnum
from typing import Any, Final, TypeVar
from weakref import WeakSet

from workbench.simulation.virtual import VirtualLoop
from workbench.simulation.virtual.links import MemoryTransport
from workbench.simulation.virtual.loop import DeadlockError, HorizonError

T = TypeVar("T")
ROUNDS: Final = 3  # of cancelling: what ends may start something at its end

OWNER: Final[ContextVar[Process | None]] = ContextVar("owner", default=None)


class Died(BaseException):
    """The process died at this very instruction. No `except Exception` may outlive it."""


class Death(StrEnum):
    """How a process dies: what becomes of what it wrote and did not sync, and of bytes on their way."""

    KILLED = "killed"  # files keep what was written; the kernel sends what lay in its buffers, then ends the sockets
    RESET = "reset"  # the same, but the sockets break at once and what lay in buffers is gone
    POWER = "power"  # files keep what was synced and some of the rest; the other side hears nothing for a while


class Process:
    """One life of the program: its context, its sockets, and whether it is over."""

    def __init__(self, loop: MachineLoop, number: int) -> None:
        self.loop, self.number = loop, number
        self.is_dead = False
        self.died: asyncio.Future[Death] = loop.create_future()
        self.sockets: list[Socket] = []
        self.laid_aside: list[asyncio.Handle] = []
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.context = copy_context()
        self.context.run(OWNER.set, self)

    def start(self, main: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin its first task; whatever comes of it is its own."""
        return self.loop.create_task(main, context=self.context)

    def die(self, death: Death, hold_s: float = 0.0) -> None:
        """End it here: nothing of it is called again. `hold_s`: for so long the other side believes that the socket stands."""
        if self.is_dead:
            return
        self.is_dead = True
        self.loop.lay_aside(self)
        for socket in self.sockets:
            socket.end(death, hold_s)
        if not self.died.done():
            self.died.set_result(death)


class Socket(asyncio.Protocol):
    """Stands between a process's protocol and its end of a link: calls in as the process, and lets others look at what is written."""

    def __init__(self, process: Process, inner: Any) -> None:
        self._process, self._inner = process, inner
        self.wire: MemoryTransport
        self.transport: Tap

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, MemoryTransport)
        self.wire, self.transport = transport, Tap(self._process, transport)
        self._process.sockets.append(self)
        self._call(self._inner.connection_made, self.transport)

    def data_received(self, data: bytes) -> None:
        self._process.loop.on_read(self._process, data)
        self._call(self._inner.data_received, data)

    def eof_received(self) -> bool | None:
        return self._call(self._inner.eof_received)

    def connection_lost(self, exc: Exception | None) -> None:
        self._call(self._inner.connection_lost, exc)

    def pause_writing(self) -> None:
        self._call(self._inner.pause_writing)

    def resume_writing(self) -> None:
        self._call(self._inner.resume_writing)

    def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        if self._process.is_dead:
            return None
        try:
            return self._process.context.copy().run(function, *args)
        except Died:
            return None

    def end(self, death: Death, hold_s: float) -> None:
        """Do to the link what the kernel does, or what nobody does any more."""
        wire = self.wire
        if wire.is_closing():
            return
        if death is Death.KILLED:
            wire.close()
        elif death is Death.RESET:
            wire.abort()
        else:
            wire._link.half_open()
            self._process.loop.call_later(hold_s, _break, wire)


def _break(wire: MemoryTransport) -> None:
    wire._link.is_half_open = False
    wire.peer.lose(ConnectionResetError(104, "connection reset by peer"))


class Tap:
    """A transport of which somebody sees every write, before it is on its way; a dead process writes nothing."""

    def __init__(self, process: Process, wire: MemoryTransport) -> None:
        self._process, self._wire = process, wire

    def write(self, data: bytes) -> None:
        process = self._process
        if process.is_dead:
            return
        process.loop.on_write(process, bytes(data))
        if not process.is_dead:
            self._wire.write(data)
            process.loop.on_written(process, bytes(data))

    def write_eof(self) -> None:
        if not self._process.is_dead:
            self._wire.write_eof()

    def close(self) -> None:
        if not self._process.is_dead:
            self._wire.close()

    def abort(self) -> None:
        if not self._process.is_dead:
            self._wire.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)


class MachineLoop(VirtualLoop):
    """A virtual loop that knows whose each call is. What nobody owns is the world's.

    Attributes
    ----------
    on_read, on_write, on_written
        Hear of bytes that a process gets, is about to write, and has written.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.on_read: Callable[[Process, bytes], None] = lambda process, data: None
        self.on_write: Callable[[Process, bytes], None] = lambda process, data: None
        self.on_written: Callable[[Process, bytes], None] = lambda process, data: None
        self.processes: list[Process] = []
        self._nobody = Context()
        self._graves: list[asyncio.Task[Any]] = []
        self._is_winding_up = False
        self.set_exception_handler(lambda loop, context: None if _is_of_the_dead(context) else loop.default_exception_handler(context))

    def process(self) -> Process:
        """Start the next life."""
        made = Process(self, len(self.processes) + 1)
        self.processes.append(made)
        return made

    # ---- whose a call is ----------------------------------------------------------------------------------------------------------
    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:
        if isinstance(getattr(callback, "__self__", None), MemoryTransport):
            context = self._nobody  # what is on a wire belongs to neither side
        handle = super().call_soon(callback, *args, context=context)
        if not self._is_winding_up and (owner := handle._context.get(OWNER)) is not None and owner.is_dead:
            self._ready.pop()
            owner.laid_aside.append(handle)
        return handle

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> asyncio.TimerHandle:
        if isinstance(getattr(callback, "__self__", None), MemoryTransport):
            context = self._nobody
        return super().call_at(when, callback, *args, context=context)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        task = super().create_task(coro, name=name, context=context)
        if (owner := OWNER.get() if context is None else context.get(OWNER)) is not None:
            owner.tasks.add(task)
        return task

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        process = OWNER.get()
        if process is None:
            return await super().create_connection(protocol_factory, host, port, **options)
        _, socket = await super().create_connection(lambda: Socket(process, protocol_factory()), host, port, **options)
        return socket.transport, socket._inner

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        return await super().create_server(lambda: Outside(protocol_factory()), host, port, **options)

    # ---- death ----------------------------------------------------------------------------------------------------------------------
    def lay_aside(self, process: Process) -> None:
        """Take everything of a process off the loop."""
        self._graves += list(process.tasks)
        ready = [handle for handle in self._ready if handle._context.get(OWNER) is process]
        process.laid_aside += ready
        for handle in ready:
            self._ready.remove(handle)
        for timer in self._scheduled:
            if timer._context.get(OWNER) is process:
                timer.cancel()

    def wind_up(self) -> None:
        """Let the dead be cancelled like everybody else, now that nothing of what they do is looked at."""
        self._is_winding_up = True
        for process in self.processes:
            process.is_dead = True
            self._ready.extend(process.laid_aside)
            process.laid_aside.clear()
        self._graves.clear()


class Outside(asyncio.Protocol):
    """A server's protocol, called as nobody: what it starts outlives whoever happened to write to it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._nobody = Context()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._nobody.copy().run(self._inner.connection_made, transport)

    def data_received(self, data: bytes) -> None:
        self._nobody.copy().run(self._inner.data_received, data)

    def eof_received(self) -> bool | None:
        return self._nobody.copy().run(self._inner.eof_received)

    def connection_lost(self, exc: Exception | None) -> None:
        self._nobody.copy().run(self._inner.connection_lost, exc)

    def pause_writing(self) -> None:
        self._nobody.copy().run(self._inner.pause_writing)

    def resume_writing(self) -> None:
        self._nobody.copy().run(self._inner.resume_writing)


def _is_of_the_dead(context: dict[str, Any]) -> bool:
    return isinstance(context.get("exception"), Died) or "was destroyed but it is pending" in context.get("message", "")


async def _cancelled(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=60)


def run(main: Callable[[MachineLoop], Coroutine[Any, Any, T]], *, seed: int, epoch_ns: int, horizon_s: float) -> T:
    """Run ``main(loop)`` to its end on a machine of its own, and bury its dead."""
    loop = MachineLoop(seed, horizon_s=horizon_s, epoch_ns=epoch_ns)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.wind_up()
        loop._horizon_s += 1_000
        with suppress(DeadlockError, HorizonError, TimeoutError, Died):  # what will not end is let go
            for _ in range(ROUNDS):
                loop.run_until_complete(_cancelled(asyncio.all_tasks(loop)))
        asyncio.set_event_loop(None)
        loop.close()
