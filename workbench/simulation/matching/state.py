"""Memory of the simulated exchange: dtypes and named numbers, all `int64`. No code that matches.

Everything that changes lies in one buffer, so that setting it aside, putting it back and writing it down are one copy each; but for
the ring of reports, which is large and almost always empty: of it only what is under way is copied.
Contracts come last in the buffer: a snapshot fits into an exchange that knows more contracts, ids being given in rising order.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import numpy as np

N_LEGS: Final = 4  # orders.Leg: entry, stop, target, exit


def _row(names: str) -> np.dtype[Any]:
    return np.dtype([(name, "<i8") for name in names.split()])


RULES: Final = _row(
    """report_ns behind market_slip stop_slip bar_slip
    n_brackets n_reports n_commands n_slots n_ids"""
)  # one row that never changes: the fill model in numbers, and the sizes of the tables

DESK: Final = _row("""broken told taken sent arrived last_due_ns last_arrival_ns now_ns highest_ref top n_used stamp""")  # one row
# broken: Broken, why the exchange can go on no longer; told, taken: reports made and handed over, ever; sent, arrived: the same of
# commands; last_*: no later one may be earlier; now_ns: recv_ns of the last record; highest_ref: newest bracket that arrived;
# top: one past the highest row in use; n_used: rows in use; stamp: rises with each record that may fill

BRACKET: Final = _row("ref slot account stamp bought sold")  # ref 0: free; bought, sold: filled out of the record that `stamp` counts

ORDER: Final = _row("type side px qty total filled n_fills triggered ahead queued since_ns")  # N_LEGS rows a bracket, in the order of Leg
# qty: works now; total: ever accepted; filled of it in n_fills executions; triggered: a stop that takes what it can get;
# ahead: size before us at our price, meant only if `queued`; since_ns: when it began to work as it is (arrived, grew, or moved)

REPORT: Final = _row("due_ns kind ref leg slot qty px nth before")  # a ring
# FILLED: nth execution of its leg, with `before` filled earlier; REJECTED: qty is a Why

COMMAND: Final = _row("due_ns kind ref slot account side type qty entry_px stop_px target_px")  # a ring; due: when it arrives

SLOT: Final = _row(
    """is_open session has bid bsz ask asz n_work quoted last has_last
    bar_begun bar_dated bar_start_ns bar_open bar_high bar_low bar_close bar_volume"""
)
# one a contract; quoted: has ever shown a quote; last: close of the newest bar; bar_dated: bar_start_ns is known


class Do(IntEnum):
    """Commands, as the kernel counts them."""

    SUBMIT = 1
    MODIFY = 2
    CANCEL = 3
    EXIT = 4
    PROTECT = 5
    REPRICE = 6


class Tell(IntEnum):
    """Reports, as the kernel counts them."""

    ACCEPTED = 1
    FILLED = 2
    CANCELLED = 3
    REJECTED = 4


class Why(IntEnum):
    """Why an order was rejected."""

    OFF_TICK = 1
    MALFORMED = 2
    UNKNOWN_ORDER = 3


class Broken(IntEnum):
    """What must not happen."""

    UNKNOWN_CONTRACT = 1
    REPORTS_FULL = 2
    BRACKETS_FULL = 3


class Stop(IntEnum):
    """Why a run came back: the low two bits of its result; the rest is the index of the next record."""

    END = 0
    DUE = 1  # a report is due before the record at the index
    BROKEN = 2


STOP_BITS: Final = 2
