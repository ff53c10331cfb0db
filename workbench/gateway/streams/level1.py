"""Lines of L1: the differences between what a contract shows and what its lines have been told. It knows clients only as who is sent to.

All lines of a contract are told the same things at the same moments; one that begins is first brought to where the others are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from workbench.domain.records import Phase
from workbench.domain.units import SECOND
from workbench.gateway import behaviour
from workbench.gateway.base import Client
from workbench.gateway.streams import generic
from workbench.gateway.streams.generic import Tick
from workbench.gateway.streams.market import Market
from workbench.wire import MarketDataType, TickGeneric, TickPrice, TickSize, TickString

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN = 1, 2, 4, 6, 7, 9, 14  # prices
BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME = 0, 3, 5, 8
LAST_TIME, HALTED = 45, 49
_LIVE_TYPES: Final = {
    tick: tick for tick in (BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN, BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME, LAST_TIME, HALTED)
}
_DELAYED_TYPES: Final = {
    BID: 66, ASK: 67, LAST: 68, BID_SIZE: 69, ASK_SIZE: 70, LAST_SIZE: 71, HIGH: 72, LOW: 73, VOLUME: 74, CLOSE: 75, OPEN: 76,
    LAST_TIME: 88, HALTED: 90,
}  # fmt: skip
_EXECUTABLE, _PRE_OPEN = 1, 4  # attributes of a price


class Line:
    """One request for L1 of one client."""

    __slots__ = ("client", "data_type", "deadline_ns", "is_off", "keeps_quote", "req_id", "told_type", "wanted")

    def __init__(self, client: Client, req_id: int, data_type: int, wanted: generic.Wanted, deadline_ns: int | None) -> None:
        self.client = client
        self.req_id = req_id
        self.data_type = data_type  # as taken
        self.told_type = 0
        self.keeps_quote = data_type in (FROZEN, DELAYED_FROZEN)  # when it closes
        self.wanted = wanted.numbers
        self.is_off = wanted.is_off
        self.deadline_ns = deadline_ns  # of a snapshot

    def send(self, ticks: Iterable[Tick]) -> None:
        """Send ticks under this line's id."""
        send, req_id = self.client.send, self.req_id
        for message, values in ticks:
            send(message(req_id, *values))

    def say_type(self, is_shut: bool) -> None:
        """Say what kind of data follows, where it changes: of a line that keeps its quote another one while the exchange is closed."""
        data_type = self.data_type - self.keeps_quote * (not is_shut)
        if data_type != self.told_type:
            self.told_type = data_type
            self.client.send(MarketDataType(self.req_id, data_type))


