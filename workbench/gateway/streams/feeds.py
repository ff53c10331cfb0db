"""The feeds: for each contract that somebody looks at, its market, who listens, and when they must be told. It validates no request.

Time and records come in one order: what is due at a moment (a batch, a bar) happens before the first record of that moment or later.
A contract that nobody looks at costs nothing: its market leaps over the tape when somebody does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.records import Records
from workbench.domain.units import MS, SECOND
from workbench.gateway.streams.bars import BAR_NS, BarMaker
from workbench.gateway.streams.book import Level
from workbench.gateway.streams.by_tick import Ticks
from workbench.gateway.streams.depth import DepthView
from workbench.gateway.streams.level1 import Lines
from workbench.gateway.streams.market import CONTRACT, FIRST_DEPTH, GAP, KIND, LAST_DEPTH, PHASE, PRINT, QUOTE, RECV, Market, Row, rows_of
from workbench.gateway.streams.settings import StreamSettings

FOREVER: Final = 2**63 - 1
_N_IDS: Final = 65_536  # contract ids run below it, as in `workbench.market.state`


class Feed:
    """One contract's market and everybody who listens to it."""

    def __init__(self, market: Market, farm: str, batch_ns: int, *, is_delayed: bool = False) -> None:
        self.market = market
        self.farm = farm
        self.batch_ns = batch_ns
        self.lines = Lines(market, is_delayed)
        self.ticks: list[Ticks] = []
        self.views: list[DepthView] = []
        self.makers: dict[str, BarMaker] = {}
        self.is_silent = False
        self.due_ns = FOREVER  # when lines are told what has changed

    @property
    def is_heard(self) -> bool:
        """Tell whether anybody listens."""
        return bool(self.lines.lines or self.ticks or self.views or self.makers)

    def take(self, row: Row) -> None:
        """Fold a record and tell those who hear every one; lines are told at once or at `due_ns`."""
        market, kind = self.market, row[KIND]
        had_depth = market.has_depth
        market.take(row)
        if kind == QUOTE and not had_depth:
            show_quote(market)
        if self.is_silent:
            return
        if kind in (QUOTE, PRINT):
            for each in self.ticks:
                each.take(row)
            for maker in self.makers.values():
                maker.take(row)
        if self.views and (kind > PRINT or not had_depth):
            if (kind in (LAST_DEPTH, GAP, PHASE) and not any(market.book.sides)) or market.has_depth != had_depth:
                self._reset()
            for view in self.views:
                view.tell()
        if self.lines.lines and not FIRST_DEPTH <= kind <= LAST_DEPTH:
            if self.batch_ns == 0:
                self.lines.tell()
            elif self.due_ns == FOREVER:
                self.due_ns = (row[RECV] // self.batch_ns + 1) * self.batch_ns

    def _reset(self) -> None:
        for view in self.views:
            view.reset()

    def tell(self) -> None:
        """Tell the lines what was gathered."""
        self.due_ns = FOREVER
        if not self.is_silent:
            self.lines.tell()

    def hush(self, is_silent: bool) -> None:
        """Fall silent, or speak again: then everything is told as it is now, books from the beginning."""
        if is_silent == self.is_silent:
            return
        self.is_silent = is_silent
        if is_silent:
            return
        self.lines.restart()
        self._reset()
        for view in self.views:
            view.tell()
        for maker in self.makers.values():
            maker.seed()


def show_quote(market: Market) -> None:
    """Show the quote of a contract without depth as its book."""
    bid: Level | None = None if market.bid is None else (market.bid, market.bid_sz)
    ask: Level | None = None if market.ask is None else (market.ask, market.ask_sz)
    market.book.quote(bid, ask)


class Feeds:
    """All feeds, live and delayed, on one clock.

    Parameters
    ----------
    tape
        The whole tape; no further than what `records` was given is looked at.
    whole
        Called when the lines of a feed have been told something: snapshots may end.
    """

    def __init__(self, tape: Records, settings: StreamSettings, whole: Callable[[Feed], None]) -> None:
        self.tape = tape
        self.stop = 0
        self._settings = settings
        self._whole = whole
        self._live: dict[int, Feed] = {}
        self._delayed: dict[int, Feed] = {}
        self._opening: dict[int, int] = {}
        self._is_heard = np.zeros(_N_IDS, bool)
        self._heard: dict[int, Feed] = {}
        self._bar_ns = FOREVER  # end of the bar under way
        self._soonest_ns = FOREVER
        self._is_busy = False  # amid records: who falls unheard is followed to their end

    def __iter__(self) -> Iterator[Feed]:
        yield from self._live.values()
        yield from self._delayed.values()

    def live(self, contract: Contract, farm: str) -> Feed:
        """Give the feed of a contract, brought up to now."""
        feed = self._live.get(contract.id)
        if feed is None:
            feed = self._live[contract.id] = Feed(Market(contract), farm, self._settings.batch_ns(contract))
        if contract.id not in self._heard and contract.id < _N_IDS:
            feed.market.leap(self.tape, self.stop)
            if not feed.market.has_depth:
                show_quote(feed.market)
        return feed

    def delayed(self, contract: Contract, farm: str, now_ns: int) -> Feed:
        """Give the delayed feed of a contract, brought up to `delay_s` ago."""
        feed = self._delayed.get(contract.id)
        if feed is None:
            feed = Feed(Market(contract), farm, self._settings.delayed_ms * MS, is_delayed=True)
            self._delayed[contract.id] = feed
        self._leap(feed, now_ns)
        return feed

    def hear(self, feed: Feed, now_ns: int) -> None:
        """Begin or cease to follow a feed, by whether anybody listens; call after every change."""
        contract = feed.market.contract.id
        if feed is self._delayed.get(contract):
            feed.due_ns = (now_ns // feed.batch_ns + 1) * feed.batch_ns if feed.is_heard else FOREVER
        elif contract < _N_IDS and (feed.is_heard or not self._is_busy):
            self._is_heard[contract] = feed.is_heard
            if feed.is_heard:
                self._heard[contract] = feed
            else:
                self._heard.pop(contract, None)
                feed.market.at = self.stop
                feed.due_ns = FOREVER
        has_bars = any(each.makers for each in self._heard.values())
        if not has_bars:
            self._bar_ns = FOREVER
        elif self._bar_ns == FOREVER:
            self._bar_ns = (now_ns // BAR_NS + 1) * BAR_NS
        self._soonest_ns = self._next()

    def since(self, contract: int, start_ns: int) -> list[Row]:
        """Give the records of a contract from a time on, up to now."""
        start = bisect_right(self.tape["recv_ns"], start_ns - 1, 0, self.stop)
        part = self.tape[start : self.stop]
        return rows_of(part[part["contract"] == contract])

    def records(self, start: int, stop: int) -> None:
        """Take the next records of the tape."""
        self.stop = stop
        if not self._heard:
            return
        self._is_busy = True
        part = self.tape[start:stop]
        for row in rows_of(part[self._is_heard[part["contract"]]]):
            if row[RECV] >= self._soonest_ns:
                self._turn(row[RECV])
            feed = self._heard[row[CONTRACT]]
            feed.take(row)
            if feed.due_ns < self._soonest_ns:
                self._soonest_ns = feed.due_ns
        self._is_busy = False
        for feed in list(self._heard.values()):
            feed.market.at = stop
            if feed.batch_ns == 0:
                self._whole(feed)
            if not feed.is_heard:
                self.hear(feed, int(part[-1]["recv_ns"]))

    def advance(self, now_ns: int) -> None:
        """Let what is due up to now happen."""
        if self._soonest_ns <= now_ns:
            self._turn(now_ns)

    def next_due_ns(self) -> int | None:
        """Say when something is due."""
        return self._soonest_ns if self._soonest_ns < FOREVER else None

    def _next(self) -> int:
        return min(
            self._bar_ns, *(feed.due_ns for feed in self._heard.values()), *(feed.due_ns for feed in self._delayed.values()), FOREVER
        )

    def _turn(self, now_ns: int) -> None:
        """Let everything due up to now happen, in the order of time, then of contracts."""
        while (due_ns := self._next()) <= now_ns:
            if due_ns == self._bar_ns:
                self._close_bars(due_ns - BAR_NS)
                self._bar_ns += BAR_NS
            for feed in [*self._heard.values(), *self._delayed.values()]:
                if feed.due_ns == due_ns:
                    self._tell(feed, due_ns)
        self._soonest_ns = self._next()

    def _tell(self, feed: Feed, due_ns: int) -> None:
        is_delayed = feed is self._delayed.get(feed.market.contract.id)
        if is_delayed:
            self._leap(feed, due_ns)
        feed.tell()
        if is_delayed:
            feed.due_ns = due_ns + feed.batch_ns
        self._whole(feed)

    def _close_bars(self, start_ns: int) -> None:
        for feed in self._heard.values():
            for maker in feed.makers.values():
                maker.close(start_ns, feed.is_silent)

    def _leap(self, feed: Feed, now_ns: int) -> None:
        """Bring a delayed market to where it may be: `delay_s` ago, but never before the first second of its tape."""
        market, times = feed.market, self.tape["recv_ns"]
        opening = self._opening.get(market.contract.id)
        if opening is None:
            ours = np.flatnonzero(self.tape["contract"][: self.stop] == market.contract.id)
            if not len(ours):
                return
            opening = self._opening[market.contract.id] = int(times[ours[0]]) + SECOND
        until_ns = max(now_ns - self._settings.delay_s * SECOND, min(opening, now_ns))
        stop = bisect_right(times, until_ns, min(market.at, self.stop), self.stop)
        if stop > market.at:
            market.leap(self.tape, stop)
