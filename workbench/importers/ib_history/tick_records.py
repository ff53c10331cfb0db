"""Pages of ticks as records, for whole sessions only. Asks nobody, writes nothing.

Rules
-----
1. A source tells whole seconds. That second is the tick's event time, and its arrival; within it prints keep the order they were told in,
   and so do quotes. How a second's prints and quotes lay between each other nobody says: its quotes come first.
2. They are marked as asked for afterwards. Who was aggressive is not told: a print has no side.
3. A price or size off the contract's grid is set aside and named.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from workbench.calendars import log_session
from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Provenance, Records, empty, provenance_flag
from workbench.domain.units import SECOND
from workbench.importers.decimals import quanta
from workbench.importers.ib_history.shelf import FOLDER
from workbench.importers.ib_history.tick_shelf import TickSession, TickShelf
from workbench.importers.quarantine import Rejected
from workbench.importers.reading import FileReport, Reading, Stream, count_kinds
from workbench.venues.history import PastTick

KIND = "tick-by-tick"
BACKFILL = provenance_flag(Provenance.BACKFILL)


class TickReadings(NamedTuple):
    """Readings, quotes before prints; and of which contract (`BarsAsked.of`) the prints between which times are all there [ns]."""

    readings: list[Reading]
    with_prints: dict[str, list[tuple[int, int]]]


def sessions_of(session: TickSession) -> set[int]:
    """Give the log sessions a session reaches into."""
    return set(log_session(np.array([session.start_ns, session.end_ns - 1], np.int64)).tolist())


def sessions_with_ticks(data: Path) -> set[int]:
    """Give the log sessions into which whole tick sessions of a data folder reach."""
    return {number for session in TickShelf(data).whole() for number in sessions_of(session)}


def readings(data: Path, wanted: set[int]) -> TickReadings:
    """Read the whole tick sessions of a data folder that lie in the wanted log sessions."""
    shelf = TickShelf(data)
    found: dict[tuple[bool, str], list[TickSession]] = defaultdict(list)
    with_prints: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for session in shelf.whole():
        if not wanted.isdisjoint(sessions_of(session)):
            of = session.asked(0).of
            found[not session.quotes, of].append(session)
            if not session.quotes:
                with_prints[of].append((session.start_ns, session.end_ns))
    made = [_reading(shelf, of, sessions, wanted) for (_, of), sessions in sorted(found.items(), key=lambda each: each[0])]
    return TickReadings([each for each in made if each.report.n_rows], with_prints)


def _reading(shelf: TickShelf, of: str, sessions: list[TickSession], wanted: set[int]) -> Reading:
    contract, quotes = sessions[0].contract, sessions[0].quotes
    path = f"{FOLDER}/{of}/{'quotes' if quotes else 'prints'}"
    ordered = sorted(sessions, key=lambda each: each.start_ns)
    ticks = [tick for session in ordered for page in shelf.pages(session) for tick in page.ticks]
    at_ns = np.array([tick.at_s for tick in ticks], np.int64) * SECOND
    inside = np.isin(log_session(at_ns), list(wanted)) if len(ticks) else np.zeros(0, bool)
    ticks, at_ns = [tick for tick, is_in in zip(ticks, inside, strict=True) if is_in], at_ns[inside]
    records, rejected = _records(contract, ticks, at_ns, path, quotes=quotes)
    report = FileReport(
        path=path,
        schema=KIND,
        n_rows=len(ticks),
        n_records=len(records),
        n_quarantined=len(rejected),
        reasons={rejected[0].reason: len(rejected)} if rejected else {},
        contracts=[contract.symbol],
        kinds=count_kinds(records),
        first_ns=int(records["recv_ns"][0]) if len(records) else None,
        last_ns=int(records["recv_ns"][-1]) if len(records) else None,
        notes=["times are whole seconds, the order within one is the broker's"],
    )
    return Reading([Stream(path, KIND, contract, records)], report, rejected, [])


def _records(contract: Contract, ticks: list[PastTick], at_ns: np.ndarray, path: str, *, quotes: bool) -> tuple[Records, list[Rejected]]:
    px = quanta(pl.Series([tick.price for tick in ticks], dtype=pl.String), contract.price_quantum)
    sz = quanta(pl.Series([tick.size for tick in ticks], dtype=pl.String), contract.size_quantum)
    good = px.on_grid & sz.on_grid & (sz.value >= 0)
    records = empty(len(ticks))
    records["recv_ns"] = records["event_ns"] = at_ns
    records["kind"], records["flags"] = Kind.QUOTE if quotes else Kind.PRINT, EVENT_TIME | BACKFILL
    records["px"], records["sz"] = px.value, sz.value
    if quotes:
        ask = quanta(pl.Series([tick.ask for tick in ticks], dtype=pl.String), contract.price_quantum)
        ask_size = quanta(pl.Series([tick.ask_size for tick in ticks], dtype=pl.String), contract.size_quantum)
        good &= ask.on_grid & ask_size.on_grid & (ask_size.value >= 0)
        records["px2"], records["sz2"] = ask.value, ask_size.value
        records["flags"] |= np.where(sz.value > 0, BID, 0).astype(np.uint8) | np.where(ask_size.value > 0, ASK, 0).astype(np.uint8)
    rejected = [Rejected(path, int(at) + 1, "no tick on the contract's grid", str(ticks[int(at)])) for at in np.flatnonzero(~good)]
    return records[good], rejected
