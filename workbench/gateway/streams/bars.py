"""Real-time bars of 5 s: of prints, bids, asks or middles of one contract. The grid and the requests' pacing are kept elsewhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from workbench.domain.records import ASK, BID, Phase
from workbench.domain.units import SECOND
from workbench.gateway.base import Client
from workbench.gateway.streams.market import FLAGS, KIND, PRINT, PX, PX2, QUOTE, SZ, Market, Row
from workbench.wire import RealtimeBar

TRADES, MIDPOINT, BIDS, ASKS = "TRADES", "MIDPOINT", "BID", "ASK"
WHAT: Final = (TRADES, MIDPOINT, BIDS, ASKS)
BAR_NS: Final = 5 * SECOND
_NOT_COUNTED: Final = -1  # volume, average and count of bars that are not of prints


class BarMaker:
    """Makes the bars of one contract and one kind, for all who asked for them.

    Prices are kept doubled, so that a middle is a whole number too.
    """

    __slots__ = ("_close", "_high", "_low", "_market", "_n", "_open", "_turnover", "_volume", "subscribers", "what")

    def __init__(self, market: Market, what: str) -> None:
        self.what = what
        self.subscribers: list[BarRequest] = []
        self._market = market
        self._close: int | None = None
        self._start()

    def _start(self) -> None:
        self._open = self._high = self._low = self._close
        self._volume = self._turnover = self._n = 0

    def take(self, row: Row) -> None:
        """Count in one record."""
        twice = self._price(row)
        if twice is None:
            return
        if self._n == 0 and (row[KIND] == PRINT or self._open is None):
            self._open = self._high = self._low = twice  # a bar of prints begins with its first, one of quotes with the one that stands
        self._n += 1
        self._high = max(twice, self._high if self._high is not None else twice)
        self._low = min(twice, self._low if self._low is not None else twice)
        self._close = twice
        if row[KIND] == PRINT:
            self._volume += row[SZ]
            self._turnover += row[PX] * row[SZ]

    def _price(self, row: Row) -> int | None:
        """Give twice the price that this record has for this kind of bar."""
        if self.what == TRADES:
            return 2 * row[PX] if row[KIND] == PRINT else None
        if row[KIND] != QUOTE:
            return None
        flags = row[FLAGS] & (BID | ASK)
        if self.what == MIDPOINT:
            return row[PX] + row[PX2] if flags == BID | ASK else None
        if self.what == BIDS:
            return 2 * row[PX] if flags & BID else None
        return 2 * row[PX2] if flags & ASK else None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing has been counted in."""
        return self._n == 0

    def seed(self) -> None:
        """Begin with what the contract shows now, for a bar in which nothing happens."""
        market = self._market
        if self.what == TRADES:
            self._close = 2 * market.last if market.last is not None else None
        elif self.what == BIDS:
            self._close = 2 * market.bid if market.bid is not None else None
        elif self.what == ASKS:
            self._close = 2 * market.ask if market.ask is not None else None
        else:
            self._close = market.bid + market.ask if market.bid is not None and market.ask is not None else None
        self._start()

    def close(self, start_ns: int, is_silent: bool) -> None:
        """End the bar that began at `start_ns`, tell it, and begin the next."""
        if not is_silent and not self._market.is_shut and self._open is not None:
            for each in self.subscribers:
                if not (each.use_rth and self._market.phase == Phase.ETH):
                    each.client.send(self._bar(each.req_id, start_ns // SECOND))
        self._start()

    def _bar(self, req_id: int, time: int) -> RealtimeBar:
        middle, units = self._market.units.middle, self._market.units
        first, high, low, last = (
            middle(each) if each is not None else Decimal(0) for each in (self._open, self._high, self._low, self._close)
        )
        if self.what != TRADES:
            return RealtimeBar(req_id, time, first, high, low, last, _NOT_COUNTED, _NOT_COUNTED, _NOT_COUNTED)
        average = Decimal(repr(self._market.contract.to_pts(self._turnover) / self._volume)) if self._volume else last
        return RealtimeBar(req_id, time, first, high, low, last, units.size(self._volume), average, self._n)


class BarRequest:
    """One request for real-time bars of one client."""

    __slots__ = ("client", "maker", "req_id", "use_rth")

    def __init__(self, client: Client, req_id: int, maker: BarMaker, use_rth: bool) -> None:
        self.client = client
        self.req_id = req_id
        self.maker = maker
        self.use_rth = use_rth
