"""Databento's tables of quotes, trades, ten rows and bars as records. Whole columns at a time; no file is opened here.

Rules
-----
1. ``ts_recv`` is when we knew, made never to fall; ``ts_event`` is when it happened.
2. A quote is sent when it differs from the one before, and at the head of each log session.
3. A bar is known at its end: both its stamps are start + length.
"""

from __future__ import annotations

from typing import Any, Final

import databento_dbn as dbn
import numpy as np
import numpy.typing as npt

from workbench.domain.bars import ROWS
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind, Records, empty
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.importers.bars import BarColumns, bar_records
from workbench.importers.ladder import Row, Tape, top_of
from workbench.importers.mbo import AGGRESSOR, F_LAST, F_SNAPSHOT

Table = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
NANO: Final = 1_000_000_000  # Databento's prices count 1e-9 points
BAR_LENGTH_NS: Final = {int(dbn.RType.OHLCV_1S): SECOND, int(dbn.RType.OHLCV_1M): MINUTE, int(dbn.RType.OHLCV_1H): HOUR}


def on_grid(nanos: Ints, contract: Contract, where: str) -> Ints:
    """Turn prices in 1e-9 points into quanta; an undefined price gives 0, to be masked by its reader.

    Raises
    ------
    DataError
        A price is off the contract's grid: the data are of another contract, or settings name another quantum.
    """
    num, den = (contract.quantum * NANO).as_integer_ratio()
    defined = nanos != dbn.UNDEF_PRICE
    scaled = np.where(defined, nanos, 0) * den
    px, rest = np.divmod(scaled, num)
    if rest.any():
        at = int(np.flatnonzero(rest)[0])
        raise DataError(
            f"{where}, record {at + 1}: price {nanos[at] / NANO} is off the grid of {contract.symbol} ({contract.price_quantum}). "
            "Is it this contract? A finer grid is a setting: [roots.X] price_quantum."
        )
    return np.asarray(px, np.int64)


def stamped(table: Table) -> Records:
    """Make one record a row with both stamps set."""
    records = empty(len(table))
    records["recv_ns"] = np.maximum.accumulate(table["ts_recv"].astype(np.int64))
    known = table["ts_event"] != dbn.UNDEF_TIMESTAMP
    records["event_ns"] = np.where(known, table["ts_event"], 0)
    records["flags"] = np.where(known, EVENT_TIME, 0)
    return records


def prints(table: Table, contract: Contract, where: str) -> Records:
    """Turn rows that tell of a trade into PRINT records."""
    records = stamped(table)
    records["kind"] = Kind.PRINT
    records["px"] = on_grid(table["price"], contract, where)
    records["sz"] = table["size"]
    for letter, side in AGGRESSOR.items():
        records["side"][table["side"] == letter.encode()] = side
    return records


def quotes(table: Table, contract: Contract, where: str) -> Records:
    """Turn rows that show the best bid and ask into QUOTE records, one a row."""
    records = stamped(table)
    records["kind"] = Kind.QUOTE
    for px, sz, flag, side in (("px", "sz", BID, "bid"), ("px2", "sz2", ASK, "ask")):
        nanos, size = table[f"{side}_px_00"], table[f"{side}_sz_00"]
        there = (nanos != dbn.UNDEF_PRICE) & (size > 0)
        records[px] = np.where(there, on_grid(nanos, contract, where), 0)
        records[sz] = np.where(there, size, 0)
        records["flags"] |= np.where(there, flag, 0).astype(np.uint8)
    return records


def changes(quoted: Records, sessions: Ints) -> npt.NDArray[np.bool_]:
    """Mark the quotes that say something new: another side, price or size than the one before, or a new log session."""
    new = np.ones(len(quoted), bool)
    new[1:] = sessions[1:] != sessions[:-1]
    for name in ("px", "sz", "px2", "sz2"):
        new[1:] |= quoted[name][1:] != quoted[name][:-1]
    new[1:] |= (quoted["flags"][1:] ^ quoted["flags"][:-1]) & (BID | ASK) != 0
    return new


