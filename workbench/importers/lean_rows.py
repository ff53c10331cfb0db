"""Lean's columns as records: trade bars, quote bars, ticks. Every number is read exactly or its row is rejected; no file is opened here.

Rules
-----
1. A trade bar becomes a bar over [start, start + length), a trade tick a print.
2. A quote bar becomes one quote, of its closing bid and ask, in the last nanosecond it covers: that is what stood at its end. Its open,
   high and low are not kept: when in the bar they stood is not told (docs/decisions/0022-a-quote-bar-is-its-last-quote.md).
3. A quote tick tells one side or both; a side it does not tell stands as told last.
4. Locked, crossed and one-sided quotes are kept, and counted: they were shown, and the quality of their bars must see them.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import DataError
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind, Records
from workbench.domain.units import DAY
from workbench.importers.csv_columns import Columns
from workbench.importers.csv_rows import Ints, Maker, Table, bars, prints, quotes
from workbench.importers.decimals import quanta
from workbench.importers.lean_files import Entry
from workbench.importers.lines import Lines, fields
from workbench.importers.mapping import Contents
from workbench.importers.quarantine import Verdicts
from workbench.importers.times import from_local

SKIPPED: Final = "-"
MS_IN_NS: Final = "0.000001"  # a nanosecond, in milliseconds
BOTH: Final = BID | ASK


class Form(NamedTuple):
    """How a file of Lean's is laid out: our names of its columns, by their number; what its rows become."""

    kind: Contents
    columns: dict[int, tuple[str, ...]]


_TICK: Final = ("time", "price", "size")
_SIDES: Final = ("time", "bid", "bid_size", "ask", "ask_size")
_QUOTE_BAR: Final = ("time", "-", "-", "-", "bid", "bid_size", "-", "-", "-", "ask", "ask_size")
TRADE_BARS: Final = Form("bars", {6: ("time", "open", "high", "low", "close", "volume")})
QUOTE_BARS: Final = Form("quotes", {11: _QUOTE_BAR})
# exchange, condition and the maker's doubt stand behind a tick, or not (LeanData.GenerateLine)
TRADE_TICKS: Final = Form("prints", {3: _TICK, 4: (*_TICK, "doubt"), 6: (*_TICK, "-", "-", "doubt")})
QUOTE_TICKS: Final = Form("quotes", {5: _SIDES, 6: (*_SIDES, "doubt"), 7: (*_SIDES, "-", "doubt"), 8: (*_SIDES, "-", "-", "doubt")})
_FORMS: Final = {("trade", False): TRADE_BARS, ("quote", False): QUOTE_BARS, ("trade", True): TRADE_TICKS, ("quote", True): QUOTE_TICKS}


def form_of(entry: Entry) -> Form:
    """Give how a trade or a quote file is laid out."""
    return _FORMS[entry.what, entry.resolution == "tick"]


def maker(form: Form, table: Table, known_ns: Ints) -> Maker:
    """Read the columns of a file; the records of the rows that stand are made later.

    Parameters
    ----------
    known_ns
        When each row was known: the end of a bar, the moment of a tick.
    """
    if form is TRADE_BARS:
        return bars(table, known_ns)
    if form is TRADE_TICKS:
        return prints(table, known_ns)
    made = quotes(table, known_ns - 1 if form is QUOTE_BARS else known_ns)
    return (lambda rows: conflated(made(rows))) if form is QUOTE_BARS else (lambda rows: carried(made(rows)))


def conflated(quoted: Records) -> Records:
    """Mark quotes as standing for all changes of their bar; when the last of those came is not known."""
    quoted["flags"] = (quoted["flags"] & ~np.uint8(EVENT_TIME)) | CONFLATED
    quoted["event_ns"] = 0
    return quoted


def carried(quoted: Records) -> Records:
    """Let a side that a quote does not tell stand as it was told last.

    >>> from workbench.domain.records import empty
    >>> some = empty(3)
    >>> some["flags"], some["px"], some["px2"] = (BID, ASK, BID), (7, 0, 6), (0, 9, 0)
    >>> carried(some)[["px", "px2", "flags"]].tolist()
    [(7, 0, 1), (7, 9, 3), (6, 9, 3)]
    """
    for px, size, flag in (("px", "sz", BID), ("px2", "sz2", ASK)):
        told = quoted["flags"] & flag != 0
        last = np.maximum.accumulate(np.where(told, np.arange(len(quoted)), -1))
        known = last >= 0
        for field in (px, size):
            quoted[field] = np.where(known, quoted[field][last], 0)
        quoted["flags"] |= np.where(known, flag, 0).astype(np.uint8)
    return quoted


def remarks(records: Records, line: npt.NDArray[np.int64], doubted: npt.NDArray[np.bool_]) -> str:
    """Count what is odd about rows that were kept, with the line of the first; empty if nothing is.

    Parameters
    ----------
    line
        Of each record in its file.
    doubted
        Rows that the maker marked as suspicious; as many as records, or none.
    """
    sides = records["flags"] & BOTH
    is_quote = records["kind"] == Kind.QUOTE
    counted = {
        "bid at or above ask": is_quote & (sides == BOTH) & (records["px"] >= records["px2"]),
        "one side alone": is_quote & ((sides == BID) | (sides == ASK)),
        "neither side": is_quote & (sides == 0),
        "no volume": (records["kind"] == Kind.BAR) & (records["level"] == 0) & (records["sz"] == 0),
        "suspicious to its maker": doubted,
    }
    return "; ".join(
        f"{np.count_nonzero(mask):,} x {what} (first: line {line[np.flatnonzero(mask)[0]]})" for what, mask in counted.items() if mask.any()
    )


def columns(entry: Entry, lines: Lines) -> Columns:
    """Cut a file as its first line says; `DataError` if Lean never writes so many columns."""
    form = form_of(entry)
    n = str(lines.text[0]).count(",") + 1
    if n not in form.columns:
        told = " or ".join(map(str, form.columns))
        raise DataError(f"{entry.label}, line {lines.number[0]}: {n} fields; Lean writes {told} for a {entry.resolution} {entry.what}")
    cut = fields(lines.text, ",", n)
    where = {name: at for at, name in enumerate(form.columns[n]) if name != SKIPPED}
    return Columns({name: cut.columns[at] for name, at in where.items()}, {name: name for name in where}, [], n, cut.fits)


def times(day: date, verdicts: Verdicts, text: pl.Series, local: ZoneInfo) -> tuple[Ints, Ints]:
    """Read milliseconds since midnight, as a clock on the wall showed them and in UTC [ns]."""
    read = quanta(text, MS_IN_NS)
    of_day = (read.value >= 0) & (read.value < DAY)
    verdicts.mark(~(read.on_grid & of_day), "no milliseconds of a day")
    wall_ns = (day - date(1970, 1, 1)).days * DAY + np.where(of_day, read.value, 0)
    ns, exists, _ = from_local(wall_ns, local)
    verdicts.mark(~exists, f"no such time in {local.key}")
    return wall_ns, ns
