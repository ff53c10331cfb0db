"""How many streams an account may have at once, and how soon one may be asked for again. Counts; decides nothing about who gets one.

Sources: IB's documentation: 100 lines at first, three depth and three tick-by-tick requests while there are no more lines than that,
and one tick-by-tick request a contract in 15 s. Real-time bars take a line each, and are counted with questions for the past: sixty new
ones in ten minutes. They get a part of that; the rest is left to back-fill (`runtime.recorder.filling`).
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from workbench.domain.units import MINUTE, MS, SECOND
from workbench.venues.ib.streams import Source

LINES, BY_TICK, DEPTH = "lines", "by_tick", "depth"
POOL: Final = {
    Source.LEVEL1: LINES,
    Source.LAST: BY_TICK,
    Source.BID_ASK: BY_TICK,
    Source.MID: BY_TICK,
    Source.DEPTH: DEPTH,
    Source.BARS: LINES,
}
NEW_BARS, NEW_BARS_NS = 25, 10 * MINUTE + 5 * SECOND  # real-time bars that may be asked for in so long; five seconds for their clock
BELIEVED_NS: Final = 15 * MINUTE  # so long a refusal for want of room is believed; then the whole budget is tried again


class Budget(NamedTuple):
    """What an account has.

    >>> Budget().of(Source.DEPTH)
    3
    """

    lines: int = 100
    by_tick: int = 3
    depth: int = 3
    spacing_ns: int = 15 * SECOND + 500 * MS  # between two tick-by-tick requests of one contract; half a second for their clock

    def of(self, source: Source) -> int:
        """Give how many streams of this kind there may be, together with those that share its pool."""
        return int(getattr(self, POOL[source]))


class Use:
    """What of a budget is in use, and what the broker said there is.

    >>> use = Use(Budget(by_tick=2))
    >>> use.take(7, Source.LAST), use.take(8, Source.BID_ASK), use.room(Source.LAST)
    (None, None, 0)
    >>> use.give_back(7)
    >>> use.room(Source.BID_ASK)
    1
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._held: dict[int, str] = {}  # request -> pool
        self._said: dict[str, tuple[int, int]] = {}  # pool -> (most that the broker took, until when that is believed)
        self._by_tick_at: dict[int, int] = {}  # contract -> when a tick-by-tick request was last made
        self._bars_at = deque[int](maxlen=NEW_BARS)

    def take(self, req_id: int, source: Source) -> None:
        """Count a request."""
        self._held[req_id] = POOL[source]

    def give_back(self, req_id: int) -> None:
        """Count a request no more; nothing if it was not counted."""
        self._held.pop(req_id, None)

    def clear(self) -> None:
        """Forget requests and what the broker said: another connection. The spacing goes on."""
        self._held.clear()
        self._said.clear()

    def held(self, source: Source) -> int:
        """Give how many requests of a source's pool are counted."""
        pool = POOL[source]
        return sum(each == pool for each in self._held.values())

    def most(self, source: Source, now_ns: int = 0) -> int:
        """Give how many requests of a source's pool there may be at once."""
        most, until = self._said.get(POOL[source], (self.budget.of(source), now_ns + 1))
        return min(most, self.budget.of(source)) if now_ns < until else self.budget.of(source)

    def room(self, source: Source, now_ns: int = 0) -> int:
        """Give how many more there may be."""
        return max(0, self.most(source, now_ns) - self.held(source))

    def refused(self, source: Source, now_ns: int) -> None:
        """Hear that the broker has no room, though we thought so: what is held without the refused one is all there is, for a while."""
        self._said[POOL[source]] = self.held(source), now_ns + BELIEVED_NS

    def due_ns(self, contract: int, source: Source) -> int:
        """Give when a request of this contract may be made."""
        if source == Source.BARS:
            return self._bars_at[0] + NEW_BARS_NS if len(self._bars_at) == NEW_BARS else 0
        if POOL[source] != BY_TICK or contract not in self._by_tick_at:
            return 0
        return self._by_tick_at[contract] + self.budget.spacing_ns

    def asked(self, contract: int, source: Source, now_ns: int) -> None:
        """Hear that a request was made."""
        if source == Source.BARS:
            self._bars_at.append(now_ns)
        if POOL[source] == BY_TICK:
            self._by_tick_at[contract] = now_ns
