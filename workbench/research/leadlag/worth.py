"""What a lead is worth: how often it points the right way, how much it says, and what is left after costs, with ranges. Measures only.

At a moment the move of the leader over the last so many seconds is known. It forecasts the move of the follower over as many to come, by a
slope that was fitted on the days before. Whoever acts on it pays the spread that then stands, slippage and commission.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.units import SECOND
from workbench.research.leadlag.asof import Floats, Ints, last_known
from workbench.research.leadlag.costs import Costs
from workbench.research.leadlag.curve import on_grid
from workbench.research.leadlag.pair import Pair, Series, Stretch
from workbench.research.leadlag.resample import Moments, block_counts, holm, range_of, two_sided

LOOKS: Final = 4  # in the length of a horizon: neighbours share most of what they see, and are drawn together
LEAST_ACTED: Final = 30  # round trips, and
LEAST_DAYS: Final = 3  # before a slope is fitted
LEAST_BLOCKS: Final = 30  # pieces of time they lie in, before a mean of them is believed
COLUMNS: Final = (
    "horizon_s", "n", "corr_before", "corr_same", "corr_after", "ic", "ic_lo", "ic_hi", "p", "hit_frac", "hit_lo_frac", "hit_hi_frac",
    "snr", "gain_usd", "cost_usd", "net_usd", "net_lo_usd", "net_hi_usd", "n_acted", "acted_usd", "acted_lo_usd", "acted_hi_usd", "p_acted",
)  # fmt: skip


class Looks(NamedTuple):
    """What was seen at each moment at which somebody could have acted; log moves, points, block and day."""

    signal: Floats  # leader, the past horizon
    past: Floats  # follower, the same
    leader_after: Floats
    after: Floats  # follower, the next horizon
    target: Floats  # the same, from when an order could have been filled
    pts: Floats  # price of the follower
    cost_pts: Floats  # of a round trip then and there
    quoted_pts: Floats  # the same, as it could be known beforehand
    block: Ints
    day: Ints


class Ranged(NamedTuple):
    """A mean over blocks: value, range, spread of its samples; `None` where nothing is there."""

    value: float | None
    lo: float | None = None
    hi: float | None = None
    spread: float = 0.0


def worth_of(pair: Pair, horizons_ns: Sequence[int], costs: Costs, *, delay_ns: int, sign: int, is_judged: bool) -> pl.DataFrame:
    """Measure what the first of a pair says about the second, over several horizons.

    Parameters
    ----------
    delay_ns
        From knowing to being filled.
    sign
        -1 of markets that move against each other.
    is_judged
        Whether there is data enough to speak of chance: else no p.

    Returns
    -------
    polars.DataFrame
        `COLUMNS`, a row a horizon. ``corr_before same after``: of the leader's move with the follower's before it, beside it, after it.
        ``ic``: rank correlation of forecast and outcome. ``hit_frac``: where both moved, how often the same way. ``snr``: gain of a round
        trip over its standard deviation, before costs. ``net_usd``: of acting every time. ``acted_usd``: of acting only where the forecast
        was above the costs. ``p p_acted``: corrected for the number of horizons.

    Notes
    -----
    Of bars of random walks, 150 seeds of 12 days: a single p was below 0.05 in 5 to 7 of 100 at one to five bars, in 8 to 12 of 100 at 15
    and 30, of which such days have few that are independent. Runs of blocks three times as long changed nothing.
    """
    rows = [_row(pair, horizon, costs, delay_ns, sign) for horizon in horizons_ns]
    for name in ("p", "p_acted"):
        places = [k for k, row in enumerate(rows) if row[name] is not None]
        for k, p in zip(places, holm([rows[k][name] or 0.0 for k in places]), strict=True):
            rows[k][name] = p if is_judged else None
    types = {name: pl.Int64() if name in ("n", "n_acted") else pl.Float64() for name in COLUMNS}
    return pl.DataFrame(rows, schema=types)


def _row(pair: Pair, horizon: int, costs: Costs, delay_ns: int, sign: int) -> dict[str, float | None]:
    seen = _looks(pair, horizon, costs, delay_ns)
    row: dict[str, float | None] = dict.fromkeys(COLUMNS) | {"horizon_s": horizon / SECOND, "n": len(seen.signal), "n_acted": 0}
    if len(seen.signal) < 3:
        return row
    counts = block_counts(pair.n_blocks, 1.0 + 2.0 * horizon / pair.block_ns)
    for name, (x, y) in {
        "corr_before": (seen.past, seen.leader_after),
        "corr_same": (seen.signal, seen.past),
        "corr_after": (seen.signal, seen.after),
    }.items():
        row[name] = _known(_moments(x, y, seen.block, pair.n_blocks).total().correlation())
    ranks = _moments(_ranks(seen.signal), _ranks(seen.target), seen.block, pair.n_blocks)
    drawn = ranks.drawn(counts).correlation()
    row["ic"] = ic = _known(ranks.total().correlation())
    if ic is not None:
        low, high = range_of(drawn)
        row |= {"ic_lo": float(low[0]), "ic_hi": float(high[0])}
        row["p"] = two_sided(ic, float(np.nanstd(drawn)))
    way = sign * np.sign(seen.signal)
    gain = way * np.expm1(seen.target) * seen.pts
    moved = (way != 0) & (seen.target != 0)
    hit = _mean(way * seen.target > 0, moved, seen.block, counts)
    row |= {"hit_frac": hit.value, "hit_lo_frac": hit.lo, "hit_hi_frac": hit.hi}
    acts = way != 0
    if acts.any():
        spread = float(gain[acts].std())
        row["snr"] = float(gain[acts].mean()) / spread if spread else None
        row["gain_usd"], row["cost_usd"] = costs.usd(float(gain[acts].mean())), costs.usd(float(seen.cost_pts[acts].mean()))
    net = _mean(costs.usd(1.0) * (gain - seen.cost_pts), acts, seen.block, counts)
    row |= {"net_usd": net.value, "net_lo_usd": net.lo, "net_hi_usd": net.hi}
    return row | _acted(seen, costs, counts)


def _acted(seen: Looks, costs: Costs, counts: Floats) -> dict[str, float | None]:
    """Act only where the forecast is above what a round trip costs."""
    forecast = _slopes(seen) * seen.signal * seen.pts
    acts = np.abs(forecast) > seen.quoted_pts
    gain = np.sign(forecast) * np.expm1(seen.target) * seen.pts - seen.cost_pts
    n = int(acts.sum())
    if n < LEAST_ACTED or len(np.unique(seen.block[acts])) < LEAST_BLOCKS:
        return {"n_acted": n, "acted_usd": costs.usd(float(gain[acts].mean())) if n else None}
    net = _mean(costs.usd(1.0) * gain, acts, seen.block, counts)
    p = two_sided(net.value or 0.0, net.spread)
    return {"n_acted": n, "acted_usd": net.value, "acted_lo_usd": net.lo, "acted_hi_usd": net.hi, "p_acted": p}


def _slopes(seen: Looks) -> Floats:
    """Give for each look the slope of target on signal over all days before its own; 0 until there are `LEAST_DAYS`.

    Over all *other* days it would lean away from the day it is tried on, and every worthless forecast would look like a losing one.
    """
    days, of = np.unique(seen.day, return_inverse=True)
    xy, xx = (np.cumsum(np.bincount(of, seen.signal * each, len(days))) for each in (seen.target, seen.signal))
    slopes = np.zeros(len(days))
    slopes[LEAST_DAYS:] = (xy / np.where(xx > 0, xx, 1.0))[LEAST_DAYS - 1 : -1]
    return slopes[of]


def _looks(pair: Pair, horizon: int, costs: Costs, delay_ns: int) -> Looks:
    parts = [_looks_of(pair, each, horizon, costs, delay_ns) for each in pair.stretches]
    return Looks(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _looks_of(pair: Pair, each: Stretch, horizon: int, costs: Costs, delay_ns: int) -> Looks:
    stride = pair.step_ns or (horizon if horizon <= SECOND else horizon // LOOKS)
    start = each.start_ns + (pair.step_ns or 0)
    at = np.arange(start + horizon, each.end_ns - horizon - delay_ns + 1, stride, dtype=np.int64)

    def log(series: Series, shift: int) -> Floats:
        return on_grid(series, at + shift, exact=pair.is_bars)

    lead, follow = each.first, each.second
    lead_now, now, now_later = log(lead, 0), log(follow, 0), log(follow, delay_ns)
    cost = costs.fixed_pts + (_spread(follow, at + delay_ns) + _spread(follow, at + delay_ns + horizon)) / 2
    columns = (
        lead_now - log(lead, -horizon), now - log(follow, -horizon), log(lead, horizon) - lead_now, log(follow, horizon) - now,
        log(follow, delay_ns + horizon) - now_later, np.exp(now_later), cost, costs.fixed_pts + _spread(follow, at),
    )  # fmt: skip
    there = ~np.isnan(np.array(columns)).any(axis=0)
    block = each.block + (at - each.start_ns - (1 if pair.is_bars else 0)) // pair.block_ns
    kept = [column[there] for column in columns]
    return Looks._make([*kept, block[there], np.full(len(block), each.day)[there]])


def _spread(series: Series, at_ns: Ints) -> Floats:
    """Give the spread that stood at each moment; 0 where it is among the fixed costs."""
    if series.spread_pts is None:
        return np.zeros(len(at_ns))
    return series.spread_pts[np.maximum(last_known(series.t_ns, at_ns), 0)]


def _moments(x: Floats, y: Floats, block: Ints, n: int) -> Moments:
    sums = [np.bincount(block, values, n)[:, None].astype(float) for values in (np.ones(len(x)), x, y, x * x, y * y, x * y)]
    return Moments(*sums)


def _mean(values: npt.NDArray[np.generic], chosen: npt.NDArray[np.bool_], block: Ints, counts: Floats) -> Ranged:
    """Average the chosen, and say how sure that is."""
    if not chosen.any():
        return Ranged(None)
    n = np.bincount(block[chosen], minlength=counts.shape[1]).astype(float)
    total = np.bincount(block[chosen], np.asarray(values[chosen], float), counts.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (counts @ total) / (counts @ n)
    low, high = range_of(drawn[:, None])
    return Ranged(float(total.sum() / n.sum()), float(low[0]), float(high[0]), float(np.nanstd(drawn)))


def _ranks(values: Floats) -> Floats:
    """Rank, ties by their mean, around 0."""
    ranks = pl.Series(values).rank("average").to_numpy()
    centred: Floats = ranks - ranks.mean()
    return centred


def _known(correlation: Floats) -> float | None:
    value = float(correlation.ravel()[0])
    return None if np.isnan(value) else value
