"""A venue that plays recorded or generated records and fills orders by the simulated exchange. No socket, no clock but the records'.

With no order at work and no report under way it follows the engine; otherwise it runs ahead to its next report or `AHEAD` records,
and is put back when the engine stopped earlier.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from workbench.domain.events import AccountValued, Answered, Known, OrderFilled, Unknown
from workbench.domain.orders import AnyCommand, Ask, Submit
from workbench.domain.records import Records
from workbench.simulation.account import Accounts
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
        Fills orders.
    accounts
        What the broker believes of them; valued anew behind every fill.
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
        accounts: Accounts,
        *,
        chunk: Callable[[], int] | None = None,
        start: int = 0,
        opening: Sequence[Happened] = (),
    ) -> None:
        self.records, self.exchange, self.accounts = records, exchange, accounts
        self._owner: dict[int, str] = {}  # ref -> account
        self._said: deque[Happened] = deque()  # waits to be heard before the next record
        self._addr, self._n, self.at = int(records.ctypes.data), len(records), start
        self._chunk, self._opening = chunk, opening
        self._stop, self._due, self._ran, self._consumed = start, False, False, start

    async def events(self) -> AsyncIterator[Batch | Happened]:
        """Yield batches up to the next report, and the report."""
        exchange = self.exchange
        self._said.extend(self._opening)
        while self.at < self._n or self._said or await self._more():
            if self._said:
                yield self._said.popleft()
                continue
            n = min(self._n, self.at + (MAX_BATCH if self._chunk is None else max(1, self._chunk())))
            self._ran = not exchange.is_quiet()
            if self._ran:
                exchange.save()
                self._stop, self._due = exchange.run(self._addr, self.at, min(n, self.at + AHEAD))
            else:
                self._stop, self._due = n, False
            yield Batch(self.records, self._addr, self.at, self._stop)
            if self._due and self.at == self._stop:
                yield self._report()
        while exchange.next_due_ns() is not None:  # what is under way when the market ends is heard in its own session
            yield self._report()
            while self._said:
                yield self._said.popleft()

    async def _more(self) -> bool:
        """Say whether there is more than was given: of an array there is not."""
        return False

    def settle(self, consumed: int) -> None:
        """Put the exchange where the engine is."""
        if not self._ran or consumed != self._stop:
            if self._ran:
                self.exchange.back()
            self.exchange.run(self._addr, self.at, consumed)
            self._due = False
        self.at = consumed

    async def send(self, command: AnyCommand) -> None:
        """Let a command travel to the exchange; a question is answered at once."""
        if isinstance(command, Ask):
            self._said.append(Happened(command.decided_ns, self._answer(command)))
            return
        if isinstance(command, Submit):
            self.accounts.open(command)
            self._owner[command.ref] = command.key.account
        self.exchange.send(command, command.decided_ns)

    def _report(self) -> Happened:
        recv_ns, event = self.exchange.take()
        self.accounts.book(event)
        if isinstance(event, OrderFilled):
            self._said.append(Happened(recv_ns, self._value(self._owner[event.ref])))
        return Happened(recv_ns, event)

    def _value(self, account: str) -> AccountValued:
        return self.accounts.value(account, {contract: self.exchange.quote(contract) for contract in self.accounts.held(account)})

    def _answer(self, asked: Ask) -> Answered:
        if asked.question == "margin":
            return Answered(asked.ref, asked.question, self._margin(asked))
        if asked.question != "account":
            return Answered(asked.ref, asked.question, Unknown(f"the simulated venue does not know {asked.question!r}"))
        value = self._value(asked.key.account)
        known = {"equity_micros": value.equity_micros, "available_micros": value.available_micros}
        return Answered(asked.ref, asked.question, Known(known))

    def _margin(self, asked: Ask) -> Known | Unknown:
        """Say what an order would bind at the market now; ``detail`` is its signed quantity, ``+2``."""
        contract, quote = asked.key.contract, self.exchange.quote(asked.key.contract)
        px = quote.ask if asked.detail.startswith("+") else quote.bid
        if px is None:
            return Unknown("there is no price to reckon a margin at")
        return Known({"initial_micros": self.accounts.margin_micros(contract, int(asked.detail), px)})

    def snapshot(self) -> bytes:
        """Write down exchange, accounts, what waits to be heard, and the place in the records."""
        image = Image(self.at, self.exchange.snapshot(), self.accounts.snapshot(), self._owner, list(self._said))
        return msgspec.msgpack.encode(image)

    def carry_on(self, blob: bytes) -> None:
        """Begin another session with what the one before ended with: orders, accounts; the place is the new session's first record."""
        opening = self._opening
        self.restore(blob)
        self.at, self._opening = 0, opening

    def restore(self, blob: bytes) -> None:
        """Go on from a snapshot; what opens a run has been said."""
        image = msgspec.msgpack.decode(blob, type=Image)
        self.at, self._opening, self._owner, self._said = image.at, (), image.owner, deque(image.said)
        self.exchange.restore(image.exchange)
        self.accounts.restore(image.accounts)


class Image(msgspec.Struct, array_like=True):
    """Wire form of the venue's state between two turns."""

    at: int
    exchange: bytes
    accounts: bytes
    owner: dict[int, str]
    said: list[Happened]
