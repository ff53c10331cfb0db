"""How good a session's data was, for a person: by stream, by minute of the calendar, and where nothing came. Writes nothing.

A *stream* is what a contract's data arrives as: ``ticks`` (quotes, prints, rows of the book) or ``bars``. What a bar loses, and why, is
`workbench.market.quality`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench import calendars
from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Records, is_open
from workbench.domain.units import MINUTE, SECOND
from workbench.market.quality import PENALTIES
from workbench.research.frames.sheet import times

if TYPE_CHECKING:
    from workbench.research.frames.log import SessionLog
    from workbench.research.frames.session import Session

LONGEST_NS: Final = 90 * SECOND  # the data contract's longest gap
MARGIN: Final = 1.5  # lengths of an imported bar after which the next one is missing
BELOW: Final = (0.80, 0.60, 0.30)  # enter, stay, stop everything
MARKET: Final = (Kind.QUOTE, Kind.PRINT, Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET, Kind.BAR)
Ints = npt.NDArray[np.int64]


class Span(NamedTuple):
    """A stretch in which a contract's market is open without a pause; ns UTC."""

    start_ns: int
    end_ns: int


# ---------------------------------------------------------------------- streams
def stream_quality(day: Session) -> pl.DataFrame:
    """Say what each stream was worth, by 5 s bars while its contract was open.

    Returns
    -------
    polars.DataFrame
        symbol; stream [ticks, bars]; n_bars [5 s]; quality_mean [0 to 1]; n_below_080, n_below_060, n_below_030 [bars not fit to enter
        on, to stay in, to be left alone with]; and for each penalty of `workbench.market.quality` the bars that it lowered: ``n_gap``,
        ``n_opening`` ...
    """
    bars = day.bars(None, "5s").select("symbol", "quality_frac", "quality_why")
    found = bars.group_by("symbol", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("n_bars"),
        pl.col("quality_frac").mean().alias("quality_mean"),
        *((pl.col("quality_frac") < least).sum().cast(pl.Int64).alias(f"n_below_{round(100 * least):03}") for least in BELOW),
        *(_lowered_by(name).sum().cast(pl.Int64).alias(column_of(name)) for name in PENALTIES),
    )
    streams = pl.DataFrame(_streams(day), schema={"symbol": pl.String, "stream": pl.String}, orient="row")
    return found.join(streams, on="symbol", how="left", maintain_order="left").select("symbol", "stream", pl.exclude("symbol", "stream"))


def column_of(penalty: str) -> str:
    """Name the column that counts a penalty.

    >>> column_of("stuck print")
    'n_stuck_print'
    """
    return f"n_{penalty.replace(' ', '_')}"


def _lowered_by(penalty: str) -> pl.Expr:
    return pl.col("quality_why").fill_null("").str.contains(rf"\b{penalty} 0\.")


def _streams(day: Session) -> list[tuple[str, str]]:
    said: dict[str, str] = {}
    for log in day.logs:
        for contract in log.contracts:
            kinds = log.kinds[contract.id]
            said[contract.symbol] = "bars" if kinds == ("bars",) else "ticks" if kinds else said.get(contract.symbol, "none")
    return list(said.items())


