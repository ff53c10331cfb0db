"""Sharpe ratios with what is known of their error: probabilistic, and deflated by the number of trials. Pure arithmetic; no I/O.

Sources: Bailey and Lopez de Prado (2012), The Sharpe Ratio Efficient Frontier, J. of Risk 15(2); Bailey and Lopez de Prado (2014), The
Deflated Sharpe Ratio, J. of Portfolio Management 40(5). Ratios are those of one period, not of a year.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
EULER: Final = 0.5772156649015329  # of Euler and Mascheroni: where the largest of many normal numbers lies
NORMAL: Final = NormalDist()
TINY: Final = 1e-9  # a ratio that is so little above would take for ever


class Moments(NamedTuple):
    """What a series of returns is like. ``sharpe`` mean over deviation of one period; ``kurtosis`` 3 of a normal one."""

    n: int
    sharpe: float
    skew: float
    kurtosis: float


def moments(returns: Floats) -> Moments:
    """Describe returns, one a period; a series that never moves has a ratio of 0.

    >>> moments(np.array([1.0, 3.0] * 50)).sharpe       # the deviation is that of a sample: n - 1
    1.98997487421324
    """
    x = np.asarray(returns, np.float64)
    n = len(x)
    deviation = float(x.std(ddof=1)) if n > 1 else 0.0
    if deviation <= 1e-15 * max(1.0, float(np.abs(x).max(initial=0.0))):
        return Moments(n, 0.0, 0.0, 3.0)
    z = (x - x.mean()) / x.std()
    return Moments(n, float(x.mean()) / deviation, float((z**3).mean()), float((z**4).mean()))


def error_of(seen: Moments) -> float:
    """Give the standard error of a ratio of returns that need not be normal (2012, equation 4)."""
    spread = 1 - seen.skew * seen.sharpe + (seen.kurtosis - 1) / 4 * seen.sharpe**2
    return math.sqrt(max(spread, 1e-12) / (seen.n - 1))


def probabilistic(seen: Moments, than: float = 0.0) -> float:
    """Give the probability that the true ratio is above `than` (PSR).

    Examples
    --------
    The hedge fund of the paper: 24 months, 0.458 a month, skew -2.448, kurtosis 10.164; as if normal, and as it is.

    >>> round(probabilistic(Moments(24, 0.458, 0.0, 3.0)), 3), round(probabilistic(Moments(24, 0.458, -2.448, 10.164)), 3)
    (0.982, 0.913)
    """
    return NORMAL.cdf((seen.sharpe - than) / error_of(seen)) if seen.n > 1 else 0.5


def expected_best(n_trials: int, variance: float) -> float:
    """Give the ratio that the best of `n_trials` worthless configurations is expected to show (2014, equation 1).

    Parameters
    ----------
    n_trials
        Configurations that were evaluated, 1 or more; one is chosen among none, and is expected to show 0.
    variance
        Of their ratios, one from the other.
    """
    if n_trials < 2:
        return 0.0
    far, further = NORMAL.inv_cdf(1 - 1 / n_trials), NORMAL.inv_cdf(1 - 1 / (n_trials * math.e))
    return math.sqrt(variance) * ((1 - EULER) * far + EULER * further)


def deflated(best: Moments, n_trials: int, variance: float) -> float:
    """Give the probability that the best of many has a true ratio above 0, though it was chosen for being the best (DSR).

    Examples
    --------
    The example of the paper: 2.5 a year over 1,250 days, skew -3, kurtosis 10, the best of 100 whose yearly ratios vary by 1/2; of 46.

    >>> best = Moments(1250, 2.5 / 250**0.5, -3.0, 10.0)
    >>> round(expected_best(100, 0.5 / 250), 4), round(deflated(best, 100, 0.5 / 250), 2), round(deflated(best, 46, 0.5 / 250), 2)
    (0.1132, 0.9, 0.95)
    """
    return probabilistic(best, expected_best(n_trials, variance))


def least_periods(seen: Moments, than: float, sure: float) -> int | None:
    """Give how many periods such a ratio would need to be above `than` with probability `sure` (2012, equation 11); `None`: never.

    >>> least_periods(Moments(24, 0.458, -2.448, 10.164), 0.0, 0.95)
    35
    """
    if seen.sharpe - than < TINY:
        return None
    spread = 1 - seen.skew * seen.sharpe + (seen.kurtosis - 1) / 4 * seen.sharpe**2
    return math.ceil(1 + spread * (NORMAL.inv_cdf(sure) / (seen.sharpe - than)) ** 2)
