"""Weave market records, phases and whole seconds into one order of arrival, and number them. Pure arrays; no calendar, no clock.

The loop does live what this does for a recording that was made elsewhere: same grid, same order, so both fold alike.

Order
-----
1. ``recv_ns`` rises.
2. Within one nanosecond: TIME, then PHASE, then the rest as given, `extra` (a GAP, say) before `records`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import DataError, InvariantError
from workbench.domain.records import EVENT_TIME, RECORD, Kind, Phase, Records, empty
from workbench.domain.units import SECOND

SEQ_BITS: Final = 40  # n of a start; its epoch stands above
EPOCH_BITS: Final = 63 - SEQ_BITS
WHOLE: Final = f"V{RECORD.itemsize}"  # a record as one item: it moves 8 x faster than field by field


def weave(records: Records, extra: Records, *, first_ns: int, last_ns: int, while_closed: bool = True) -> Records:
    """Merge market records with phases and with a TIME record at each whole second.

    Parameters
    ----------
    records
        Of the market, in their order; ``recv_ns`` must not fall.
    extra
        PHASE records of all contracts (and GAP records, if any), in any order of time.
    first_ns, last_ns
        TIME records are made on each whole second from `first_ns` to `last_ns`, both included. Records outside stay.
    while_closed
        False leaves out the seconds at which, by the PHASE records, every contract is CLOSED, before as well as after: nothing closes
        there. A contract is CLOSED before its first PHASE record.

    Returns
    -------
    Records
        A new array. Weaving it again with nothing changes nothing.

    Raises
    ------
    DataError
        If ``recv_ns`` of `records` falls.

    Examples
    --------
    >>> quotes, phases = empty(2), empty(1)
    >>> quotes["kind"], quotes["recv_ns"] = Kind.QUOTE, (SECOND, SECOND + 5)
    >>> phases["kind"], phases["recv_ns"] = Kind.PHASE, SECOND
    >>> woven = weave(quotes, phases, first_ns=1, last_ns=2 * SECOND)
    >>> [Kind(kind).name for kind in woven["kind"]]
    ['TIME', 'PHASE', 'QUOTE', 'QUOTE', 'TIME']
    """
    _refuse_falling(records["recv_ns"])
    parts = [_split(extra), _split(records)]
    own = np.concatenate([markers for markers, _ in parts])
    times, phases = own[own["kind"] == Kind.TIME], own[own["kind"] == Kind.PHASE]
    grid = _whole_seconds(first_ns, last_ns)
    if not while_closed:
        grid = grid[_is_awake(phases, grid)]
    if len(times):
        grid = grid[~np.isin(grid, times["recv_ns"])]
    return _merge([times, _times(grid), phases, parts[0][1]], parts[1][1])


def whole_seconds(first_ns: int, last_ns: int) -> Records:
    """Make a TIME record on each whole second from `first_ns` to `last_ns`, both included.

    >>> whole_seconds(1, 2 * SECOND)["recv_ns"].tolist()
    [1000000000, 2000000000]
    """
    return _times(_whole_seconds(first_ns, last_ns))


def number(records: Records, epoch: int, start: int = 1) -> Records:
    """Write ``seq`` into records of one start, in place, and give them back: ``epoch << 40 | n``, n from `start` on.

    Raises `InvariantError` if epoch or n leave their bits, for then numbers of two starts would mix.

    >>> number(empty(2), epoch=1)["seq"].tolist()
    [1099511627777, 1099511627778]
    """
    if not (0 <= epoch < 1 << EPOCH_BITS and start >= 0 and start + len(records) <= 1 << SEQ_BITS):
        raise InvariantError(f"cannot number {len(records)} records from {start} in epoch {epoch}: out of bits")
    first = (epoch << SEQ_BITS) + start
    records["seq"] = np.arange(first, first + len(records), dtype=np.int64)
    return records


def _refuse_falling(recv: npt.NDArray[np.int64]) -> None:
    fallen = np.flatnonzero(recv[1:] < recv[:-1])
    if fallen.size:
        at = int(fallen[0]) + 1
        raise DataError(f"recv_ns falls at record {at} of {len(recv)}: {recv[at]} after {recv[at - 1]}; sort by arrival first")


def _split(part: Records) -> tuple[Records, Records]:
    """Part the TIME and PHASE records from the rest, which is not copied if it is all."""
    is_marker = (part["kind"] == Kind.TIME) | (part["kind"] == Kind.PHASE)
    return (part[is_marker], part[~is_marker]) if is_marker.any() else (part[:0], part)


def _merge(few: list[Records], many: Records) -> Records:
    """Merge by arrival; of records that arrive together, those of the earlier part come first, and `many`, in order already, last."""
    markers = np.concatenate(few)
    markers = markers.take(np.argsort(markers["recv_ns"], kind="stable"))
    at = np.searchsorted(many["recv_ns"], markers["recv_ns"], side="left") + np.arange(len(markers))
    woven = empty(len(markers) + len(many))
    is_market = np.ones(len(woven), np.bool_)
    is_market[at] = False
    whole = woven.view(WHOLE)
    whole[at], whole[is_market] = markers.view(WHOLE), np.ascontiguousarray(many).view(WHOLE)
    return woven


def _whole_seconds(first_ns: int, last_ns: int) -> npt.NDArray[np.int64]:
    return np.arange(-(-first_ns // SECOND), last_ns // SECOND + 1, dtype=np.int64) * SECOND


def _times(grid: npt.NDArray[np.int64]) -> Records:
    times = empty(len(grid))
    times["recv_ns"] = times["event_ns"] = grid
    times["kind"], times["flags"] = Kind.TIME, EVENT_TIME
    return times


def _is_awake(phases: Records, grid: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell, for each second, whether some contract is not CLOSED just before or just after it."""
    order = np.lexsort((np.arange(len(phases)), phases["recv_ns"], phases["contract"]))
    contract, recv = phases["contract"][order], phases["recv_ns"][order]
    is_up = (phases["level"][order] != Phase.CLOSED).astype(np.int64)
    was_up = np.where(np.r_[False, contract[1:] == contract[:-1]], np.r_[0, is_up[:-1]], 0) if len(phases) else is_up
    by_time = np.argsort(recv, kind="stable")
    n_up = np.r_[0, np.cumsum((is_up - was_up)[by_time])]
    recv = recv[by_time]
    after = n_up[np.searchsorted(recv, grid, side="right")] > 0
    before = n_up[np.searchsorted(recv, grid, side="left")] > 0
    awake: npt.NDArray[np.bool_] = before | after
    return awake
