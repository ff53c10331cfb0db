"""Memory of the fold: one market state a contract, one clock for all. Dtypes and named numbers; no code that folds.

All of it lives in a few NumPy arrays, so that a snapshot is a copy of bytes and every number is an exact `int64`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

from workbench.domain.bars import RICH, ROWS

N_WATCHES: Final = 8  # watches a contract
N_IDS: Final = 65_536  # contract ids run from 1 to N_IDS - 1
LATE_NS: Final = 5_000_000_000  # a record that took longer than this to reach us is late (data contract, 5 s)
OUTLIER_FACTOR: Final = 20  # times the usual move of the mid
OUTLIER_AFTER: Final = 100  # moves of the mid before the usual one is known

STATE: Final = np.dtype(
    [
        ("bar", RICH),  # under way
        ("past", RICH),  # a bar of history, being put together from its two records
        *(
            (name, "<i8")
            for name in (
                "is_open",
                "phase",
                "session",
                "last_us",  # time integrals are summed up to here
                "bid",
                "bsz",
                "ask",
                "asz",
                "has",  # BID | ASK
                "mid2",  # bid + ask of the last two-sided quote
                "usual",  # usual size of a move of mid2, exponentially averaged, times 256
                "n_moves",
                "last_event_ns",  # exchange time of the last quote or print
                "dimb",  # bid minus ask size over the top rows
                "ddep",  # bid plus ask size over the top rows
                "n_watch",
            )
        ),
        ("rows", "<i8", (2,)),  # rows known on the bid, on the ask
        ("depth_px", "<i8", (2, ROWS)),
        ("depth_sz", "<i8", (2, ROWS)),
        ("watch_px", "<i8", (N_WATCHES,)),
        ("watch_dir", "<i8", (N_WATCHES,)),  # +1 at or above, -1 at or below, 0 free
        ("watch_on", "<i8", (N_WATCHES,)),  # WatchOn
    ]
)

CLOCK_FIELDS: Final = (
    "now_ns",  # recv_ns of the record that caused the last stop
    "cause_seq",  # its seq
    "next_ns",  # next boundary of the grid
    "last_ns",  # recv_ns of the last record
    "n_slots",
    "fired_slot",
    "fired",  # bit mask of the watches that one record touched; of a bar of history its length in ns
    "t_end",  # boundary of the last barrier
)
CLOCK: Final = np.dtype([(name, "<i8") for name in CLOCK_FIELDS])
CLOCK_AT: Final = {name: at for at, name in enumerate(CLOCK_FIELDS)}


class WatchOn(IntEnum):
    """Which price a watch looks at."""

    PRINT = 0
    BID = 1
    ASK = 2


class Stop(IntEnum):
    """Why the fold came back. The low three bits of its result; the rest is the index of the next record."""

    END = 0  # nothing left
    BARRIER = 1  # bars closed; the record at the index is not consumed
    WATCH = 2  # the record before the index touched a watch
    HISTORY = 3  # a bar of history is complete in `past` of `fired_slot`
    UNKNOWN = 4  # a contract that was never defined
    DISORDER = 5  # recv_ns fell
STOP_BITS: Final = 3
