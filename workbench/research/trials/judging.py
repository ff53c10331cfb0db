"""Is the best of a family more than luck? Its ratio deflated by the true number of trials, and whether choosing it chose noise. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from workbench.research.trials.ledger import Family, Matrix, family
from workbench.research.trials.overfitting import Overfitting, cross_validate
from workbench.research.trials.sharpe import Moments, deflated, expected_best, least_periods, moments, probabilistic

SURE: Final = 0.95  # least probability that the true ratio is above 0, all trials counted
MOST_OVERFIT: Final = 0.5  # from here on whoever was best is, elsewhere, as likely in the lower half as in the upper one
LEAST_PERIODS: Final = 60  # fewer say nothing of skew and kurtosis


class Verdict(NamedTuple):
    """What is to be said of a family.

    Attributes
    ----------
    is_passed
        Whether the best one may be believed in.
    text
        Why, in words.
    n_trials, n_periods
        Configurations evaluated; periods that all of them have.
    best
        Parameters of the best.
    sharpe, expected
        Its ratio a period, and the one that the best of as many worthless ones is expected to show.
    probability, undeflated
        That its true ratio is above 0: with all trials counted (deflated), and as if it were the only one.
    overfit
        What cross-validation says; `None` where it can say nothing.
    """

    family: str
    is_passed: bool
    text: str
    n_trials: int
    n_periods: int
    best: dict[str, Any]
    sharpe: float
    expected: float
    probability: float
    undeflated: float
    overfit: Overfitting | None

    def __str__(self) -> str:
        fitted = f", overfitted with probability {self.overfit.probability:.0%}" if self.overfit is not None else ""
        known = f" ({self.n_trials:,} trials; above 0 with probability {self.probability:.1%}{fitted})" if self.n_periods else ""
        return f"{self.family}: {'passed' if self.is_passed else 'not passed'}: {self.text}{known if not self.is_passed else ''}"


def verdict(of: Family | str, data: Path | str | None = None) -> Verdict:
    """Judge a family.

    Parameters
    ----------
    of
        The family, or its name in the ledger of `data`.

    Notes
    -----
    Trials that resemble one another are counted as if they did not, which is the careful side. Returns that hang together from period to
    period are taken as independent, which is not: choose periods long enough.

    Examples
    --------
    >>> print(verdict(Family("nothing", ())))
    nothing: not passed: nothing was evaluated
    """
    told = of if isinstance(of, Family) else family(data if data is not None else "data", of)
    matrix = told.matrix()
    if not told.n_trials:
        return _none(told, "nothing was evaluated")
    if len(matrix.periods) < LEAST_PERIODS:
        few = f"{len(matrix.periods)} periods that all {told.n_trials} configurations have; {LEAST_PERIODS} are the least"
        return _none(told, few, len(matrix.periods))
    return _judged(told, matrix)


def _judged(told: Family, matrix: Matrix) -> Verdict:
    each = [moments(column) for column in matrix.returns.T]
    ratios = np.array([one.sharpe for one in each])
    at = int(ratios.argmax())
    n, variance = told.n_trials, float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0
    seen, expected = each[at], expected_best(n, variance)
    sure, overfit = deflated(seen, n, variance), cross_validate(matrix.returns)
    wrong = list(_doubts(seen, expected, sure, overfit, n))
    text = "; ".join(wrong) if wrong else f"above 0 with probability {sure:.1%}, {n:,} trials counted{_fitted(overfit)}"
    return Verdict(
        told.name, not wrong, text, n, len(matrix.periods), told.parameters(matrix.digests[at]), seen.sharpe, expected, sure,
        probabilistic(seen), overfit,
    )  # fmt: skip


def _doubts(seen: Moments, expected: float, sure: float, overfit: Overfitting | None, n: int) -> list[str]:
    wrong = []
    if sure < SURE:
        more = least_periods(seen, expected, SURE)
        luck = f"the best of {n:,} worthless ones would show {expected:.3f}, this shows {seen.sharpe:.3f}"
        after = f"; as good for {more - seen.n:,} periods more it would do" if more is not None and more > seen.n else ""
        wrong.append(f"above 0 with probability {sure:.1%} only, {SURE:.0%} are asked for: {luck}{after}")
    if n > 1 and overfit is None:
        wrong.append("whether the choice is overfitted cannot be told: too few periods")
    elif overfit is not None and overfit.probability >= MOST_OVERFIT:
        wrong.append(f"whoever is best in one half of the time is below the middle in the other in {overfit.probability:.0%} of the halves")
    return wrong


def _fitted(overfit: Overfitting | None) -> str:
    return "" if overfit is None else f"; overfitted with probability {overfit.probability:.0%}"


def _none(told: Family, text: str, n_periods: int = 0) -> Verdict:
    return Verdict(told.name, False, text, told.n_trials, n_periods, {}, 0.0, 0.0, 0.0, 0.0, None)
