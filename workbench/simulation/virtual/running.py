"""Run a coroutine to its end in virtual time and clean up behind it, as `asyncio.run` does with a real loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from workbench.simulation.virtual.loop import DAY_S, EPOCH_NS, DeadlockError, HorizonError, VirtualLoop

T = TypeVar("T")
L = TypeVar("L", bound=VirtualLoop)


def run(
    main: Callable[[VirtualLoop], Coroutine[Any, Any, T]],
    *,
    seed: int = 0,
    shuffle: bool = False,
    horizon_s: float = 30 * DAY_S,
    epoch_ns: int = EPOCH_NS,
) -> T:
    """Run ``main(loop)`` on a fresh `VirtualLoop` and give what it returns; `run_on` does so on one that was made already.

    The loop is the thread's current one meanwhile: libraries ask for it (eventkit, and so ib_async, at import or first use).

    Examples
    --------
    >>> async def main(loop: VirtualLoop) -> str:
    ...     async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    ...         writer.write((await reader.readline()).upper())
    ...     await asyncio.start_server(echo, "127.0.0.1", 7497)
    ...     reader, writer = await asyncio.open_connection("127.0.0.1", 7497)
    ...     writer.write(b"no socket was opened" + bytes([10]))
    ...     return (await reader.readline()).decode().strip()
    >>> run(main, seed=1)
    'NO SOCKET WAS OPENED'
    """
    return run_on(VirtualLoop(seed, shuffle=shuffle, horizon_s=horizon_s, epoch_ns=epoch_ns), main)


def run_on(loop: L, main: Callable[[L], Coroutine[Any, Any, T]]) -> T:
    """Run ``main(loop)`` on `loop`, and close it."""
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        try:
            _wind_up(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _wind_up(loop: VirtualLoop) -> None:
    """Cancel what still runs and let it end."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    try:
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    except (DeadlockError, HorizonError):
        pass  # what brought the run down is on its way already; a task that will not be cancelled adds nothing to it
