"""Row 28, correlation: one minute of 50 roots, every pair of them. The anchor is an earlier system's budget, 100 ms."""

from __future__ import annotations

import statistics
import time

import numpy as np

from benchmarks.rounds import Line, alone, frozen, percentile
from workbench.risk.correlation import Moves

ANCHOR_US = 100_000.0
N_ROOTS = 50
N_MINUTES = 5_000
N_ROUNDS = 5
KEEP = 0.5 ** (1 / 60)


def measure(quick: bool) -> list[Line]:
    rng = np.random.default_rng(5)
    mids = np.round(1e6 * np.exp(np.cumsum(rng.normal(0, 1e-4, (N_MINUTES, N_ROOTS)), axis=0)))
    rounds = [_round(mids) for _ in range(N_ROUNDS)]
    p50, p99 = (statistics.median(percentile(took, share) for took in rounds) for share in (0.5, 0.99))
    return [
        Line(
            row=28,
            what=f"correlation of {N_ROOTS} roots, a minute",
            anchor=f"an earlier system's budget {ANCHOR_US / 1000:.0f} ms",
            ours=f"p50 {p50:.2f}, p99 {p99:.2f} us",
            ratio=p50,
            worst=max(percentile(took, 0.5) for took in rounds),
            bar=10,
            goal=10,
            unit="us",
            more_is_better=False,
            notes=[
                f"{N_MINUTES:,} minutes a round, {N_ROUNDS} rounds; {N_ROOTS * (N_ROOTS - 1) // 2:,} pairs",
                f"{ANCHOR_US / p50:,.0f} x the budget",
            ],
        )
    ]


def _round(mids: np.ndarray) -> list[float]:
    moves, took = Moves(), []
    moves.begin(range(N_ROOTS))
    with frozen():
        for row in mids:
            start = time.perf_counter_ns()
            moves.update(row, keep=KEEP)
            took.append((time.perf_counter_ns() - start) / 1e3)
    return took


if __name__ == "__main__":
    alone(measure)
