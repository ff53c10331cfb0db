"""A maker's bar as two records, and back. Pure arithmetic on columns; no file is opened here."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import DataError
from workbench.domain.records import EVENT_TIME, Kind, Records, empty

Ints = npt.NDArray[np.int64]
UNTOLD_COUNT: Final = 1  # a maker that does not count its prints tells of one


class BarColumns(NamedTuple):
    """Bars as columns: when each began and was over [ns], prices [quanta], volume [size quanta], prints, and price x volume.

    ``n_prints`` or ``pv`` `None`: the maker does not tell.
    """

    start_ns: Ints
    end_ns: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    n_prints: Ints | None = None
    pv: Ints | None = None

    @property
    def typical_pv(self) -> Ints:
        """Volume times the typical price (high + low + close) / 3, rounded to the nearest: the usual stand-in for a bar's VWAP.

        `DataError` if it does not fit 64 bits: no market trades that much.
        """
        largest = max((int(np.abs(price).max(initial=0)) for price in (self.high, self.low, self.close)), default=0)
        if 6 * largest * int(self.volume.max(initial=0)) >= 2**63:
            raise DataError(f"price x volume of a bar does not fit 64 bits (prices to {largest}, volume to {self.volume.max()}, in quanta)")
        return (2 * (self.high + self.low + self.close) * self.volume + 3) // 6


def bar_records(bars: BarColumns) -> Records:
    """Write bars as pairs of BAR records that arrive in the last nanosecond their bar covers.

    A bar covers [start, end): so it closes with the rich bars that end where it ends, and the last one of a session comes before
    the close. Nothing can be done with that nanosecond: an order works from the first record after its arrival. The first record
    of a pair says when the bar began: what it shows of its prices may lie before an order that came later than that.

    Where the maker does not tell, one print is counted and `BarColumns.typical_pv` stands for price x volume.

    Examples
    --------
    >>> bars = BarColumns(*(np.array([value]) for value in (20, 60, 10, 14, 9, 13, 5)))
    >>> bar_records(bars)[["level", "px", "px2", "sz", "sz2", "event_ns", "recv_ns"]].tolist()
    [(0, 10, 14, 5, 1, 20, 59), (1, 9, 13, 60, 0, 59, 59)]
    """
    records = empty(2 * len(bars.end_ns))
    records["kind"], records["flags"] = Kind.BAR, EVENT_TIME
    head, tail = records[0::2], records[1::2]
    for half in (head, tail):
        half["recv_ns"] = half["event_ns"] = bars.end_ns - 1
    head["event_ns"] = bars.start_ns
    head["px"], head["px2"], head["sz"] = bars.open, bars.high, bars.volume
    head["sz2"] = UNTOLD_COUNT if bars.n_prints is None else bars.n_prints
    tail["level"], tail["px"], tail["px2"] = 1, bars.low, bars.close
    tail["sz"] = bars.typical_pv if bars.pv is None else bars.pv
    return records


def bars_of(records: Records) -> BarColumns:
    """Read the bars of one contract back.

    >>> bars = BarColumns(*(np.array([value]) for value in (20, 60, 10, 14, 9, 13, 5)))
    >>> back = bars_of(bar_records(bars))
    >>> back.start_ns.tolist(), back.close.tolist(), back.pv.tolist()
    ([20], [13], [60])
    """
    bars = records[records["kind"] == Kind.BAR]
    head, tail = bars[bars["level"] == 0], bars[bars["level"] == 1]
    prices = (head["px"], head["px2"], tail["px"], tail["px2"])
    return BarColumns(head["event_ns"], head["recv_ns"] + 1, *prices, head["sz"], head["sz2"], tail["sz"])
