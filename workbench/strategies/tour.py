"""Go through a round trip now and then, to see that orders, stops, fills and exits work. It has no idea of the market. Pure.

Made for the first minutes on a new account, and for `workbench demo`: it is warm in a minute and a half, trades whatever it is given, and
what it earns says nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.units import MINUTE
from workbench.domain.views import PositionView, View
from workbench.strategies.base import on_tick


class Tour(NamedTuple):
    """Enter at market with the order flow, leave after a minute.

    Parameters
    ----------
    atr, flow
        Columns: recent true range in points; signed flow (its sign alone is read).
    stop_atr, stop_ticks
        Stop distance in ranges, and the least of it in ticks; the target lies half as far again.
    hold_ns
        Until it leaves.

    Notes
    -----
    The law sets the pace: entries an hour and seconds between them.
    """

    atr: str = "atr_14_5s"
    flow: str = "ofi_ew_5s"
    stop_atr: float = 3.0
    stop_ticks: int = 8
    hold_ns: int = MINUTE
    name: str = "tour"

    @property
    def needs(self) -> tuple[str, ...]:
        """Feature columns it reads."""
        return (self.atr, self.flow)

    def propose(self, view: View) -> Proposal | None:
        """Enter at market on the side of the flow."""
        reach, flow = view[self.atr], view[self.flow]
        if reach is None or not flow:
            return None
        contract, side = view.contract, 1 if flow > 0 else -1
        seen = view.bar.ask_px if side > 0 else view.bar.bid_px
        if seen is None:
            return None
        entry = on_tick(contract, seen, side)
        away = max(self.stop_atr * reach / float(contract.quantum), float(self.stop_ticks * contract.tick))
        return Proposal(
            side=side,
            entry_type=OrderType.MARKET,
            entry_px=entry,
            stop_px=on_tick(contract, entry - side * away, -side),
            target_px=on_tick(contract, entry + side * away * 1.5, side),
            hold_ns=self.hold_ns,
        )

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Leave everything to stop, target and time."""
        return None
