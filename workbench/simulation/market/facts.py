"""Stylised facts of a market, generated or real: measured the same way on both. Pure NumPy on plain series; knows no file and no setting.

What is known of real markets, and how to measure it: Cont (2001), Quantitative Finance 1, 223-236.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Records
from workbench.domain.units import MINUTE, MS, SECOND

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Ends = tuple[int, int]  # ns: from (inclusive), to (exclusive)

MIDDAY: Final = (150 * MINUTE, 240 * MINUTE)  # after the open: 12:00 to 13:30 of a regular day
EDGE_NS: Final = 30 * MINUTE
BLOCK: Final = 10  # minutes of one realised volatility


class Prints(NamedTuple):
    """Trades of one contract: price in points, size in quanta, side +1 where the buyer was aggressive."""

    t_ns: Times
    pts: Floats
    size: Times
    side: Times


class Quotes(NamedTuple):
    """Two-sided quotes of one contract, in order increments."""

    t_ns: Times
    bid: Floats
    ask: Floats

    @property
    def mid(self) -> Floats:
        return (self.bid + self.ask) / 2


class Minutes(NamedTuple):
    """One-minute bars of one session: start, last price, volume. Minutes without a trade are left out."""

    t_ns: Times
    close: Floats
    volume: Floats


class VolumeFacts(NamedTuple):
    """Volume in regular hours over the rest; volume a minute in the first and last half-hour over midday."""

    rth_over_eth: float
    opening_over_midday: float
    closing_over_midday: float


class ReturnFacts(NamedTuple):
    """Returns: how many, standard deviation over 390 minutes, kurtosis (normal: 3), autocorrelation of them and of their sizes."""

    n: int
    day_sd_frac: float
    kurtosis: float
    acf_1: float
    abs_acf_1: float
    abs_acf_10: float
    zero_frac: float


class SpreadFacts(NamedTuple):
    """Shares of time: at one tick and at two; and the mean, in ticks."""

    one_tick_frac: float
    two_ticks_frac: float
    mean_ticks: float


class FlowFacts(NamedTuple):
    """What signed volume of a minute says: how it goes with the move of that minute, and how often its sign is that of the next one's."""

    correlation: float
    hit_frac: float
    n: int


class Lead(NamedTuple):
    """By how much the first series leads the second: the lag at which their covariance peaks; and the correlation at each lag."""

    peak_ns: int
    lags_ns: Times
    correlation: Floats


def prints_of(records: Records, contract: Contract) -> Prints:
    """Take the prints of one contract out of records."""
    of = records[(records["contract"] == contract.id) & (records["kind"] == Kind.PRINT)]
    return Prints(of["recv_ns"], of["px"] * float(contract.quantum), of["sz"], of["side"].astype(np.int64))


def quotes_of(records: Records, contract: Contract) -> Quotes:
    """Take the quotes of one contract out of records."""
    of = records[(records["contract"] == contract.id) & (records["kind"] == Kind.QUOTE)]
    return Quotes(of["recv_ns"], of["px"] / contract.tick, of["px2"] / contract.tick)


def within(series: Any, ends: Ends) -> Any:
    """Cut a series of this module to a span of time."""
    a, b = np.searchsorted(series.t_ns, ends)
    return type(series)(*(column[a:b] for column in series))


def sampled(t_ns: Times, values: Floats, ends: Ends, step_ns: int) -> Floats:
    """Sample the last value known at each step from `ends[0]` on; steps before the first value are left out.

    >>> sampled(np.array([5, 12, 31]), np.array([1.0, 2.0, 3.0]), (0, 50), 10)
    array([1., 2., 2., 3., 3.])
    """
    at = np.searchsorted(t_ns, np.arange(ends[0], ends[1] + 1, step_ns), side="right") - 1
    picked: Floats = values[at[at >= 0]]
    return picked


def minutes_of(prints: Prints, step_ns: int = MINUTE) -> Minutes:
    """Make bars of prints, of one minute unless told."""
    minute = prints.t_ns // step_ns
    starts = np.flatnonzero(np.diff(minute, prepend=-1))
    ends = np.append(starts[1:], len(minute)) - 1
    volume = np.add.reduceat(prints.size, starts).astype(float) if len(starts) else np.zeros(0)
    return Minutes(minute[starts] * step_ns, prints.pts[ends], volume)


def minute_returns(minutes: Minutes, ends: Ends) -> Floats:
    """Log returns of closes between adjacent minutes within a span."""
    cut = within(minutes, ends)
    moves: Floats = np.diff(np.log(cut.close))[np.diff(cut.t_ns) == MINUTE]
    return moves


def mid_returns(quotes: Quotes, ends: Ends, step_ns: int) -> Floats:
    """Log returns of the mid from step to step within a span."""
    moves: Floats = np.diff(np.log(sampled(quotes.t_ns, quotes.mid, ends, step_ns)))
    return moves


def volume_facts(sessions: Sequence[tuple[Minutes, Ends]]) -> VolumeFacts:
    """Measure the day's course of volume; each session with its regular hours."""

    def a_minute(from_ns: int, to_ns: int, from_end: bool = False) -> float:
        total = sum(float(within(m, (r[from_end] + from_ns, r[from_end] + to_ns)).volume.sum()) for m, r in sessions)
        return total / ((to_ns - from_ns) / MINUTE)

    regular = sum(within(m, r).volume.sum() for m, r in sessions)
    midday = a_minute(*MIDDAY)
    return VolumeFacts(
        regular / (sum(m.volume.sum() for m, _ in sessions) - regular),
        a_minute(0, EDGE_NS) / midday,
        a_minute(-EDGE_NS, 0, from_end=True) / midday,
    )


