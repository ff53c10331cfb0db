"""How long what is kept: which sessions' records and bars are due to go, and letting them go. Bars first, records after; orders never.

=======================  =========================================================================
for                      is kept
=======================  =========================================================================
``raw_days``             every record, also those asked for afterwards; bars that the broker told
``fine_bars_days``         bars of 5 s, made before the records go
``minute_bars_days``         bars of 1 m with the quote at each close, made before the records go; snapshots
ever                     decisions, orders, fills (journals); records around own orders; what a person imported
=======================  =========================================================================

What was imported has its age from its maker: a session of 2013 is not old when it comes in today. It goes only when that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from workbench.config import RetentionSettings
from workbench.domain.decisions import Issued
from workbench.domain.errors import StoreError
from workbench.domain.events import (
    FillCorrected,
    FillEntered,
    ForeignFilled,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionAdopted,
)
from workbench.domain.units import SECOND
from workbench.research.frames.card import date_of
from workbench.store import entries, segments
from workbench.store.bars import LENGTHS, drop_bars, keep_bars, kept_bars, read_bars
from workbench.store.delta_table import files_of
from workbench.store.folders import Folders
from workbench.store.manifest import find_log, runs
from workbench.store.recordings import Recordings
from workbench.store.retention import thinned
from workbench.store.snapshots import SnapshotTable
from workbench.store.thinning import Window, is_done, merged, thin
from workbench.store.told_bars import ToldBarTable

RECORDED: Final = frozenset({"record", "observe", "paper", "live"})
RESTED_DAYS: Final = 30  # days without a recording after which nothing goes by itself any more
OF_ORDERS: Final = (OrderAccepted, OrderFilled, OrderCancelled, OrderRejected, FillCorrected, FillEntered, ForeignFilled, PositionAdopted)


class What(StrEnum):
    """What goes."""

    RECORDS = "records"
    BARS_5S = "5s bars"
    BARS_1M = "1m bars"
    SNAPSHOTS = "snapshots"
    BACKFILL = "records asked for afterwards"
    TOLD_BARS = "bars the broker told"


class Due(NamedTuple):
    """One thing that may go, or (``why_not``) would and stays. ``n_bytes`` on the disk at present."""

    session: int
    what: What
    n_records: int
    n_bytes: int
    windows: tuple[Window, ...]
    why_not: str


def due(data: Path, rules: RetentionSettings, today: int, *, imported: bool = False) -> list[Due]:
    """List what is due as of a log session, the oldest first; deletes nothing.

    Parameters
    ----------
    today
        The log session that is now, 20261120.
    imported
        Whether sessions may go that a person imported or had generated.
    """
    recordings, marks = Recordings.of(data), thinned(data)
    sizes = _sizes(recordings)
    found = []
    for span in recordings.sessions():
        mark = marks.get(span.session)
        is_left = mark is None or not is_done(recordings, mark)
        if is_left and _age(span.session, today) > rules.raw_days:
            windows = mark.windows if mark is not None else own_windows(data, span.session, rules.window_s)
            found.append(
                Due(
                    span.session,
                    What.RECORDS,
                    span.n,
                    sizes.get(span.session, 0),
                    windows,
                    _protected(data, span.session, imported=imported),
                )
            )
    for each in kept_bars(data):
        days, what = (rules.fine_bars_days, What.BARS_5S) if each.length == "5s" else (rules.minute_bars_days, What.BARS_1M)
        if _age(each.session, today) > days:
            why_not = "" if each.session in marks else "its records are all there"
            found.append(Due(each.session, what, 0, each.n_bytes, (), why_not))
    found += [
        Due(session, What.SNAPSHOTS, 0, 0, (), "")
        for session in SnapshotTable(data).sessions()
        if _age(session, today) > rules.minute_bars_days
    ]
    found += [
        Due(span.session, What.BACKFILL, span.n, 0, (), "")
        for span in _backfill(data).sessions()
        if _age(span.session, today) > rules.raw_days
    ]
    found += [
        Due(session, What.TOLD_BARS, 0, 0, (), "") for session in ToldBarTable(data).sessions() if _age(session, today) > rules.raw_days
    ]
    return sorted(found, key=lambda it: (it.session, it.what))


def let_go(data: Path, what: Due, rules: RetentionSettings, today: int, now_ns: int) -> None:
    """Let one thing go. Killed at any moment, the next `due` lists what is left of it.

    Raises
    ------
    StoreError
        Bars could not be made or read back: the records stay.
    """
    if what.why_not:
        raise StoreError(f"session {what.session} stays: {what.why_not}")
    match what.what:
        case What.RECORDS:
            if what.session not in thinned(data):
                lengths = [name for name, days in _kept_for(rules).items() if _age(what.session, today) <= days]
                make_bars(data, what.session, lengths)
            thin(data, what.session, what.windows, now_ns)
        case What.BARS_5S | What.BARS_1M:
            drop_bars(data, what.session, "5s" if what.what is What.BARS_5S else "1m")
        case What.SNAPSHOTS:
            SnapshotTable(data).table.replace(what.session, [])
        case What.TOLD_BARS:
            ToldBarTable(data).table.replace(what.session, [])
        case What.BACKFILL:
            _backfill(data).delete(what.session)


def make_bars(data: Path, session: int, lengths: list[str]) -> None:
    """Make the bars of a session from its records, keep them, and read them back."""
    from workbench.research.frames.opening import open_session

    day = open_session(session, data=data)
    for name in lengths:
        frame = day.bars(None, name)
        if (before := read_bars(data, session, name)) is not None and not before.equals(frame):
            drop_bars(data, session, name)  # of records that have been replaced since
        keep_bars(data, session, name, frame)
        again = read_bars(data, session, name)
        if again is None or not again.equals(frame):
            raise StoreError(f"bars of {name} of session {session} read back differently: its records stay; delete the file and try again")


def own_windows(data: Path, session: int, window_s: int) -> tuple[Window, ...]:
    """Give the windows around everything that own orders did in a session: sent, answered, filled, by every paper and live run of it."""
    moments: list[int] = []
    for run in runs(data):
        path = Folders(data).journal(run.run)
        if run.mode in ("paper", "live") and session in run.sessions and path.exists():
            moments += _moments(path)
    return merged(moments, window_s * SECOND)


def compact(data: Path, today: int, tell: Callable[[str], None] = lambda _: None) -> int:
    """Put the many small files of each finished session together, sorted by (contract, seq); give how many files are fewer.

    Files that had no checksum get one, and those no reader can need any more (a week) are deleted.
    """
    recordings, n_fewer = Recordings.of(data), 0
    for span in recordings.sessions():
        if span.session < today and not segments.paths(Folders(data).tail, span.session):
            tell(f"compacting {span.session}")
            n_fewer += recordings.compact(span.session)
    recordings.keep_checksums()
    recordings.vacuum()
    return n_fewer


def _backfill(data: Path) -> Recordings:
    return Recordings(Folders(data).backfill, cache=Folders(data).cache / "backfill")


def _kept_for(rules: RetentionSettings) -> dict[str, int]:
    return dict(zip(LENGTHS, (rules.fine_bars_days, rules.minute_bars_days), strict=True))


def _protected(data: Path, session: int, *, imported: bool) -> str:
    """Say why a session's records stay though they are old; empty where they may go."""
    if segments.paths(Folders(data).tail, session):
        return "part of it is in the tail: workbench seal"
    writers = find_log(data, session)
    if len(writers) != 1:
        return f"{len(writers)} runs wrote it, and its bars would be those of one"
    if writers[0].mode in ("import", "generate") and not imported:
        return "it was imported or generated: workbench data prune --imported"
    if writers[0].mode in RECORDED and not writers[0].is_closed:
        return "its run was never ended: who takes it up has to play it"
    return "" if Folders(data).journal(writers[0].run).exists() else "its journal is missing, and with it what its orders did"


def newest(data: Path) -> int | None:
    """Give the newest session that a run of ours recorded; `None` if there is none."""
    return max((max(run.sessions) for run in runs(data) if run.mode in RECORDED and run.sessions), default=None)


def is_clock_likely(data: Path, today: int) -> bool:
    """Tell whether the day is near what was recorded last: far from it, a clock is as likely to be wrong as a machine to have rested."""
    last = newest(data)
    return last is None or abs(_age(last, today)) <= RESTED_DAYS


def _moments(path: Path) -> Iterator[int]:
    yield from (fact.command.decided_ns for _, fact in entries.facts(path) if isinstance(fact, Issued))
    yield from (each.recv_ns for each in entries.arrivals(path) if isinstance(each.event, OF_ORDERS))


def _sizes(recordings: Recordings) -> dict[int, int]:
    table = recordings.table()
    if table is None:
        return {}
    return dict(files_of(table).group_by("partition.session").agg(pl.sum("size_bytes")).iter_rows())


def _age(session: int, today: int) -> int:
    return (date_of(today) - date_of(session)).days
