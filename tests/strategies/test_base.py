"""Prices onto the order increment: never nearer to the market than was asked."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.pit import future, share
from workbench.strategies.base import on_tick

pytestmark = pytest.mark.covers("S2-13")


@given(st.sampled_from([future(), share()]), st.floats(-1e9, 1e9), st.sampled_from([1, -1]))
def test_a_price_lies_on_the_increment_and_less_than_one_away_on_the_side_asked(contract, px, side):
    found = on_tick(contract, px, side)
    assert type(found) is int and found % contract.tick == 0
    assert 0 <= (found - Fraction(px)) * side < contract.tick


@given(st.sampled_from([future(), share()]), st.integers(-(10**6), 10**6), st.sampled_from([1, -1]))
def test_a_price_on_the_increment_stays(contract, ticks, side):
    assert on_tick(contract, ticks * contract.tick, side) == ticks * contract.tick
