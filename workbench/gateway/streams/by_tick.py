"""Tick-by-tick: every print and every quote by itself, with its own second. It neither counts requests nor batches."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from workbench.domain.contracts import ContractType
from workbench.domain.records import ASK, BID, Records
from workbench.gateway import behaviour
from workbench.gateway.base import Client
from workbench.gateway.streams.market import FLAGS, KIND, PRINT, PX, PX2, QUOTE, SZ, SZ2, Market, Row, rows_of, seconds
from workbench.wire import (
    Answer,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    HistoricalTicksMid,
    TickByTickBidAsk,
    TickByTickLast,
    TickByTickMid,
)

LAST, ALL_LAST, BID_ASK, MID_POINT = "Last", "AllLast", "BidAsk", "MidPoint"
TYPES: Final = {LAST: 1, ALL_LAST: 2, BID_ASK: 3, MID_POINT: 4}
_BLOCK: Final = 65_536  # records of the tape that are searched at a time


class Ticks:
    """One request for tick-by-tick data of one client."""

    __slots__ = ("_before", "_exchange", "_ignores_size", "_market", "client", "kind", "req_id")

    def __init__(self, client: Client, req_id: int, market: Market, kind: str, ignores_size: bool) -> None:
        self.client = client
        self.req_id = req_id
        self.kind = kind
        self._market = market
        self._ignores_size = ignores_size
        self._before: tuple[int | None, ...] = ()  # what was told last, of quotes
        self._exchange = exchanges(market)

    def take(self, row: Row) -> None:
        """Tell a print or a quote, if this request wants it."""
        message = self._message(row)
        if message is not None:
            self.client.send(message)

    def _message(self, row: Row) -> Answer | None:
        units = self._market.units
        if row[KIND] == PRINT:
            if self.kind not in (LAST, ALL_LAST):
                return None
            where = self._exchange[row[PX] % len(self._exchange)]
            return TickByTickLast(self.req_id, TYPES[self.kind], seconds(row), units.price(row[PX]), units.size(row[SZ]), 0, where, "")
        if row[KIND] != QUOTE or not self._is_new(row):
            return None
        if self.kind == MID_POINT:
            return TickByTickMid(self.req_id, seconds(row), units.middle(row[PX] + row[PX2]))
        bid, ask, bid_size, ask_size = sides(self._market, row)
        return TickByTickBidAsk(self.req_id, seconds(row), bid, ask, bid_size, ask_size, past(self._market, row))

    def _is_new(self, row: Row) -> bool:
        """Tell whether a quote says something that this request has not been told."""
        flags = row[FLAGS] & (BID | ASK)
        if self.kind == MID_POINT:
            now: tuple[int | None, ...] = (row[PX] + row[PX2],) if flags == BID | ASK else self._before
        elif self.kind == BID_ASK:
            now = (row[PX] if flags & BID else None, row[PX2] if flags & ASK else None)
            if not self._ignores_size:
                return True
        else:
            return False
        is_new = now != self._before
        self._before = now
        return is_new

    def begin(self, tape: Records, stop: int, n_past: int) -> None:
        """Tell the last `n_past` ticks in one message, before any other."""
        wanted = PRINT if self.kind in (LAST, ALL_LAST) else QUOTE
        if n_past > 0:
            self.client.send(self._past(_latest(tape, stop, self._market.contract.id, wanted, min(n_past, behaviour.MOST_PAST_TICKS))))

    def _past(self, rows: list[Row]) -> Answer:
        units, market = self._market.units, self._market
        if self.kind in (LAST, ALL_LAST):
            where = self._exchange
            return HistoricalTicksLast(
                self.req_id,
                tuple(
                    HistoricalTickLast(seconds(row), 0, units.price(row[PX]), units.size(row[SZ]), where[row[PX] % len(where)])
                    for row in rows
                ),
            )
        if self.kind == BID_ASK:
            return HistoricalTicksBidAsk(
                self.req_id, tuple(HistoricalTickBidAsk(seconds(row), 0, *sides(market, row)) for row in rows if self._is_new(row))
            )
        return HistoricalTicksMid(
            self.req_id,
            tuple(HistoricalTick(seconds(row), 0, units.middle(row[PX] + row[PX2]), 0) for row in rows if self._is_new(row)),
        )


def exchanges(market: Market) -> tuple[str, ...]:
    """Name the exchanges on which the contract is said to trade: its own, or of a US stock those of SMART."""
    if market.contract.type is ContractType.STOCK:
        return behaviour.SMART_EXCHANGES
    return (market.contract.exchange,)


def sides(market: Market, row: Row) -> tuple[Decimal, Decimal, int | Decimal, int | Decimal]:
    """Give a quote's prices and sizes as they are written; a side that is not there is -1 and 0."""
    units, flags = market.units, row[FLAGS]
    bid = (units.price(row[PX]), units.size(row[SZ])) if flags & BID else (behaviour.NO_PRICE, 0)
    ask = (units.price(row[PX2]), units.size(row[SZ2])) if flags & ASK else (behaviour.NO_PRICE, 0)
    return bid[0], ask[0], bid[1], ask[1]


def past(market: Market, row: Row) -> int:
    """Say whether the quote is outside of the day: 1 the bid below its low, 2 the ask above its high."""
    flags = row[FLAGS]
    below = bool(flags & BID) and market.low is not None and row[PX] < market.low
    above = bool(flags & ASK) and market.high is not None and row[PX2] > market.high
    return below | (above << 1)


def _latest(tape: Records, stop: int, contract: int, kind: int, n: int) -> list[Row]:
    """Give the last `n` records of a kind before `stop`, the oldest first."""
    found: list[Records] = []
    while stop > 0 and n > 0:
        start = max(stop - _BLOCK, 0)
        block = tape[start:stop]
        block = block[(block["contract"] == contract) & (block["kind"] == kind)][-n:]
        found.append(block)
        n -= len(block)
        stop = start
    return rows_of(np.concatenate(found[::-1])) if found else []
