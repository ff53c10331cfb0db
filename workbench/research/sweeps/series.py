"""Bars as whole numbers: a frame of one contract turned into arrays of price quanta, cut into sessions. Refuses what is off the grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import DataError
from workbench.research.sweeps.terms import Terms

Ints = npt.NDArray[np.int64]
PRICES = ("open_pts", "high_pts", "low_pts", "close_pts")
OFF = 1e-6  # of a quantum, that a price in floats may be away from it


class Series(NamedTuple):
    """One contract's bars. ``edges`` cut them into sessions: ``edges[s] <= i < edges[s + 1]``; ``frame`` are the rows with a price.

    ``moved2[i]`` is the sum of the squares of the moves from close to close before bar i.
    """

    open: Ints
    high: Ints
    low: Ints
    close: Ints
    moved2: Ints
    edges: Ints
    frame: pl.DataFrame


def series_of(bars: pl.DataFrame, terms: Terms) -> Series:
    """Turn a frame of bars into whole numbers; rows without a price are left out.

    Parameters
    ----------
    bars
        ``time open_pts high_pts low_pts close_pts``, rising in time, of one contract; with ``session`` cut by it, else one piece.

    Raises
    ------
    DataError
        A column is missing, time does not rise or sessions do not with it, several contracts, nothing is in it, or a price is off the grid.
    """
    if missing := [name for name in ("time", *PRICES) if name not in bars.columns]:
        raise DataError(f"bars need {', '.join(missing)}: they have {', '.join(bars.columns)}")
    there = bars.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in PRICES))
    if not len(there):
        raise DataError("there is nothing to sweep: no bar has a price")
    if "symbol" in there.columns and there["symbol"].n_unique() > 1:
        raise DataError(f"a sweep is of one contract; the bars are of {', '.join(sorted(there['symbol'].unique().to_list()))}")
    if not there["time"].is_sorted() or there["time"].n_unique() < len(there):
        raise DataError("bars must rise in time, one a moment: sort them")
    opened, high, low, close = (_quanta(there, name, terms) for name in PRICES)
    cuts: list[int] = []
    if "session" in there.columns:
        named, runs = there["session"], there["session"].rle_id()
        is_falling = named.dtype != pl.String and not named.is_sorted()
        if named.null_count() or is_falling or named.n_unique() <= int(runs[-1]):
            raise DataError("the sessions of bars must be known, rise with time, and not come back")
        cuts = (np.flatnonzero(np.diff(runs.to_numpy().astype(np.int64))) + 1).tolist()
    moved2 = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.square(np.diff(close, prepend=close[0])))])
    return Series(opened, high, low, close, moved2, np.array([0, *cuts, len(there)], np.int64), there)


def _quanta(bars: pl.DataFrame, name: str, terms: Terms) -> Ints:
    exact = bars[name].to_numpy() * terms.quantum.denominator / terms.quantum.numerator
    whole = np.rint(exact)
    off = np.flatnonzero(~(np.abs(exact - whole) <= OFF))
    if len(off):
        price = f"{bars[name][int(off[0])]} in {name} at {bars['time'][int(off[0])]}"
        raise DataError(f"{price} is off the grid of {terms.root}, {float(terms.quantum):g}: adjust by differences, or give its own terms")
    return np.ascontiguousarray(whole, np.int64)
