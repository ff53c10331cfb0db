"""Bars polled from history while a contract's stream fails: whose turn it is, and what of an answer is news. Sends nothing itself.

Rules
-----
1. Bars of a minute, each told once, when it is over: it counts in the rich bar in which it arrives, and is marked as asked for afterwards.
2. The kind of the stream is told (`KIND`) with its first bar and when it ends. It is none that may be traded on: a price that is a minute
   old lets nobody in (`engine.delivery`).
3. What is not a bar on the contract's grid is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.events import AnyEvent, StreamChanged
from workbench.domain.records import EVENT_TIME, Kind, Provenance, provenance_flag
from workbench.domain.units import MINUTE, SECOND
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.units import nearest_px, to_px, to_size
from workbench.wire import HistoricalData

KIND: Final = "bars-1m"
FLAGS: Final = EVENT_TIME | provenance_flag(Provenance.BACKFILL)
WHY: Final = "its stream failed three times: minutes are polled from history"


class Polled:
    """The contracts that are polled, and how far each was told.

    Parameters
    ----------
    intake
        Takes the bars.
    say
        Takes what is told of the stream.
    """

    def __init__(self, intake: Intake, say: Callable[[AnyEvent], None]) -> None:
        self._intake, self._say = intake, say
        self._told_ns: dict[int, int] = {}  # end of the last bar that was told; only contracts whose kind of stream was

    def take(self, contract: Contract, answer: HistoricalData) -> int:
        """Record what is news of an answer; give how many bars that were."""
        now_ns, n = self._intake.clock.now_ns(), 0
        over = [bar for bar in answer.bars if int(bar.date) * SECOND + MINUTE <= now_ns]
        for bar in over if contract.id in self._told_ns else over[-1:]:  # what was before the stream failed is known, or a gap
            start_ns = int(bar.date) * SECOND
            if start_ns < self._told_ns.get(contract.id, 0):
                continue
            try:
                first, high, low, last = (to_px(contract, px) for px in (bar.open, bar.high, bar.low, bar.close))
                volume, mean = to_size(contract, bar.volume), nearest_px(contract, bar.wap, up=False)
            except (DataError, ArithmeticError):
                continue
            if volume < 0 or not low <= min(first, last) <= max(first, last) <= high:
                continue
            self._begin(contract.id)
            self._write(contract.id, start_ns, (first, high, low, last), volume, min(max(mean, low), high), max(bar.count, 0))
            n += 1
        return n

    def _begin(self, contract: int) -> None:
        if contract not in self._told_ns:
            self._say(StreamChanged(contract, KIND, "live", WHY))

    def _write(self, contract: int, start_ns: int, prices: tuple[int, int, int, int], volume: int, mean: int, n_prints: int) -> None:
        first, high, low, last = prices
        write, end_ns = self._intake.write, start_ns + MINUTE
        write(contract, Kind.BAR, px=first, px2=high, sz=volume, sz2=n_prints, event_ns=start_ns, level=0, flags=FLAGS)
        write(contract, Kind.BAR, px=low, px2=last, sz=mean * volume, event_ns=end_ns, level=1, flags=FLAGS)
        self._told_ns[contract] = end_ns

    def end(self, contract: int, why: str) -> None:
        """Hear that a contract is polled no more."""
        if self._told_ns.pop(contract, None) is not None:
            self._say(StreamChanged(contract, KIND, "ended", why))
