"""Families that were made up: noise of several kinds, and noise with one edge in it. No test of its own."""

from __future__ import annotations

import numpy as np

from workbench.research.trials import Evaluated, Family

KINDS = ("normal", "fat tails", "skewed", "alike", "nearly the same", "hang together")


def made_up(rng: np.random.Generator, n: int, t: int, kind: str = "normal", edge: float = 0.0) -> Family:
    """Make `n` configurations over `t` periods; the first has a true ratio of `edge` a period, the others of 0."""
    alike = {"alike": 0.5, "nearly the same": 0.95}.get(kind, 0.0)
    returns = alike**0.5 * rng.standard_normal((t, 1)) + (1 - alike) ** 0.5 * rng.standard_normal((t, n))
    if kind == "fat tails":
        returns = rng.standard_t(4, (t, n)) / 2**0.5
    elif kind == "skewed":
        returns = 1 - rng.exponential(1, (t, n))
    elif kind == "hang together":
        steps = rng.standard_normal((t + 1, n))
        returns = (steps[1:] + 0.2 * steps[:-1]) / 1.04**0.5
    returns[:, 0] += edge
    at = np.arange(t)
    return Family(kind, tuple(Evaluated(0, str(k), {"k": k}, "", "return", at, returns[:, k]) for k in range(n)))
