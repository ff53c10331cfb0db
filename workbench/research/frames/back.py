"""From a frame back to records: quotes, prints, depth, bars; what cannot be one is refused with its row. Pure; no store, no engine."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Provenance, Records, empty, provenance_flag
from workbench.importers.bars import BarColumns, bar_records
from workbench.research.frames.bars import length_of
from workbench.research.frames.market import ACTIONS
from workbench.research.frames.sheet import Ints

if TYPE_CHECKING:
    import pandas as pd

NEEDS: Final = {
    "bars": ("open_pts", "high_pts", "low_pts", "close_pts", "volume"),
    "quotes": ("bid_pts", "bid_size", "ask_pts", "ask_size"),
    "depth": ("action", "side", "level", "price_pts", "size"),
    "prints": ("price_pts", "size"),
}
NOISE: Final = 1e-6  # quanta a price may lie beside its grid: what arithmetic on floats leaves, far below a millionth of a tick
Bools = npt.NDArray[np.bool_]


def records_of(
    frame: pl.DataFrame | pl.LazyFrame | pd.DataFrame,
    contract: Contract,
    *,
    length: str = "1m",
    provenance: Provenance = Provenance.LIVE,
) -> Records:
    """Turn a frame of quotes, prints, depth or bars of one contract back into records.

    Parameters
    ----------
    frame
        Of polars or pandas, with the columns such a frame of a session has (``docs/sessions.md``), or your own with the same:
        ``time`` with a zone (or a pandas index of times), rising, and ``bid_pts bid_size ask_pts ask_size``, or ``price_pts size``
        (``side``), or ``action side level price_pts size``, or ``open_pts high_pts low_pts close_pts volume``. With a column
        ``symbol`` the rows of other contracts are left out. ``event_time`` and ``seq`` are taken along where they are.
    length
        Of bars; their ``time`` is their end.
    provenance
        How the data came to be. Frames of generated data stay generated: say so.

    Returns
    -------
    Records
        In the order of the rows, ids set, ``seq`` as in the frame or 0. The frame of these records is the frame they were made of.

    Raises
    ------
    DataError
        A column is missing; times fall, or have no zone; a price or size is off the contract's grid. The text names row and remedy.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> prints = pl.DataFrame({"time": [datetime(2026, 11, 19, 15, tzinfo=UTC)] * 2, "price_pts": [6000.25, 6000.5], "size": [1, 2]})
    >>> records_of(prints, es)[["px", "sz", "side"]].tolist()
    [(24001, 1, 0), (24002, 2, 0)]
    >>> records_of(prints.with_columns(pl.col("price_pts") + 0.1), es)
    Traceback (most recent call last):
    workbench.domain.errors.DataError: row 0 (2026-11-19 15:00:00): price_pts 6000.35 of ESZ6 lies between the steps of 0.25; ...
    """
    rows = _own(_polars(frame), contract)
    kind = next((name for name, needed in NEEDS.items() if set(needed) <= set(rows.columns)), None)
    if kind is None:
        needed = "; ".join(f"{name} {' '.join(columns)}" for name, columns in NEEDS.items())
        raise DataError(f"this frame has columns {', '.join(rows.columns)}; market data has time and, for {needed}")
    reader = _Reader(rows, contract)
    made = {"quotes": _quotes, "prints": _prints, "depth": _depth}[kind](reader) if kind != "bars" else _bars(reader, length)
    made["contract"] = contract.id
    made["flags"] |= np.uint8(provenance_flag(provenance))
    return made


def _polars(frame: Any) -> pl.DataFrame:
    """Give the frame as polars; of pandas nan is null, and an index of times is the column `time`."""
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if "time" not in frame.columns and getattr(frame.index, "dtype", None) is not None and frame.index.dtype.kind == "M":
        frame = frame.rename_axis("time").reset_index()
    made: pl.DataFrame = pl.from_pandas(frame)
    return made


def _own(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    if "time" not in frame.columns:
        raise DataError(f"this frame has no column time, only {', '.join(frame.columns)}: rename the one that says when each row was known")
    if "symbol" not in frame.columns:
        return frame
    own = frame.filter(pl.col("symbol").cast(pl.String) == contract.symbol)
    if len(frame) and not len(own):
        there = ", ".join(frame["symbol"].cast(pl.String).unique().sort().to_list())
        raise DataError(f"no row of this frame is of {contract.symbol}; there are {there}")
    return own


class _Reader:
    """Columns of one frame as integers, each refused where it cannot be one."""

    def __init__(self, rows: pl.DataFrame, contract: Contract) -> None:
        self.rows, self.contract = rows, contract
        self.time_ns = self._ns("time")
        if (fallen := np.flatnonzero(self.time_ns[1:] < self.time_ns[:-1])).size:
            raise self.refusal(int(fallen[0]) + 1, "its time is before that of the row above; sort the frame by time")

    def records(self) -> Records:
        """Give a record a row, with its times and number."""
        made = empty(len(self.rows))
        made["recv_ns"] = self.time_ns
        if "seq" in self.rows.columns:
            made["seq"] = self.rows["seq"].cast(pl.Int64).fill_null(0).to_numpy()
        if "event_time" in self.rows.columns:
            there = self.rows["event_time"].is_not_null().to_numpy()
            made["event_ns"] = self._ns("event_time", is_optional=True)
            made["flags"] = np.where(there, EVENT_TIME, 0)
        return made

    def px(self, name: str, there: Bools | None = None) -> Ints:
        """Give prices in quanta."""
        of = self.contract
        steps = f"lies between the steps of {of.price_quantum}; round it, or define the contract with a finer price_quantum"
        return self._quanta(name, of.quantum, steps, there)

    def sz(self, name: str, there: Bools | None = None) -> Ints:
        """Give sizes in quanta, none below zero."""
        of = self.contract
        made = self._quanta(name, Fraction(of.size_quantum), f"is no whole number of {of.size_quantum}; round it", there)
        if (below := np.flatnonzero(made < 0)).size:
            row = int(below[0])
            raise self.refusal(row, f"{name} {self.rows[name][row]} is below zero; the side says who sold, a size counts")
        return made

    def _quanta(self, name: str, unit: Fraction, remedy: str, there: Bools | None) -> Ints:
        values = self._floats(name, there)
        exact = values * unit.denominator / unit.numerator
        whole = np.rint(exact)
        if (off := np.flatnonzero(np.abs(exact - whole) > NOISE)).size:
            row = int(off[0])
            raise self.refusal(row, f"{name} {values[row]:.10g} of {self.contract.symbol} {remedy}")
        return whole.astype(np.int64)

    def _floats(self, name: str, there: Bools | None) -> npt.NDArray[np.float64]:
        column = self.rows[name].cast(pl.Float64, strict=False).fill_nan(None)
        missing = column.is_null().to_numpy() & (True if there is None else there)
        if missing.any():
            row = int(np.flatnonzero(missing)[0])
            raise self.refusal(row, f"{name} is missing or no number; drop the row, or fill it in")
        values: npt.NDArray[np.float64] = column.fill_null(0.0).to_numpy()
        if there is not None:
            values = np.where(there, values, 0.0)
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            raise self.refusal(row, f"{name} is infinite; drop the row")
        return values

    def _ns(self, name: str, *, is_optional: bool = False) -> Ints:
        of = self.rows.schema[name]
        if not isinstance(of, pl.Datetime):
            raise DataError(f"column {name} holds {of}, not times; in pandas: pd.to_datetime(frame[{name!r}], utc=True)")
        if of.time_zone is None:
            say = f'frame["{name}"].dt.tz_localize("America/New_York")'
            raise DataError(f"column {name} has no time zone, so nobody knows when that was; say it, in pandas {say}")
        column = self.rows[name].dt.epoch("ns")
        if not is_optional and column.null_count():
            raise DataError(f"row {int(np.flatnonzero(column.is_null().to_numpy())[0])}: {name} is missing; drop the row")
        made: Ints = column.fill_null(0).to_numpy()
        return made

    def words(self, name: str, allowed: dict[Any, int], there: Bools | None = None) -> Ints:
        """Give numbers for words; null counts as the word `None`."""
        column = self.rows[name].to_list()
        found = [allowed.get(word) if there is None or there[row] else 0 for row, word in enumerate(column)]
        if None in found:
            row = found.index(None)
            named = ", ".join("null" if word is None else str(word) for word in allowed)
            raise self.refusal(row, f"{name} is {column[row]!r}; it is one of {named}")
        return np.array(found, np.int64)

    def refusal(self, row: int, why: str) -> DataError:
        """Say which row cannot be taken, and why."""
        time = str(self.rows["time"][row])[:19]
        return DataError(f"row {row} ({time}): {why}")


def _quotes(reader: _Reader) -> Records:
    made = reader.records()
    made["kind"] = Kind.QUOTE
    for price, size, px, sz, flag in (("bid_pts", "bid_size", "px", "sz", BID), ("ask_pts", "ask_size", "px2", "sz2", ASK)):
        there = reader.rows[price].cast(pl.Float64, strict=False).fill_nan(None).is_not_null().to_numpy()
        made[px], made[sz] = reader.px(price, there), reader.sz(size, there)
        made["flags"] |= np.where(there, flag, 0).astype(np.uint8)
    return made


def _prints(reader: _Reader) -> Records:
    made = reader.records()
    made["kind"], made["px"], made["sz"] = Kind.PRINT, reader.px("price_pts"), reader.sz("size")
    if "side" in reader.rows.columns:
        sides = reader.rows["side"].cast(pl.Float64, strict=False).fill_nan(None).fill_null(0.0).to_numpy()
        if (odd := np.flatnonzero(~np.isin(sides, (-1, 0, 1)))).size:
            row = int(odd[0])
            raise reader.refusal(row, f"side is {reader.rows['side'][row]!r}; it is 1 for a buyer, -1 for a seller, null where not known")
        made["side"] = sides
    return made


def _depth(reader: _Reader) -> Records:
    made = reader.records()
    kinds = reader.words("action", {word: int(kind) for kind, word in ACTIONS.items()})
    has_row, has_price = kinds != Kind.DEPTH_RESET, kinds <= Kind.DEPTH_UPDATE
    made["kind"] = kinds
    made["side"] = reader.words("side", {"bid": 1, "ask": -1}, has_row)
    levels = reader.rows["level"].cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
    if (odd := np.flatnonzero(has_row & ((levels < 0) | (levels > np.iinfo(np.uint8).max)))).size:
        raise reader.refusal(int(odd[0]), f"level is {reader.rows['level'][int(odd[0])]}; rows count from 0, the best")
    made["level"] = np.where(has_row, levels, 0)
    made["px"], made["sz"] = reader.px("price_pts", has_price), reader.sz("size", has_price)
    return made


def _bars(reader: _Reader, length: str) -> Records:
    """Write bars that traded as pairs of records that arrive in the last nanosecond a bar covers; the others say nothing."""
    length_ns = length_of(length)
    if (odd := np.flatnonzero(reader.time_ns % length_ns)).size:
        raise reader.refusal(int(odd[0]), f"no bar of {length} ends then: the time of a bar is its end; name its length: length='30s'")
    rows = reader.rows.filter(pl.col("open_pts").is_not_null() & (pl.col("volume").fill_null(0) > 0))
    reader = _Reader(rows, reader.contract)
    open_, high, low, close = (reader.px(name) for name in NEEDS["bars"][:4])
    volume = reader.sz("volume")
    if (odd := np.flatnonzero((high < np.maximum(open_, close)) | (low > np.minimum(open_, close)))).size:
        raise reader.refusal(int(odd[0]), "open_pts and close_pts do not lie between low_pts and high_pts")
    n_prints = rows["n_prints"].cast(pl.Int64).to_numpy() if "n_prints" in rows.columns else None
    pv = None
    if "vwap_pts" in rows.columns:
        unit = reader.contract.quantum
        pv = np.rint(reader._floats("vwap_pts", None) * unit.denominator / unit.numerator * volume).astype(np.int64)
    return bar_records(BarColumns(reader.time_ns - length_ns, reader.time_ns, open_, high, low, close, volume, n_prints, pv))