def top_records(table: Table, contract: Contract, sessions: Ints, where: str, *, with_trades_only: bool) -> Records:
    """Turn ``mbp-1`` rows into QUOTE and PRINT records; with trades only (``tbbo``) every row shows the quote before its trade."""
    trades = (table["action"] == b"T") & (table["flags"] & F_SNAPSHOT == 0)
    whole = np.ones(len(table), bool) if with_trades_only else table["flags"] & F_LAST != 0
    shown = quotes(table[whole], contract, where)
    new = np.zeros(len(table), bool)
    new[np.flatnonzero(whole)] = changes(shown, sessions[whole])
    quoted = shown[new[whole]]
    printed = prints(table[trades], contract, where)
    order = np.argsort(np.concatenate([2 * np.flatnonzero(new), 2 * np.flatnonzero(trades) + 1]))
    records: Records = np.concatenate([quoted, printed])[order]
    records["recv_ns"] = np.maximum.accumulate(records["recv_ns"])
    return records


def interval_records(table: Table, contract: Contract, sessions: Ints, where: str) -> Records:
    """Turn ``bbo-1s`` and ``bbo-1m`` rows into QUOTE records; each stands for all changes of its interval."""
    quoted = quotes(table, contract, where)
    quoted["flags"] |= CONFLATED
    return quoted[changes(quoted, sessions)]


def ten_row_records(table: Table, contract: Contract, sessions: Ints, where: str) -> Records:
    """Turn ``mbp-10`` rows into QUOTE, PRINT and DEPTH records."""
    tape = Tape()
    bids, asks = (_rows(table, side, contract, where) for side in ("bid", "ask"))
    printed = prints(table, contract, where)
    whole = table["flags"] & F_LAST != 0
    traded = (table["action"] == b"T") & (table["flags"] & F_SNAPSHOT == 0)
    new = np.ones(len(table), bool)
    new[1:] = sessions[1:] != sessions[:-1]
    for i, record in enumerate(printed.tolist()):
        _, recv_ns, event_ns, px, size, _, _, _, _, side, _, flags = record
        tape.at(recv_ns, event_ns if flags & EVENT_TIME else None)
        if traded[i]:
            tape.print(px, size, side)
        if new[i]:
            tape.forget()
        if whole[i]:
            tape.quote(top_of(bids[i], asks[i]))
            tape.depth(1, bids[i])
            tape.depth(-1, asks[i])
    return tape.records()


def _rows(table: Table, side: str, contract: Contract, where: str) -> list[list[Row]]:
    """Give the ten rows of a side, best first, for each row of the table; a row without size is none."""
    px = np.stack([on_grid(table[f"{side}_px_{k:02}"], contract, where) for k in range(ROWS)], 1)
    size = np.stack([table[f"{side}_sz_{k:02}"] for k in range(ROWS)], 1)
    return [[row for row in zip(*one, strict=True) if row[1]] for one in zip(px.tolist(), size.tolist(), strict=True)]


def ohlcv_records(table: Table, contract: Contract, where: str) -> Records:
    """Turn ``ohlcv`` rows into BAR records.

    Raises
    ------
    DataError
        Bars of a day: their end is a close that the file does not tell.
    """
    lengths = set(table["rtype"].tolist())
    unknown = lengths - BAR_LENGTH_NS.keys()
    if unknown:
        raise DataError(f"{where}: bars of a day have no exact end and cannot be placed in a log; fetch ohlcv-1h or shorter")
    length_ns = np.array([BAR_LENGTH_NS[kind] for kind in table["rtype"].tolist()], np.int64)
    open_px, high, low, close = (on_grid(table[name], contract, where) for name in ("open", "high", "low", "close"))
    start_ns = table["ts_event"].astype(np.int64)
    return bar_records(BarColumns(start_ns, start_ns + length_ns, open_px, high, low, close, table["volume"].astype(np.int64)))
