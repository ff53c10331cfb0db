"""Compiled sums against the textbook: Hayashi and Yoshida's double loop, and correlation by definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.research.leadlag import kernels

FIRST, LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def compiled(t1: np.ndarray, x1: np.ndarray, t2: np.ndarray, x2: np.ndarray, lags: np.ndarray, edges: np.ndarray) -> np.ndarray:
    out = np.empty((len(edges) - 1, len(lags)))
    padded = np.concatenate([[FIRST], t2, [LAST]]), np.concatenate([x2[:1], x2, x2[-1:]])
    kernels.shifted_covariance(t1, np.diff(x1), *padded, lags, edges, out)
    return out


def textbook(t1: np.ndarray, x1: np.ndarray, t2: np.ndarray, x2: np.ndarray, lag: int) -> float:
    """Every pair of moves whose intervals overlap, one market moved back by the lag."""
    total = 0.0
    for i in range(len(t1) - 1):
        for j in range(len(t2) - 1):
            if max(t1[i], t2[j] - lag) < min(t1[i + 1], t2[j + 1] - lag):
                total += (x1[i + 1] - x1[i]) * (x2[j + 1] - x2[j])
    return total


def two_pointers(t1: np.ndarray, x1: np.ndarray, t2: np.ndarray, x2: np.ndarray, lag: int) -> float:
    """The same as the kernel, in Python: bit for bit."""
    total, last = 0.0, len(t2) - 1
    for i in range(len(t1) - 1):
        low = max(int(np.searchsorted(t2, t1[i] + lag, side="right")) - 1, 0)
        high = min(int(np.searchsorted(t2, t1[i + 1] + lag, side="left")), last)
        total += (x1[i + 1] - x1[i]) * (x2[high] - x2[low])
    return total


times = st.lists(st.integers(0, 60), min_size=2, max_size=25, unique=True).map(lambda each: np.array(sorted(each), np.int64))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(times, times, st.integers(-70, 70), st.integers(0, 99))
def test_the_sum_is_that_of_all_overlapping_moves(t1: np.ndarray, t2: np.ndarray, lag: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x1, x2 = (rng.integers(-50, 50, len(t)).astype(float) for t in (t1, t2))  # whole numbers: sums are exact in any order
    (found,) = compiled(t1, x1, t2, x2, np.array([lag]), np.array([0, len(t1) - 1]))
    assert found[0] == textbook(t1, x1, t2, x2, lag)


def test_the_bits_are_those_of_plain_python_and_blocks_add_up() -> None:
    rng = np.random.default_rng(3)
    t1, t2 = (np.unique(rng.integers(0, 100_000, 2_000)) for _ in range(2))
    x1, x2 = (np.cumsum(rng.normal(0, 1e-4, len(t))) for t in (t1, t2))
    lags = np.array([-500, 0, 37, 2_000])
    whole = compiled(t1, x1, t2, x2, lags, np.array([0, len(t1) - 1]))
    assert whole[0].tolist() == [two_pointers(t1, x1, t2, x2, lag) for lag in lags.tolist()]
    parts = compiled(t1, x1, t2, x2, lags, np.array([0, 0, 700, 701, len(t1) - 1]))
    assert parts[0].tolist() == [0.0] * 4 and parts.sum(axis=0) == pytest.approx(whole[0], rel=1e-9)


def test_a_shifted_copy_agrees_wholly_at_its_own_lag() -> None:
    rng = np.random.default_rng(4)
    t = np.unique(rng.integers(0, 10**9, 5_000))
    x = np.cumsum(rng.normal(0, 1, len(t)))
    lags = np.arange(-400_000, 400_001, 40_000)
    (found,) = compiled(t, x, t + 120_000, x, lags, np.array([0, len(t) - 1]))
    assert lags[found.argmax()] == 120_000 and found.max() == pytest.approx((np.diff(x) ** 2).sum())


@pytest.mark.parametrize("window", [5, 30, 60])
def test_rolling_correlations_are_those_of_pandas(window: int) -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(0, 1e-4, (200, 6)) + rng.normal(0, 1e-4, (200, 1))
    rows[40, 2] = rows[41, 4] = np.nan
    rows[70:140, 5] = 0.0  # never moves: no correlation
    first, second = np.triu_indices(6, 1)
    out = np.empty((200, len(first)))
    kernels.rolling(rows, window, out)
    wanted = pd.DataFrame(rows).rolling(window).corr().to_numpy().reshape(200, 6, 6)[:, first, second]
    still = np.zeros_like(rows, bool)
    still[70 + window - 1 : 140, 5] = True
    wanted[still[:, first] | still[:, second]] = np.nan
    assert (np.isnan(out) == np.isnan(wanted)).all()
    assert np.nanmax(np.abs(out - wanted)) < 1e-7


def test_rounding_does_not_add_up_over_a_long_day() -> None:
    rng = np.random.default_rng(6)
    rows = rng.normal(0, 1, (20_000, 2))
    rows[100] = 1e6  # leaves rounding behind in every sum it was in
    out = np.empty((20_000, 1))
    kernels.rolling(rows, 60, out)
    assert out[-1, 0] == pytest.approx(np.corrcoef(rows[-60:].T)[0, 1], abs=1e-12)
