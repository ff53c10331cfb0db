"""How sure a curve of many lags is: blocks of time drawn anew, ranges, and chances corrected for how many were looked at. Pure arithmetic.

Everything measured here is made of sums over blocks of time. A sample is then a count of each block, and all samples of all lags are one
product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DRAWS: Final = 1_000
SEED: Final = 7
LEAST_P: Final = 1e-4  # further out nobody knows that means of such blocks are normal
SAME_FRAC: Final = 1e-12  # of a variance: below it there was none


class Moments(NamedTuple):
    """Sums over pairs of moves, block by block: arrays ``blocks x lags``, or broadcast to it."""

    n: Floats
    x: Floats
    y: Floats
    xx: Floats
    yy: Floats
    xy: Floats

    def total(self) -> Moments:
        """Sum over all blocks."""
        return Moments(*(each.sum(axis=0) for each in self))

    def drawn(self, weights: Floats) -> Moments:
        """Sum over the blocks of each sample."""
        return Moments(*(weights @ each for each in self))

    def correlation(self) -> Floats:
        """Correlate; NaN where there is no spread."""
        with np.errstate(invalid="ignore", divide="ignore"):
            vx, vy = self.xx - self.x**2 / self.n, self.yy - self.y**2 / self.n
            flat = (vx <= SAME_FRAC * self.xx) | (vy <= SAME_FRAC * self.yy)
            made: Floats = np.where(flat, np.nan, (self.xy - self.x * self.y / self.n) / np.sqrt(vx * vy))
        return made


def block_counts(n_blocks: int, mean_length: float = 1.0, *, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Draw samples of blocks: how often each block is in each sample, ``draws x n_blocks``.

    Parameters
    ----------
    mean_length
        Of runs of neighbouring blocks, at least 1: longer where what is measured reaches over the edge of a block.

    Notes
    -----
    The stationary bootstrap, as in `research.uncertainty`: Politis and Romano (1994), J. American Statistical Association 89.

    Examples
    --------
    >>> counts = block_counts(6, draws=3)
    >>> counts.shape, counts.sum(axis=1).tolist()
    ((3, 6), [6.0, 6.0, 6.0])
    """
    rng = np.random.default_rng(seed)
    begins = rng.random((draws, n_blocks)) < 1.0 / max(mean_length, 1.0)
    begins[:, 0] = True
    at = np.arange(n_blocks)
    since = at - np.maximum.accumulate(np.where(begins, at, 0), axis=1)
    fresh = np.take_along_axis(rng.integers(0, n_blocks, (draws, n_blocks)), at - since, axis=1)
    picked = (fresh + since) % n_blocks + n_blocks * np.arange(draws)[:, None]
    return np.bincount(picked.ravel(), minlength=draws * n_blocks).reshape(draws, n_blocks).astype(np.float64)


def range_of(drawn: Floats) -> tuple[Floats, Floats]:
    """Give where 95 of 100 samples lie, column by column; samples without a value do not count.

    >>> low, high = range_of(np.arange(1001.0)[:, None])
    >>> low.tolist(), high.tolist()
    ([25.0], [975.0])
    """
    quantile = np.nanquantile if np.isnan(drawn).any() else np.quantile  # the first is fifty times slower
    low, high = quantile(drawn, [0.025, 0.975], axis=0)
    return low, high


def chance_of_the_largest(values: Floats, drawn: Floats) -> float:
    """Give the chance that the largest of many values, in units of its own spread, comes from luck alone.

    All are looked at together, and drawn together, so that what hangs together is not counted as if it did not: the correction for how many
    there are. Westfall and Young (1993), Resampling-Based Multiple Testing, the one-step maximum.

    Parameters
    ----------
    values
        Each would be 0 if there were nothing.
    drawn
        The same in each sample, ``draws x values``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> drawn = rng.normal(0, 1, (999, 50))
    >>> chance_of_the_largest(np.full(50, 1.5), drawn + 1.5) > 0.5, chance_of_the_largest(np.full(50, 6.0), drawn + 6.0)
    (True, 0.001)
    """
    spread = drawn.std(axis=0)
    told = spread > 0
    if not told.any():
        return 1.0
    seen = np.abs(values[told] / spread[told]).max()
    luck = np.abs((drawn[:, told] - values[told]) / spread[told]).max(axis=1)
    return float((1 + (luck >= seen).sum()) / (1 + len(luck)))


def holm(chances: Sequence[float]) -> list[float]:
    """Correct several chances for how many they are. Holm (1979), Scandinavian J. Statistics 6.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order, largest = sorted(range(len(chances)), key=lambda k: chances[k]), 0.0
    corrected = [0.0] * len(chances)
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (len(chances) - rank) * chances[k]))
        corrected[k] = largest
    return corrected


def two_sided(value: float, spread: float) -> float:
    """Give the chance of a value this far from 0, either way, whose samples spread so; never below `LEAST_P`.

    >>> round(two_sided(1.96, 1.0), 3), two_sided(1.0, 0.0), two_sided(90.0, 1.0)
    (0.05, 1.0, 0.0001)
    """
    return max(erfc(abs(value) / spread / sqrt(2.0)), LEAST_P) if spread > 0 else 1.0
