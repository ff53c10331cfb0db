"""Quotes, prints and depth as frames of the records they are; each column made by one pass over the records. Reads memory only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Records
from workbench.research.frames.sheet import Ints, Make, Sheet, named, times, where

KINDS: Final = {
    "quotes": (Kind.QUOTE,),
    "prints": (Kind.PRINT,),
    "depth": (Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET),
}
ACTIONS: Final = {Kind.DEPTH_INSERT: "insert", Kind.DEPTH_UPDATE: "update", Kind.DEPTH_DELETE: "delete", Kind.DEPTH_RESET: "reset"}
Floats = npt.NDArray[np.float64]


class Scales:
    """From quanta to points and sizes, for records of several contracts at once; the same rounding as `Contract.to_pts`."""

    def __init__(self, contracts: Sequence[Contract]) -> None:
        ids = [contract.id for contract in contracts]
        self.at = np.zeros(max(ids, default=0) + 1, np.uint32)  # contract id -> row of the tables below
        self.at[ids] = range(len(ids))
        self.symbols = [contract.symbol for contract in contracts]
        self._price = _fractions([contract.quantum for contract in contracts])
        self._size = _fractions([Fraction(contract.size_quantum) for contract in contracts])

    def pts(self, px: npt.NDArray[Any], rows: npt.NDArray[Any]) -> Floats:
        """Give prices in points."""
        return _scaled(px, rows, *self._price)

    def size(self, sz: npt.NDArray[Any], rows: npt.NDArray[Any]) -> Floats:
        """Give sizes in contracts, shares, coins."""
        return _scaled(sz, rows, *self._size)


def _fractions(units: Sequence[Fraction]) -> tuple[Ints, Floats]:
    return np.array([unit.numerator for unit in units], np.int64), np.array([float(unit.denominator) for unit in units])


def _scaled(quanta: npt.NDArray[Any], rows: npt.NDArray[Any], num: Ints, den: Floats) -> Floats:
    """Multiply first and divide last: one rounding."""
    made: Floats = quanta * num[0] / den[0] if len(num) == 1 else quanta * num[rows] / den[rows]
    return made


def rows_of(records: Records, kinds: Collection[int], contracts: Sequence[Contract], *, is_all: bool) -> Ints:
    """Give the places of the records of these kinds and contracts. `is_all`: there are no others."""
    kind = records["kind"]
    first, last = min(kinds), max(kinds)
    mine = kind == first if first == last else (kind >= first) & (kind <= last)
    if not is_all:
        mine &= np.isin(records["contract"], [contract.id for contract in contracts])
    return np.flatnonzero(mine)


def market_sheet(name: str, records: Records, contracts: Sequence[Contract], zone: str, *, is_all: bool) -> Sheet:
    """Make quotes, prints or depth of the records of a session.

    Parameters
    ----------
    contracts
        Whose records count.
    is_all
        Whether the records are of these contracts alone.
    """
    at = rows_of(records, KINDS[name], contracts, is_all=is_all)
    taken: dict[str, npt.NDArray[Any]] = {}

    def take(field: str) -> npt.NDArray[Any]:
        if field not in taken:
            taken[field] = records[field][at]
        return taken[field]

    scales = Scales(contracts)
    columns: dict[str, Make] = {
        "time": lambda: times(take("recv_ns"), zone),
        "symbol": lambda: named(scales.symbols, scales.at[take("contract")]),
        "seq": lambda: pl.Series(take("seq")),
    }
    columns |= {"quotes": _quotes, "prints": _prints, "depth": _depth}[name](take, scales)
    columns["event_time"] = lambda: times(where(take("event_ns"), take("flags") & EVENT_TIME != 0), zone)
    return Sheet(take("recv_ns"), columns)


Take = Callable[[str], npt.NDArray[Any]]


def _quotes(take: Take, scales: Scales) -> dict[str, Make]:
    def price(field: str, flag: int) -> Make:
        return lambda: where(scales.pts(take(field), scales.at[take("contract")]), take("flags") & flag != 0)

    def size(field: str, flag: int) -> Make:
        return lambda: where(scales.size(take(field), scales.at[take("contract")]), take("flags") & flag != 0)

    return {"bid_pts": price("px", BID), "bid_size": size("sz", BID), "ask_pts": price("px2", ASK), "ask_size": size("sz2", ASK)}


def _prints(take: Take, scales: Scales) -> dict[str, Make]:
    return {
        "price_pts": lambda: pl.Series(scales.pts(take("px"), scales.at[take("contract")])),
        "size": lambda: pl.Series(scales.size(take("sz"), scales.at[take("contract")])),
        "side": lambda: where(take("side"), take("side") != 0),
    }


def _depth(take: Take, scales: Scales) -> dict[str, Make]:
    actions = [ACTIONS.get(Kind(kind)) for kind in range(Kind.DEPTH_INSERT, Kind.DEPTH_RESET + 1)]

    def has_row() -> npt.NDArray[np.bool_]:
        made: npt.NDArray[np.bool_] = take("kind") != Kind.DEPTH_RESET
        return made

    def has_price() -> npt.NDArray[np.bool_]:
        made: npt.NDArray[np.bool_] = take("kind") <= Kind.DEPTH_UPDATE
        return made

    return {
        "action": lambda: named(actions, take("kind") - np.uint8(Kind.DEPTH_INSERT)),
        "side": lambda: where(named(["bid", "ask"], take("side") < 0), has_row()),
        "level": lambda: where(take("level").astype(np.int16), has_row()),
        "price_pts": lambda: where(scales.pts(take("px"), scales.at[take("contract")]), has_price()),
        "size": lambda: where(scales.size(take("sz"), scales.at[take("contract")]), has_price()),
    }