class Lines:
    """The lines of one contract, live or delayed, and what they have been told."""

    def __init__(self, market: Market, is_delayed: bool) -> None:
        self.market = market
        self.lines: list[Line] = []
        self.halted = 0
        self._type = _DELAYED_TYPES if is_delayed else _LIVE_TYPES
        self._forget()

    def _forget(self) -> None:
        """Take that nothing has been told."""
        self._bid: Any = _UNTOLD
        self._ask: Any = _UNTOLD
        self._last: Any = (None, 0, None, 0)
        self._day: Any = (None, None, None, None)
        self._n_prints = 0
        self._halted = 0

    def begin(self, line: Line, is_silent: bool) -> None:
        """Bring the others up to now, then tell a new line all there is; nothing while the market is silent."""
        if is_silent:
            self.lines.append(line)
            return
        if self.lines:
            self.tell()
        self._forget()
        is_frozen = line.keeps_quote and self.market.is_shut
        line.say_type(self.market.is_shut)
        ticks = self._differences() or self._nothing()
        if not line.is_off:
            line.send(self._kept() if is_frozen else ())
            line.send(ticks)
            line.send([(TickGeneric, (self._type[HALTED], self.halted))])
        line.send(generic.at_first(self.market, line.wanted))
        self.lines.append(line)

    def restart(self) -> None:
        """Tell all lines everything once more."""
        self._forget()
        self.tell()

    def tell(self) -> None:
        """Tell all lines what has changed since the last time."""
        n_new = self.market.n_prints - self._n_prints
        shut = self.market.is_shut
        ticks = self._differences()
        if not ticks:
            return
        for line in self.lines:
            line.say_type(shut)
            if shut and line.keeps_quote:
                line.send(tick for tick in ticks if tick[0] is not TickPrice and tick[0] is not TickSize)
                continue
            if not line.is_off:
                line.send(ticks)
            if line.wanted and n_new:
                line.send(generic.after_prints(self.market, line.wanted, n_new))

    @property
    def is_whole(self) -> bool:
        """Tell whether a snapshot could end: both sides and a last price are known."""
        market = self.market
        return market.bid is not None and market.ask is not None and market.last is not None

    def _kept(self) -> list[Tick]:
        """Give the quote as it stood when the exchange closed."""
        ticks: list[Tick] = []
        bid, bid_sz, ask, ask_sz = self.market.kept
        self._side(ticks, (BID, BID_SIZE), _UNTOLD, (bid, bid_sz), _EXECUTABLE)
        self._side(ticks, (ASK, ASK_SIZE), _UNTOLD, (ask, ask_sz), _EXECUTABLE)
        return ticks

    def _nothing(self) -> list[Tick]:
        """Give the quote of what shows nothing at all: two sides that are not there."""
        kind = self._type
        sides = ((BID, BID_SIZE), (ASK, ASK_SIZE))
        return [tick for px, sz in sides for tick in ((TickPrice, (kind[px], behaviour.NO_PRICE, 0, 0)), (TickSize, (kind[sz], 0)))]

    def _differences(self) -> list[Tick]:
        """Give what has changed, in TWS's order, and take it as told."""
        market, kind, units = self.market, self._type, self.market.units
        ticks: list[Tick] = []
        mask = _EXECUTABLE if market.phase != Phase.PREOPEN else _EXECUTABLE | _PRE_OPEN
        bid, ask = (market.bid, market.bid_sz), (market.ask, market.ask_sz)
        if bid != self._bid:
            self._side(ticks, (BID, BID_SIZE), self._bid, bid, mask)
            self._bid = bid
        if ask != self._ask:
            self._side(ticks, (ASK, ASK_SIZE), self._ask, ask, mask)
            self._ask = ask
        if market.n_prints != self._n_prints or market.last != self._last[0] or market.volume != self._last[2]:
            self._print(ticks)
        day = (market.high, market.low, market.close, market.open)
        if day != self._day:
            for tick, old, new in zip((HIGH, LOW, CLOSE, OPEN), self._day, day, strict=True):
                if new is not None and new != old:
                    ticks.append((TickPrice, (kind[tick], units.price(new), 0, 0)))
            self._day = day
        if self.halted != self._halted:
            ticks.append((TickGeneric, (kind[HALTED], self.halted)))
            self._halted = self.halted
        return ticks

    def _side(self, ticks: list[Tick], types: tuple[int, int], old: Any, new: tuple[int | None, int], mask: int) -> None:
        """Tell a side: its price with the size, and the size once more; only the size where the price stays."""
        px, sz = new
        units = self.market.units
        if px is None:
            if old is not _UNTOLD and old[0] is not None:
                ticks.append((TickPrice, (self._type[types[0]], behaviour.NO_PRICE, 0, 0)))
                ticks.append((TickSize, (self._type[types[1]], 0)))
            return
        size = units.size(sz)
        if px != old[0]:
            ticks.append((TickPrice, (self._type[types[0]], units.price(px), size, mask)))
        ticks.append((TickSize, (self._type[types[1]], size)))

    def _print(self, ticks: list[Tick]) -> None:
        """Tell the last print: its second, price, size, and the day's volume; each only where it changed."""
        market, kind, units = self.market, self._type, self.market.units
        px, sz, volume, second = self._last
        now = (market.last, market.last_sz, market.volume, market.last_ns // SECOND)
        self._n_prints = market.n_prints
        self._last = now
        if market.last is None:
            return
        if now[3] != second:
            ticks.append((TickString, (kind[LAST_TIME], str(now[3]))))
        if now[0] != px:
            ticks.append((TickPrice, (kind[LAST], units.price(market.last), units.size(market.last_sz), 0)))
        if now[1] != sz or now[0] != px:
            ticks.append((TickSize, (kind[LAST_SIZE], units.size(market.last_sz))))
        if now[2] != volume:
            ticks.append((TickSize, (kind[VOLUME], units.size(market.volume))))


_UNTOLD: Final = (None, None)
