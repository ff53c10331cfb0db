"""Cross-validation of a choice: held against the definition, and against families whose answer is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import rankdata

from workbench.research.trials import cross_validate


def by_definition(returns: np.ndarray, blocks: int) -> float:
    """The text of the paper, half by half."""
    parts = np.split(returns, blocks)
    n_low = n = 0
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.vstack([parts[k] for k in chosen])
        outside = np.vstack([parts[k] for k in range(blocks) if k not in chosen])
        best = (inside.mean(axis=0) / inside.std(axis=0)).argmax()
        rank = rankdata(outside.mean(axis=0) / outside.std(axis=0))[best] / (returns.shape[1] + 1)
        n_low, n = n_low + (np.log(rank / (1 - rank)) <= 0), n + 1
    return n_low / n


@pytest.mark.parametrize(("seed", "n", "blocks"), [(1, 2, 4), (2, 7, 8), (3, 30, 8), (4, 11, 6)])
def test_it_is_what_the_definition_says(seed, n, blocks):
    returns = np.random.default_rng(seed).standard_normal((blocks * 9, n))
    found = cross_validate(returns, blocks)
    assert found is not None and found.probability == pytest.approx(by_definition(returns, blocks), abs=1e-12)
    assert found.n_blocks == blocks


def test_of_noise_it_is_a_coin():
    rng = np.random.default_rng(5)
    found = [cross_validate(rng.standard_normal((160, 12)), 10) for _ in range(40)]
    assert np.mean([each.probability for each in found if each is not None]) == pytest.approx(0.5, abs=0.08)


def test_whoever_is_always_best_is_no_accident():
    returns = np.random.default_rng(6).standard_normal((320, 20))
    returns[:, 4] += 1.0
    found = cross_validate(returns)
    assert found is not None and (found.probability, found.loss) == (0.0, 0.0) and found.n_halves == 12_870


def test_little_is_not_judged():
    assert cross_validate(np.zeros((400, 1))) is None and cross_validate(np.zeros((15, 9))) is None
    short = cross_validate(np.random.default_rng(7).standard_normal((40, 3)))
    assert short is not None and short.n_blocks == 10
