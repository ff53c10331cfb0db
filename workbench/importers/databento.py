"""Databento's files, one command's worth: which contract each instrument is, and its records. Writes nothing.

What is read: ``mbo`` (the book is rebuilt), ``mbp-1 tbbo trades mbp-10 bbo-1s bbo-1m ohlcv-1s ohlcv-1m ohlcv-1h``, and ``definition``,
which tells symbol, expiry and price step of instruments in the other files. Spreads are left out and counted: their prices are
differences, on a grid of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workbench.calendars import log_session
from workbench.config import Root
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import Records
from workbench.importers import dbn, mbo, mbp, naming
from workbench.importers.dbn import DbnFile, Definition
from workbench.importers.reading import FileReport, Reading, Stream, count_kinds, span

SPREAD_MARKS: Final = ("-", ":", " ")  # ESZ3-ESM4, UD:1V: 12345: not one contract
TICK_BY_TICK: Final = "tick-by-tick"
STREAM_KINDS: Final = {
    "mbo": "L3",
    "mbp-10": "L2",
    "bbo-1s": "L1 1 s",
    "bbo-1m": "L1 1 m",
    "ohlcv-1s": "bars 1s",
    "ohlcv-1m": "bars 1m",
    "ohlcv-1h": "bars 1h",
}
Table = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


def read_all(paths: Iterable[Path], roots: Mapping[str, Root], *, root: str | None = None, expiry: date | None = None) -> Iterator[Reading]:
    """Read files; definitions among them serve all the others.

    Parameters
    ----------
    root, expiry
        What every instrument in the files is, where the files do not say: ``ES`` and its last trading day, or ``ESH4``.

    Raises
    ------
    ConfigError
        A name that no root of the settings fits.
    DataError
        A file is damaged, cut short, of another format, or off the contract's grid.
    """
    files = [dbn.read(path) for path in paths]
    definitions = {instrument: known for file in files for instrument, known in file.definitions.items()}
    for file in files:
        yield read(file, roots, definitions, root=root, expiry=expiry)


def read(
    file: DbnFile, roots: Mapping[str, Root], definitions: Mapping[int, Definition], *, root: str | None = None, expiry: date | None = None
) -> Reading:
    """Turn one file into records by contract."""
    streams: list[Stream] = []
    notes: list[str] = []
    n_rows = n_ignored = 0
    for kind, table in file.tables.items():
        n_rows += len(table)
        for symbol, mask in _by_symbol(file, table, definitions).items():
            if root is None and any(mark in symbol for mark in SPREAD_MARKS):
                n_ignored += int(mask.sum())
                continue
            rows = table[mask]
            contract = _contract(symbol, rows, roots, definitions, root=root, expiry=expiry, where=str(file.path))
            records, said = _records(kind, file.schema, rows, contract, str(file.path))
            notes += said
            streams.append(Stream(str(file.path), STREAM_KINDS.get(file.schema or kind, TICK_BY_TICK), contract, records))
    if n_ignored:
        notes.append(f"{n_ignored:,} rows of spreads were left out")
    if file.n_other:
        notes.append(f"{file.n_other:,} messages of types that are not kept (status, statistics)")
    if file.definitions:
        notes.append(f"{len(file.definitions):,} definitions, used for the other files")
    first_ns, last_ns = span(streams)
    kinds = count_kinds(np.concatenate([stream.records for stream in streams])) if streams else {}
    report = FileReport(
        path=str(file.path),
        schema=f"dbn {file.schema or 'mixed'}",
        n_rows=n_rows + file.n_other + len(file.definitions),
        n_records=sum(len(stream.records) for stream in streams),
        n_ignored=n_ignored + file.n_other,
        contracts=sorted({stream.contract.symbol for stream in streams}),
        kinds=kinds,
        first_ns=first_ns,
        last_ns=last_ns,
        notes=notes,
    )
    return Reading(streams, report, [], [])


def _by_symbol(file: DbnFile, table: Table, definitions: Mapping[int, Definition]) -> dict[str, Mask]:
    """Part a table by the symbol its instruments had on the day of each row."""
    found: dict[str, Mask] = {}
    days = dbn.known_at(table).view("datetime64[ns]").astype("datetime64[D]")
    for instrument in np.unique(table["instrument_id"]).tolist():
        own = table["instrument_id"] == instrument
        told = file.symbols.get(instrument, [])
        names = {symbol for symbol, _, _ in told} or {definitions[instrument].symbol if instrument in definitions else str(instrument)}
        for symbol in sorted(names):
            mask = own if len(names) == 1 else own & _within(days, [span for span in told if span[0] == symbol])
            found[symbol] = found.get(symbol, np.zeros(len(table), np.bool_)) | mask
    return found


def _within(days: npt.NDArray[Any], spans: list[tuple[str, str, str]]) -> Mask:
    mask = np.zeros(len(days), np.bool_)
    for _, first, behind in spans:
        mask |= (days >= np.datetime64(first)) & (days < np.datetime64(behind))
    return mask


def _contract(
    symbol: str,
    rows: Table,
    roots: Mapping[str, Root],
    definitions: Mapping[int, Definition],
    *,
    root: str | None,
    expiry: date | None,
    where: str,
) -> Contract:
    known = definitions.get(int(rows["instrument_id"][0]))
    if root is None and symbol.isdigit():
        raise DataError(f"{where}: instrument {symbol} has no symbol here; add the definition file, or say --root ES --expiry 2024-03-15")
    if known is not None and root is None:
        symbol = known.symbol
        expiry = expiry or (date.fromisoformat(known.expiry) if known.expiry else None)
    contract = naming.name(root or symbol, roots, expiry=expiry).contract(int(dbn.known_at(rows)[0]))
    naming.check_increment(contract, known.increment if known else None, where)
    return contract


def _records(kind: str, schema: str | None, rows: Table, contract: Contract, where: str) -> tuple[Records, list[str]]:
    """Turn the rows of one contract into records; say what a person should know about them."""
    if kind == "ohlcv":
        return mbp.ohlcv_records(rows, contract, where), []
    sessions = log_session(np.maximum.accumulate(rows["ts_recv"].astype(np.int64)))
    if kind == "mbo":
        return _book_records(rows, contract, sessions, where)
    if kind == "mbp-10":
        return mbp.ten_row_records(rows, contract, sessions, where), []
    if kind == "bbo":
        return mbp.interval_records(rows, contract, sessions, where), []
    if kind == "trades":
        return mbp.prints(rows, contract, where), []
    return mbp.top_records(rows, contract, sessions, where, with_trades_only=schema == "tbbo"), []


def _book_records(rows: Table, contract: Contract, sessions: npt.NDArray[np.int64], where: str) -> tuple[Records, list[str]]:
    px = mbp.on_grid(rows["price"], contract, where)
    records, count = mbo.replay(mbo.messages(rows, px), sessions)
    notes = [f"{contract.symbol}: {count.n_events:,} events of the book"]
    if count.n_crossed:
        notes.append(f"{contract.symbol}: bid at or above ask after {count.n_crossed:,} of them (an auction: normal before the open)")
    if count.n_blind:
        notes.append(f"{contract.symbol}: {count.n_blind:,} messages before the first snapshot: no book is known, prints are kept")
    if count.n_unknown:
        notes.append(f"{contract.symbol}: {count.n_unknown:,} cancels of orders that nobody added")
    return records, notes
