"""How alike markets move: as-of joined returns, correlations of pairs, rolling correlations of many. Measures; judges nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from workbench.domain.errors import ConfigError, DataError
from workbench.research.frames.bars import length_of
from workbench.research.frames.sheet import times
from workbench.research.leadlag import kernels
from workbench.research.leadlag.asof import Floats
from workbench.research.leadlag.curve import step_moments, step_returns
from workbench.research.leadlag.pair import pair_of
from workbench.research.leadlag.resample import block_counts, range_of

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

PAIRS: Final = (("ES", "SPY"), ("NQ", "QQQ"), ("RTY", "IWM"))


def joined_returns(
    source: Session | Mapping[str, pl.DataFrame], first: str, *others: str, every: str | None = None, hours: str = "regular"
) -> pl.DataFrame:
    """Give log returns of two or more markets at the same moments: each as it was last known there.

    Parameters
    ----------
    first, others
        Roots, contracts, or names of frames.
    every
        Step: ``"5s" "1m"``. `None`: one minute of ticks, the bar of bars.

    Returns
    -------
    polars.DataFrame
        ``time`` (end, UTC), and a column a market; where the first is known and any other, null where another is not. No return reaches
        across a close, a hole or a missing bar.
    """
    made: pl.DataFrame | None = None
    for second in others:
        pair = pair_of(source, first, second, hours=hours)
        parts = [step_returns(pair, each, _step(pair.step_ns, every)) for each in pair.stretches]
        r1, r2, at = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        both = pl.DataFrame([times(at, "UTC").alias("time"), pl.Series(first, r1), pl.Series(second, r2)]).fill_nan(None).drop_nulls()
        made = both if made is None else made.join(both, on=["time", first], how="full", coalesce=True)
    if made is None:
        raise ConfigError(f"{first} alone: there is no other to join")
    return made.sort("time")


def correlations(
    source: Session | Mapping[str, pl.DataFrame],
    pairs: Sequence[tuple[str, str]] | None = None,
    *,
    every: str | None = None,
    hours: str = "regular",
) -> pl.DataFrame:
    """Correlate pairs of markets, with the range of it.

    Parameters
    ----------
    pairs
        `None`: those of `PAIRS` that are there.
    every
        Step: ``"5s" "1m"``. `None`: one minute of ticks, the bar of bars.

    Returns
    -------
    polars.DataFrame
        ``first second days n corr lo hi beta before after``: correlation of returns and its 95 % range, the second's move for one of the
        first, and the correlation with the second one step before and one step after.

    Raises
    ------
    DataError
        A pair is not there, or none is.
    """
    rows = []
    for first, second in _there(source) if pairs is None else pairs:
        pair = pair_of(source, first, second, hours=hours)
        moments = step_moments(pair, np.array([-1, 0, 1]), _step(pair.step_ns, every))
        total = moments.total()
        before, corr, after = total.correlation().tolist()
        low, high = range_of(moments.drawn(block_counts(pair.n_blocks)).correlation()[:, 1:2])
        beta = float(total.xy[1] / total.xx[1])  # through 0: the mean of such returns is noise
        rows.append((first, second, len(pair.days), int(total.n[1]), corr, float(low[0]), float(high[0]), beta, before, after))
    columns = ["first", "second", "days", "n", "corr", "lo", "hi", "beta", "before", "after"]
    return pl.DataFrame(rows, schema=columns, orient="row")


class Rolling(NamedTuple):
    """Rolling correlations of every pair of ``names``: ``values[row, pair]``, pairs as `itertools.combinations` gives them."""

    time: pl.Series
    names: tuple[str, ...]
    values: Floats

    def pair(self, first: str, second: str) -> pl.DataFrame:
        """Give one pair: ``time corr``, null until the window is full and where one was missing in it."""
        places = {pair: k for k, pair in enumerate(combinations(self.names, 2))}
        at = places.get((first, second), places.get((second, first)))
        if at is None:
            raise DataError(f"there is no pair {first}, {second}; there are {', '.join(self.names)}")
        return pl.DataFrame([self.time.alias("time"), pl.Series("corr", self.values[:, at])]).fill_nan(None)

    def last(self) -> pl.DataFrame:
        """Give all pairs as they are at the end: ``first second corr``."""
        pairs = list(combinations(self.names, 2))
        columns: dict[str, Any] = {"first": [a for a, _ in pairs], "second": [b for _, b in pairs], "corr": self.values[-1]}
        return pl.DataFrame(columns).fill_nan(None)


def rolling_correlations(returns: pl.DataFrame, window: int = 60) -> Rolling:
    """Correlate every pair of many series over the last `window` rows, row by row.

    Parameters
    ----------
    returns
        ``time``, and a column a series; null where there was no return. A pair has no correlation while one of it lacks a row.
    window
        Rows, at least 2 and at most as many as there are.

    Examples
    --------
    >>> frame = pl.DataFrame({"time": [1, 2, 3, 4], "ES": [1.0, -1.0, 2.0, 0.5], "SPY": [1.1, -0.9, 2.1, 0.6]})
    >>> rolling_correlations(frame, 3).pair("ES", "SPY")["corr"].round(3).to_list()
    [None, None, 1.0, 1.0]
    """
    names = tuple(name for name in returns.columns if name != "time")
    if not 2 <= window <= len(returns) or len(names) < 2:
        raise ConfigError(f"rolling correlations need 2 series and 2 to {len(returns):,} rows, not {len(names)} and {window}")
    rows = np.column_stack([returns[name].to_numpy() for name in names]).astype(np.float64, copy=False)  # null becomes NaN
    values = np.empty((len(rows), len(names) * (len(names) - 1) // 2))
    kernels.rolling(rows, window, values)
    return Rolling(returns["time"], names, values)


def _there(source: Session | Mapping[str, pl.DataFrame]) -> list[tuple[str, str]]:
    names = set(source) if isinstance(source, Mapping) else {contract.root for contract in source.contracts}
    found = [pair for pair in PAIRS if set(pair) <= names]
    if not found:
        raise DataError(f"none of {', '.join('-'.join(pair) for pair in PAIRS)} is there; there are {', '.join(sorted(names))}")
    return found


def _step(bar_ns: int, every: str | None) -> int:
    if every is None:
        return bar_ns or length_of("1m")
    step_ns = length_of(every)
    if bar_ns and step_ns % bar_ns:
        raise ConfigError(f"every={every!r} is no whole number of bars")
    return step_ns
