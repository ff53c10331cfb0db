"""The curve of correlation over lags: at the right lag, with the right sign, as the references have it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.research.leadlag.made import OPENING, quotes, walks
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import HOUR, MINUTE, MS, SECOND
from workbench.research.leadlag.curve import curve_of, step_moments
from workbench.research.leadlag.pair import pair_of


@pytest.mark.parametrize("late_ms", [-700, 0, 340])
def test_a_late_copy_is_found_at_its_own_lag(late_ms: int) -> None:
    rng = np.random.default_rng(1)
    at = OPENING + np.sort(rng.integers(0, HOUR, 20_000))
    mid = 6000 * np.exp(np.cumsum(rng.normal(0, 1e-5, len(at))))
    curve = curve_of(pair_of({"ES": quotes(at, mid), "SPY": quotes(at + late_ms * MS, mid / 10)}, "ES", "SPY"))
    assert curve.peak_ns == late_ms * MS and curve.corr[curve.peak] == pytest.approx(1.0, abs=1e-3)
    assert curve.range_ns == (late_ms * MS, late_ms * MS) and curve.fine_ns == 20 * MS
    assert (curve.lags_ns == -curve.lags_ns[::-1]).all() and curve.at(late_ms * MS) == curve.corr[curve.peak]


@pytest.mark.parametrize("late", [-3, 0, 2])
def test_bars_are_held_against_bars_of_the_same_day_only(late: int) -> None:
    made = walks(8, late=abs(late), share=0.7)
    names = ("ES", "SPY") if late >= 0 else ("SPY", "ES")
    curve = curve_of(pair_of(made, *names))
    assert curve.peak_ns == late * MINUTE and len(curve.lags_ns) == 21
    total = step_moments(pair_of(made, *names), np.array([-1, 0, 5]), MINUTE).total()
    assert total.n.tolist() == [8 * 118, 8 * 119, 8 * 114]


def test_markets_that_move_against_each_other_have_their_peak_below_zero() -> None:
    made = walks(8, late=1, share=0.8)
    upside = made["SPY"].with_columns(close_pts=360_000 / made["SPY"]["close_pts"])
    curve = curve_of(pair_of(made | {"SPY": upside}, "ES", "SPY"))
    assert curve.sign == -1 and curve.peak_ns == MINUTE and curve.corr[curve.peak] < -0.9


def test_a_market_that_never_moves_has_no_correlation() -> None:
    at = OPENING + np.arange(0, HOUR, SECOND)
    with pytest.raises(DataError, match="never moved"):
        curve_of(pair_of({"ES": quotes(at, np.full(3_600, 6000.0)), "SPY": quotes(at, 600 + at % 7)}, "ES", "SPY"))


def test_there_are_lags_on_both_sides_of_zero() -> None:
    pair = pair_of(walks(1), "ES", "SPY")
    for wrong in ({"n_lags": 1}, {"reach_s": 0.0}, {"reach_s": -1.0}):
        with pytest.raises(ConfigError, match="lags on both sides of 0 are needed"):
            curve_of(pair, **wrong)


def test_the_furthest_lag_is_not_taken_for_the_highest() -> None:
    curve = curve_of(pair_of(walks(8, late=3), "ES", "SPY"), reach_s=180)
    assert curve.is_at_edge and not curve_of(pair_of(walks(8, late=3), "ES", "SPY"), reach_s=240).is_at_edge
