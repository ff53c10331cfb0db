"""Fading a stretch: only far enough away, only when flow points back, from the near side."""

from __future__ import annotations

from typing import Any

import pytest

from tests.strategies.sight import sight
from workbench.domain.decisions import Proposal
from workbench.domain.orders import OrderType
from workbench.domain.records import ASK, BID
from workbench.domain.units import MINUTE
from workbench.strategies.vwap_reversion import VwapReversion

pytestmark = pytest.mark.covers("S2-36")
STRATEGY = VwapReversion(stretch=3.0, stop_atr=2.0, hold_ns=20 * MINUTE)


def wish(offset: float | None, flow: float | None, reach: float | None = 2.0, **fields: Any) -> Proposal | None:
    features = {"vwap_offset_5s": offset, "atr_14_1m": reach, "ofi_ew_5s": flow}
    return STRATEGY.propose(sight(features=features, **fields))


def test_a_stretch_above_is_sold_at_the_ask_and_one_below_is_bought_at_the_bid() -> None:
    # the stop is two ranges of two points away (16 ticks), the target half the way back (5 points, 20 ticks)
    assert wish(10.0, -1.0) == Proposal(-1, OrderType.LIMIT, 24_000, 24_016, 23_980, 20 * MINUTE)
    assert wish(-10.0, 1.0) == Proposal(1, OrderType.LIMIT, 23_999, 23_983, 24_019, 20 * MINUTE)


def test_a_target_is_at_least_a_range_away() -> None:
    made = VwapReversion(stretch=0.5).propose(sight(features={"vwap_offset_5s": -1.5, "atr_14_1m": 2.0, "ofi_ew_5s": 1.0}))
    assert made is not None and made.target_px - made.entry_px == 8


def test_less_than_the_stretch_is_let_be() -> None:
    assert [wish(offset, -1.0) is not None for offset in (5.9, 6.0, 6.1)] == [False, True, True]


def test_flow_that_still_pushes_or_rests_is_waited_for() -> None:
    assert [wish(10.0, flow) for flow in (1.0, 0.0)] == [None, None] and [wish(-10.0, flow) for flow in (-1.0, 0.0)] == [None, None]


def test_a_side_that_is_not_shown_gives_no_entry() -> None:
    assert wish(10.0, -1.0, has=BID) is None and wish(10.0, -1.0, has=ASK) is not None
    assert wish(-10.0, 1.0, has=ASK) is None and wish(-10.0, 1.0, has=0) is None


def test_no_range_no_wish() -> None:
    assert wish(10.0, -1.0, reach=0.0) is None


def test_it_leaves_an_open_position_to_its_plan() -> None:
    assert STRATEGY.manage(sight(), None) is None