# ---------------------------------------------------------------------- minutes
def completeness(day: Session) -> pl.DataFrame:
    """Say in how many minutes of its own session each contract was heard; maintenance, closed hours and holidays do not count.

    Of a session that is still being written, or is seen at a moment, the minutes up to then count.

    Returns
    -------
    polars.DataFrame
        symbol; minutes_expected [open by the contract's calendar]; minutes_seen [those in which anything of it arrived];
        complete_frac [0 to 1].
    """
    expected: dict[str, int] = {}
    seen: dict[str, int] = {}
    for log, contract, spans, heard in _each(day):
        length = _bar_ns(log, contract)
        at = np.concatenate([_minutes(span, heard, length) for span in spans] or [np.zeros(0, np.int64)])
        expected[contract.symbol] = expected.get(contract.symbol, 0) + sum(-(-(end - start) // MINUTE) for start, end in spans)
        seen[contract.symbol] = seen.get(contract.symbol, 0) + len(np.unique(at))
    rows = [(name, n, seen[name], seen[name] / n if n else None) for name, n in expected.items()]
    shape = {"symbol": pl.String, "minutes_expected": pl.Int64, "minutes_seen": pl.Int64, "complete_frac": pl.Float64}
    return pl.DataFrame(rows, schema=shape, orient="row")


def _minutes(span: Span, heard: Ints, length_ns: int) -> Ints:
    """Give the minutes of a span in which something arrived; a bar that arrives stands for all it covers."""
    start, end = np.searchsorted(heard, [span.start_ns, span.end_ns + (SECOND if length_ns else 0)])
    if not length_ns:
        return np.unique(heard[start:end] // MINUTE)
    covers = np.arange(max(length_ns // MINUTE, 1), dtype=np.int64)
    minutes = (heard[start:end, None] - SECOND) // MINUTE - covers[None, :]  # it arrives with its end
    return np.unique(minutes[(minutes >= span.start_ns // MINUTE) & (minutes * MINUTE < span.end_ns)])


# ---------------------------------------------------------------------- gaps
def gaps(day: Session) -> pl.DataFrame:
    """List where nothing came of an open contract for longer than `LONGEST_NS`, and where the log says that data is missing.

    Returns
    -------
    polars.DataFrame
        symbol; began, ended [last and next arrival, or the market's opening and close; in the session's zone]; seconds; why. In order of
        time.
    """
    rows: list[tuple[str, int, int, str]] = []
    for log, contract, spans, heard in _each(day):
        longest_ns = max(LONGEST_NS, round(MARGIN * _bar_ns(log, contract)))
        told = log.records["recv_ns"][(log.records["contract"] == contract.id) & (log.records["kind"] == Kind.GAP)]
        for span in spans:
            rows += [(contract.symbol, *each) for each in _gaps(span, heard, np.asarray(told, np.int64), longest_ns)]
    rows.sort(key=lambda row: row[1])
    began, ended = (np.array([row[at] for row in rows], np.int64) for at in (1, 2))
    return pl.DataFrame(
        {
            "symbol": pl.Series([row[0] for row in rows], dtype=pl.String),
            "began": times(began, day.zone),
            "ended": times(ended, day.zone),
            "seconds": pl.Series((ended - began) / SECOND, dtype=pl.Float64),
            "why": pl.Series([row[3] for row in rows], dtype=pl.String),
        }
    )


def _gaps(span: Span, heard: Ints, told: Ints, longest_ns: int) -> Iterator[tuple[int, int, str]]:
    """Give the gaps of one open stretch: (began, ended, why)."""
    start, end = np.searchsorted(heard, [span.start_ns, span.end_ns])
    edges = np.concatenate([[span.start_ns], heard[start:end], [span.end_ns]])
    holes = set(np.flatnonzero(np.diff(edges) > longest_ns).tolist())
    inside = told[(told >= span.start_ns) & (told < span.end_ns)]
    said = set(np.maximum(np.searchsorted(edges[:-1], inside, side="right") - 1, 0).tolist())
    for at in sorted(holes | said):
        if at in said:
            why = "the log says that data is missing"
        elif len(edges) == 2:
            why = "nothing came while the market was open"
        else:
            why = "nothing since the opening" if at == 0 else "nothing until the close" if at == len(edges) - 2 else "nothing came"
        yield int(edges[at]), int(edges[at + 1]), why


# ---------------------------------------------------------------------- what both read
def _each(day: Session) -> Iterator[tuple[SessionLog, Contract, list[Span], Ints]]:
    """Give each contract of each log session: when its market was open, and when anything of it arrived."""
    for log in day.logs:
        for contract in log.contracts:
            heard = _heard(log.records, contract.id)
            n = len(heard) if day.until_ns is None else int(np.searchsorted(heard, day.until_ns, side="right"))
            yield log, contract, _open(day, log, contract), heard[:n]


def _heard(records: Records, contract: int) -> Ints:
    """Give when data of a contract arrived; what was asked for before the first live record is no arrival."""
    is_market = (records["contract"] == contract) & np.isin(records["kind"], MARKET) & (records["flags"] >> 4 & 3 != 2)
    return np.asarray(records["recv_ns"][is_market], np.int64)


def _open(day: Session, log: SessionLog, contract: Contract) -> list[Span]:
    """Give the stretches in which a contract's market is open during a log session; phases that follow one another are one."""
    start_ns, end_ns = _bounds(log.session)
    if log.is_unfinished and len(log.records):
        end_ns = min(end_ns, int(log.records["recv_ns"][-1]))
    if day.until_ns is not None:
        end_ns = min(end_ns, day.until_ns)
    found: list[Span] = []
    if end_ns <= start_ns:
        return found
    for span in calendars.around(contract.calendar, [start_ns, end_ns]).spans:
        first, last = max(span.start_ns, start_ns), min(span.end_ns, end_ns)
        if not is_open(span.phase) or first >= last:
            continue
        if found and found[-1].end_ns == first:
            found[-1] = Span(found[-1].start_ns, last)
        else:
            found.append(Span(first, last))
    return found


def _bounds(session: int) -> tuple[int, int]:
    """Give when a log session begins, with the close of the one before, and when it ends."""
    open_ns, close_ns = calendars.session_bounds(session)
    columns = calendars.around(calendars.LOG_CALENDAR, [open_ns]).columns
    at = int(np.searchsorted(columns.names, session))
    return (int(columns.closes[at - 1]) if at else open_ns), close_ns


def _bar_ns(log: SessionLog, contract: Contract) -> int:
    """Give the length of a contract's imported bars; 0 where its data is no bars."""
    if log.kinds[contract.id] != ("bars",):
        return 0
    bars = log.records[(log.records["contract"] == contract.id) & (log.records["kind"] == Kind.BAR)]
    begun, ended = bars["event_ns"][bars["level"] == 0], bars["event_ns"][bars["level"] == 1]
    n = min(len(begun), len(ended))
    return int(np.median(ended[:n] - begun[:n])) + 1 if n else 0
