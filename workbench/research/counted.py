"""What the broker counted and we did not see: its own bars of 5 s against the prints of a recording. Reads; writes nothing.

Rules
-----
1. Held against each other is the volume of whole minutes of one contract, where prints come tick by tick: a 250 ms line leaves some out,
   and says so. A print belongs to the minute in which it happened.
2. Whole is a minute of twelve bars, each behind another: the first of a row may have begun before anybody listened.
3. What a minute has too much the one before or behind it may lack: the two sides cut seconds apart.
4. Where no bars were told nothing is said. More prints than the broker counted are no loss: it leaves some trades out of its bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import CONFLATED, EVENT_TIME, Kind, Records
from workbench.domain.units import BAR_NS, MINUTE, SECOND
from workbench.store.told_bars import ToldBarTable

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

EXPLAINED: Final = 0.01  # of a minute's volume: trades that a broker reports late, or corrects
SHAPE: Final[dict[str, type[pl.DataType]]] = {
    "symbol": pl.String,
    "minutes_told": pl.Int64,
    "told": pl.Float64,
    "seen": pl.Float64,
    "minutes_missed": pl.Int64,
    "missed": pl.Float64,
}
Ints = npt.NDArray[np.int64]
Sums = dict[int, int]  # minute since 1970 -> size quanta
WHOLE: Final = MINUTE // BAR_NS  # bars of a minute


def uncounted(day: Session) -> pl.DataFrame:
    """Hold the broker's count against what was recorded, by contract.

    Returns
    -------
    polars.DataFrame
        symbol; minutes_told [whole ones, in which both can be compared]; told, seen [contracts or shares traded in them];
        minutes_missed, missed [where the broker counted more than was seen, and how much]. A row for each contract of which bars were
        told.
    """
    found: dict[str, list[float]] = {}
    for log in day.logs:
        frame = ToldBarTable(log.data).table.frame(log.session)
        if frame is None:
            continue
        for contract in log.contracts:
            mine = frame.filter((pl.col("contract") == contract.id) & (pl.col("start_ns") + BAR_NS <= (day.until_ns or 1 << 62)))
            if len(mine):
                told, seen = _told(mine), _seen(log.records, contract.id)
                one = _compared({minute: n for minute, n in told.items() if seen.is_by_tick(minute)}, seen.volume)
                quantum = float(contract.size_quantum)
                both = found.setdefault(contract.symbol, [0.0] * 5)
                found[contract.symbol] = [a + b * c for a, b, c in zip(both, one, (1, quantum, quantum, 1, quantum), strict=True)]
    rows = [(symbol, int(n), told, seen, int(lacking), missed) for symbol, (n, told, seen, lacking, missed) in found.items()]
    return pl.DataFrame(rows, schema=SHAPE, orient="row")


def words(day: Session) -> list[tuple[str, str]]:
    """Say of each contract what the broker counted that was not seen; nothing of those that are whole: (symbol, sentence)."""
    units = {each.symbol: _unit(each) for each in day.contracts}
    return [
        (symbol, f"IB counted {missed:,.0f} {units.get(symbol, 'units')} in {minutes:,} minutes that we did not see")
        for symbol, minutes, missed in uncounted(day).select("symbol", "minutes_missed", "missed").iter_rows()
        if minutes
    ]


def _unit(contract: Contract) -> str:
    return "shares" if contract.type is ContractType.STOCK else "contracts"


def _told(bars: pl.DataFrame) -> Sums:
    """Add up bars by minute, where it is whole."""
    frame = bars.unique("start_ns", keep="first").sort("start_ns")
    kept = frame.filter(pl.col("start_ns").diff() == BAR_NS)
    by_minute = kept.group_by(pl.col("start_ns") // MINUTE).agg(pl.col("volume").sum(), pl.len().alias("n"))
    return dict(by_minute.filter(pl.col("n") == WHOLE).select("start_ns", "volume").iter_rows())


class _Seen:
    """The prints of one contract, by minute."""

    def __init__(self, at_ns: Ints, size: Ints, is_by_tick: npt.NDArray[np.bool_]) -> None:
        order = np.argsort(at_ns, kind="stable")
        self._minutes, self._is_by_tick = at_ns[order] // MINUTE, is_by_tick[order]
        minutes, first = np.unique(self._minutes, return_index=True)
        sums = np.add.reduceat(size[order], first) if len(first) else np.zeros(0, np.int64)
        self.volume: Sums = dict(zip(minutes.tolist(), sums.tolist(), strict=True))

    def is_by_tick(self, minute: int) -> bool:
        """Tell whether all prints of a minute came tick by tick; of one without any, whether the last one before it did."""
        first, last = np.searchsorted(self._minutes, [minute, minute + 1]).tolist()
        return bool(self._is_by_tick[max(first - 1, 0) if first == last else first : last].all()) and last > 0


def _seen(records: Records, contract: int) -> _Seen:
    """Take the prints that flowed; a line tells the millisecond of a trade, a stream tick by tick the second."""
    prints = records[(records["contract"] == contract) & (records["kind"] == Kind.PRINT)]
    flags, event_ns = prints["flags"], np.asarray(prints["event_ns"], np.int64)
    is_timed = (flags & EVENT_TIME) != 0
    is_by_tick = is_timed & ((flags & CONFLATED) == 0) & (event_ns % SECOND == 0)
    return _Seen(np.where(is_timed, event_ns, prints["recv_ns"]), np.asarray(prints["sz"], np.int64), is_by_tick)


def _compared(told: Sums, seen: Sums) -> tuple[int, int, int, int, int]:
    """Give minutes compared, volume told and seen in them, minutes in which some is missing, and how much.

    >>> two = {5: 100, 6: 100}
    >>> _compared(two, {5: 90, 6: 110}), _compared(two, {5: 40, 6: 110})
    ((2, 200, 200, 0, 0), (2, 200, 150, 1, 50))
    """
    spare = {minute: seen.get(minute, 0) - volume for minute, volume in told.items()}
    n_minutes = n_missed = 0
    for minute in sorted(told):
        lacks = told[minute] - seen.get(minute, 0)
        for beside in (minute - 1, minute + 1):
            if lacks > 0 and (taken := min(lacks, max(0, spare.get(beside, 0)))):
                spare[beside] -= taken
                lacks -= taken
        if lacks > EXPLAINED * told[minute]:
            n_minutes, n_missed = n_minutes + 1, n_missed + lacks
    return len(told), sum(told.values()), sum(seen.get(minute, 0) for minute in told), n_minutes, n_missed
