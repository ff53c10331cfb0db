"""A strategy that always has something at the broker: entries that rest or cross, stops that move, exits of its own. Pure."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View


def mixed(*numbers: int) -> int:
    """Mix whole numbers into one that looks drawn, the same each time.

    >>> mixed(1, 2) == mixed(1, 2), mixed(1, 2) == mixed(2, 1)
    (True, False)
    """
    made = 0x9E3779B97F4A7C15
    for number in numbers:
        made = ((made ^ number) * 0xBF58476D1CE4E5B9) & (1 << 64) - 1
        made ^= made >> 29
    return made


class Busy(NamedTuple):
    """Enter at nearly every barrier until `until_ns`, hold for less than half a minute.

    Parameters
    ----------
    seed
        Of sides, kinds and distances.
    stop_ticks
        Distance of the stop; of the target as much again.
    """

    until_ns: int
    seed: int = 1
    stop_ticks: int = 6
    name: str = "busy"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bar, contract = view.bar, view.contract
        if view.now_ns >= self.until_ns or bar.bid_px is None or bar.ask_px is None:
            return None
        drawn = mixed(self.seed, view.now_ns // SECOND)
        side = 1 if drawn & 1 else -1
        rests = drawn >> 1 & 3 == 0  # one in four waits below the market, and is often withdrawn
        near, far = (bar.bid_px, bar.ask_px) if side > 0 else (bar.ask_px, bar.bid_px)
        entry = near - side * (drawn >> 3 & 3) * contract.tick if rests else far
        away = (self.stop_ticks + (drawn >> 5 & 3)) * contract.tick
        kind = OrderType.LIMIT if rests else OrderType.MARKET
        hold_ns = (4 + (drawn >> 7) % 20) * SECOND
        return Proposal(side, kind, entry, entry - side * away, entry + side * (self.stop_ticks + 1) * contract.tick, hold_ns)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        drawn = mixed(self.seed, position.ref, view.now_ns // SECOND)
        if drawn % 11 == 0:
            return ExitWish("tired of it")
        if drawn % 4 == 0:
            return Adjust(position.stop_px + position.side * view.contract.tick)
        return None
