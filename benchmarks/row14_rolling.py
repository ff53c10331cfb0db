"""Row 14, rolling correlations: every pair of 50 roots over a session of minutes. The anchor is pandas."""

from __future__ import annotations

import statistics
import time
from itertools import combinations

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.rounds import Cost, Line, alone, frozen, in_turn, ratios
from workbench.research.leadlag import rolling_correlations

N_ROOTS = 50
N_MINUTES = 390
WINDOW = 60


def measure(quick: bool) -> list[Line]:
    rng = np.random.default_rng(14)
    moves = rng.normal(0, 3e-4, (N_MINUTES, 1)) + rng.normal(0, 3e-4, (N_MINUTES, N_ROOTS))
    names = [f"R{k:02}" for k in range(N_ROOTS)]
    theirs = pd.DataFrame(moves, columns=names)
    ours = pl.DataFrame({"time": range(N_MINUTES)} | dict(zip(names, moves.T, strict=True)))
    slow, fast = in_turn(lambda: _timed(lambda: theirs.rolling(WINDOW).corr()), lambda: _timed(lambda: rolling_correlations(ours, WINDOW)))
    middle, worst = ratios(slow, fast)
    ms = [1e3 * each.wall_s for each in fast]
    line = {"row": 14, "anchor": f"pandas {1e3 * statistics.median(each.wall_s for each in slow):.0f} ms"}
    took = f"{statistics.median(ms):.2f} ms"
    what = f"rolling correlations, {N_ROOTS} roots, {N_MINUTES} minutes"
    return [
        Line(**line, what=what, ours=took, ratio=middle, worst=worst, bar=30, goal=60, notes=[_apart(theirs, ours)]),
        Line(
            **line, what=f"{what}, time", ours=took, ratio=statistics.median(ms), worst=max(ms), bar=10, goal=5, unit="ms",
            more_is_better=False,
            notes=[f"by processor time {1e3 * statistics.median(each.cpu_s for each in fast):.2f} ms"],
        ),
    ]  # fmt: skip


def _apart(theirs: pd.DataFrame, ours: pl.DataFrame) -> str:
    wanted = theirs.rolling(WINDOW).corr().to_numpy().reshape(N_MINUTES, N_ROOTS, N_ROOTS)
    first, second = np.array(list(combinations(range(N_ROOTS), 2))).T
    apart = np.abs(rolling_correlations(ours, WINDOW).values - wanted[:, first, second])
    return f"{len(first):,} pairs, {np.isfinite(apart).sum():,} correlations; furthest from pandas {np.nanmax(apart):.1e}"


def _timed(work: object) -> Cost:
    with frozen():
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        return Cost(time.perf_counter() - wall, time.process_time() - cpu, 1)


if __name__ == "__main__":
    alone(measure)
