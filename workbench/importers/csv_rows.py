"""Columns of text as records: bars, quotes, prints. Every number is read exactly or its row is rejected; no file is opened here."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.config import Root
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Records, empty
from workbench.importers.bars import BarColumns, bar_records
from workbench.importers.csv_columns import Columns
from workbench.importers.decimals import quanta, undo_float32
from workbench.importers.quarantine import Verdicts

BUYER: Final = ("b", "buy", "buyer", "bid", "1", "+1")
SELLER: Final = ("s", "sell", "seller", "ask", "a", "-1")
NOT_KNOWN: Final = ("", "0", "n", "none", "unknown")
SIDES: Final = {word: side for side, words in ((1, BUYER), (-1, SELLER), (0, NOT_KNOWN)) for word in words}
GROUPED: Final = r"^[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?$"
FAR_TOO_MUCH: Final = 2.0**62  # quanta; beyond it a sum would not fit 64 bits
Ints = npt.NDArray[np.int64]
Maker = Callable[[Ints], Records]  # records of these rows


class Table(NamedTuple):
    """A file half read: its columns of text, what became of each line, and the root that its prices are written in.

    ``are_float32``: its numbers went through 32-bit floats, which is undone. ``length_ns``: of its bars, 0 when it has none.
    ``per_point``: what its prices count to a point, 1 or 10,000 (Lean's shares). ``has_comma``: before decimals stands a comma.
    """

    columns: Columns
    verdicts: Verdicts
    root: Root
    are_float32: bool = False
    length_ns: int = 0
    per_point: int = 1
    has_comma: bool = False

    def price(self, name: str, *, may_miss: bool = False) -> Ints:
        """Read a column of prices in quanta; 0 where there is none."""
        step = f"{Decimal(self.root.price_quantum) * self.per_point:f}"
        return self._number(name, step, f"{name} is off the grid of {self.root.price_quantum}", may_miss=may_miss)

    def size(self, name: str, *, may_miss: bool = False) -> Ints:
        """Read a column of sizes in quanta; a negative one is rejected."""
        found = self._number(name, self.root.size_quantum, f"{name} is no multiple of {self.root.size_quantum}", may_miss=may_miss)
        self.verdicts.mark(found < 0, f"{name} is negative")
        return found

    def is_blank(self, name: str) -> npt.NDArray[np.bool_]:
        """Mark the rows that say nothing in this column."""
        return np.asarray(self.columns[name].fill_null("").str.strip_chars().str.len_bytes().to_numpy() == 0, np.bool_)

    def _number(self, name: str, quantum: str, off_grid: str, *, may_miss: bool) -> Ints:
        text = with_point(self.columns[name]) if self.has_comma else self.columns[name]
        read = quanta(undo_float32(text) if self.are_float32 else text, quantum)
        missing = self.is_blank(name) if may_miss else np.zeros(len(read.value), np.bool_)
        self.verdicts.mark(~read.is_number & ~missing, f"{name} is no number")
        self.verdicts.mark(read.is_number & ~read.on_grid, off_grid)
        return read.value


def with_point(text: pl.Series) -> pl.Series:
    """Write numbers with a decimal comma, and maybe points between thousands, as we read them; what has a decimal point becomes none.

    >>> with_point(pl.Series(["6904,25", "1.234.567", "-6.904,5", "6904.25", "7"])).to_list()
    ['6904.25', '1234567', '-6904.5', '', '7']
    """
    text = text.fill_null("").str.strip_chars()
    grouped = text.str.contains(GROUPED)
    text = pl.select(
        pl.when(grouped)
        .then(text.str.replace_all(".", "", literal=True))
        .when(text.str.contains(".", literal=True))
        .then(pl.lit(""))
        .otherwise(text)
    ).to_series()
    return text.str.replace(",", ".", literal=True)


def bars(table: Table, end_ns: Ints) -> Maker:
    """Read bars that end at `end_ns`; their records are made once it is known which rows stand."""
    opening, high, low, close = (table.price(name) for name in ("open", "high", "low", "close"))
    volume = table.size("volume")
    count = table.size("count") if "count" in table.columns else None
    table.verdicts.mark(high < np.maximum(np.maximum(opening, close), low), "high is not the highest")
    table.verdicts.mark(low > np.minimum(opening, close), "low is not the lowest")
    largest = np.maximum(np.abs(high.astype(float)), np.abs(low.astype(float)))
    table.verdicts.mark(6 * largest * volume >= FAR_TOO_MUCH, "price x volume is more than any market trades")

    def records(rows: Ints) -> Records:
        counted = None if count is None else count[rows]
        spans = (end_ns[rows] - table.length_ns, end_ns[rows])
        return bar_records(BarColumns(*spans, opening[rows], high[rows], low[rows], close[rows], volume[rows], counted))

    return records


def quotes(table: Table, at_ns: Ints) -> Maker:
    """Read the best bid and ask; a side without price or size is not there."""
    bid, bid_size = table.price("bid", may_miss=True), table.size("bid_size", may_miss=True)
    ask, ask_size = table.price("ask", may_miss=True), table.size("ask_size", may_miss=True)
    has_bid = ~table.is_blank("bid") & (bid_size > 0)
    has_ask = ~table.is_blank("ask") & (ask_size > 0)

    def records(rows: Ints) -> Records:
        made = _stamped(Kind.QUOTE, at_ns[rows])
        made["flags"] |= np.where(has_bid[rows], BID, 0).astype(np.uint8) | np.where(has_ask[rows], ASK, 0).astype(np.uint8)
        for field, column, there in (("px", bid, has_bid), ("sz", bid_size, has_bid), ("px2", ask, has_ask), ("sz2", ask_size, has_ask)):
            made[field] = np.where(there[rows], column[rows], 0)
        return made

    return records


def prints(table: Table, at_ns: Ints) -> Maker:
    """Read trades; without a column of sides, who was aggressive is not known."""
    price, size = table.price("price"), table.size("size")
    side = np.zeros(len(at_ns), np.int64)
    if "side" in table.columns:
        told = table.columns["side"].fill_null("").str.strip_chars().str.to_lowercase()
        read_side = told.replace_strict(SIDES, default=None, return_dtype=pl.Int64)
        table.verdicts.mark(read_side.is_null().to_numpy(), "side is neither buy nor sell")
        side = read_side.fill_null(0).to_numpy()
    table.verdicts.mark(size == 0, "size is zero")

    def records(rows: Ints) -> Records:
        made = _stamped(Kind.PRINT, at_ns[rows])
        made["px"], made["sz"], made["side"] = price[rows], size[rows], side[rows]
        return made

    return records


MAKERS: Final = {"bars": bars, "quotes": quotes, "prints": prints}


def _stamped(kind: Kind, at_ns: Ints) -> Records:
    made = empty(len(at_ns))
    made["kind"], made["flags"] = kind, EVENT_TIME
    made["recv_ns"] = made["event_ns"] = at_ns
    return made
