"""Intervals hold what they say: wider where neighbours hang together, the same from the same numbers, none where nothing can be known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.research.uncertainty import Z, block_bootstrap, n_needed, wilson

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=60)


@given(VALUES, st.integers(1, 3))
def test_an_interval_lies_among_its_values_and_is_the_same_again(values: list[float], block: int) -> None:
    found = block_bootstrap(values, block=block, draws=50)
    if found is not None:
        slack = 1e-9 * max(map(abs, values))
        assert min(values) - slack <= found.lo <= found.hi <= max(values) + slack
        assert found == block_bootstrap(values, block=block, draws=50) and found.n == len(values)


@given(VALUES)
def test_equal_weights_are_no_weights_and_nothing_of_no_weight_counts(values: list[float]) -> None:
    assert block_bootstrap(values, draws=20) == block_bootstrap(values, [2.0] * len(values), draws=20)
    half = [*values, *values]
    found = block_bootstrap(half, [1.0] * len(values) + [0.0] * len(values), draws=1)
    assert found is not None and found.value == pytest.approx(float(np.mean(values)), abs=1e-6)


def test_independent_values_get_the_textbook_interval() -> None:
    x = np.random.default_rng(1).normal(3.0, 2.0, 400)
    found = block_bootstrap(x)
    assert found is not None
    assert (found.hi - found.lo) / 2 == pytest.approx(Z * x.std() / 20, rel=0.1) and found.value == pytest.approx(x.mean())


def test_what_hangs_together_is_less_sure_and_blocks_see_it() -> None:
    """A moving average of 12 has about a twelfth as many independent values: its mean is some three times less sure than it looks."""
    x = np.convolve(np.random.default_rng(2).normal(size=3_000), np.ones(12), "valid") / 12
    naive, honest = block_bootstrap(x, draws=800), block_bootstrap(x, block=60, draws=800)
    assert naive is not None and honest is not None
    assert 2.5 < (honest.hi - honest.lo) / (naive.hi - naive.lo) < 4.5


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """In 89 of 100 samples of 20 blocks, as its docstring admits; ten independent values a block would be needed for more."""
    rng, held = np.random.default_rng(3), 0
    for _ in range(200):
        noise = rng.normal(size=420)
        x = np.convolve(noise, np.ones(6), "valid") / 6
        found = block_bootstrap(x, block=20, draws=200)
        assert found is not None
        held += found.spans(0.0)
    assert 170 <= held <= 195


@pytest.mark.parametrize(("values", "block"), [([], 1), ([1.0], 1), ([1.0, 2.0, 3.0], 2), ([1.0] * 9, 5)])
def test_fewer_than_two_blocks_say_nothing(values: list[float], block: int) -> None:
    assert block_bootstrap(values, block=block) is None


def test_the_number_needed_makes_a_mean_stand_out() -> None:
    rng = np.random.default_rng(4)
    pnl = rng.normal(0.0, 150.0, 60)
    n = n_needed(pnl, 20.0)
    assert n is not None and Z * pnl.std(ddof=1) / np.sqrt(n) <= 20.0 < Z * pnl.std(ddof=1) / np.sqrt(n - 1)
    assert n_needed([1.0], 20.0) is None and n_needed(pnl, 0.0) is None


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_in_its_interval(hits: int, n: int) -> None:
    hits = min(hits, n)
    lo, hi = wilson(hits, n)
    assert 0.0 <= lo <= hits / n + 1e-12 and hits / n - 1e-12 <= hi <= 1.0
    assert wilson(0, 0) == (0.0, 1.0)
