"""The wall clock of modules that read it themselves, routed to a virtual loop for the while. Knows no library by name."""

from __future__ import annotations

import datetime as real_datetime
import time as real_time
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from workbench.domain.units import SECOND
from workbench.simulation.virtual.loop import VirtualLoop


@contextmanager
def wall_clock_of(loop: VirtualLoop, modules: Sequence[types.ModuleType]) -> Iterator[None]:
    """Let `modules` see `loop`'s wall wherever they wrote ``import time``, ``import datetime`` or ``from datetime import datetime``.

    Only names in those modules are exchanged, and given back at the end: the rest of the process keeps its clock.

    Examples
    --------
    >>> module = types.ModuleType("reads_the_clock")
    >>> module.time, module.datetime = real_time, real_datetime.datetime
    >>> loop = VirtualLoop(epoch_ns=1_000_000_000_000_000_000)
    >>> with wall_clock_of(loop, [module]):
    ...     module.time.time(), module.datetime.now(real_datetime.UTC).year
    (1000000000.0, 2001)
    >>> module.time is real_time
    True
    >>> loop.close()
    """
    clocks = _clocks(loop)
    exchanged = [
        (module, name, there)
        for module in modules
        for name in ("time", "datetime", "dt")
        if (there := getattr(module, name, None)) is not None
    ]
    try:
        for module, name, there in exchanged:
            setattr(module, name, next((virtual for real, virtual in clocks if real is there), there))
        yield
    finally:
        for module, name, there in exchanged:
            setattr(module, name, there)


def _clocks(loop: VirtualLoop) -> tuple[tuple[Any, Any], ...]:
    """Pair what a module may hold with its virtual stand-in."""

    def wall_s() -> float:
        return loop.wall_ns() / SECOND

    class VirtualDatetime(real_datetime.datetime):
        @classmethod
        def now(cls, tz: real_datetime.tzinfo | None = None) -> Any:
            return real_datetime.datetime.fromtimestamp(wall_s(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return real_datetime.datetime.fromtimestamp(wall_s(), real_datetime.UTC).replace(tzinfo=None)

    time = types.ModuleType("time")
    time.__dict__.update({name: value for name, value in vars(real_time).items() if not name.startswith("__")})
    time.__dict__.update(time=wall_s, time_ns=loop.wall_ns, monotonic=loop.time, perf_counter=loop.time)
    datetime = types.ModuleType("datetime")
    datetime.__dict__.update({name: value for name, value in vars(real_datetime).items() if not name.startswith("__")})
    datetime.__dict__["datetime"] = VirtualDatetime
    return (real_time, time), (real_datetime, datetime), (real_datetime.datetime, VirtualDatetime), (real_time.time, wall_s)
