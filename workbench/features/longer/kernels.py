"""Compiled sums of bars: 5 s bars become bars of a minute, minutes become hours; exact integers. No feature is computed here."""

from __future__ import annotations

from typing import Final

from workbench.domain.bars import BAR_AT, BAR_FIELDS, BAR_WIDTH, BROKEN, GAPPED, PRICED
from workbench.features.cells.kernels import Ints, Record, piece

T_END: Final = BAR_AT["t_end"]
FLAGS: Final = BAR_AT["flags"]
OPEN: Final = BAR_AT["open"]
HIGH: Final = BAR_AT["high"]
LOW: Final = BAR_AT["low"]
CLOSE: Final = BAR_AT["close"]
VOLUME: Final = BAR_AT["volume"]
N_PRINT: Final = BAR_AT["n_print"]
MAX_SZ: Final = BAR_AT["max_sz"]
QUALITY: Final = BAR_AT["quality"]
DOUBTS: Final = BAR_AT["doubts"]

LATEST: Final = ("phase", "session", "bid", "bsz", "ask", "asz", "has")  # a longer bar ends as its last piece does
EXTREMES: Final = ("t_end", "contract", "flags", "open", "high", "low", "close", "max_sz", "quality", "doubts")  # each by a rule of its own
LATEST_AT: Final = tuple(BAR_AT[name] for name in LATEST)
SUMS_AT: Final = tuple(BAR_AT[name] for name in BAR_FIELDS if name not in LATEST + EXTREMES)


@piece
def has_traded(b: Ints) -> bool:
    """Tell whether a price of this bar is of this bar. Imported bars may come without a count, an index without a volume."""
    return b[N_PRINT] > 0 or b[VOLUME] > 0 or b[HIGH] > b[LOW]


@piece
def begin(a: Ints, b: Ints, end_ns: int) -> None:
    """Start a longer bar with its first piece."""
    for i in range(BAR_WIDTH):
        a[i] = b[i]
    a[T_END] = end_ns


@piece
def add(a: Ints, b: Ints) -> None:
    """Add a piece to a longer bar: exact sums and extremes; the prices of bars without a trade do not count."""
    if has_traded(b):
        if has_traded(a):
            a[HIGH] = max(a[HIGH], b[HIGH])
            a[LOW] = min(a[LOW], b[LOW])
        else:
            a[OPEN] = b[OPEN]
            a[HIGH] = b[HIGH]
            a[LOW] = b[LOW]
    for i in SUMS_AT:
        a[i] += b[i]
    for i in LATEST_AT:
        a[i] = b[i]
    if b[FLAGS] & PRICED != 0:  # behind history the market's first bars have no price yet
        a[CLOSE] = b[CLOSE]
    a[FLAGS] |= b[FLAGS]
    a[MAX_SZ] = max(a[MAX_SZ], b[MAX_SZ])
    if b[QUALITY] < a[QUALITY]:
        a[QUALITY] = b[QUALITY]
        a[DOUBTS] = b[DOUBTS]


@piece
def gather(a: Ints, mark: Record, b: Ints, piece_ns: int, length_ns: int) -> bool:
    """Lay bar `b` of `piece_ns` to the longer bar `a`; true when that closes.

    A window that was left unfinished is dropped and the one after it is flagged broken, and gapped if that was; so is broken one that
    lacks a piece.
    """
    end_ns = (b[T_END] + length_ns - 1) // length_ns * length_ns
    unfinished = mark.covered_ns > 0
    if unfinished and a[T_END] == end_ns:
        add(a, b)
    else:
        left = BROKEN | (a[FLAGS] & GAPPED) if unfinished else 0
        begin(a, b, end_ns)
        mark.covered_ns = 0
        a[FLAGS] |= left
    mark.covered_ns += piece_ns
    if b[T_END] < end_ns:
        return False
    if mark.covered_ns < length_ns:
        a[FLAGS] |= BROKEN
    mark.covered_ns = 0
    return True
