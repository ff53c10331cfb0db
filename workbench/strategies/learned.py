"""Follow a learner: enter in the direction of a forecast that is far enough from even, and leave when it turns. Pure.

The stop lies a stated number of recent true ranges away, the target further by `reward`; the position ends with the forecast's horizon
a few times over, or when the forecast no longer holds (thesis).
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.decisions import Adjust, ExitWish, Proposal, Thesis
from workbench.domain.orders import OrderType
from workbench.domain.views import PositionView, View
from workbench.strategies.base import on_tick


class Learned(NamedTuple):
    """Trade a forecast.

    Parameters
    ----------
    forecast
        Name of the recipe.
    edge
        Least distance of ``p_up`` from 0.5.
    atr
        Column of the range the distances are measured in, in points.
    stop_atr, reward
        Stop distance in that range; target distance over stop distance.
    patience
        Horizons until the position is left for time.
    floor
        The thesis ends when the chance in the position's direction falls under this.
    """

    forecast: str
    edge: float = 0.04
    atr: str = "atr_14_1m"
    stop_atr: float = 3.0
    reward: float = 1.5
    patience: int = 10
    floor: float = 0.45
    name: str = "learned"

    @property
    def needs(self) -> tuple[str, ...]:
        """Feature columns it reads."""
        return (self.atr,)

    def propose(self, view: View) -> Proposal | None:
        """Enter at market on the side of the forecast."""
        said = view.forecasts.get(self.forecast)
        if said is None or abs(said.p_up - 0.5) < self.edge:
            return None
        reach, bar, contract = view[self.atr], view.bar, view.contract
        if reach is None or reach <= 0:
            return None
        side = 1 if said.p_up > 0.5 else -1
        seen = bar.ask_px if side > 0 else bar.bid_px
        if seen is None and (bar.has or not bar.n_print):
            return None
        entry = on_tick(contract, bar.close if seen is None else seen, side)  # bars alone have no quotes: their close stands for both
        away = max(self.stop_atr * reach / float(contract.quantum), contract.tick)
        return Proposal(
            side=side,
            entry_type=OrderType.MARKET,
            entry_px=entry,
            stop_px=on_tick(contract, entry - side * away, -side),
            target_px=on_tick(contract, entry + side * away * self.reward, side),
            hold_ns=self.patience * said.horizon_ns,
            confidence=said.confidence,
            thesis=Thesis(self.forecast, self.floor),
            breakeven_px=on_tick(contract, entry + side * away, side),
        )

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Leave everything to stop, target, time, thesis and breakeven."""
        return None
