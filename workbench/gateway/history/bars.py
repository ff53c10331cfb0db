"""Bars out of prints and quotes: on the grid of the exchange's clock, cut at sessions. Pure arrays; asks no source, knows no message.

A bar begins on a multiple of its size since local midnight, or where the session (or its regular part) begins: the first hourly bar of a
share is 09:30 to 10:00. Where nothing happened there is no bar. Bars of sessions, weeks and months are sums of the same prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from workbench.domain.units import SECOND
from workbench.gateway.history.series import Ints, Prints, Quotes

UNKNOWN: Final = -1  # volume, count and average price of bars that are not made of trades, as IB sends them


class Bar(NamedTuple):
    """One bar: start (ns), prices in quanta (middles may be halves), volume, sum of price x size, number of prints."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    value: int
    n_prints: int

    @property
    def wap(self) -> float | None:
        """Average price, weighted by size, in quanta; `None` of what is not made of trades."""
        return self.value / self.volume if self.volume > 0 else None


def starts_of(ns: Ints, first_ns: int, seconds: int, zone: str) -> Ints:
    """Give the start of the bar that each time falls in; `first_ns` is the session's start, after which no clock is set.

    >>> noon = 1_795_194_000 * SECOND                                            # 11:00 in Chicago
    >>> (starts_of(np.array([noon + 61 * SECOND]), noon + 60 * SECOND, 3600, "US/Central") - noon).tolist()
    [60000000000]
    """
    shift = _offset_ns(first_ns, zone)
    size = seconds * SECOND
    grid = (ns + shift) // size * size - shift
    found: Ints = np.maximum(grid, first_ns)
    return found


def of_prints(prints: Prints, starts: Ints) -> list[Bar]:
    """Sum prints whose bars begin at `starts` (rising) to bars."""
    first = _first(starts)
    if not len(first):
        return []
    last = np.append(first[1:], len(starts)) - 1
    px, sz = prints.px, prints.sz
    columns = (
        starts[first], px[first], np.maximum.reduceat(px, first), np.minimum.reduceat(px, first), px[last],
        np.add.reduceat(sz, first), np.add.reduceat(px * sz, first), last - first + 1,
    )  # fmt: skip
    return [Bar(*row) for row in zip(*(each.tolist() for each in columns), strict=True)]


def of_quotes(quotes: Quotes, starts: Ints, what: str) -> list[Bar]:
    """Make bars of bids, asks, middles, or of both sides (``BID_ASK``: average bid, highest ask, lowest bid, average ask)."""
    first = _first(starts)
    if not len(first):
        return []
    last = np.append(first[1:], len(starts)) - 1
    n = last - first + 1
    if what == "BID_ASK":
        prices: list[npt.NDArray[Any]] = [
            np.add.reduceat(quotes.bid, first) / n,
            np.maximum.reduceat(quotes.ask, first).astype(np.float64),
            np.minimum.reduceat(quotes.bid, first).astype(np.float64),
            np.add.reduceat(quotes.ask, first) / n,
        ]
    else:
        px = {"BID": quotes.bid * 1.0, "ASK": quotes.ask * 1.0}.get(what, (quotes.bid + quotes.ask) / 2)
        prices = [px[first], np.maximum.reduceat(px, first), np.minimum.reduceat(px, first), px[last]]
    rows = zip(starts[first].tolist(), *(each.tolist() for each in prices), strict=True)
    return [Bar(at, one, high, low, close, UNKNOWN, 0, UNKNOWN) for at, one, high, low, close in rows]


def merged(bars: Sequence[Bar], start_ns: int) -> Bar:
    """Put bars that follow one another together.

    >>> one, two = Bar(0, 4, 6, 3, 5, 10, 45, 2), Bar(5, 5, 8, 5, 7, 20, 130, 3)
    >>> merged([one, two], 0)
    Bar(start_ns=0, open=4, high=8, low=3, close=7, volume=30, value=175, n_prints=5)
    """
    is_traded = bars[0].volume != UNKNOWN
    return Bar(
        start_ns,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars) if is_traded else UNKNOWN,
        sum(bar.value for bar in bars),
        sum(bar.n_prints for bar in bars) if is_traded else UNKNOWN,
    )


def _first(starts: Ints) -> npt.NDArray[np.intp]:
    if not len(starts):
        return np.zeros(0, np.intp)
    return np.flatnonzero(np.append(True, np.diff(starts) != 0))


def _offset_ns(ns: int, zone: str) -> int:
    shift = datetime.fromtimestamp(ns // SECOND, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return round(shift.total_seconds()) * SECOND if shift is not None else 0
