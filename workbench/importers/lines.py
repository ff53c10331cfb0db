"""A text file as numbered lines and columns of fields, nothing dropped unseen. Knows no market data."""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.domain.errors import DataError

DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
ZIP_MAGIC: Final = b"PK\x03\x04"
SHOWN: Final = 60  # characters of a line that an error quotes


class Lines(NamedTuple):
    """The lines of a file that hold anything: their text, and their number in the file, from 1."""

    path: Path
    text: pl.Series
    number: npt.NDArray[np.int64]


class Fields(NamedTuple):
    """Lines cut into columns: strings, null where a line is too short; ``fits`` marks lines of exactly the expected number."""

    columns: list[pl.Series]
    fits: npt.NDArray[np.bool_]
    n_found: npt.NDArray[np.int64]


def read_lines(path: Path) -> Lines:
    """Read a text file, also a compressed one (``.gz .bz2 .zst .lz4`` by its name).

    Raises
    ------
    DataError
        No such file, empty, cut short, not text, or neither UTF-8 nor UTF-16 with its mark.
    """
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            body: bytes = stream.read()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({error}). Is the file there and whole?") from error
    return lines_of(path, body)


def lines_of(path: Path, body: bytes) -> Lines:
    r"""Cut what a file holds into lines; `path` is what errors call it. `DataError` as `read_lines`.

    >>> lines_of(Path("a.csv"), b"1,2\r\n\r\n3,4").text.to_list()
    ['1,2', '3,4']
    """
    text = _text(path, body)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    every = pl.Series([text]).str.split("\n").explode()
    filled = every.str.contains(r"\S")
    if not filled.any():
        raise DataError(f"{path}: the file is empty")
    return Lines(path, every.filter(filled), filled.arg_true().to_numpy().astype(np.int64) + 1)


def _text(path: Path, body: bytes) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # what Windows programs call Unicode (MetaTrader, Excel)
        try:
            return body.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: begins as UTF-16 and is not ({error.reason}). Save the file as UTF-8.") from error
    if body.startswith(ZIP_MAGIC):
        raise DataError(f"{path}: a zip archive or an Excel workbook, not text. Unpack it, or save the sheet as CSV (UTF-8).")
    if b"\0" in body:
        line = body.count(b"\n", 0, body.index(b"\0")) + 1
        raise DataError(f"{path}, line {line}: binary data, not text. CSV saved as UTF-8 is read.")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: not UTF-8 (byte {body[error.start]:#04x}). Save the file as UTF-8.") from error


def fields(lines: pl.Series, delimiter: str, n: int) -> Fields:
    """Cut lines into `n` columns.

    >>> cut = fields(pl.Series(["a,b", 'c,"d"', "e"]), ",", 2)
    >>> [column.to_list() for column in cut.columns], cut.fits.tolist()
    ([['a', 'c', 'e'], ['b', 'd', None]], [True, True, False])
    """
    if lines.str.contains('"', literal=True).any():
        field = f'("[^"{re.escape(delimiter)}]*"|[^"{re.escape(delimiter)}]*)'  # quoted whole or not at all, no delimiter within
        if not lines.str.contains(f"^{field}({re.escape(delimiter)}{field})*$").all():
            return _quoted(lines, delimiter, n)
        lines = lines.str.replace_all('"', "", literal=True)
    n_found = (lines.str.count_matches(delimiter, literal=True).to_numpy() + 1).astype(np.int64)
    cut = lines.str.split_exact(delimiter, n - 1).struct
    return Fields([cut.field(f"field_{k}") for k in range(n)], n_found == n, n_found)


def first_fields(line: str, delimiter: str) -> list[str]:
    """Cut one line, as for a header.

    >>> first_fields('timestamp, "open"', ",")
    ['timestamp', 'open']
    """
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]


def quote_line(text: str) -> str:
    """Shorten a line for an error."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "...")


def _quoted(lines: pl.Series, delimiter: str, n: int) -> Fields:
    """Cut lines that use quotes, one by one: slower, exact. A line with an open quote fits nowhere."""
    rows: list[list[str]] = []
    for line in lines.to_list():
        try:
            rows.append(next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True), []))
        except csv.Error:
            rows.append([])
    n_found = np.array([len(row) for row in rows], np.int64)
    columns = [pl.Series(values=[row[k] if k < len(row) else None for row in rows], dtype=pl.String) for k in range(n)]
    return Fields(columns, n_found == n, n_found)
