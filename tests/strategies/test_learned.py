"""Following a forecast: which side, from where, how far, for how long."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.pit import share
from tests.strategies.sight import sight
from workbench.domain.decisions import Forecast, Proposal, Thesis
from workbench.domain.orders import OrderType
from workbench.domain.records import ASK, BID
from workbench.domain.units import MINUTE
from workbench.strategies.learned import Learned

pytestmark = pytest.mark.covers("S0-12", "S2-51")
STRATEGY = Learned("f", edge=0.04, stop_atr=2.0, reward=1.5, patience=10, floor=0.45)


def wish(p_up: float = 0.6, reach: float | None = 2.0, confidence: float | None = 0.57, **fields: Any) -> Proposal | None:
    features, forecasts = {"atr_14_1m": reach}, {"f": Forecast(p_up, confidence, MINUTE)}
    return STRATEGY.propose(sight(features=features, forecasts=forecasts, **fields))


def test_a_rise_is_bought_at_the_ask_and_a_fall_is_sold_at_the_bid() -> None:
    # two ranges of two points are 16 ticks of stop, 24 of target
    thesis = Thesis("f", 0.45)
    assert wish(0.6) == Proposal(1, OrderType.MARKET, 24_000, 23_984, 24_024, 10 * MINUTE, 0.57, thesis, 24_016)
    assert wish(0.4) == Proposal(-1, OrderType.MARKET, 23_999, 24_015, 23_975, 10 * MINUTE, 0.57, thesis, 23_983)


def test_a_forecast_near_even_is_not_followed() -> None:
    assert [wish(p) is not None for p in (0.5, 0.539, 0.541, 0.461, 0.459)] == [False, False, True, False, True]


def test_without_a_forecast_of_its_own_or_without_a_range_nothing_is_wished() -> None:
    assert STRATEGY.propose(sight(features={"atr_14_1m": 2.0}, forecasts={"g": Forecast(0.9, None, 1)})) is None
    assert wish(reach=None) is None and wish(reach=0.0) is None


@pytest.mark.parametrize(("p_up", "has", "n_print", "entry"), [
    (0.6, BID, 3, None),  # the side that would be taken is not shown
    (0.4, ASK, 3, None),
    (0.6, ASK, 3, 24_000),
    (0.6, 0, 3, 23_990),  # bars alone: the close stands for both sides
    (0.4, 0, 3, 23_990),
    (0.6, 0, 0, None),  # nor that
])  # fmt: skip
def test_an_entry_needs_a_price_it_can_be_had_at(p_up: float, has: int, n_print: int, entry: int | None) -> None:
    made = wish(p_up, has=has, n_print=n_print, close=23_990)
    assert (made.entry_px if made else None) == entry


def test_a_quiet_market_still_leaves_a_tick_of_stop() -> None:
    made = wish(reach=1e-9)
    assert made is not None and (made.entry_px - made.stop_px, made.target_px - made.entry_px) == (1, 2)


def test_distances_are_in_points_whatever_the_quantum() -> None:
    made = wish(contract=share(), bid=6_000_000, ask=6_000_100, close=6_000_000)
    assert made is not None and made.entry_px - made.stop_px == 40_000  # 4.00 dollars


def test_it_leaves_an_open_position_to_its_plan() -> None:
    assert STRATEGY.manage(sight(), None) is None
