"""Costs are those of the settings: commission of both sides, slippage, and a spread where the data shows none."""

from __future__ import annotations

import pytest

from workbench.config import load_settings
from workbench.domain.errors import ConfigError
from workbench.research.leadlag.costs import costs_of

SETTINGS = load_settings(environment={})


def test_a_future_costs_two_commissions_and_the_spread_that_is_measured() -> None:
    costs = costs_of("ES", is_quoted=True, settings=SETTINGS)
    assert (costs.qty, costs.unit, costs.commission_usd, costs.slippage_pts, costs.spread_pts) == (1.0, "contract", 4.5, 0.0, None)
    assert costs.usd(costs.fixed_pts) == pytest.approx(4.5)


def test_bars_show_no_spread_so_a_tick_is_assumed_and_one_of_slippage_a_side() -> None:
    costs = costs_of("SPY", is_quoted=False, settings=SETTINGS)
    assert (costs.qty, costs.unit, costs.spread_pts, costs.slippage_pts) == (100.0, "shares", 0.01, 0.02)
    assert costs.usd(costs.fixed_pts) == pytest.approx(1.0 + 2.0 + 0.70)
    assert costs_of("SPY", is_quoted=False, qty=1_000, settings=SETTINGS).commission_usd == pytest.approx(7.0)


def test_who_is_not_known_has_no_costs() -> None:
    with pytest.raises(ConfigError, match=r"do not know what SPX costs: costs=Costs\(\.\.\.\), or \[roots.SPX\]"):
        costs_of("SPX", is_quoted=True, settings=SETTINGS)
