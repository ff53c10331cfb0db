"""How sure a number is: intervals for what comes in a row and hangs together, and how much more would be needed. Pure arithmetic.

Results of one session are neither many nor independent: forecasts overlap, trades share their market. Blocks of neighbours are drawn
instead of single values, so that what hangs together stays together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

DRAWS: Final = 4_000
SEED: Final = 7
Z: Final = 1.959963984540054  # of a two-sided 95 % interval


class Interval(NamedTuple):
    """An estimate with the range that holds it in 95 of 100 such samples. ``n_blocks`` says of how many independent parts it is made."""

    value: float
    lo: float
    hi: float
    n: int
    n_blocks: int

    def spans(self, level: float = 0.0) -> bool:
        """Whether it cannot be told from `level`: which side of it the truth lies on is open."""
        return self.lo <= level <= self.hi


def block_bootstrap(
    values: Sequence[float] | npt.NDArray[np.float64],
    weights: Sequence[float] | npt.NDArray[np.float64] | None = None,
    *,
    block: int = 1,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Interval | None:
    """Estimate a mean, and how sure it is, from values in the order in which they came.

    Parameters
    ----------
    values, weights
        The mean is ``sum(values * weights) / sum(weights)``; without weights each counts once.
    block
        Mean length of the blocks drawn; at least as long as neighbours hang together. 1: independent values.
    draws, seed
        How many samples are drawn, and by which numbers: the same give the same interval.

    Returns
    -------
    Interval or None
        Percentiles 2.5 and 97.5 of the drawn means; `None` with fewer than two blocks: nothing is known of its spread.

    Notes
    -----
    The stationary bootstrap: blocks of geometric length on a circle. Politis and Romano (1994), J. American Statistical Association 89.
    Of few blocks the range is too narrow: with 20 of them it holds the truth in about 89 of 100 samples, not in 95 (measured in the tests).

    Examples
    --------
    >>> block_bootstrap([1.0] * 50, block=5)
    Interval(value=1.0, lo=1.0, hi=1.0, n=50, n_blocks=10)
    >>> block_bootstrap([3.0, 5.0], block=2) is None
    True
    """
    x = np.asarray(values, float)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, float)
    n = len(x)
    n_blocks = n // max(block, 1)
    if n_blocks < 2 or w.sum() <= 0:
        return None
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    xw = x * w
    for at in range(draws):
        picked = _picked(rng, n, block)
        means[at] = xw[picked].sum() / w[picked].sum()
    lo, hi = np.quantile(means, [0.025, 0.975])
    return Interval(float(xw.sum() / w.sum()), float(lo), float(hi), n, n_blocks)


def _picked(rng: np.random.Generator, n: int, block: int) -> npt.NDArray[np.int64]:
    """Draw one sample's places: each follows the one before it, or, once in `block`, begins anew anywhere."""
    begins = rng.random(n) < 1.0 / block
    begins[0] = True
    starts = np.flatnonzero(begins)
    fresh = rng.integers(0, n, len(starts))
    since = np.arange(n) - np.repeat(starts, np.diff(np.append(starts, n)))
    return (np.repeat(fresh, np.diff(np.append(starts, n))) + since) % n


def n_needed(values: Sequence[float] | npt.NDArray[np.float64], worth: float) -> int | None:
    """Say how many independent values it takes until a mean of `worth` stands out of their noise (95 % interval clear of zero).

    >>> n_needed([-100.0, 100.0, -100.0, 100.0], 10.0)
    513
    """
    x = np.asarray(values, float)
    if len(x) < 2 or worth == 0:
        return None
    return math.ceil((Z * float(x.std(ddof=1)) / worth) ** 2)


def wilson(n_hits: int, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a share of independent cases. Wilson (1927), J. American Statistical Association 22.

    >>> tuple(round(x, 3) for x in wilson(6, 10))
    (0.313, 0.832)
    """
    if n == 0:
        return 0.0, 1.0
    p, z2 = n_hits / n, Z * Z
    middle, reach = (p + z2 / (2 * n)) / (1 + z2 / n), Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - reach), min(1.0, middle + reach)
