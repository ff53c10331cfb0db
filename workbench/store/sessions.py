"""Which runs tell of a log session, and whose records it has. Reads manifests and records; opens no journal, writes nothing.

Words: the run that *wrote* a session gave it its records (import, generate, record, observe, paper, live); a run that *told* of it has a
journal of forecasts, orders and fills over those records: the writer itself where it traded, or a later `simulate` of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import Records
from workbench.store.epochs import first_seq
from workbench.store.folders import Folders
from workbench.store.log import log_sessions, read_log
from workbench.store.manifest import WRITERS, RunManifest, find_log, runs
from workbench.store.recordings import Recordings
from workbench.store.shadows import is_shadow
from workbench.store.tail import read_segments

TRADED: Final = frozenset({"observe", "paper", "live"})  # modes of runs that write records and orders
FOREVER: Final = (1 << 62) - 1  # above every seq and every time
RECORDED: Final = "record"  # mode of runs that trade nothing: theirs are pieces of one recording


class Told(NamedTuple):
    """One log session as one run tells it.

    ``writer`` gave it its records; ``run`` has the journal of what was forecast and ordered, `None` where nobody traded; ``runs`` are
    all that could be chosen, the oldest first.
    """

    session: int
    writer: RunManifest
    run: RunManifest | None
    runs: tuple[RunManifest, ...]


def tellers(data: Path, session: int) -> list[RunManifest]:
    """List the runs that wrote a session's records or simulated over them, the oldest first; none of those replaced since."""
    writers = find_log(data, session)
    named = {run.run for run in writers}
    played = [run for run in runs(data) if run.mode == "simulate" and session in run.sessions and run.source in named]
    return sorted([*writers, *played], key=lambda run: (run.created_ns, run.run))


def told(data: Path, session: int, wanted: str | None = None) -> Told:
    """Choose the run that tells of a session.

    Parameters
    ----------
    wanted
        Name of a run, or a mode (``"simulate"``: the newest of it; ``"shadow"``: of those that decided beside it). `None`: the run that
        wrote the records, where it traded; else the newest that simulated over them, a shadow only where there is nothing else.

    Raises
    ------
    DataError
        There is no such session or run; the text says what there is.
    """
    there = tellers(data, session)
    writers = {run.run: run for run in there if run.mode in WRITERS}
    if not writers:
        raise DataError(f"{data} holds no session {session}; {_sessions_there(data)}")
    newest = max(writers.values(), key=lambda run: run.epoch)
    if wanted is None:
        played = [run for run in there if run.source == newest.run and run.run not in writers]
        played.sort(key=lambda run: not is_shadow(run.account))  # what was asked for by a person last
        chosen = newest if newest.mode in TRADED else played[-1] if played else None
        return Told(session, newest, chosen, tuple(there))
    fits = [run for run in there if wanted in (run.run, "shadow" if is_shadow(run.account) else run.mode)]
    if not fits:
        raise DataError(f"session {session} has no run {wanted!r}; runs there: {', '.join(run.run for run in there)}")
    chosen = fits[-1]
    writer = writers.get(chosen.run) or writers[chosen.source]
    return Told(session, writer, chosen if chosen is not writer or chosen.mode in TRADED else None, tuple(there))


def pieces(writer: RunManifest, there: Iterable[RunManifest]) -> tuple[RunManifest, ...]:
    """Give the runs whose records are one session, the earliest first: of a recorder that was ended and begun again all up to `writer`."""
    if writer.mode != RECORDED:
        return (writer,)
    return tuple(sorted((run for run in there if run.mode == RECORDED and run.epoch <= writer.epoch), key=lambda run: run.epoch))


def contracts_of(writers: Iterable[RunManifest]) -> tuple[Contract, ...]:
    """List the contracts that runs named, ids rising; of one that was defined anew the last definition."""
    known = {contract.id: contract for run in writers for contract in run.contracts}
    return tuple(known[id_] for id_ in sorted(known))


def records_of(data: Path, session: int, writers: Sequence[RunManifest], *, windows: bool = False) -> Records:
    """Read the records that some runs wrote into a session, one after the other; `windows`: see `store.log.read_log`."""
    records = read_log(data, session, windows=windows)
    parts = [records[slice(*np.searchsorted(records["seq"], [first, last + 1]))] for first, last in spans(writers)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def spans(writers: Sequence[RunManifest]) -> list[tuple[int, int]]:
    """Give the first and the last `seq` that each of some runs may have written, both included; of one that was killed up to the next.

    One that was taken up wrote in more than one epoch.
    """
    firsts = [run.first_seq or first_seq(run.epoch) for run in writers]
    lasts = [run.last_seq if run.is_closed and run.last_seq else FOREVER for run in writers]
    behind = [*(first_seq(run.epoch) - 1 for run in writers[1:]), FOREVER]
    return [(first, min(last, end)) for first, last, end in zip(firsts, lasts, behind, strict=True)]


class Listed(NamedTuple):
    """One run's part of a log session: records, the time from the first to the last, and the runs that played it, the oldest first."""

    session: int
    writer: RunManifest
    n: int
    first_ns: int
    last_ns: int
    played: tuple[RunManifest, ...]


def listed(data: Path) -> list[Listed]:
    """List every session with who wrote it and who played it; records are looked at only where the table's log cannot tell."""
    recordings, manifests = Recordings.of(data), runs(data)
    sealed = {span.session: span for span in recordings.sessions()}
    in_tail = {segment.session for segment, rows in read_segments(Folders(data).tail) if len(rows)}
    rows = []
    for session in sorted(sealed.keys() | in_tail):
        writers = find_log(data, session)
        for writer in writers:
            played = tuple(run for run in manifests if run.mode == "simulate" and session in run.sessions and run.source == writer.run)
            if session not in in_tail and len(writers) == 1:
                span = sealed[session]
                n, first_ns, last_ns = span.n, span.first_ns, span.last_ns
            else:
                times = records_written(data, session, writer, recordings, windows=True)["recv_ns"]
                n, first_ns, last_ns = len(times), *((int(times[0]), int(times[-1])) if len(times) else (0, 0))
            rows.append(Listed(session, writer, n, first_ns, last_ns, played))
    return rows


def records_written(
    data: Path, session: int, writer: RunManifest, recordings: Recordings | None = None, *, windows: bool = False
) -> Records:
    """Read the records a run wrote into a session: what is committed at this moment, where the run is still going on.

    `windows`: see `store.log.read_log`.
    """
    records = read_log(data, session, recordings=recordings, windows=windows)
    ((first, last),) = spans((writer,))
    return records[slice(*np.searchsorted(records["seq"], [first, last + 1]))]


def sessions_between(data: Path, first: int, last: int) -> list[int]:
    """List the log sessions with records from `first` to `last`, both included.

    Raises
    ------
    DataError
        There is none; the text says what there is.
    """
    found = [each for each in log_sessions(data) if first <= each <= last]
    if not found:
        which = f"session {first}" if first == last else f"session from {first} to {last}"
        raise DataError(f"{data} holds no {which}; {_sessions_there(data)}")
    return found


def _sessions_there(data: Path) -> str:
    return f"sessions there: {_listed(log_sessions(data)) or 'none; import one, or run the demo'}"


def _listed(sessions: Sequence[int]) -> str:
    """Name sessions, the middle of a long list left out."""
    named = [str(each) for each in sessions]
    return ", ".join(named) if len(named) <= 12 else f"{', '.join(named[:5])} ... {', '.join(named[-5:])} ({len(named)} of them)"
