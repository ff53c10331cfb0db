"""The 64-byte record: market data from the wire to the disk to the engine. A dtype and its names; no I/O.

Rules
-----
1. Prices and sizes are integers of the contract's ``price_quantum`` and ``size_quantum``. Zero and negative prices are real.
2. Absence is a cleared flag, never a value: a quote without a bid has `BID` cleared, and its ``px`` means nothing.
3. ``recv_ns`` says when we knew, ``event_ns`` when it happened (only if `EVENT_TIME` is set). ``recv_ns`` never falls.
4. ``seq`` rises by at least one from record to record of a log; 0 means *never written*.

What a field means for each kind
--------------------------------
==============  ======================================================================================================
QUOTE           ``px sz`` bid, ``px2 sz2`` ask; flags `BID`, `ASK` say which side is there
PRINT           ``px sz`` of one reported trade; ``side`` +1 buyer was aggressive, -1 seller, 0 not known
DEPTH_INSERT    ``px sz`` of book row ``level`` on ``side`` (+1 bid, -1 ask); rows from there on move down
DEPTH_UPDATE    ``px sz`` replace row ``level`` on ``side``
DEPTH_DELETE    row ``level`` on ``side`` goes; rows behind it move up
DEPTH_RESET     both sides are empty from here on
TIME            the clock reached a whole second; ``contract`` is 0 and no price is meant
BAR             an imported bar is two records: ``level`` 0 carries open ``px``, high ``px2``, volume ``sz``, count ``sz2``;
                ``level`` 1 carries low ``px``, close ``px2``, and the sum of price x volume in ``sz``. ``event_ns`` of the
                first is the bar's start, of the second the last nanosecond it covers; but of a bar with provenance HISTORY the
                second says its end, and in ``sz2`` its instrument session
GAP             data of this contract is missing from before this record on: nothing is known until the next quote
PHASE           the contract enters `Phase` ``level`` of instrument session ``px`` (a date written 20261120)
==============  ======================================================================================================
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

RECORD: Final = np.dtype(
    [(name, "<i8") for name in ("seq", "recv_ns", "event_ns", "px", "sz", "px2", "sz2")]
    + [("contract", "<u4"), ("kind", "u1"), ("side", "i1"), ("level", "u1"), ("flags", "u1")]
)
RECORD_VERSION: Final = 1
Records = npt.NDArray[Any]  # one-dimensional, of dtype RECORD


class Kind(IntEnum):
    """What a record tells. The numbers are on disk: never re-used, never re-ordered."""

    QUOTE = 1
    PRINT = 2
    DEPTH_INSERT = 3
    DEPTH_UPDATE = 4
    DEPTH_DELETE = 5
    DEPTH_RESET = 6
    TIME = 7
    BAR = 8
    GAP = 9
    PHASE = 10


class Phase(IntEnum):
    """Where a contract's own trading day stands. Bars close only in ETH and RTH; CLOSED, MAINTENANCE and PREOPEN have none.

    PREOPEN is an auction: quotes may cross, nothing trades.
    """

    CLOSED = 0
    MAINTENANCE = 1
    PREOPEN = 2
    ETH = 3
    RTH = 4


# flags of a record
BID: Final = 1  # the bid of this quote is there
ASK: Final = 2  # the ask of this quote is there
EVENT_TIME: Final = 4  # event_ns means something
CONFLATED: Final = 8  # stands for several changes that were not kept apart
PROVENANCE_SHIFT: Final = 4  # two bits from here on


class Provenance(IntEnum):
    """How a record came to us. HISTORY warms features up and decides nothing."""

    LIVE = 0  # as it arrived, at our socket or at the maker of an imported file
    BACKFILL = 1  # asked for afterwards: history in recordings, minutes polled while a stream is down
    HISTORY = 2  # bars asked for before the first live record
    GENERATED = 3  # from the seeded market of `workbench.simulation`


def is_open(phase: int) -> bool:
    """Tell whether bars close in this phase.

    >>> is_open(Phase.ETH), is_open(Phase.MAINTENANCE)
    (True, False)
    """
    return phase >= Phase.ETH


def empty(n: int) -> Records:
    """Make `n` records of zeros, to be filled in.

    >>> empty(2).nbytes
    128
    """
    return np.zeros(n, RECORD)


def provenance_flag(provenance: Provenance) -> int:
    """Give the flag bits that say where a record came from."""
    return int(provenance) << PROVENANCE_SHIFT
