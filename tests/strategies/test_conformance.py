"""The suite for strategies, on plans whose stops follow: it finds what is wrong with them, and nothing else."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.strategies.sight import sight
from workbench.domain.chase import Chase
from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.units import MINUTE
from workbench.domain.views import PositionView, View
from workbench.strategies.base import at_market, nonsense
from workbench.strategies.conformance import check


class Follows(NamedTuple):
    """Buy, with a stop that follows at so many ticks from a trigger so many ticks away."""

    trail_ticks: Any = 4
    from_ticks: Any = None
    off: int = 0  # quanta beside the tick
    name: str = "follows"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bid, tick = view.bar.bid_px, view.contract.tick
        if bid is None:
            return None
        trail = None if self.trail_ticks is None else self.trail_ticks * tick + self.off
        start = None if self.from_ticks is None else bid + self.from_ticks * tick
        plan = bid - 8 * tick, bid + 20 * tick, MINUTE
        return Proposal(1, OrderType.LIMIT, bid, *plan, trail_px=trail, trail_from_px=start)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


@pytest.mark.covers("S0-15", "S2-34")
def test_a_plan_whose_stop_follows_from_the_winning_side_is_well_made() -> None:
    assert check(Follows) == [] and check(lambda: Follows(from_ticks=6)) == [] and check(lambda: Follows(from_ticks=0)) == []


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Follows(trail_ticks=0), "trail_px is 0, not a distance in whole quanta above 0, or None"),
        (Follows(trail_ticks=-4), "not a distance in whole quanta above 0"),
        (Follows(trail_ticks=1.5), "not a distance in whole quanta above 0"),
        (Follows(trail_ticks=None, from_ticks=5), "not a whole number beside a trail_px, or None"),
        (Follows(from_ticks=-3), "its stop follows from"),
        (Follows(off=1), "is not on the tick"),
    ],
    ids=["no distance", "backwards", "half a tick", "from nowhere", "from the losing side", "off the tick"],
)
def test_a_plan_whose_stop_cannot_follow_is_told(made: Follows, said: str) -> None:
    assert any(said in sentence for sentence in check(lambda: made)), check(lambda: made)


class Chases(NamedTuple):
    """Buy at the bid, and chase to so many ticks above it."""

    worst_ticks: Any = 2
    step: Any = 1  # ticks
    after_ns: Any = MINUTE
    kind: OrderType = OrderType.LIMIT
    name: str = "chases"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bid, tick = view.bar.bid_px, view.contract.tick
        if bid is None:
            return None
        chase = Chase(bid + int(self.worst_ticks * tick), self.after_ns, int(self.step * tick))
        return Proposal(1, self.kind, bid, bid - 8 * tick, bid + 20 * tick, MINUTE, chase=chase)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


@pytest.mark.covers("S2-06")
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Chases(), ""),
        (Chases(worst_ticks=20), "at or beyond its target"),
        (Chases(worst_ticks=25), "at or beyond its target"),
        (Chases(worst_ticks=-9), "towards its stop"),
        (Chases(worst_ticks=0), "towards its stop"),
        (Chases(kind=OrderType.MARKET), "has no limit that could be moved"),
        (Chases(worst_ticks=1.5), "is not on the tick"),
        (Chases(step=0), "its time and step above 0"),
        (Chases(after_ns=0.5), "a Chase of three whole numbers"),
    ],
    ids=["good", "to the target", "beyond the target", "beyond the stop", "nowhere", "at market", "off the tick", "no step", "no number"],
)
def test_an_entry_that_chases_goes_from_its_price_towards_its_target_and_not_as_far(made: Chases, said: str) -> None:
    told = check(lambda: made)
    assert any(said in sentence for sentence in told) if said else told == []


def test_at_market_puts_the_distance_on_the_tick_and_refuses_one_that_is_none() -> None:
    wish = at_market(sight(), 1, stop_pts=2.0, target_pts=6.0, hold_ns=MINUTE, trail_pts=1.1)
    assert wish is not None and wish.trail_px == 5 and wish.trail_from_px is None and nonsense("propose", wish) is None
    with pytest.raises(ValueError, match=r"trail_pts is -1\.0"):
        at_market(sight(), 1, stop_pts=2.0, target_pts=6.0, hold_ns=MINUTE, trail_pts=-1.0)
