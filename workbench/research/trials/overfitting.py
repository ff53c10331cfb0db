"""The probability that choosing the best back-test chose noise: combinatorially symmetric cross-validation. Pure arithmetic; no I/O.

Source: Bailey, Borwein, Lopez de Prado and Zhu (2017), The Probability of Backtest Overfitting, J. of Computational Finance 20(4). The
periods are cut into S blocks; for every half of the blocks the best configuration of that half is looked up in the other half. It is
overfitted where it falls into the lower half of all configurations there.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
N_BLOCKS: Final = 16  # 12,870 halves, as in the paper
LEAST_IN_BLOCK: Final = 4  # periods; a ratio of fewer says nothing
TINY: Final = 1e-300


class Overfitting(NamedTuple):
    """What cross-validation says of a choice.

    Attributes
    ----------
    probability
        Share of halves in which the best one is no better than the median in the other half (PBO).
    loss
        Share in which it loses there.
    n_halves, n_blocks
        How many were looked at, of how many blocks.
    """

    probability: float
    loss: float
    n_halves: int
    n_blocks: int


def cross_validate(returns: Floats, n_blocks: int = N_BLOCKS) -> Overfitting | None:
    """Cross-validate the choice of the best of several configurations.

    Parameters
    ----------
    returns
        Periods x configurations, in the order of time; all over the same periods.
    n_blocks
        Even; fewer are taken where there are too few periods.

    Returns
    -------
    Overfitting or None
        `None` with one configuration alone, or too few periods for four blocks.

    Examples
    --------
    Whoever was good in one half is bad in the other:

    >>> swing = np.repeat(np.eye(4), 4, axis=0) + np.tile([[0.1], [-0.1]], (8, 1))
    >>> cross_validate(swing, 4).probability
    1.0
    """
    n_periods, n = returns.shape
    blocks = min(n_blocks, n_periods // LEAST_IN_BLOCK) // 2 * 2
    if n < 2 or blocks < 4:
        return None
    length = n_periods // blocks
    cut = np.asarray(returns, np.float64)[n_periods - length * blocks :].reshape(blocks, length, n)
    sums, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    halves, m = _halves(blocks), blocks // 2 * length
    within = _sharpe(halves @ sums, halves @ squares, m)
    outside = within[::-1]  # what the k-th half leaves out is the k-th from the end
    best = within.argmax(axis=1)
    reached = outside[np.arange(len(best)), best][:, None]
    n_below, n_like = np.count_nonzero(outside < reached, axis=1), np.count_nonzero(outside == reached, axis=1)
    share = (n_below + (n_like + 1) / 2) / (n + 1)
    return Overfitting(float((share <= 0.5).mean()), float((reached[:, 0] < 0).mean()), len(best), blocks)


def _sharpe(sums: Floats, squares: Floats, n: int) -> Floats:
    mean = sums / n
    variance = np.maximum(squares / n - mean**2, 0.0)
    ratio: Floats = np.where(variance > TINY, mean / np.sqrt(np.maximum(variance, TINY)), 0.0)
    return ratio


@lru_cache(maxsize=8)
def _halves(blocks: int) -> Floats:
    """Give every half of the blocks, a row each, in the order of their numbers."""
    rows = np.array(list(combinations(range(blocks), blocks // 2)))
    chosen = np.zeros((len(rows), blocks))
    np.put_along_axis(chosen, rows, 1.0, axis=1)
    return chosen
