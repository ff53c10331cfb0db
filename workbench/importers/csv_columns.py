"""Which column of a text file is which of ours: by declaration, else by the usual names of a header. Reads no values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import DataError
from workbench.importers.lines import Lines, fields, first_fields
from workbench.importers.mapping import NEEDED, OPTIONAL, Mapping

USUAL: Final = {
    "time": ("time", "timestamp", "datetime", "date_time", "date time", "ts", "ts_event"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c", "last"),
    "volume": ("volume", "vol", "v"),
    "count": ("count", "trades", "n_trades", "numberoftrades"),
    "bid": ("bid", "bid_price", "bidprice", "bid price"),
    "bid_size": ("bid_size", "bidsize", "bid size"),
    "ask": ("ask", "ask_price", "askprice", "ask price"),
    "ask_size": ("ask_size", "asksize", "ask size"),
    "price": ("price", "last", "trade_price"),
    "size": ("size", "qty", "quantity", "volume", "trade_size"),
    "side": ("side", "aggressor"),
    "date": ("date",),
}
NUMBER: Final = re.compile(r"^[+-]?\d+(\.\d*)?$")


@dataclass(frozen=True, slots=True)
class Columns:
    """The text of the columns we read, by our names."""

    text: dict[str, pl.Series]
    theirs: dict[str, str]  # our name -> what the file calls it
    ignored: list[str]
    n: int  # columns of the file
    fits: npt.NDArray[np.bool_]

    def __getitem__(self, name: str) -> pl.Series:
        return self.text[name]

    def __contains__(self, name: object) -> bool:
        return name in self.text

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
    head = first_fields(str(lines.text[0]), mapping.separator)
    if mapping.header:
        names = head
        where = _by_header(lines, names, mapping)
    else:
        names = [str(name) for name in mapping.columns]
        where = {name: at for at, name in enumerate(names) if name != "-"}
        if not any(NUMBER.match(field) for field in head):
            raise DataError(f"{lines.path}, line {lines.number[0]}: this is a header, {head}; leave --no-header away")
    first = 1 if mapping.header else 0
    body = Lines(lines.path, lines.text[first:], lines.number[first:])
    if not len(body.text):
        raise DataError(f"{lines.path}: a header and no data")
    if mapping.newest_first:
        body = Lines(lines.path, body.text.reverse(), body.number[::-1])
    cut = fields(body.text, mapping.separator, len(names))
    text = {ours: cut.columns[at] for ours, at in where.items()}
    ignored = [name for at, name in enumerate(names) if at not in where.values() and name != "-"]
    notes = [f"columns not read: {', '.join(ignored)}"] if ignored else []
    return Columns(text, {ours: names[at] for ours, at in where.items()}, ignored, len(names), cut.fits), body, notes


def _by_header(lines: Lines, names: list[str], mapping: Mapping) -> dict[str, int]:
    where = f"{lines.path}, line {lines.number[0]}"
    if len(names) > 1 and all(NUMBER.match(name) for name in names[1:]):
        raise DataError(f"{where}: no header, these are values; say --no-header --columns {','.join(NEEDED[mapping.kind])}")
    declared = mapping.columns if isinstance(mapping.columns, dict) else {}
    lowered = [name.lower() for name in names]
    found: dict[str, int] = {}
    for ours in (*NEEDED[mapping.kind], *OPTIONAL[mapping.kind]):
        if ours in declared:
            if declared[ours] not in names:
                raise DataError(f"{where}: no column {declared[ours]!r} (declared as {ours}); the header has {', '.join(names)}")
            found[ours] = names.index(declared[ours])
            continue
        at = next((lowered.index(usual) for usual in USUAL[ours] if usual in lowered), None)
        if at is not None and at not in found.values():
            found[ours] = at
    if "time" not in found and "date" in found:  # one column called date holds both
        found["time"] = found.pop("date")
    missing = [ours for ours in NEEDED[mapping.kind] if ours not in found]
    if missing:
        remedy = f"--columns {missing[0]}=NAME"
        raise DataError(f"{where}: which column is {missing[0]}? The header has {', '.join(names)}; say {remedy}, or is --delimiter right?")
    return found
