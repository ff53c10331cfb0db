"""A venue that plays recorded or generated records and fills orders by the simulated exchange. No socket, no clock but the records'.

With no order at work and no report under way it follows the engine; otherwise it runs ahead to its next report or `AHEAD` records,
and is put back when the engine stopped earlier.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from workbench.domain.orders import AnyCommand
from workbench.domain.records import Records
from workbench.simulation.matching.exchange import Exchange
from workbench.venues.base import MAX_BATCH, Batch, Happened

AHEAD: Final = 512  # records; beyond that a rewind costs more than it saves


class SimulatedVenue:
    """Market of an array of records, exchange of `simulation.matching`.

    Parameters
    ----------
    records
        The market, numbered and framed with TIME and PHASE records.
    exchange
        Fills orders; holds all state of the other side.
    chunk
        Gives the most records of the next batch (for tests of chunking); `None`: `MAX_BATCH`.
    start
        Index of the first record to play.
    opening
        Events that come before the first record: what runs, and which contracts there are.
    """

    def __init__(
        self,
        records: Records,
        exchange: Exchange,
        *,
        chunk: Callable[[], int] | None = None,
        start: int = 0,
        opening: Sequence[Happened] = (),
    ) -> None:
        self.records, self.exchange = records, exchange
        self._addr, self._n, self.at = int(records.ctypes.data), len(records), start
        self._chunk, self._opening = chunk, opening
        self._stop, self._due, self._ran, self._consumed = start, False, False, start

    async def events(self) -> AsyncIterator[Batch | Happened]:
        """Yield batches up to the next report, and the report."""
        exchange = self.exchange
        for happened in self._opening:
            yield happened
        while self.at < self._n:
            n = min(self._n, self.at + (MAX_BATCH if self._chunk is None else max(1, self._chunk())))
            self._ran = not exchange.is_quiet()
            if self._ran:
                exchange.save()
                self._stop, self._due = exchange.run(self._addr, self.at, min(n, self.at + AHEAD))
            else:
                self._stop, self._due = n, False
            yield Batch(self.records, self._addr, self.at, self._stop)
            if self._due and self.at == self._stop:
                yield Happened(*exchange.take())

    def settle(self, consumed: int) -> None:
        """Put the exchange where the engine is."""
        if not self._ran or consumed != self._stop:
            if self._ran:
                self.exchange.back()
            self.exchange.run(self._addr, self.at, consumed)
            self._due = False
        self.at = consumed

    async def send(self, command: AnyCommand) -> None:
        """Let a command travel to the exchange."""
        self.exchange.send(command, command.decided_ns)
