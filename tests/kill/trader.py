"""A strategy that in half a minute does everything a bracket can: rests, is withdrawn, fills, moves its stop, leaves. Pure."""

from __future__ import annotations

from typing import NamedTuple

from tests.simulation.drills.busy import mixed
from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View


class Trader(NamedTuple):
    """Enter at every bar until `until_ns`; hold for some seconds, moving the stop at each bar, or until tired of it."""

    until_ns: int
    seed: int = 14
    name: str = "restless"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bar, contract = view.bar, view.contract
        if view.now_ns >= self.until_ns or bar.bid_px is None or bar.ask_px is None:
            return None
        drawn = mixed(self.seed, view.now_ns // SECOND)
        side = 1 if drawn & 1 else -1
        near, far = (bar.bid_px, bar.ask_px) if side > 0 else (bar.ask_px, bar.bid_px)
        rests = drawn >> 1 & 3 == 0  # one in four waits behind the market, and is often withdrawn
        entry = near - side * contract.tick if rests else far
        away = (3 + (drawn >> 5 & 7)) * contract.tick
        kind = OrderType.LIMIT if rests else OrderType.MARKET
        hold_ns = (6 + (drawn >> 8) % 7) * SECOND
        return Proposal(side, kind, entry, entry - side * away, entry + side * (2 + (drawn >> 12 & 7)) * contract.tick, hold_ns)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        if mixed(self.seed, position.ref, view.now_ns // SECOND) % 7 == 0:
            return ExitWish("tired of it")
        return Adjust(position.stop_px + position.side * view.contract.tick)
