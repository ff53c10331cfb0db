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
SHOCK_FACTOR: Final = 3  # times the usual volume of a bar: then a jump is the market's own, and no outlier
STUCK_NS: Final = 5_000_000_000  # a price printed again and again for so long, beside the quote that stands, is stuck
DRY_NS: Final = 60_000_000_000  # without a trade in regular hours (the data contract's bars were minutes)
SPREAD_FACTOR: Final = 5  # times the usual spread of a bar
SPREAD_SHIFT: Final = 6
SPREAD_AFTER: Final = 1 << SPREAD_SHIFT  # bars until the usual one is known, and over which it is averaged; volume likewise
PART_NS: Final = 900_000_000_000  # past sessions are known by quarters of an hour of the day (UTC)
N_PARTS: Final = 192  # 96 outside regular hours, then 96 of them

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
                "phase_ns",  # when the phase began
                "traded_ns",  # last print with a size
                "is_traced",  # a print came since the opening or a gap
                "usual_step",  # usual size of a change of the printed price, as `usual`
                "n_steps",
                "stuck_ns",  # since when the printed price is the same and beside the quote
                "n_stuck",  # of the bar under way
                "usual_spread",  # of a bar, as `spread_us`
                "usual_quoted",  # likewise
                "n_spreads",
                "usual_volume",  # of a bar, times 256
                "heard_ns",  # TIME record at the end of the last second in which a quote, print or row came
                "pause_ns",  # longest pause that ended in the bar under way, whole seconds
                "n_heard",  # bars that pauses were learned from since the opening
                "n_empty",  # bars without a record since then
                "pause_mean",  # of the longest pause of each bar, ms x 256
                "pause_square",  # mean of their squares, ms^2 x 256
                "rate",  # records a bar, times 256
                "is_judged",  # enough is known of its pace
                "patience_ns",  # a pause beyond all usual ones
                "sibling_ns",  # the same while its siblings go on
                "group",  # siblings have the same one; 0: none
                "part_ns",  # end of the part of the day that runs; 0: none yet
                "part_at",  # where its pace is kept
                "tick_n",  # records of the bar at that moment
                "said",  # records between the last two TIME records
                "sib_came",  # records of siblings since it was heard last, times 1280
                "sib_due",  # what was expected of them, in the same unit
                "silent_ns",  # when it was heard last, while it is silent; 0: alive
                "was_silent",  # at some moment of the bar under way
                "is_gapped",  # data is missing since a GAP, and nothing was heard since
                "gap_n",  # records of the bar under way at that moment
            )
        ),
        ("rows", "<i8", (2,)),  # rows known on the bid, on the ask
        ("depth_px", "<i8", (2, ROWS)),
        ("depth_sz", "<i8", (2, ROWS)),
        ("watch_px", "<i8", (N_WATCHES,)),
        ("watch_dir", "<i8", (N_WATCHES,)),  # +1 at or above, -1 at or below, 0 free
        ("watch_on", "<i8", (N_WATCHES,)),  # WatchOn
        ("known_ms", "<i8", (N_PARTS,)),  # what pause past sessions had patience for, by part of the day
        ("known_rate", "<i8", (N_PARTS,)),  # and their records a bar, times 256; 0: not known
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
    "ticked_ns",  # last TIME record
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
    SILENCE = 4  # the TIME record before the index changed a verdict on a feed: `silent_ns` of the states says which
    UNKNOWN = 5  # a contract that was never defined
    DISORDER = 6  # recv_ns fell


STOP_BITS: Final = 3
