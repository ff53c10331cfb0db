"""The fold driven from compiled code, keeping every bar: the kernel alone, without Python at each bar. For row 3 only."""

from __future__ import annotations

from numba import njit

from workbench.market.kernels import fold
from workbench.market.state import STOP_BITS, Stop

BARRIER = int(Stop.BARRIER)
MASK = (1 << STOP_BITS) - 1


@njit(cache=True)
def bars_of(records, clock, slot_of, states, bars, out):
    """Fold all records; put the first contract's bars into `out` and give how many there were."""
    i, n, kept = 0, len(records), 0
    while i < n:
        result = fold(records, i, n, clock, slot_of, states, bars)
        i = result >> STOP_BITS
        if result & MASK == BARRIER:
            out[kept] = bars[0]
            kept += 1
    return kept
