"""The one clock, at the edge: the loop asks it and stamps events; nothing below ever does. Keeps no schedule and sleeps for nobody.

Timeouts and latencies are differences of `time.monotonic_ns`, never of this.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from workbench.domain.units import MS, SECOND

STEP_LIMIT_NS: Final = 500 * MS  # a wall clock under NTP drifts far less between two questions; more is a step


class Clock(Protocol):
    """Tells the time as integer nanoseconds since 1970 UTC."""

    def now_ns(self) -> int:
        """Give the time; never less than what was given before."""
        ...

    def wait_s(self, until_ns: int) -> float:
        """Give how long to sleep, in real seconds, until this clock shows `until_ns`; 0 if it is past."""
        ...

    def take_step_ns(self) -> int | None:
        """Give the clock's jump since last asked, and forget it; `None` if it did not jump."""
        ...


class SystemClock:
    """The machine's wall clock, clamped never to fall; a jump against the monotonic clock is kept to be reported.

    Parameters
    ----------
    limit_ns
        Jumps up to here are drift, not steps.
    wall, monotonic
        Sources in nanoseconds; given in tests.

    Examples
    --------
    >>> wall, steady = iter([100, 200, 50, 60]), iter([0, 100, 200, 210])
    >>> clock = SystemClock(10, wall.__next__, steady.__next__)
    >>> clock.now_ns(), clock.take_step_ns(), clock.now_ns(), clock.take_step_ns(), clock.now_ns(), clock.take_step_ns()
    (200, None, 200, -250, 200, None)
    """

    def __init__(
        self,
        limit_ns: int = STEP_LIMIT_NS,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._limit_ns, self._wall, self._monotonic = limit_ns, wall, monotonic
        self._last_wall, self._last_steady = wall(), monotonic()
        self._shown = self._last_wall
        self._step_ns = 0

    def now_ns(self) -> int:
        wall, steady = self._wall(), self._monotonic()
        jump = (wall - self._last_wall) - (steady - self._last_steady)
        if abs(jump) > self._limit_ns:
            self._step_ns += jump
        self._last_wall, self._last_steady = wall, steady
        self._shown = max(self._shown, wall)
        return self._shown

    def wait_s(self, until_ns: int) -> float:
        return max(0, until_ns - self.now_ns()) / SECOND

    def take_step_ns(self) -> int | None:
        step, self._step_ns = self._step_ns, 0
        return step or None


class ScaledClock:
    """Time that starts at `start_ns` and runs `speed` times as fast as the monotonic clock: a recording watched in a hurry.

    >>> steady = iter([0, 10, 10])
    >>> clock = ScaledClock(1_000, speed=60.0, monotonic=steady.__next__)
    >>> clock.now_ns(), clock.wait_s(1_600 + 120 * SECOND)
    (1600, 2.0)
    """

    def __init__(self, start_ns: int, speed: float, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        if not speed > 0:
            raise ValueError(f"a clock must run forward, not at {speed=}")
        self._start_ns, self._speed, self._monotonic = start_ns, speed, monotonic
        self._origin = monotonic()

    def now_ns(self) -> int:
        return self._start_ns + int((self._monotonic() - self._origin) * self._speed)

    def wait_s(self, until_ns: int) -> float:
        return max(0, until_ns - self.now_ns()) / SECOND / self._speed

    def take_step_ns(self) -> int | None:
        return None


class ManualClock:
    """Time that moves when told, for tests and for loops in virtual time.

    >>> clock = ManualClock(5)
    >>> clock.advance_to(9)
    >>> clock.advance_to(7)
    >>> clock.now_ns(), clock.wait_s(20)
    (9, 0.0)
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def advance_to(self, ns: int) -> None:
        """Show `ns`, or stay if that is past."""
        self._now_ns = max(self._now_ns, ns)

    def wait_s(self, until_ns: int) -> float:
        """Give 0: nobody waits for this clock; the one who moves it does so next."""
        return 0.0

    def take_step_ns(self) -> int | None:
        return None
