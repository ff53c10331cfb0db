"""The market of all contracts: the fold's memory with a face. Deterministic; no I/O, no clock, knows no orders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.domain.bars import RICH
from workbench.domain.errors import DataError, InvariantError
from workbench.domain.native import caller
from workbench.domain.records import Records
from workbench.market import kernels
from workbench.market.state import CLOCK, CLOCK_AT, N_IDS, N_WATCHES, STATE, STOP_BITS, Stop, WatchOn

_fold = caller(kernels.fold_c.address, "pllpppp")
_MASK, _UNKNOWN = (1 << STOP_BITS) - 1, int(Stop.UNKNOWN)


class Market:
    """Book, bar under way and watches of every contract, moved by records alone.

    Parameters
    ----------
    ids
        Contract ids, rising; their order is the order of slots.

    Examples
    --------
    >>> from workbench.domain.records import empty, Kind, Phase
    >>> records = empty(3); records["contract"] = 7; records["seq"] = (1, 2, 3)
    >>> records["kind"] = (Kind.PHASE, Kind.PRINT, Kind.PRINT); records["level"][0] = Phase.RTH
    >>> records["recv_ns"] = (1, 2, 5_000_000_001); records["px"] = (20261120, 100, 104); records["sz"] = 1
    >>> market = Market([7])
    >>> at, stop = market.fold(records.ctypes.data, 0, 3)     # the third record reaches the boundary at 5 s
    >>> at, Stop(stop).name, int(market.bars["close"][0])
    (2, 'BARRIER', 100)
    """

    def __init__(self, ids: Sequence[int]) -> None:
        if not ids or list(ids) != sorted(set(ids)) or ids[0] < 1 or ids[-1] >= N_IDS or len(ids) > kernels.MAX_SLOTS:
            raise InvariantError(f"contract ids must rise from 1 to {N_IDS - 1}, at most {kernels.MAX_SLOTS} of them: {list(ids)[:9]}")
        self.ids = tuple(ids)
        self.slot_of = np.full(N_IDS, -1, "<i4")
        self.slot_of[list(ids)] = range(len(ids))
        self.clock = np.zeros(1, CLOCK)
        self.clock["n_slots"] = len(ids)
        self.states = np.zeros(len(ids), STATE)
        self.states["bar"]["contract"] = ids
        self.bars = np.zeros(len(ids), RICH)
        self.now = self.clock.view("<i8").data.toreadonly()
        self._arguments = tuple(a.ctypes.data for a in (self.clock, self.slot_of, self.states, self.bars))

    def fold(self, addr: int, i: int, n: int) -> tuple[int, int]:
        """Fold records ``[i, n)`` of the array at `addr` up to the first stop; give the index of the next record and why (`Stop`)."""
        result = _fold(addr, i, n, *self._arguments)
        stop = result & _MASK
        if stop >= _UNKNOWN:
            self._refuse(result >> STOP_BITS, stop)
        return result >> STOP_BITS, stop

    def _refuse(self, at: int, stop: int) -> None:
        what = "is of a contract that was never defined, or of no known kind" if stop == Stop.UNKNOWN else "came before the one it follows"
        raise InvariantError(f"record {at} of this call {what}: the log is not one; nothing more is decided on it")

    def set_watch(self, slot: int, on: WatchOn, px: int, direction: int) -> int | None:
        """Stop the fold at the first record at or beyond `px` (`direction` +1 at or above); `None` when the table is full."""
        s = self.states[slot]
        for w in range(N_WATCHES):
            if s["watch_dir"][w] == 0:
                s["watch_px"][w], s["watch_dir"][w], s["watch_on"][w] = px, direction, int(on)
                s["n_watch"] += 1
                return w
        return None

    def clear_watch(self, slot: int, watch: int) -> None:
        """Free a watch that has not fired."""
        s = self.states[slot]
        if s["watch_dir"][watch]:
            s["watch_dir"][watch] = 0
            s["n_watch"] -= 1

    def fired(self) -> tuple[int, int]:
        """Give slot and bit mask of the watches that the last record touched."""
        return self.now[CLOCK_AT["fired_slot"]], self.now[CLOCK_AT["fired"]]

    def depth(self, slot: int) -> dict[str, list[tuple[int, int]]]:
        """Give the book as sent: rows of (px, size), best first."""
        s = self.states[slot]
        return {
            name: [(int(s["depth_px"][d, j]), int(s["depth_sz"][d, j])) for j in range(int(s["rows"][d]))]
            for d, name in enumerate(("bids", "asks"))
        }

    def relate(self, groups: Sequence[str | None]) -> None:
        """Say which contracts are siblings: those of one group, in the order of ids; `None` has none."""
        names = sorted({name for name in groups if name is not None and groups.count(name) > 1})
        self.states["group"] = [names.index(name) + 1 if name in names else 0 for name in groups]

    def snapshot(self) -> dict[str, bytes]:
        """Copy the whole memory."""
        return {"clock": self.clock.tobytes(), "states": self.states.tobytes(), "bars": self.bars.tobytes()}

    def restore(self, copy: dict[str, bytes]) -> None:
        """Put a copy back, byte for byte."""
        for name, array in (("clock", self.clock), ("states", self.states), ("bars", self.bars)):
            if len(copy[name]) != array.nbytes:
                raise DataError(f"this snapshot of the market is of other contracts, or of another version of the workbench: {name}")
            array.view("u1").reshape(-1)[:] = np.frombuffer(copy[name], "u1")


def address_of(records: Records) -> int:
    """Give the raw address of a contiguous array of records."""
    if not records.flags.c_contiguous:
        raise InvariantError("records must lie side by side in memory")
    return int(records.ctypes.data)
