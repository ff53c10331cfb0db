"""The tour: with the flow, at market, wide enough to be allowed, and away after a minute."""

from __future__ import annotations

from typing import Any

import pytest

from tests.strategies.sight import sight
from workbench.domain.decisions import Proposal
from workbench.domain.orders import OrderType
from workbench.domain.records import ASK, BID
from workbench.domain.units import MINUTE
from workbench.strategies.tour import Tour

pytestmark = pytest.mark.covers("S2-36")


def wish(flow: float | None, reach: float | None = 1.0, **fields: Any) -> Proposal | None:
    return Tour().propose(sight(features={"ofi_ew_5s": flow, "atr_14_5s": reach}, **fields))


def test_it_enters_at_market_on_the_side_of_the_flow() -> None:
    # three ranges of a point are twelve ticks of ES to the stop, the target is half as far again
    assert wish(2.0) == Proposal(1, OrderType.MARKET, 24_000, 23_988, 24_018, MINUTE)
    assert wish(-2.0) == Proposal(-1, OrderType.MARKET, 23_999, 24_011, 23_981, MINUTE)


def test_a_quiet_market_gets_the_least_distance() -> None:
    made = wish(2.0, reach=0.0)
    assert made is not None and (made.entry_px - made.stop_px, made.target_px - made.entry_px) == (8, 12)


@pytest.mark.parametrize("flow", [None, 0.0])
def test_without_flow_there_is_no_side(flow: float | None) -> None:
    assert wish(flow) is None


def test_it_waits_for_the_range_and_for_the_side_it_would_hit() -> None:
    assert wish(2.0, reach=None) is None
    assert wish(2.0, has=BID) is None and wish(-2.0, has=ASK) is None


def test_it_leaves_an_open_position_to_its_plan() -> None:
    assert Tour().manage(sight(), None) is None
