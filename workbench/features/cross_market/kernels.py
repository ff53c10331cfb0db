"""Compiled steps of the cross-market family: a contract against its leader, bar by bar of the same end. Faces lie beside it.

These run last, when the bars of all contracts are closed. ``lead`` holds the leader's prices as ``q`` holds the contract's; ``led`` says
whether the leader closed a bar with this end. Where it did not, nothing means anything and the next return has to start afresh.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from workbench.features.cells.kernels import CLOSE, Floats, Ints, Marks, count, piece, tell

LEADER_RETURNS: Final = 0
LEADER_MOMENTS: Final = 1
STILL: Final = 1e-100  # a variance of returns below this is none


@piece
def returns(q: Floats, lead: Floats, led: bool, s: Floats, m: Ints) -> bool:
    """Put own and leader's return in ``s[2]`` and ``s[3]``. ``s[0]``, ``s[1]``: last closes; ``m[0]``: they are there."""
    had = m[0] == 1 and s[0] > 0.0 and s[1] > 0.0
    if led and had:
        s[2] = (q[CLOSE] - s[0]) / s[0]
        s[3] = (lead[CLOSE] - s[1]) / s[1]
    s[0] = q[CLOSE]
    s[1] = lead[CLOSE]
    m[0] = 1 if led else 0
    return led and had


@piece
def leader_returns(q: Floats, lead: Floats, led: bool, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Outputs: the leader's return, the one before it, own minus leader's. ``m[1]``: ``s[4]`` holds the one before."""
    means = returns(q, lead, led, s, m)
    tell(x, w, 0, means, s[3])
    tell(x, w, 1, means and m[1] == 1, s[4])
    tell(x, w, 2, means, s[2] - s[3])
    s[4] = s[3]
    m[1] = 1 if means else 0


@piece
def leader_moments(q: Floats, lead: Floats, led: bool, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Exponential correlation and beta; ``s[4:9]``: means, variances, covariance. The first ``n / 2`` weigh alike."""
    if not returns(q, lead, led, s, m):
        w[0] = 0
        w[1] = 0
        return
    n = int(p[0])
    k = count(m, 1, n) + 1
    a = max(2.0 / (n + 1.0), 1.0 / k)
    own = s[2] - s[4]
    other = s[3] - s[5]
    s[4] += a * own
    s[5] += a * other
    s[6] = (1.0 - a) * (s[6] + a * own * own)
    s[7] = (1.0 - a) * (s[7] + a * other * other)
    s[8] = (1.0 - a) * (s[8] + a * own * other)
    warm = k >= n and s[7] > STILL
    tell(x, w, 0, warm and s[6] > STILL, min(1.0, max(-1.0, s[8] / (np.sqrt(s[6]) * np.sqrt(s[7])))))
    tell(x, w, 1, warm, s[8] / s[7])


@piece
def step(op: int, q: Floats, lead: Floats, led: bool, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Move the feature `op` of this family by one bar."""
    if op == LEADER_RETURNS:
        leader_returns(q, lead, led, s, m, x, w)
    elif op == LEADER_MOMENTS:
        leader_moments(q, lead, led, p, s, m, x, w)
