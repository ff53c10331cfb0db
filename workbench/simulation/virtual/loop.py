"""The loop: asyncio's own scheduling over a clock that jumps to the next timer. No selector, no file descriptor, no thread.

Rules
-----
1. `time` begins at 0, never at the epoch: at 1.8e9 s the clock's resolution is lost in a float, and a due timer never fires.
   The wall is `epoch_ns` + `time`.
2. Every turn costs `TURN_S`: code that re-arms a timer for exactly the moment it then finds *not yet past* would spin for ever
   (ib_async's throttle does).
3. Nothing ready and no timer is a deadlock, and is said with the tasks that wait; time beyond the horizon ends the run.
4. Whatever is random comes from one seeded source. With `shuffle`, steps of *tasks* that are ready in the same turn are permuted;
   plain callbacks keep their order, which asyncio promises.
5. Executors run their call inline on a later turn. Real sockets, signals, subprocesses and other threads are not there.

Leans on private names of `asyncio.BaseEventLoop` (``_run_once``, ``_ready``, ``_scheduled``, ``_selector``): its tests run on each
supported Python.
"""

from __future__ import annotations

import asyncio
import random
from asyncio import base_events
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, NoReturn, TypeVar, TypeVarTuple

from workbench.domain.errors import InvariantError
from workbench.domain.units import SECOND
from workbench.simulation.virtual.links import Network

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
TURN_S: Final = 1e-6
EXECUTOR_S: Final = 0.002  # s; an executor answers after a random part of it
DAY_S: Final = 86_400.0
EPOCH_NS: Final = 1_790_000_000 * SECOND  # where the wall stands at time 0 if nothing is said: 2026-09-21 14:13:20 UTC


class DeadlockError(InvariantError):
    """Nothing is ready and no timer is set: the program can never go on. The text names the tasks that wait."""


class HorizonError(InvariantError):
    """Virtual time passed the horizon: the program did not end when it should have."""


class _Jumps:
    """Stands where the selector stands: nothing to poll, so time passes instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        self._loop.pass_time(timeout)
        return []

    def close(self) -> None:
        """Nothing is held."""


class VirtualLoop(base_events.BaseEventLoop):
    """A seeded event loop in virtual time.

    Parameters
    ----------
    seed
        Of latencies, of where links cut what is written, and of `shuffle`.
    shuffle
        Permute the steps of tasks that are ready together.
    horizon_s
        Virtual seconds after which `HorizonError` is raised.
    epoch_ns
        Wall time at loop time 0.

    Examples
    --------
    >>> async def sleeper() -> float:
    ...     await asyncio.sleep(7 * 86_400)
    ...     return asyncio.get_running_loop().time()
    >>> loop = VirtualLoop()
    >>> round(loop.run_until_complete(sleeper()) / 86_400, 6)
    7.0
    >>> loop.close()
    """

    _ready: deque[Any]
    _scheduled: list[Any]

    def __init__(self, seed: int = 0, *, shuffle: bool = False, horizon_s: float = 30 * DAY_S, epoch_ns: int = EPOCH_NS) -> None:
        super().__init__()
        self._now_s = 0.0
        self._clock_resolution = 1e-9
        self._selector = _Jumps(self)
        self._horizon_s, self._shuffle = horizon_s, shuffle
        self.epoch_ns = epoch_ns
        self.skew_ns = 0  # what a wrong wall clock shows beside `time`; tests turn it
        self.rng = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self.network = Network(self, self.rng)

    def time(self) -> float:
        """Virtual seconds since this loop was made."""
        return self._now_s

    def wall_ns(self) -> int:
        """What a wall clock shows, in ns since 1970."""
        return self.epoch_ns + round(self._now_s * SECOND) + self.skew_ns

    def pass_time(self, timeout: float | None) -> None:
        """Let time pass as far as asyncio would have waited at most: to the next timer."""
        if timeout is None:
            self._say_deadlock()
        if timeout > 0 and self._scheduled:
            self._now_s = max(self._now_s, self._scheduled[0].when())
        self._now_s += TURN_S
        if self._now_s > self._horizon_s:
            raise HorizonError(f"virtual time passed its horizon of {self._horizon_s:g} s; still there: {self._waiting()}")

    def _say_deadlock(self) -> NoReturn:
        raise DeadlockError(f"nothing is ready and no timer is set at {self._now_s:.6f} s; waiting: {self._waiting()}")

    def _waiting(self) -> str:
        tasks = sorted(asyncio.all_tasks(self), key=lambda task: task.get_name())
        said = [f"{task.get_name()} ({getattr(task.get_coro(), '__qualname__', '?')})" for task in tasks if not task.done()]
        return ", ".join(said) or "no task"

    def _run_once(self) -> None:
        if self._shuffle and len(self._ready) > 1:
            self._permute_steps()
        above: Any = super()
        above._run_once()

    def _permute_steps(self) -> None:
        """Permute those ready callbacks that are steps of tasks, in the places they hold."""
        ready = list(self._ready)
        places = [at for at, handle in enumerate(ready) if isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)]
        steps = [ready[at] for at in places]
        self.rng.shuffle(steps)
        for at, step in zip(places, steps, strict=True):
            ready[at] = step
        self._ready.clear()
        self._ready.extend(ready)

    def _process_events(self, events: list[Any]) -> None:
        """Nothing polls, so there are none."""

    def _write_to_self(self) -> None:
        """No thread but this one calls in, so nobody sleeps who must be woken."""

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Call `func` on this very thread, a little later."""
        future: asyncio.Future[T] = self.create_future()

        def call() -> None:
            if future.cancelled():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:  # noqa: BLE001  whatever it is goes to who awaits it, as from any executor
                future.set_exception(error)

        self.call_later(self.rng.uniform(0, EXECUTOR_S), call)
        return future

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        """Connect within this loop's network; options of real sockets are taken and mean nothing."""
        return await self.network.connect(protocol_factory, host or "127.0.0.1", int(port))

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        """Listen within this loop's network; port 0 picks one."""
        return self.network.listen(protocol_factory, host or "127.0.0.1", int(port or 0))
