"""Which column of a text file is which of ours: by declaration, else by the usual names of a header. Reads no values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import DataError
from workbench.importers import csv_found
from workbench.importers.lines import Lines, fields, first_fields
from workbench.importers.mapping import NEEDED, OPTIONAL, Mapping

# names without case, marks and blanks, the likelier first; after ours those of MetaTrader, Dukascopy, Interactive Brokers, Databento,
# Yahoo, and of a German spreadsheet
USUAL: Final = {
    "time": (
        "time",
        "timestamp",
        "datetime",
        "ts",
        "tsevent",
        "gmttime",
        "timegmt",
        "timeutc",
        "utctime",
        "timestamputc",
        "localtime",
        "zeit",
        "uhrzeit",
    ),
    "open": ("open", "o", "openprice", "eroeffnung", "eröffnung"),
    "high": ("high", "h", "highprice", "hoch"),
    "low": ("low", "l", "lowprice", "tief"),
    "close": ("close", "c", "last", "closeprice", "schluss", "schlusskurs"),
    "volume": ("volume", "vol", "v", "volumen", "umsatz"),
    "count": ("count", "trades", "ntrades", "numberoftrades", "barcount"),
    "bid": ("bid", "bidprice", "bidpx"),
    "bid_size": ("bidsize", "bidvolume", "bidsz"),
    "ask": ("ask", "askprice", "askpx", "offer"),
    "ask_size": ("asksize", "askvolume", "asksz", "offersize"),
    "price": ("price", "last", "tradeprice", "px", "kurs"),
    "size": ("size", "qty", "quantity", "volume", "tradesize", "lastsize"),
    "side": ("side", "aggressor"),
    "date": ("date", "day", "datum"),
}
PLACEHOLDER: Final = "NAME"  # of a column that a person must name
MARKS: Final = re.compile(r"[\W_]+")
YFINANCE: Final = ("Price", "Ticker")  # how the first two of its three lines of header begin, from version 0.2.51 on


class UnknownColumnsError(DataError):
    """Some of our columns are not found in a file; ``columns`` is a declaration to start from, a placeholder where nothing shows."""

    def __init__(self, text: str, columns: dict[str, str] | list[str]) -> None:
        super().__init__(text)
        self.columns = columns


@dataclass(frozen=True, slots=True)
class Columns:
    """The text of the columns we read, by our names."""

    text: dict[str, pl.Series]
    theirs: dict[str, str]  # our name -> what the file calls it
    unread: list[str]  # those of `every` that we do not read
    n: int  # columns of the file
    fits: npt.NDArray[np.bool_]
    every: dict[str, pl.Series] = field(default_factory=dict)  # by what the file calls them; without a header, by number from 1

    def __getitem__(self, name: str) -> pl.Series:
        return self.text[name]

    def __contains__(self, name: object) -> bool:
        return name in self.text

    def only_read(self) -> Columns:
        """Let go of the columns that are not read."""
        return replace(self, every={})

    def gather(self, rows: npt.NDArray[np.int64]) -> Columns:
        """Give these rows alone."""
        return replace(self, text={ours: column.gather(rows) for ours, column in self.text.items()}, fits=self.fits[rows])

    def day_alone(self, mapping: Mapping) -> str | None:
        """Give what the file calls the one column of its times; `None` where they are two, or it has no header."""
        return self.theirs["time"] if mapping.header and "date" not in self.text else None

    @property
    def time(self) -> pl.Series:
        """The text of the time; of date and time together where they are two columns."""
        if "date" in self.text:
            return self.text["date"].str.strip_chars() + " " + self.text["time"].str.strip_chars()
        return self.text["time"]


def columns_of(lines: Lines, mapping: Mapping) -> tuple[Columns, Lines, list[str]]:
    """Cut a file into columns.

    Returns
    -------
    tuple[Columns, Lines, list[str]]
        The columns, the lines that hold data (in order of time), and notes for the report.

    Raises
    ------
    DataError
        A column is missing, the header is not one, or there are no data.
    """
    mark = mapping.separator or csv_found.separator(str(lines.text[0]), mapping.kind)
    head = first_fields(str(lines.text[0]), mark)
    first = 1 if mapping.header else 0
    if mapping.header:
        names = _of_yfinance(lines, head, mark) or head
        first = 1 if names is head else 3
        sample = fields(lines.text[first : first + csv_found.SAMPLE], mark, len(names)).columns
        where = _by_header(lines, names, mapping, mark, sample)
    else:
        names = [str(name) for name in mapping.columns]
        where = {name: at for at, name in enumerate(names) if name != "-"}
        if not csv_found.is_values(head):
            raise DataError(f"{lines.path}, line {lines.number[0]}: this is a header, {head}; leave --no-header away")
    body = Lines(lines.path, lines.text[first:], lines.number[first:])
    if not len(body.text):
        raise DataError(f"{lines.path}: a header and no data")
    if mapping.newest_first:
        body = Lines(lines.path, body.text.reverse(), body.number[::-1])
    cut = fields(body.text, mark, len(names))
    text = {ours: cut.columns[at] for ours, at in where.items()}
    called = names if mapping.header else [str(at + 1) for at in range(len(names))]
    unread = [name for at, name in enumerate(called) if at not in where.values()]
    chosen = mapping.only.partition("=")[0] if mapping.only else None
    ignored = [name for name in unread if name != chosen] if mapping.header else []
    notes = [f"columns not read: {', '.join(ignored)}"] if ignored else []
    theirs = {ours: names[at] for ours, at in where.items()}
    every = dict(zip(called, cut.columns, strict=True))
    return Columns(text, theirs, unread, len(names), cut.fits, every), body, notes


def _by_header(lines: Lines, names: list[str], mapping: Mapping, mark: str, sample: list[pl.Series]) -> dict[str, int]:
    """Find the place of each of our columns; `sample` holds the first values of all."""
    where = f"{lines.path}, line {lines.number[0]}"
    if csv_found.is_values(names):
        order = csv_found.columns_for(names, mapping.kind)
        said = f"no header, these are values; say what they are: --columns {order} (in the file's order, - for one to skip)"
        raise UnknownColumnsError(f"{where}: {said}", order.split(","))
    declared = mapping.columns if isinstance(mapping.columns, dict) else {}
    plain = [MARKS.sub("", name.lower()) for name in names]
    found: dict[str, int] = {}
    for ours in (*NEEDED[mapping.kind], *OPTIONAL[mapping.kind]):
        if ours in declared:
            if declared[ours] not in names:
                raise DataError(f"{where}: no column {declared[ours]!r} (declared as {ours}); the header has {', '.join(names)}")
            found[ours] = names.index(declared[ours])
            continue
        at = next((plain.index(usual) for usual in USUAL[ours] if usual in plain), None)
        if at is not None and at not in found.values():
            found[ours] = at
    if "time" not in declared:
        found = _with_clock(found, sample)
    if "time" not in found and "date" in found:  # one column called date holds both
        found["time"] = found.pop("date")
    missing = [ours for ours in NEEDED[mapping.kind] if ours not in found]
    if missing:
        other = _kind_of(plain)
        if other not in (None, mapping.kind) and not declared and not {"open", "high", "low", "bid", "ask"} & found.keys():
            raise DataError(f"{where}: the columns {', '.join(names)} are those of {other}, not of {mapping.kind}: say --kind {other}")
        said = ",".join(f"{ours}={PLACEHOLDER}" for ours in missing)
        alone = f" There is one column only: is --delimiter {csv_found.name_of(mark)} right?" if len(names) == 1 else ""
        asked = f"which column is {' and which '.join(missing)}? The header has {', '.join(names)}; say --columns {said}.{alone}"
        raise UnknownColumnsError(f"{where}: {asked}", {**declared, **dict.fromkeys(missing, PLACEHOLDER)})
    return found


def _kind_of(plain: list[str]) -> str | None:
    """Tell by the usual names of columns whether rows are prints or quotes; `None`: neither can be said."""
    for kind in ("quotes", "prints"):
        if all(any(usual in plain for usual in USUAL[ours]) for ours in NEEDED[kind] if ours != "time"):
            return kind
    return None


def _with_clock(found: dict[str, int], sample: list[pl.Series]) -> dict[str, int]:
    """Add the columns of day and clock where values show them, names do not, and one pair alone is possible."""
    if "date" in found and "time" in found:
        return found
    free = [at for at in range(len(sample)) if at not in found.values()]
    named = [found[ours] for ours in ("time", "date") if ours in found]
    days = [at for at in named or free if csv_found.are_days(sample[at])]
    clocks = [at for at in (free if days or not named else named) if csv_found.are_clocks(sample[at])]
    if not days and clocks:
        days = [at for at in free if csv_found.are_days(sample[at])]
    if len(days) != 1 or len(clocks) != 1:
        return found
    return {**found, "date": days[0], "time": clocks[0]}


def _of_yfinance(lines: Lines, head: list[str], mark: str) -> list[str] | None:
    """Give the names of the columns under yfinance's header of three lines (names, tickers, the name of the time); `None`: it is none."""
    if len(lines.text) < 3 or head[:1] != [YFINANCE[0]]:
        return None
    tickers, index = (first_fields(str(line), mark) for line in lines.text[1:3])
    if tickers[:1] != [YFINANCE[1]] or any(index[1:]):
        return None
    if len(set(tickers[1:])) > 1:
        raise DataError(f"{lines.path}, line {lines.number[1]}: prices of {', '.join(dict.fromkeys(tickers[1:]))}; write one ticker a file")
    return [index[0], *head[1:]]
