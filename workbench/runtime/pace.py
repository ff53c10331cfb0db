"""A market that is at hand, handed out as a clock shows its time, so that a person can watch. Changes when, never what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from workbench.clock import Clock, ScaledClock
from workbench.domain.orders import AnyCommand
from workbench.domain.records import Records
from workbench.venues.base import Batch, Happened
from workbench.venues.simulated import SimulatedVenue

NAP_S: Final = 0.25  # the longest sleep at a stretch
MAX_DUE: Final = 4_096  # records of one turn


class Pace:
    """Says how many records are due.

    Parameters
    ----------
    records
        With ``recv_ns`` rising.
    clock
        Shows log time.

    Examples
    --------
    >>> from workbench.clock import ManualClock
    >>> from workbench.domain.records import empty
    >>> records = empty(3); records["recv_ns"] = (10, 20, 30)
    >>> clock = ManualClock(20); pace = Pace(records, clock)
    >>> pace.n_due(0), pace.n_due(2)
    (2, 0)
    """

    def __init__(self, records: Records, clock: Clock) -> None:
        self._recv_ns, self._clock = records["recv_ns"], clock

    @classmethod
    def at_speed(cls, records: Records, behind_seq: int, speed: float, from_ns: int | None = None) -> Pace:
        """Let log time run `speed` times as fast as the wall clock, from `from_ns` on if given; records up to `behind_seq` are due."""
        first = int(records["recv_ns"][min(int(records["seq"].searchsorted(behind_seq, side="right")), len(records) - 1)])
        return cls(records, ScaledClock(max(first, from_ns or 0), speed))

    def n_due(self, at: int) -> int:
        """Count the records from `at` on whose time has come; at most `MAX_DUE`, so that the tail runs no further ahead of the journal."""
        return min(MAX_DUE, max(0, int(self._recv_ns.searchsorted(self._clock.now_ns(), side="right")) - at))

    async def until_due(self, at: int) -> None:
        """Sleep until the record at `at` is due; past the last one nothing is waited for."""
        while at < len(self._recv_ns) and (left_s := self._clock.wait_s(int(self._recv_ns[at]))) > 0:
            await asyncio.sleep(min(left_s, NAP_S))


class PacedVenue:
    """A simulated venue that waits for its records' time.

    Parameters
    ----------
    venue
        Made with a `chunk` that gives what is due (`Pace.n_due`).
    """

    def __init__(self, venue: SimulatedVenue, pace: Pace) -> None:
        self._venue, self._pace = venue, pace

    async def events(self) -> AsyncIterator[Batch | Happened]:
        """Yield what the venue yields, not before its time."""
        async for arrival in self._venue.events():
            yield arrival
            await self._pace.until_due(self._venue.at)

    def settle(self, consumed: int) -> None:
        """Hear how far the last batch was taken."""
        self._venue.settle(consumed)

    async def send(self, command: AnyCommand) -> None:
        """Let a command travel."""
        await self._venue.send(command)
