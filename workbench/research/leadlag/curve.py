"""Correlation of two markets at many lags, as sums over blocks of time: of ticks without a grid, of bars on theirs. Judges nothing.

A lag above 0 means that the first market leads: its moves are held against moves of the second that came so much later.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import SECOND
from workbench.research.leadlag import kernels
from workbench.research.leadlag.asof import Floats, Ints, last_known
from workbench.research.leadlag.pair import Pair, Series, Stretch
from workbench.research.leadlag.resample import Moments, block_counts, chance_of_the_largest, range_of

FINER: Final = 10  # steps around the peak for one step elsewhere
BARS_EITHER_WAY: Final = 10
EDGE: Final = np.iinfo(np.int64)


class Curve(NamedTuple):
    """Correlation at rising lags (ns), as many on one side of 0 as on the other. ``fine_ns``: how finely a peak can be told.

    Of ticks it is an estimate that few or thin data may put beyond 1: nothing holds the sum over overlapping moves below the product of the
    two spreads (Hayashi and Yoshida 2005).
    """

    lags_ns: Ints
    fine_ns: int
    corr: Floats
    lo: Floats
    hi: Floats
    peak: int
    sign: int  # of the correlation as a whole: -1 of markets that move against each other
    peaks_ns: Ints  # where the peak was in each sample
    p: float  # that one side of 0 is no higher than the other, corrected for the number of lags

    @property
    def peak_ns(self) -> int:
        """Lag of the highest correlation."""
        return int(self.lags_ns[self.peak])

    @property
    def range_ns(self) -> tuple[int, int]:
        """Where that lag lies in 95 of 100 samples."""
        lo, hi = np.quantile(self.peaks_ns, [0.025, 0.975], method="inverted_cdf")
        return int(lo), int(hi)

    @property
    def is_at_edge(self) -> bool:
        """Whether the highest was the furthest that was looked at."""
        return self.peak in (0, len(self.lags_ns) - 1)

    def at(self, lag_ns: int) -> float:
        """Give the correlation at a lag that was looked at."""
        return float(self.corr[np.searchsorted(self.lags_ns, lag_ns)])


def curve_of(pair: Pair, *, reach_s: float | None = None, n_lags: int = 101) -> Curve:
    """Measure the correlation of a pair at many lags.

    Parameters
    ----------
    reach_s
        Furthest lag looked at, seconds; `None`: 10 s of ticks, 10 bars of bars.
    n_lags
        Of ticks: how many, odd; around the highest there are more, ten for one. Of bars every one within reach is looked at.

    Raises
    ------
    ConfigError
        There would be no lag on either side of 0.
    DataError
        One of the two never moved.
    """
    if n_lags < 3 or (reach_s is not None and reach_s <= 0):
        raise ConfigError(f"lags on both sides of 0 are needed: reach_s above 0 and 3 lags or more, not {reach_s} and {n_lags}")
    if pair.is_bars:
        n = BARS_EITHER_WAY if reach_s is None else max(1, int(reach_s * SECOND / pair.step_ns + 0.5))
        lags = np.arange(-n, n + 1, dtype=np.int64)
        return _judged(lags * pair.step_ns, pair.step_ns, step_moments(pair, lags, pair.step_ns))
    half, reach_ns = n_lags // 2, int((10.0 if reach_s is None else reach_s) * SECOND)
    step = max(reach_ns // half, FINER)
    coarse = np.arange(-half, half + 1, dtype=np.int64) * step
    moments = tick_moments(pair, coarse)
    seen = np.abs(moments.total().correlation())
    top = abs(int(coarse[np.nanargmax(seen)])) if not np.isnan(seen).all() else 0
    fine = np.arange(-FINER + 1, FINER, dtype=np.int64) * (step // FINER)
    around = np.setdiff1d(np.concatenate([top + fine, -top - fine]), coarse)
    around = around[np.abs(around) <= reach_ns]
    lags = np.concatenate([coarse, around])
    order = np.argsort(lags)
    more = tick_moments(pair, around)
    xy = np.concatenate([moments.xy, more.xy], axis=1)[:, order]
    return _judged(lags[order], step // FINER, moments._replace(xy=xy))


def tick_moments(pair: Pair, lags_ns: Ints) -> Moments:
    """Sum products of moves that overlap once shifted: Hayashi and Yoshida, no grid, nothing interpolated. See `kernels`."""
    xx, yy = np.zeros((pair.n_blocks, 1)), np.zeros((pair.n_blocks, 1))
    xy = np.zeros((pair.n_blocks, len(lags_ns)))
    for each in pair.stretches:
        (t1, x1), (t2, x2) = changes(each.first), changes(each.second)
        if min(len(t1), len(t2)) < 2:
            continue
        n = -(-(each.end_ns - each.start_ns) // pair.block_ns) or 1
        of = slice(each.block, each.block + n)
        begins = each.start_ns + np.arange(n + 1) * pair.block_ns
        begins[-1] = EDGE.max
        moves1, moves2 = np.diff(x1), np.diff(x2)
        edges = np.searchsorted(t1[:-1], begins)
        padded = np.concatenate([[EDGE.min], t2, [EDGE.max]]), np.concatenate([x2[:1], x2, x2[-1:]])
        out = np.empty((n, len(lags_ns)))
        kernels.shifted_covariance(t1, moves1, *padded, lags_ns, edges, out)
        xy[of] = out
        xx[of, 0] = _summed(moves1**2, edges)
        yy[of, 0] = _summed(moves2**2, np.searchsorted(t2[:-1], begins))
    zero = np.zeros((pair.n_blocks, 1))
    return Moments(zero + 1.0, zero, zero, xx, yy, xy)


def step_moments(pair: Pair, lags: Ints, step_ns: int) -> Moments:
    """Sum products of returns from step to step, those of the second so many steps later, within one stretch."""
    sums = np.zeros((6, pair.n_blocks, len(lags)))
    for each in pair.stretches:
        r1, r2, at = step_returns(pair, each, step_ns)
        block = each.block + np.maximum(at - each.start_ns - 1, 0) // pair.block_ns
        for k, lag in enumerate(lags.tolist()):
            n = len(r1) - abs(lag)
            if n <= 0:
                continue
            i, j = max(-lag, 0), max(lag, 0)
            x, y, of = r1[i : i + n], r2[j : j + n], block[i : i + n]
            both = ~(np.isnan(x) | np.isnan(y))
            x, y, of = x[both], y[both], of[both]
            for row, values in enumerate((np.ones(len(x)), x, y, x * x, y * y, x * y)):
                sums[row, :, k] += np.bincount(of, values, pair.n_blocks)
    return Moments(*sums)


def step_returns(pair: Pair, each: Stretch, step_ns: int) -> tuple[Floats, Floats, Ints]:
    """Give log returns of both from step to step on one grid, as-of joined, NaN where a bar is missing; and when each ends."""
    first = each.start_ns + pair.step_ns
    if step_ns != pair.step_ns:  # the same moments whatever the two are
        first = -(-first // step_ns) * step_ns
    grid = np.arange(first, each.end_ns + 1, step_ns, dtype=np.int64)
    made = [np.diff(on_grid(series, grid, exact=pair.is_bars)) for series in (each.first, each.second)]
    return made[0], made[1], grid[1:]


def on_grid(series: Series, grid: Ints, *, exact: bool) -> Floats:
    """Give the log price last known at each moment; NaN before the first, and, of bars, where there is none at that very moment."""
    at = last_known(series.t_ns, grid)
    missing = (at < 0) if not exact else (at < 0) | (series.t_ns[at] != grid)
    return np.where(missing, np.nan, series.log[at])


def _judged(lags_ns: Ints, fine_ns: int, moments: Moments) -> Curve:
    corr, middle = moments.total().correlation(), len(lags_ns) // 2
    if np.isnan(corr).all():
        raise DataError("one of the two never moved while the other was there")
    drawn = _drawn(moments)
    sign = -1 if corr[np.nanargmax(np.abs(corr))] < 0 else 1
    lo, hi = range_of(drawn)
    tilt = corr[middle + 1 :] - corr[:middle][::-1]
    tilts = drawn[:, middle + 1 :] - drawn[:, :middle][:, ::-1]
    peaks = lags_ns[np.nanargmax(sign * drawn, axis=1)]
    return Curve(lags_ns, fine_ns, corr, lo, hi, int(np.nanargmax(sign * corr)), sign, peaks, chance_of_the_largest(tilt, tilts))


def _drawn(moments: Moments) -> Floats:
    """Correlate each sample of blocks."""
    return moments.drawn(block_counts(len(moments.xx))).correlation()


def changes(series: Series) -> tuple[Ints, Floats]:
    """Keep the ticks at which the price moved, and the first."""
    kept = np.diff(series.log, prepend=np.inf) != 0
    return series.t_ns[kept], series.log[kept]


def _summed(values: Floats, edges: Ints) -> Floats:
    """Sum values between edges."""
    total = np.append(0.0, np.cumsum(values))
    summed: Floats = np.diff(total[edges])
    return summed
