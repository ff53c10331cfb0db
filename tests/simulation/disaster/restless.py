"""A strategy that always has something at the broker, and a law that lets it. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from tests.simulation.drills.busy import mixed
from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View
from workbench.risk.constitution import Constitution
from workbench.runtime import build

PATIENT: Final = 1_000_000  # seeds from here on hold what they have: only so does it show that a stop is missing for long
HELD_S, FAR = 45, 8  # how long, and how many times as far stop and target are then


class Restless(NamedTuple):
    """Enter at every barrier until `until_ns`, with the most that is allowed; hold for some seconds, or as long as the stop does."""

    until_ns: int
    seed: int = 1
    name: str = "restless"
    needs: tuple[str, ...] = ()

    @property
    def is_patient(self) -> bool:
        return self.seed >= PATIENT

    def propose(self, view: View) -> Proposal | None:
        bar, contract = view.bar, view.contract
        if view.now_ns >= self.until_ns or bar.bid_px is None or bar.ask_px is None:
            return None
        drawn = mixed(self.seed, view.now_ns // SECOND)
        side = 1 if drawn & 1 else -1
        near, far = (bar.bid_px, bar.ask_px) if side > 0 else (bar.ask_px, bar.bid_px)
        rests = drawn >> 1 & 3 == 0  # one in four waits below the market, and is often withdrawn
        entry = near - side * (drawn >> 3 & 1) * contract.tick if rests else far
        step = contract.tick * (FAR if self.is_patient else 1)
        away = (3 + (drawn >> 5 & 7)) * step
        kind = OrderType.LIMIT if rests else OrderType.MARKET
        hold_ns = (HELD_S if self.is_patient else 2 + (drawn >> 8) % 10) * SECOND
        return Proposal(side, kind, entry, entry - side * away, entry + side * (2 + (drawn >> 12 & 7)) * step, hold_ns)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        drawn = mixed(self.seed, position.ref, view.now_ns // SECOND)
        if drawn % 7 == 0 and not self.is_patient:
            return ExitWish("tired of it")
        if drawn % 3 == 0:
            return Adjust(position.stop_px + position.side * view.contract.tick)
        return None


def law() -> Constitution:
    """The demo's law, without the limits that would end a run of disasters early."""
    made = build.constitution("demo")
    change = msgspec.structs.replace
    free = {"max_entries_per_hour": 10_000, "max_entries_per_day": 10_000, "max_losses_in_row": 10_000, "max_loss_per_day_usd": 500_000.0}
    risk = change(made.risk, **free, min_seconds_between_entries=0.0, max_friction_frac=100.0, max_contracts_per_order=4)
    execution = change(made.execution, max_orders_per_minute=600, entry_ttl_seconds=6.0)
    data = change(made.data, entry_quality=0.5, hold_quality=0.2, kill_quality=0.05, max_spread_ticks=20.0)
    return change(made, data=data, risk=risk, execution=execution)
