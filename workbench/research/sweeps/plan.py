"""A swept configuration as a strategy of the engine: it wishes what the signal of the sweep wished, when it did. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View
from workbench.research.sweeps.kernels import BUY, LEAVE_LONG, LEAVE_SHORT, SELL
from workbench.strategies.base import at_market

STANDS_NS: Final = 10 * SECOND  # how long a wish to enter stands: a position that is in its way must be left first


class Plan(NamedTuple):
    """Wishes known beforehand, each by the end of its bar: looked up, never looked ahead.

    Attributes
    ----------
    wishes
        End of a bar (ns) to the bits of its signal.
    length_ns
        Of a bar.
    stop_pts, target_pts, hold_ns
        The exit plan of every position.
    """

    wishes: Mapping[int, int]
    length_ns: int
    stop_pts: float
    target_pts: float
    hold_ns: int
    name: str = "swept"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        """Enter where the bar that closed last, a moment ago, says so."""
        at = view.bar.t_end - view.bar.t_end % self.length_ns
        if view.bar.t_end - at > STANDS_NS:
            return None
        wish = self.wishes.get(at, 0) & (BUY | SELL)
        if wish not in (BUY, SELL):
            return None
        side = 1 if wish == BUY else -1
        return at_market(view, side, stop_pts=self.stop_pts, target_pts=self.target_pts, hold_ns=self.hold_ns)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Leave where a bar behind the entry says so."""
        at = view.bar.t_end - view.bar.t_end % self.length_ns
        leaves = SELL | LEAVE_LONG if position.side > 0 else BUY | LEAVE_SHORT
        return ExitWish("signal") if at > position.opened_ns and self.wishes.get(at, 0) & leaves else None
