"""How far a forecast may be trusted: a reliability table of what was forecast and what happened. Exact counts and sums; no model, no clock.

Rules
-----
1. A chance is kept in millionths, so every sum is an integer: taking an old outcome away leaves nothing behind.
2. Only the last `max_outcomes` outcomes count: a market changes, and so does a model.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import pairwise
from typing import Final, NamedTuple

EDGES: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.45, 0.475, 0.5, 0.525, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Bins over ``p_up``: finer near one half, where forecasts over minutes lie; one half is an edge, so that no bin mixes directions."""

N_BINS: Final = len(EDGES) - 1
PRIOR_OUTCOMES: Final = 20
"""Outcomes the prior is worth: Beta(10, 10) in each bin, a coin's toss until the table says otherwise."""

_ONE: Final = 1_000_000  # millionths in a chance of 1
_EDGES: Final = tuple(round(edge * _ONE) for edge in EDGES)


class Row(NamedTuple):
    """One bin of a reliability table: ``n`` forecasts from ``lo`` to below ``hi``, `None` where there were none.

    ``mean_p`` is the mean of what was forecast, ``freq`` the share of them after which the price was higher.
    """

    lo: float
    hi: float
    n: int
    mean_p: float | None
    freq: float | None


class Reliability:
    """What became of the latest forecasts.

    ========  ==========================================================================
    Value     `confidence`: calibrated chance, 0 to 1, that the direction ``p_up`` points to is right
    Uses      forecasts whose outcome is known, one at a time
    Warm-up   `min_outcomes` outcomes; `None` before
    Window    the last `max_outcomes` outcomes
    Resets    when a new model takes over (its learner makes a new table)
    Source    reliability table: Murphy and Winkler (1977), J. R. Stat. Soc. C 26(1); shrinkage: mean of a Beta posterior
    ========  ==========================================================================

    Examples
    --------
    >>> table = Reliability(min_outcomes=2, max_outcomes=100)
    >>> table.confidence(0.58) is None
    True
    >>> table.update(0.58, True); table.update(0.56, False); table.update(0.57, True)
    >>> round(table.confidence(0.58), 3), table.confidence(0.5) is None      # (2 + 10) / (3 + 20); one half points nowhere
    (0.522, True)
    >>> [row for row in table.table() if row.n]
    [Row(lo=0.55, hi=0.6, n=3, mean_p=0.57, freq=0.6666666666666666)]
    """

    __slots__ = ("_kept", "_max_outcomes", "_min_outcomes", "_n", "_n_up", "_squares", "_sum_p", "n_right")

    def __init__(self, *, min_outcomes: int, max_outcomes: int) -> None:
        self._min_outcomes, self._max_outcomes = min_outcomes, max_outcomes
        self._kept: deque[int] = deque()  # p in millionths x 2 + up
        self._n = [0] * N_BINS
        self._n_up = [0] * N_BINS
        self._sum_p = [0] * N_BINS  # millionths
        self._squares = 0  # millionths squared
        self.n_right = 0

    @property
    def n(self) -> int:
        """Outcomes in the table."""
        return len(self._kept)

    def update(self, p_up: float, up: bool) -> None:
        """Book the outcome of one forecast; the oldest leaves a full table."""
        if len(self._kept) >= self._max_outcomes:
            old = self._kept.popleft()
            self._book(old >> 1, old & 1, -1)
        p = round(p_up * _ONE)
        self._kept.append(p << 1 | up)
        self._book(p, int(up), 1)

    def _book(self, p: int, up: int, sign: int) -> None:
        at = _bin(p)
        self._n[at] += sign
        self._n_up[at] += sign * up
        self._sum_p[at] += sign * p
        self._squares += sign * (p - _ONE * up) ** 2
        if p != _ONE // 2 and (p > _ONE // 2) == up:
            self.n_right += sign

    def confidence(self, p_up: float) -> float | None:
        """Give the chance that the direction `p_up` points to is right; `None` while not known, or if it points nowhere."""
        p = round(p_up * _ONE)
        if len(self._kept) < self._min_outcomes or p == _ONE // 2:
            return None
        at = _bin(p)
        up = (self._n_up[at] + PRIOR_OUTCOMES / 2) / (self._n[at] + PRIOR_OUTCOMES)
        return up if p > _ONE // 2 else 1.0 - up

    def table(self) -> list[Row]:
        """Give the whole table, one row a bin, lowest first."""
        return [
            Row(lo, hi, n, sum_p / n / _ONE if n else None, n_up / n if n else None)
            for (lo, hi), n, sum_p, n_up in zip(pairwise(EDGES), self._n, self._sum_p, self._n_up, strict=True)
        ]

    @property
    def brier(self) -> float | None:
        """Mean squared difference of forecast and outcome, 0 (best) to 1; a coin's toss has 0.25. `None` without outcomes.

        Brier (1950), Monthly Weather Review 78(1).
        """
        return self._squares / self.n / _ONE**2 if self.n else None

    @property
    def ece(self) -> float | None:
        """Expected calibration error, 0 (best) to 1: how far the mean forecast of an outcome's bin lies from its frequency.

        `None` without outcomes. Naeini, Cooper and Hauskrecht (2015), AAAI 29.
        """
        if not self.n:
            return None
        return sum(abs(sum_p - _ONE * n_up) for sum_p, n_up in zip(self._sum_p, self._n_up, strict=True)) / self.n / _ONE

    @property
    def hit_rate(self) -> float | None:
        """Share of outcomes, 0 to 1, in the direction forecast. `None` without outcomes."""
        return self.n_right / self.n if self.n else None

    def state(self) -> list[int]:
        """Give all it holds: the outcomes in their order."""
        return list(self._kept)

    def load(self, state: list[int]) -> None:
        """Take over what `state` gave."""
        for kept in state:
            self.update((kept >> 1) / _ONE, bool(kept & 1))


def _bin(p: int) -> int:
    return min(bisect_right(_EDGES, p), N_BINS) - 1
