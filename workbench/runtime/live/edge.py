"""Interactive Brokers as the edge of a runner: a venue made once it is known whose orders it has to recognise. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final

from workbench.domain.events import ConnectionChanged
from workbench.domain.orders import AnyCommand
from workbench.runtime.live.flight import FlightRecorder
from workbench.runtime.live.recalling import Recalled
from workbench.venues.base import Batch, Happened
from workbench.venues.history import Bars, BarsAsked, Nothing, Trouble
from workbench.venues.ib.past import Past

if TYPE_CHECKING:
    from workbench.venues.ib.venue import IbVenue

FOR_EVER: Final = 1e9  # s; a connection that is not there yet is tried for as long as the run wants it


class IbEdge:
    """The venue of one account, session after session.

    Parameters
    ----------
    make
        Gives a venue for a chain of runs: its orders bear that name.
    flight
        Notes what goes over its sockets; `None`: nobody does.
    """

    def __init__(self, make: Callable[[str], IbVenue], flight: FlightRecorder | None = None) -> None:
        self._make, self._flight = make, flight
        self._venue: IbVenue | None = None
        self._heard: IbVenue | None = None  # the one whose arrivals are handed out
        self._knows: tuple[str, tuple[int, ...]] = ("", ())  # chain, ids of its contracts
        self._opening: asyncio.Task[object] | None = None
        self._ending: asyncio.Task[None] | None = None  # of the venue before

    @property
    def accounts(self) -> Collection[str]:
        """Accounts the login may trade; empty while that is not known."""
        return () if self._venue is None else self._venue.accounts

    def hours(self, contract: int) -> Sequence[tuple[int, int]]:
        """Give when a contract trades, as IB told last; nothing while it has not."""
        return () if self._venue is None else self._venue.sessions.get(contract, ())

    @property
    def oldest_ns(self) -> int | None:
        """When the next arrival came that nobody has taken; `None` if there is none."""
        return None if self._heard is None else self._heard.intake.oldest_ns

    def recall(self, recalled: Recalled) -> None:
        """Learn what was sent before. A new chain, or other contracts, need a new connection: other names, other streams."""
        knows = (recalled.chain, tuple(contract.id for contract in recalled.contracts))
        if knows == self._knows and self._venue is not None:
            self._record(recalled, self._venue)
            return
        if self._venue is not None:
            self._venue.say(ConnectionChanged(False, "contracts changed: another connection is made"))
            self._ending = asyncio.ensure_future(self._end(self._venue, self._opening))
        self._knows = knows
        self._venue = self._make(recalled.chain)
        self._venue.stream(recalled.contracts)
        past = Past(recalled.lives, recalled.executions, recalled.by_hand, recalled.leaving, recalled.over, recalled.foreign)
        self._venue.recover(past)
        self._venue.money.held_before(recalled.held)  # by the very names that its orders bear, whatever the run's card says
        self._record(recalled, self._venue)

    def _record(self, recalled: Recalled, venue: IbVenue) -> None:
        if self._flight is not None:
            self._flight.begin(recalled, venue)

    async def events(self) -> AsyncIterator[Batch | Happened]:
        """Connect, and go through everything that arrives."""
        while (venue := self._venue) is not None:
            self._heard = venue
            opening = self._opening = asyncio.ensure_future(venue.open(timeout_s=FOR_EVER))
            async for arrival in venue.events():
                yield arrival
                if opening.done() and not opening.cancelled() and (error := opening.exception()) is not None:
                    raise error
            if self._venue is venue:
                return
            if self._ending is not None:
                await self._ending

    def settle(self, consumed: int) -> None:
        """Hear how far the last batch was taken."""
        if self._heard is not None:  # the last batch may still be of the venue before
            self._heard.settle(consumed)

    async def send(self, command: AnyCommand) -> None:
        """Take a command that is already durable."""
        assert self._venue is not None, "a venue is made before anything is sent"
        await self._venue.send(command)

    async def bars(self, asked: BarsAsked) -> Bars | Nothing | Trouble:
        """Ask for bars of the past over the very connection that streams."""
        if self._venue is None:
            return Trouble("not connected yet")
        from workbench.venues.ib.asked import past_bars

        return await past_bars(asked, self._venue.client, self._venue.questions)

    async def close(self) -> None:
        """Leave; orders stay at the broker."""
        if self._venue is not None:
            await self._end(self._venue, self._opening)
        if self._ending is not None:
            await self._ending
        if self._flight is not None:
            self._flight.close()

    async def _end(self, venue: IbVenue, opening: asyncio.Task[object] | None) -> None:
        if opening is not None:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        await venue.close()
