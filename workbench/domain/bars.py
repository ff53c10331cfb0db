"""The rich bar: everything one contract did in 5 s (or a multiple), as exact integers. A dtype and a read-only face; no I/O.

Sums are exact `int64`, so a bar does not depend on how its records were cut into chunks. Time integrals weigh in microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from workbench.domain.records import ASK, BID

ROWS: Final = 10  # depth rows kept a side
TOP_ROWS: Final = 5  # depth rows that count in imbalance

BAR_FIELDS: Final = (
    "t_end",  # ns; the boundary this bar closed at; 0: this contract closed no bar at this barrier
    "contract",
    "flags",  # BROKEN, PRICED, OPENED, GAPPED
    "phase",  # records.Phase at the close
    "session",  # instrument session, a date written 20261120
    "n",  # records that moved this contract
    "open",  # px of the first print
    "high",
    "low",
    "close",  # of the last print ever, when no print lies in the bar
    "volume",  # sum of print sizes
    "signed",  # buyer minus seller volume
    "pv",  # sum of price x size
    "ofi",  # order-flow imbalance, Cont, Kukanov and Stoikov (2014), J. Financial Econometrics 12(1)
    "rv",  # sum of squared moves of twice the mid, px^2 x 4
    "spread_us",  # integral of ask - bid over time
    "quoted_us",  # time with a two-sided quote
    "imb_us",  # integral of (bid size - ask size) while quoted
    "dimb_us",  # integral of (bid - ask) depth over the top rows
    "ddep_us",  # integral of (bid + ask) depth over the top rows
    "n_print",
    "n_quote",
    "n_depth",
    "max_sz",  # largest print
    "bid",  # px at the close; meant only if `has` holds BID
    "bsz",
    "ask",
    "asz",
    "has",  # BID | ASK
    "n_crossed",  # two-sided quotes with bid >= ask
    "n_late",  # records that came later than LATE_NS after they happened
    "n_back",  # exchange times that went back
    "n_outlier",  # moves of the mid, or of the printed price, more than twenty times the usual one
    "quality",  # data fitness in thousandths, 0 to 1000
    "doubts",  # what lowered it, a bit each: `market.quality.PENALTIES`; of a longer bar those of its worst piece
)
RICH: Final = np.dtype([(name, "<i8") for name in BAR_FIELDS])
BAR_AT: Final = {name: at for at, name in enumerate(BAR_FIELDS)}
BAR_WIDTH: Final = len(BAR_FIELDS)
Bars = npt.NDArray[Any]  # of dtype RICH

BROKEN: Final = 1  # an opening or a gap lies in this bar: labels that wait are void
PRICED: Final = 2  # the contract has had a price
OPENED: Final = 4  # an opening lies in this bar
GAPPED: Final = 8  # data of this bar is missing: a gap lies in it, or it lies in one; no feature reaches over it


class RichBar:
    """One closed bar, read through a flat `int64` memory that somebody else fills.

    Every field of `BAR_FIELDS` is an attribute (integers; prices in quanta).

    Examples
    --------
    >>> bars = np.zeros(1, RICH); bars["close"] = 24041
    >>> bar = RichBar(memoryview(bars.view("i8")), 0)
    >>> bar.close, bar.bid_px
    (24041, None)
    """

    __slots__ = ("cells",)
    cells: memoryview[int]

    def __init__(self, cells: memoryview[int], slot: int) -> None:
        object.__setattr__(self, "cells", cells.toreadonly()[slot * BAR_WIDTH : (slot + 1) * BAR_WIDTH])

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a rich bar is read-only: {name} cannot be set")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> int: ...

    @property
    def bid_px(self) -> int | None:
        """Best bid at the close in quanta, `None` when there was none."""
        return self.bid if self.has & BID else None

    @property
    def ask_px(self) -> int | None:
        """Best ask at the close in quanta, `None` when there was none."""
        return self.ask if self.has & ASK else None

    @property
    def is_broken(self) -> bool:
        """Whether an opening or a gap lies in this bar."""
        return bool(self.flags & BROKEN)

    @property
    def is_gapped(self) -> bool:
        """Whether data of this bar is missing."""
        return bool(self.flags & GAPPED)


def _reader(at: int) -> property:
    return property(lambda bar: bar.cells[at])


# A property a field, made once: a seventh of what `__getattr__` costs, and every check and strategy reads bars (benchmarks/, row 8).
for _name, _at in BAR_AT.items():
    setattr(RichBar, _name, _reader(_at))