def return_facts(sessions: Sequence[Floats], step_ns: int) -> ReturnFacts:
    """Measure returns, one array a session; autocorrelations never reach across two."""
    pooled = np.concatenate(sessions)
    sd = pooled.std()
    spread = [np.abs(each) for each in sessions]
    return ReturnFacts(
        len(pooled),
        float(sd * sqrt(390 * MINUTE / step_ns)),
        float(((pooled - pooled.mean()) ** 4).mean() / sd**4),
        autocorrelation(sessions, 1),
        autocorrelation(spread, 1),
        autocorrelation(spread, 10),
        float((pooled == 0).mean()),
    )


def autocorrelation(sessions: Sequence[Floats], lag: int) -> float:
    """Correlate values with those `lag` later within the same session, around the mean of all.

    >>> round(autocorrelation([np.array([1.0, -1.0] * 50)], 1), 2)
    -0.99
    """
    mean = np.concatenate(sessions).mean()
    centred = [each - mean for each in sessions]
    return float(sum((each[lag:] * each[:-lag]).sum() for each in centred) / sum((each * each).sum() for each in centred))


def vol_of_vol(sessions: Sequence[Floats]) -> float:
    """Standard deviation, within a session, of the log of realised volatility over blocks of ten one-minute returns."""
    logs = []
    for each in sessions:
        blocks = each[: len(each) // BLOCK * BLOCK].reshape(-1, BLOCK)
        realised = (blocks**2).sum(axis=1)
        logs.append(0.5 * np.log(realised[realised > 0]).std())
    return float(np.mean(logs))


def spread_facts(parts: Sequence[tuple[Quotes, Ends]]) -> SpreadFacts:
    """Measure spreads, weighted by time, over spans of quotes."""
    width, weight = [], []
    for quotes, ends in parts:
        cut = within(quotes, ends)
        width.append(cut.ask - cut.bid)
        weight.append(np.diff(cut.t_ns, append=ends[1]))
    ticks, time = np.concatenate(width), np.concatenate(weight)
    share = [float(time[np.isclose(ticks, n)].sum() / time.sum()) for n in (1, 2)]
    return SpreadFacts(share[0], share[1], float((ticks * time).sum() / time.sum()))


def together(a: Minutes, b: Minutes, ends: Ends, step_ns: int = MINUTE) -> tuple[Floats, Floats]:
    """Give log returns of both over the bars that both have."""
    a, b = within(a, ends), within(b, ends)
    common, at_a, at_b = np.intersect1d(a.t_ns, b.t_ns, return_indices=True)
    adjacent = np.diff(common) == step_ns
    return np.diff(np.log(a.close[at_a]))[adjacent], np.diff(np.log(b.close[at_b]))[adjacent]


def correlation(pairs: Sequence[tuple[Floats, Floats]]) -> float:
    """Correlate two series of returns, given session by session."""
    return float(np.corrcoef(np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs]))[0, 1])


def lead(first: Quotes, second: Quotes, ends: Ends, *, step_ns: int = 25 * MS, reach_ns: int = 1500 * MS) -> Lead:
    """Find by how much the mid of `first` leads that of `second`, without a common grid of time.

    Estimator of Hayashi and Yoshida (2005), Bernoulli 11(2), one side shifted: Hoffmann, Rosenbaum and Yoshida (2013), Bernoulli 19(2).
    The covariance at a lag sums the products of all moves whose intervals overlap once `second` is moved back by it. The increments of
    `second` that overlap an interval of `first` add up to one difference, so each lag costs two searches.
    """
    (t1, x1), (t2, x2) = (_changes(within(each, ends)) for each in (first, second))
    lags = np.arange(-reach_ns, reach_ns + 1, step_ns, dtype=np.int64)
    moves = np.diff(x1)
    norm = sqrt((moves**2).sum() * (np.diff(x2) ** 2).sum())
    curve = np.empty(len(lags))
    for k, lag in enumerate(lags):
        moved = t2 - lag
        low = np.clip(np.searchsorted(moved, t1[:-1], side="right") - 1, 0, len(x2) - 1)
        high = np.clip(np.searchsorted(moved, t1[1:], side="left"), 0, len(x2) - 1)
        curve[k] = (moves * (x2[high] - x2[low])).sum() / norm
    return Lead(int(lags[curve.argmax()]), lags, curve)


def flow_facts(parts: Sequence[tuple[Prints, Quotes, Ends]], *, horizon_ns: int = MINUTE, stride_ns: int = 5 * SECOND) -> FlowFacts:
    """Measure what signed volume says about returns of the mid: windows of `horizon_ns`, one begun every `stride_ns`."""
    n = horizon_ns // stride_ns
    flow, now, after = [], [], []
    for prints, quotes, ends in parts:
        mid = np.log(sampled(quotes.t_ns, quotes.mid, ends, stride_ns))
        signed = np.append(0.0, np.cumsum(prints.side * prints.size))
        grid = np.arange(ends[0], ends[1] + 1, stride_ns)[-len(mid) :]
        total = signed[np.searchsorted(prints.t_ns, grid, side="right")]
        flow.append((total[n:] - total[:-n])[:-n])
        now.append((mid[n:] - mid[:-n])[:-n])
        after.append(mid[2 * n :] - mid[n:-n])
    f, r, a = (np.concatenate(each) for each in (flow, now, after))
    told = (f != 0) & (a != 0)
    return FlowFacts(float(np.corrcoef(f, r)[0, 1]), float((np.sign(f) == np.sign(a))[told].mean()), int(told.sum()))


def _changes(quotes: Quotes) -> tuple[Times, Floats]:
    """Keep the quotes at which the log of the mid moved."""
    mid = np.log(quotes.mid)
    kept = np.diff(mid, prepend=np.inf) != 0
    return quotes.t_ns[kept], mid[kept]
