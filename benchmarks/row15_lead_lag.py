"""Row 15, lead and lag: 101 lags of 2 x 500,000 ticks beside the same two pointers in Python, and an as-of join beside pandas.

The textbook's double loop over all pairs of moves is not run: 2.1 s for 3,000 ticks grows with the square.
"""

from __future__ import annotations

import statistics
import time
from bisect import bisect_left

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.rounds import Cost, Line, alone, frozen, in_turn, ratios
from workbench.calendars import session_bounds
from workbench.domain.units import MS, SECOND
from workbench.research.frames.sheet import times
from workbench.research.leadlag import as_of
from workbench.research.leadlag.curve import changes, tick_moments
from workbench.research.leadlag.pair import Pair, pair_of

N_TICKS = 500_000
N_LAGS, STEP_NS = 101, 20 * MS
LATE_NS = 40 * MS
N_AT, N_KNOWN = 200_000, 1_000_000
N_IN_PYTHON = 2  # lags a round


def measure(quick: bool) -> list[Line]:
    return [*_lags(), *_join()]


def _lags() -> list[Line]:
    pair = market()
    plain = lists(pair)
    lags = (np.arange(N_LAGS, dtype=np.int64) - N_LAGS // 2) * STEP_NS
    some = lags[[N_LAGS // 2, -1]][:N_IN_PYTHON]
    slow, fast = in_turn(
        lambda: _timed(lambda: [in_python(*plain, lag) for lag in some.tolist()], len(some)),
        lambda: _timed(lambda: tick_moments(pair, lags), N_LAGS),
    )
    middle, worst = ratios(slow, fast)
    found = tick_moments(pair, lags)
    curve = found.total().correlation()
    sums = [abs(float(found.xy[:, int(np.flatnonzero(lags == lag)[0])].sum()) / in_python(*plain, lag) - 1) for lag in some.tolist()]
    per_lag = statistics.median(each.wall_s / each.n for each in slow)
    took = [each.wall_s for each in fast]
    line = {"row": 15, "anchor": f"Python, two pointers: {per_lag * N_LAGS:.1f} s, by {N_IN_PYTHON} lags"}
    what = f"{N_LAGS} lags of 2 x {N_TICKS:,} ticks"
    notes = [
        f"furthest from the sums in Python {max(sums):.0e} of them; {LATE_NS / MS:.0f} ms planted, {lags[curve.argmax()] / MS:.0f} found",
        f"by processor time {statistics.median(each.cpu_s for each in fast):.2f} s",
    ]
    ours = f"{statistics.median(took):.2f} s"
    return [
        Line(**line, what=what, ours=ours, ratio=middle, worst=worst, bar=25, goal=25, notes=notes),
        Line(
            **line, what=f"{what}, time", ours=ours, ratio=statistics.median(took), worst=max(took), bar=2, goal=1, unit="s",
            more_is_better=False,
        ),
    ]  # fmt: skip


def _join() -> list[Line]:
    rng = np.random.default_rng(15)
    at, known = (np.sort(rng.integers(0, 23 * 3600 * SECOND, n)) for n in (N_AT, N_KNOWN))
    mid = rng.normal(size=N_KNOWN)
    left, right = pl.DataFrame([times(at, "UTC").alias("time")]), pl.DataFrame([times(known, "UTC").alias("time"), pl.Series("mid", mid)])
    theirs = left.to_pandas(), right.to_pandas()
    slow, fast = in_turn(
        lambda: _timed(lambda: pd.merge_asof(*theirs, on="time"), 1),
        lambda: _timed(lambda: as_of(left, right), 1),
    )
    middle, worst = ratios(slow, fast)
    ms = [1e3 * each.wall_s for each in fast]
    wanted = pd.merge_asof(*theirs, on="time")["mid"].to_numpy()
    n_different = int((as_of(left, right)["mid"].fill_null(np.nan).to_numpy() != wanted).sum() - np.isnan(wanted).sum())
    line = {"row": 15, "anchor": f"pandas {1e3 * statistics.median(each.wall_s for each in slow):.1f} ms"}
    what, ours = f"as-of join, {N_AT:,} x {N_KNOWN // 10**6} M", f"{statistics.median(ms):.2f} ms"
    return [
        Line(
            **line, what=what, ours=ours, ratio=statistics.median(ms), worst=max(ms), bar=10, goal=10, unit="ms", more_is_better=False,
            notes=[
                f"{middle:.2g} x pandas, worst round {worst:.2g}; {n_different} different values; with the age of each",
                f"by processor time {1e3 * statistics.median(each.cpu_s for each in fast):.2f} ms on {pl.thread_pool_size()} threads",
            ],
        )
    ]  # fmt: skip


def market() -> Pair:
    """Make two markets that tick at times of their own through a session; the second shows the same walk a moment later."""
    rng = np.random.default_rng(7)
    start, end = session_bounds(20261119)
    both = {}
    walk_ns = np.sort(rng.integers(start, end, 2 * N_TICKS))
    walk = 6000 * np.exp(np.cumsum(rng.normal(0, 1e-6, len(walk_ns))))
    for name, late in (("ES", 0), ("SPY", LATE_NS)):
        t_ns = np.unique(rng.integers(start + SECOND, end, N_TICKS))
        both[name] = pl.DataFrame(
            [times(t_ns, "UTC").alias("time"), pl.Series("price_pts", walk[np.searchsorted(walk_ns, t_ns - late) - 1])]
        )
    return pair_of(both, "ES", "SPY", hours="all")


def lists(pair: Pair) -> tuple[list, list, list, list]:
    """Give the moves of both as plain lists, the second with a value before all time and one after it: as the kernel gets them."""
    (each,) = pair.stretches
    (t1, x1), (t2, x2) = changes(each.first), changes(each.second)
    edge = np.iinfo(np.int64)
    return t1.tolist(), np.diff(x1).tolist(), [edge.min, *t2.tolist(), edge.max], [x2[0], *x2.tolist(), x2[-1]]


def in_python(t1: list, r1: list, t2: list, x2: list, lag: int) -> float:
    """Sum as the kernel does, tick by tick."""
    total, begin = 0.0, t1[0] + lag
    j = bisect_left(t2, begin)
    low = x2[j] if t2[j] == begin else x2[j - 1]
    for i, move in enumerate(r1, 1):
        until = t1[i] + lag
        while t2[j] < until:
            j += 1
        high = x2[j]
        total += move * (high - low)
        low = high if t2[j] == until else x2[j - 1]
    return total


def _timed(work: object, n: int) -> Cost:
    with frozen():
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        return Cost(time.perf_counter() - wall, time.process_time() - cpu, n)


if __name__ == "__main__":
    alone(measure)
