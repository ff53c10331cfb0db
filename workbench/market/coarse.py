"""What an ordinary account would have seen of a richer recording: IB's level 1 in batches, with RTVolume. Pure; reads and writes no store.

Rules
-----
1. TWS tells a contract's line at the end of each batch (250 ms, less for options and currencies), and only what changed since the last one.
2. Of the quote the bid is told first, then the ask, each as a record; a bid that reaches the ask waits for the ask to move.
3. Of the prints in a batch RTVolume tells the last, with its own size and its millisecond; the others are lost. Its side is that of the
   quote told last, as the live edge finds it.
4. Depth is not there. GAP records stay where they are; phases and seconds are woven in anew by who keeps the result.

The gateway's lines and the live edge's decoder do the same to the same market, one message at a time; tests hold this against both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind, Provenance, Records, empty, provenance_flag
from workbench.domain.units import MS

BATCH_MS: Final = 250  # of stocks and futures
FASTER_MS: Final = {ContractType.OPTION: 100, ContractType.FX: 5}  # IB, "Market Data: Live": intervals by product
PROVENANCE: Final = np.uint8(provenance_flag(max(Provenance)))
NEITHER: Final = 0

Side = tuple[int, int]  # price, size; a side that is not there is `GONE`
Row = tuple[int, ...]
GONE: Final = (0, 0)


def batch_ns(of: ContractType) -> int:
    """Give how long a line of this kind gathers.

    >>> batch_ns(ContractType.FUTURE), batch_ns(ContractType.FX)
    (250000000, 5000000)
    """
    return FASTER_MS.get(of, BATCH_MS) * MS


def as_level1(records: Records, contracts: Mapping[int, Contract]) -> Records:
    """Give the records that a level 1 line with RTVolume would have brought.

    Parameters
    ----------
    records
        Of a log session, in its order.
    contracts
        By the ids that `records` name.

    Returns
    -------
    Records
        QUOTE, PRINT and GAP, by ``recv_ns``; not numbered.

    Examples
    --------
    >>> from workbench.domain.records import BID, ASK
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> rich = empty(3)
    >>> rich["recv_ns"], rich["kind"], rich["contract"] = [10 * MS, 20 * MS, 30 * MS], [Kind.QUOTE, Kind.PRINT, Kind.PRINT], 1
    >>> rich["px"], rich["sz"], rich["px2"], rich["sz2"], rich["flags"] = [100, 101, 101], [5, 1, 2], [101, 0, 0], [6, 0, 0], [3, 0, 0]
    >>> as_level1(rich, {1: es})[["recv_ns", "px", "sz", "side"]].tolist()
    [(250000000, 100, 5, 0), (250000000, 100, 5, 0), (250000000, 101, 2, 1)]
    """
    told = records[(records["kind"] == Kind.QUOTE) | (records["kind"] == Kind.PRINT)]
    ids = np.unique(told["contract"]).tolist()
    lines = [_line(told[told["contract"] == id_], batch_ns(contracts[id_].type)) for id_ in ids]
    whole = np.concatenate([*lines, records[records["kind"] == Kind.GAP]])
    return whole[np.argsort(whole["recv_ns"], kind="stable")]


def _line(rows: Records, batch: int) -> Records:
    """Tell what one contract's line told."""
    is_quote, is_print = rows["kind"] == Kind.QUOTE, rows["kind"] == Kind.PRINT
    windows = rows["recv_ns"] // batch
    quotes, prints, n_prints = _last(is_quote), _last(is_print), np.cumsum(is_print)
    line, seen_quote, seen_print, n_seen = _Line(), -1, -1, 0
    for end in np.flatnonzero(np.diff(windows, append=-1)).tolist():
        line.now_ns = (int(windows[end]) + 1) * batch
        quote, last, n = int(quotes[end]), int(prints[end]), int(n_prints[end])
        if quote > seen_quote:
            line.quote(rows[quote])
        if last > seen_print:
            line.print(rows[last], is_one=n - n_seen == 1)
        seen_quote, seen_print, n_seen = quote, last, n
    return _records(line.made, rows)


def _last(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Give the place of the last one up to each row, -1 before the first."""
    made: npt.NDArray[np.int64] = np.maximum.accumulate(np.where(there, np.arange(len(there)), -1))
    return made


class _Line:
    """What a line has told, and what of it became records."""

    def __init__(self) -> None:
        self.made: list[Row] = []
        self.now_ns = 0
        self._sides: dict[int, Side] = {BID: GONE, ASK: GONE}
        self._told: tuple[Side, Side] | None = None
        self._held = NEITHER

    def quote(self, row: np.void) -> None:
        """Hear the quote at the end of a batch: the bid's changes, then the ask's."""
        for side, px, sz in ((BID, "px", "sz"), (ASK, "px2", "sz2")):
            before = self._sides[side]
            now = (int(row[px]), int(row[sz])) if row["flags"] & side and row[sz] > 0 else GONE
            if now != before:
                self._sides[side] = now
                is_price = now[0] != before[0] or GONE in (now, before)
                self._move(side, is_price=is_price)

    def _move(self, side: int, *, is_price: bool) -> None:
        bid, ask = self._sides[BID], self._sides[ASK]
        is_crossed = GONE not in (bid, ask) and bid[0] >= ask[0]
        was_apart = self._told is not None and GONE not in self._told and self._told[0][0] < self._told[1][0]
        if is_crossed and self._held == NEITHER and is_price and was_apart:
            self._held = side
            return
        if is_crossed and self._held == side and not is_price:
            return
        if not is_crossed or self._held != side:
            self._held = NEITHER
        self._tell(bid, ask)

    def _tell(self, bid: Side, ask: Side) -> None:
        there = (BID if bid != GONE else 0) | (ASK if ask != GONE else 0)
        if (bid, ask) == self._told or (self._told is None and not there):
            return
        self._told = (bid, ask)
        self.made.append((self.now_ns, 0, *bid, *ask, Kind.QUOTE, 0, there | CONFLATED))

    def print(self, row: np.void, *, is_one: bool) -> None:
        """Hear the last print of a batch."""
        px, (bid, ask) = int(row["px"]), self._told or (GONE, GONE)
        up, down = ask != GONE and px >= ask[0], bid != GONE and px <= bid[0]
        side = 0 if up == down else 1 if up else -1
        event_ns = int(row["event_ns"] if row["flags"] & EVENT_TIME else row["recv_ns"]) // MS * MS
        flags = EVENT_TIME | (0 if is_one else CONFLATED)
        self.made.append((self.now_ns, event_ns, px, int(row["sz"]), 0, 0, Kind.PRINT, side, flags))


def _records(made: list[Row], rows: Records) -> Records:
    records = empty(len(made))
    names = ("recv_ns", "event_ns", "px", "sz", "px2", "sz2", "kind", "side", "flags")
    for name, values in zip(names, zip(*made, strict=True), strict=False):
        records[name] = values
    records["contract"] = rows["contract"][0]
    records["flags"] |= rows["flags"][0] & PROVENANCE
    return records
