"""Ratios with their error: the published examples stand in the docstrings; here what must hold for any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.research.trials import Moments, deflated, expected_best, least_periods, moments, probabilistic

ratios = st.floats(-0.5, 0.5)
shapes = st.builds(Moments, st.integers(30, 3_000), ratios, st.floats(-1.5, 1.0), st.floats(3.5, 12.0))


@settings(max_examples=30)
@given(shapes)
def test_one_trial_is_not_deflated(seen):
    assert deflated(seen, 1, 0.3) == probabilistic(seen)


@settings(max_examples=30)
@given(shapes, st.integers(2, 500), st.floats(1e-6, 0.1))
def test_more_trials_are_never_better_for_the_best(seen, n, variance):
    assert expected_best(n, variance) < expected_best(n + 1, variance)
    assert deflated(seen, n + 1, variance) <= deflated(seen, n, variance) <= probabilistic(seen)


@settings(max_examples=30)
@given(shapes, ratios)
def test_as_many_periods_as_are_needed_are_enough_and_one_less_is_not(seen, than):
    n = least_periods(seen, than, 0.95)
    if n is None:
        assert seen.sharpe - than < 1e-9
    elif n > 3:
        assert probabilistic(seen._replace(n=n), than) >= 0.95 - 1e-9 > probabilistic(seen._replace(n=n - 1), than) - 2e-9


@pytest.mark.parametrize("n", [5, 20, 100, 1_000])
def test_the_best_of_many_worthless_ones_shows_what_is_expected(n):
    drawn = np.random.default_rng(1).standard_normal((2_000, n)).max(axis=1).mean()
    assert expected_best(n, 1.0) == pytest.approx(drawn, rel=0.05)


def test_the_error_of_a_ratio_is_the_spread_of_ratios_that_are_drawn():
    rng = np.random.default_rng(2)
    seen = [moments(0.15 + 1 - rng.exponential(1, 400)) for _ in range(600)]
    shape = Moments(400, 0.15, -2.0, 9.0)  # of the negative exponential
    drawn = np.std([each.sharpe for each in seen])
    surely = np.mean([probabilistic(each, 0.15) > 0.95 for each in seen])
    assert drawn == pytest.approx((1 + 2 * 0.15 + 2 * 0.15**2) ** 0.5 / 399**0.5, rel=0.1)
    assert probabilistic(shape, 0.15) == 0.5 and 0.02 < surely < 0.09


def test_moments_are_those_of_the_series():
    x = np.random.default_rng(3).standard_t(5, 5_000) * 0.02 + 0.001
    seen = moments(x)
    assert seen.n == 5_000 and seen.sharpe == pytest.approx(x.mean() / x.std(ddof=1))
    assert seen.kurtosis == pytest.approx(((x - x.mean()) ** 4).mean() / x.var() ** 2)
    assert moments(np.zeros(100)) == moments(np.full(100, 0.3))._replace(n=100) == Moments(100, 0.0, 0.0, 3.0)
