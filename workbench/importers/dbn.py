"""Databento's DBN files as plain arrays: what a file says, undamaged or not at all. Knows no contract and makes no records.

Decompressed here rather than by the decoder, because a decoder that is fed half a zstd stream reports nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import databento_dbn as dbn
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.domain.errors import DataError
from workbench.domain.units import SECOND

MAGIC: Final = b"DBN"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
FIRST_NS, LAST_NS = 315_532_800 * SECOND, 7_258_118_400 * SECOND  # 1980 to 2200
CHUNK: Final = 1 << 22  # bytes; bounds the Python objects alive at once
ALWAYS: Final = ("1970-01-01", "2262-01-01")  # a symbol of a live capture holds for all of it
DAMAGE: Final = (dbn.DBNError, RuntimeError, ValueError, OverflowError, OSError)
PANIC: Final = "PanicException"  # how the decoder's Rust gives up; pyo3 derives it from BaseException and exports no name
Rows = npt.NDArray[Any]

_NAMES: Final[dict[Any, str]] = {
    dbn.MBOMsg: "mbo",
    dbn.MBP1Msg: "mbp-1",
    dbn.MBP10Msg: "mbp-10",
    dbn.TradeMsg: "trades",
    dbn.OHLCVMsg: "ohlcv",
    dbn.BBOMsg: "bbo",
}
LAYOUTS: Final = {name: np.dtype(kind._dtypes) for kind, name in _NAMES.items()}


class Definition(NamedTuple):
    """What the exchange says about an instrument, as far as we read it. ``increment`` in 1e-9 points, `None` if not told."""

    symbol: str
    kind: str  # F future, S spread, K stock, C call, P put
    increment: int | None
    expiry: str | None


class DbnFile(NamedTuple):
    """One file, read to its end.

    Parameters
    ----------
    schema
        As the file's head names it (``mbo``, ``tbbo``, ``ohlcv-1m``), `None` for a mixed file.
    tables
        Rows by record type (``mbo mbp-1 mbp-10 trades ohlcv bbo``), structured as `databento_dbn` lays them out.
    symbols
        Instrument id -> [(symbol, first day, day behind the last)], days as ISO dates.
    definitions
        Instrument id -> what the exchange says about it.
    n_other
        Records of types that hold no market data we keep (status, statistics, system).
    """

    path: Path
    schema: str | None
    tables: dict[str, Rows]
    symbols: dict[int, list[tuple[str, str, str]]]
    definitions: dict[int, Definition]
    n_other: int


def read(path: Path) -> DbnFile:
    """Read a ``.dbn`` or ``.dbn.zst`` file.

    Raises
    ------
    DataError
        No such file, another format, damaged or cut short. Nothing of such a file is used.
    """
    decoder, found = dbn.DBNDecoder(), _Found()
    try:
        for chunk in _plain(path):
            found.take(decoder.write_and_decode(chunk))
    except BaseException as error:
        if not isinstance(error, DAMAGE) and type(error).__name__ != PANIC:
            raise
        raise DataError(f"{path}: damaged or not DBN ({error}). Nothing of it was used; fetch it again.") from error
    if found.head is None or len(decoder.buffer()):
        raise DataError(f"{path}: the file ends in the middle of a record. Nothing of it was used; fetch it again.")
    schema = None if found.head.schema is None else str(found.head.schema)
    tables = {name: np.frombuffer(b"".join(body), LAYOUTS[name]) for name, body in found.parts.items()}
    for table in tables.values():
        _refuse_strange_times(path, table)
    return DbnFile(path, schema, tables, found.symbols, found.definitions, found.n_other)


class _Found:
    """What has come out of the decoder so far."""

    def __init__(self) -> None:
        self.head: dbn.Metadata | None = None
        self.parts: dict[str, list[bytes]] = {}
        self.symbols: dict[int, list[tuple[str, str, str]]] = {}
        self.definitions: dict[int, Definition] = {}
        self.n_other = 0

    def take(self, records: Iterable[Any]) -> None:
        """Keep what came; rows of tables as bytes, for a record as a Python object is ten times as large."""
        rows: dict[str, list[bytes]] = {}
        for record in records:
            table = _NAMES.get(type(record))
            if table is not None:
                rows.setdefault(table, []).append(_bytes_of(record, LAYOUTS[table].itemsize))
            elif isinstance(record, dbn.Metadata):
                self.head = record
                _learn_symbols(record, self.symbols)
            elif isinstance(record, dbn.InstrumentDefMsg):
                self.definitions[record.instrument_id] = _definition(record)
            elif isinstance(record, dbn.SymbolMappingMsg):
                self.symbols.setdefault(record.instrument_id, []).append((record.stype_out_symbol, ALWAYS[0], ALWAYS[1]))
            else:
                self.n_other += 1
        for table, body in rows.items():
            self.parts.setdefault(table, []).append(b"".join(body))


def _plain(path: Path) -> Iterator[bytes]:
    """Give the file's bytes, decompressed, in chunks."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not magic:
        raise DataError(f"{path}: the file is empty")
    if magic != ZSTD_MAGIC and magic[:3] != MAGIC:
        raise DataError(f"{path}: not a DBN file (it begins with {magic!r}). Databento's files end in .dbn or .dbn.zst.")
    compression = "zstd" if magic == ZSTD_MAGIC else None
    with pa.input_stream(str(path), compression=compression) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _bytes_of(record: Any, size: int) -> bytes:
    """Give a record as its table lays it out; a live capture has the time of sending behind it."""
    body = bytes(record)[:size]
    if len(body) < size:
        raise ValueError(f"a record of {len(body)} bytes in place of {size}")
    return body


def known_at(table: Rows) -> npt.NDArray[np.int64]:
    """Give when each row was received [ns]; a bar has only its start."""
    field = "ts_recv" if "ts_recv" in (table.dtype.names or ()) else "ts_event"
    return table[field].astype(np.int64)


def _refuse_strange_times(path: Path, table: Rows) -> None:
    ns = known_at(table)
    strange = np.flatnonzero((ns < FIRST_NS) | (ns > LAST_NS))
    if len(strange):
        raise DataError(f"{path}, record {strange[0] + 1}: received {ns[strange[0]]} ns after 1970, which no market was; fetch it again.")


def _learn_symbols(head: dbn.Metadata, symbols: dict[int, list[tuple[str, str, str]]]) -> None:
    for symbol, intervals in head.mappings.items():
        for interval in intervals:
            if interval["symbol"].isdigit():
                span = (symbol, str(interval["start_date"]), str(interval["end_date"]))
                symbols.setdefault(int(interval["symbol"]), []).append(span)


def _definition(message: dbn.InstrumentDefMsg) -> Definition:
    undefined = message.min_price_increment == dbn.UNDEF_PRICE
    expires = message.expiration
    expiry = None if expires == dbn.UNDEF_TIMESTAMP else str(np.datetime64(expires, "ns").astype("datetime64[D]"))
    increment = None if undefined else message.min_price_increment
    return Definition(message.raw_symbol, str(message.instrument_class), increment, expiry)
