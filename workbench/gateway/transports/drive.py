"""The gateway's clock, driven by a loop's: session time runs `speed` times as fast. A timer and a little arithmetic; no socket."""

from __future__ import annotations

import asyncio
from typing import Final

from workbench.domain.units import SECOND
from workbench.gateway.gateway import Gateway

GRAIN_S: Final = 0.005  # s of the loop; time is advanced no oftener, so that records due together leave in one write


class Drive:
    """Keeps a gateway's time in step with a loop's. Session time 0 of the drive is now.

    Parameters
    ----------
    grain_s
        Shortest loop time between two wake-ups.
    """

    def __init__(self, gateway: Gateway, loop: asyncio.AbstractEventLoop, *, grain_s: float = GRAIN_S) -> None:
        self.gateway, self._loop, self._grain_s = gateway, loop, grain_s
        self._began_s, self._began_ns = loop.time(), gateway.now_ns
        self._timer: asyncio.TimerHandle | None = None
        self._woke_s = loop.time()
        self._is_over = False
        self.wind()

    def now_ns(self) -> int:
        """Session time now."""
        return self._began_ns + int((self._loop.time() - self._began_s) * self.gateway.speed * SECOND)

    def catch_up(self) -> None:
        """Bring the gateway to now."""
        self.gateway.advance(self.now_ns())

    def wind(self) -> None:
        """Set the timer for what is due next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ns = self.gateway.next_due_ns()
        if due_ns is None or self._is_over:
            return
        due_s = self._began_s + (due_ns - self._began_ns) / (SECOND * self.gateway.speed)
        self._timer = self._loop.call_at(max(due_s, self._woke_s + self._grain_s), self._wake)

    def _wake(self) -> None:
        self._woke_s = self._loop.time()
        self.catch_up()
        self.wind()

    def stop(self) -> None:
        """Let time stand."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
