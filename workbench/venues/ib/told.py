"""IB's real-time bars: what a message of them becomes. Pure; what is no bar on its contract's grid is nothing."""

from __future__ import annotations

from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.units import SECOND
from workbench.store.told_bars import ToldBar
from workbench.venues.ib.units import to_px, to_size
from workbench.wire import RealtimeBar

MOST: Final = 1 << 62  # what a row can hold
UNSET: Final = 1e300  # IB's 1.797e308 says that it is not known


def told_bar(contract: Contract, message: RealtimeBar, recv_ns: int) -> ToldBar | None:
    """Read a bar; `None` where it contradicts itself, or lies off the grid.

    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> bar = told_bar(es, RealtimeBar(7, 5, 6000.25, 6000.5, 6000.25, 6000.5, 3, 6000.4, 2), 11)
    >>> bar.open_px, bar.high_px, bar.volume, bar.wap_pts, bar.n_prints
    (24001, 24002, 3, 6000.4, 2)
    >>> told_bar(es, RealtimeBar(7, 5, 6000.3, 6000.5, 6000.25, 6000.5, 3, 6000.4, 2), 11) is None
    True
    """
    try:
        first, high, low, last = (to_px(contract, px) for px in (message.open, message.high, message.low, message.close))
        volume, wap = to_size(contract, message.volume), float(message.wap)
    except (DataError, ArithmeticError):
        return None
    if min(volume, message.count, message.time) < 0 or not low <= min(first, last) <= max(first, last) <= high:
        return None
    if max(abs(low), abs(high), volume, message.count, message.time * SECOND) >= MOST:
        return None
    mean = wap if volume and abs(wap) < UNSET else None
    return ToldBar(message.time * SECOND, contract.id, first, high, low, last, volume, mean, message.count, recv_ns)
