"""Fade a stretch away from the session's volume-weighted price, while order flow no longer pushes it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.units import MINUTE
from workbench.domain.views import PositionView, View
from workbench.strategies.base import on_tick


class VwapReversion(NamedTuple):
    """Mean reversion to VWAP, conservative.

    Parameters
    ----------
    offset, atr, flow
        Columns: close minus session VWAP in points; recent true range in points; signed flow (its sign alone is read).
    stretch
        Entry when the offset is at least so many ranges.
    stop_atr
        Stop distance in ranges; the target is half the way back to VWAP, at least a range.
    """

    offset: str = "vwap_offset_5s"
    atr: str = "atr_14_1m"
    flow: str = "ofi_ew_5s"
    stretch: float = 5.0
    stop_atr: float = 3.0
    hold_ns: int = 20 * MINUTE
    name: str = "vwap_reversion"

    @property
    def needs(self) -> tuple[str, ...]:
        """Feature columns it reads."""
        return (self.offset, self.atr, self.flow)

    def propose(self, view: View) -> Proposal | None:
        """Enter by a limit at the near side, against the stretch, once flow points back."""
        offset, reach, flow = view[self.offset], view[self.atr], view[self.flow]
        if offset is None or reach is None or flow is None or reach <= 0 or abs(offset) < self.stretch * reach:
            return None
        side = -1 if offset > 0 else 1
        if flow * side <= 0:
            return None
        contract, bar = view.contract, view.bar
        near = bar.bid_px if side > 0 else bar.ask_px
        if near is None:
            return None
        entry, quantum = on_tick(contract, near, -side), float(contract.quantum)
        away = max(self.stop_atr * reach / quantum, contract.tick)
        back = max(abs(offset) / 2, reach) / quantum
        return Proposal(
            side=side,
            entry_type=OrderType.LIMIT,
            entry_px=entry,
            stop_px=on_tick(contract, entry - side * away, -side),
            target_px=on_tick(contract, entry + side * back, side),
            hold_ns=self.hold_ns,
        )

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Leave everything to stop, target and time."""
        return None
