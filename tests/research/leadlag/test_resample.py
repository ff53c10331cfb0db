"""Blocks are drawn as they should be; a chance is as rare as it says, however many lags were looked at."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.research.leadlag.resample import Moments, block_counts, chance_of_the_largest, holm, range_of, two_sided


def test_every_sample_is_as_long_as_the_data_and_the_same_seed_draws_it_again() -> None:
    counts = block_counts(40, 5.0, draws=300)
    assert (counts.sum(axis=1) == 40).all() and counts.mean(axis=0) == pytest.approx(np.ones(40), abs=0.3)
    assert (counts == block_counts(40, 5.0, draws=300)).all() and not (counts == block_counts(40, 5.0, draws=300, seed=8)).all()


@pytest.mark.parametrize("mean_length", [1.0, 4.0])
def test_longer_runs_keep_what_hangs_together(mean_length: float) -> None:
    """Of values that come in runs of four, single blocks see half of the spread a mean really has."""
    values = np.repeat(np.random.default_rng(2).normal(size=100), 4)
    spread = (block_counts(400, mean_length) @ values / 400).std()
    independent = values.std() / 20
    assert spread == pytest.approx(independent, rel=0.15) if mean_length == 1 else 1.4 * independent < spread < 2.2 * independent


def test_the_largest_of_many_is_found_by_chance_as_often_as_said() -> None:
    rng = np.random.default_rng(3)
    n_found = 0
    for seed in range(100):
        noise = rng.normal(size=(150, 30)) @ np.tril(np.ones((30, 30)))  # lags that hang together
        drawn = block_counts(150, draws=200, seed=seed) @ noise / 150
        n_found += chance_of_the_largest(noise.mean(axis=0), drawn) < 0.05
    assert n_found <= 12  # 5 expected; uncorrected it would be more than 20


def test_what_never_differs_is_no_finding() -> None:
    assert chance_of_the_largest(np.ones(3), np.ones((50, 3))) == 1.0


def test_holm_is_bonferroni_for_the_smallest_and_never_falls() -> None:
    chances = [0.2, 0.001, 0.02, 0.02, 0.9]
    corrected = holm(chances)
    assert min(corrected) == pytest.approx(0.005) and max(corrected) <= 1 and holm([]) == []
    order = np.argsort(chances, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all() and all(c >= p for c, p in zip(corrected, chances, strict=True))


def test_a_correlation_of_sums_is_that_of_the_values() -> None:
    x, y = np.random.default_rng(4).normal(3, 1, (2, 90))
    rows = [each.reshape(9, 10).sum(axis=1)[:, None] for each in (np.ones(90), x, y, x * x, y * y, x * y)]
    moments = Moments(*rows)
    assert moments.total().correlation()[0] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert moments.drawn(np.ones((1, 9))).correlation()[0, 0] == pytest.approx(np.corrcoef(x, y)[0, 1])
    flat = moments._replace(y=moments.n * 2.0, yy=moments.n * 4.0, xy=moments.x * 2.0)
    assert np.isnan(flat.total().correlation()[0])


def test_samples_without_a_value_do_not_count() -> None:
    drawn = np.arange(101.0)[:, None]
    low, high = range_of(np.where(drawn > 90, np.nan, drawn))
    assert (low[0], high[0]) == pytest.approx((2.25, 87.75)) and two_sided(0.0, 1.0) == 1.0
