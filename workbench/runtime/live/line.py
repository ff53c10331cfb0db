"""The line to a venue, over all sessions of a process: what arrives, one at a time, or nothing by a given moment. Stamps nothing."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Collection
from typing import Protocol

from workbench.clock import Clock
from workbench.domain.events import AnyEvent, ConnectionChanged, StreamChanged
from workbench.domain.orders import AnyCommand
from workbench.runtime.live.recalling import Recalled
from workbench.venues.base import Batch, Happened


class Edge(Protocol):
    """A venue that reaches outside this process: `venues.base.Venue`, with records not numbered yet, and the accounts of its login."""

    @property
    def accounts(self) -> Collection[str]:
        """Accounts the login may trade; empty while that is not known."""

    def recall(self, recalled: Recalled) -> None:
        """Learn what was sent before: before the first arrival is asked for, and where a session goes on over the same line."""

    def events(self) -> AsyncIterator[Batch | Happened]:
        """Go through everything that arrives, until there is no more."""

    def settle(self, consumed: int) -> None:
        """Hear how far the last batch was taken."""

    async def send(self, command: AnyCommand) -> None:
        """Take a command that is already durable."""


class Line:
    """One connection that outlives a log session.

    Parameters
    ----------
    edge
        The venue.
    clock
        Says how long to wait; the one that the venue stamps with.

    Attributes
    ----------
    is_up
        Whether the venue said last that it is there.
    is_over
        Whether it has ended: nothing will come any more.
    is_stopping
        Whether a person wants the run to end at its next turn.
    why
        What the venue said last about being there.
    streams
        The last word on each stream of each contract.
    """

    def __init__(self, edge: Edge, clock: Clock) -> None:
        self.edge, self.clock = edge, clock
        self.is_up = self.is_over = self.is_stopping = False
        self.why = "not connected yet"
        self.streams: dict[tuple[int, str], AnyEvent] = {}
        self._arrivals = aiter(edge.events())
        self._coming: asyncio.Future[Batch | Happened] | None = None
        self._held: Batch | Happened | None = None

    async def next(self, until_ns: int, at_most_s: float = math.inf) -> Batch | Happened | None:
        """Give what came next; `None` if nothing came until the clock shows `until_ns`, or in `at_most_s` seconds, or nothing will."""
        if self._held is not None:
            held, self._held = self._held, None
            return held
        if self.is_over:
            return None
        coming = self._coming = self._coming or asyncio.ensure_future(anext(self._arrivals))  # known to `close` while it is waited for
        await asyncio.sleep(0)  # what is there already comes within this turn of the loop, which spares a timer
        if not coming.done():
            await asyncio.wait((coming,), timeout=min(self.clock.wait_s(until_ns), at_most_s))
        if not coming.done():
            return None
        self._coming = None
        try:
            arrival = coming.result()
        except StopAsyncIteration:
            self.is_over = True
            return None
        if isinstance(arrival, Happened):
            self._remember(arrival.event)
        return arrival

    def oldest_ns(self) -> int | None:
        """Say when the arrival came that is next and was not handed out; `None` if none is known of."""
        held, coming = self._held, self._coming
        if held is None and coming is not None and coming.done() and not coming.cancelled() and coming.exception() is None:
            held = coming.result()
        if isinstance(held, Batch):
            return int(held.records["recv_ns"][held.start]) if held.stop > held.start else None
        return held.recv_ns if held is not None else getattr(self.edge, "oldest_ns", None)

    def _remember(self, event: AnyEvent) -> None:
        """Keep what a session that follows must know of the line."""
        match event:
            case ConnectionChanged(up=up, why=why):
                self.is_up, self.why = up, why
            case StreamChanged(contract=contract, stream=stream):
                self.streams[contract, stream] = event
            case _:
                pass

    def put_back(self, arrival: Batch | Happened) -> None:
        """Keep an arrival for the session that follows."""
        self._held = arrival

    def stop(self) -> None:
        """Have the run end at its next turn, a second of its clock from now at the latest."""
        self.is_stopping = True

    async def close(self) -> None:
        """Let go of the venue."""
        if self._coming is not None:
            self._coming.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await self._coming
            self._coming = None
        close = getattr(self._arrivals, "aclose", None)
        if close is not None:
            await close()
