"""Sources of history for tests: what a file recorded, answered as a broker would, and as one would on a bad day."""

from __future__ import annotations

import csv
from collections import Counter, deque
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.config import load_roots
from workbench.domain.units import SECOND
from workbench.venues.history import Bars, BarsAsked, Nothing, PastBar, Trouble

NEW_YORK = ZoneInfo("America/New_York")
ESH6 = load_roots()["ES"].contract(1, "2026-03-20")


def bars_of_file(path: Path) -> list[PastBar]:
    with path.open() as lines:
        rows = list(csv.DictReader(lines))
    starts = [int(datetime.fromisoformat(row["timestamp"]).replace(tzinfo=NEW_YORK).timestamp()) * SECOND for row in rows]
    prices = ("open", "high", "low", "close", "volume")
    return [PastBar(start, *(row[name] for name in prices), vwap="", n_prints=7) for start, row in zip(starts, rows, strict=True)]


class FromFile:
    """Answers out of bars; counts what it was asked, and when by the loop's clock."""

    def __init__(self, bars, contracts=(ESH6,)) -> None:
        self.bars_, self.contracts_ = bars, contracts
        self.asked: list[BarsAsked] = []

    async def now_ns(self):
        return self.bars_[-1].start_ns

    async def contracts(self, root):
        return self.contracts_

    async def bars(self, asked):
        self.asked.append(asked)
        found = tuple(bar for bar in self.bars_ if asked.start_ns <= bar.start_ns < asked.end_ns)
        return Bars(found) if found else Nothing("HMDS query returned no data")


class Strict(FromFile):
    """Refuses, as IB documents, what comes too fast."""

    def __init__(self, bars, loop) -> None:
        super().__init__(bars)
        self._loop, self._times, self.n_refused = loop, deque(), 0

    async def bars(self, asked):
        now = self._loop.time()
        self._times.append(now)
        while self._times[0] <= now - 600:
            self._times.popleft()
        if len(self._times) > 60 or sum(now - each < 2 for each in self._times) >= 6:
            self.n_refused += 1
            return Trouble("Historical data request pacing violation", is_pace=True)
        return await super().bars(asked)


class Flaky(FromFile):
    """Answers nothing the first `n` times it is asked a question."""

    def __init__(self, bars, n) -> None:
        super().__init__(bars)
        self._n, self.tries = n, Counter()

    async def bars(self, asked):
        self.tries[asked.key] += 1
        if self.tries[asked.key] <= self._n:
            return Trouble("no answer within 60 s")
        return await super().bars(asked)
