"""From what files hold to recordings, the same way for every importer: merge, part by log session, weave phases and seconds, number, keep.

Nothing is kept before every file has been read and every session is known to be free, and each session is kept whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace as changed

from workbench.calendars import log_session, phase_records, session_bounds
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import RECORD, Kind, Records
from workbench.domain.units import BAR_NS, SECOND
from workbench.importers.quarantine import Rejected, write_rows
from workbench.importers.reading import FileReport, Reading, Stream, span
from workbench.market.sessions import WHOLE, number, weave
from workbench.store.contracts import ContractBook
from workbench.store.epochs import next_epoch
from workbench.store.intake import take_in
from workbench.store.log import log_sessions

# what tells the same thing twice: two files with records of one family and one contract must not overlap in time
FAMILIES: Final = {
    "quotes": (Kind.QUOTE,),
    "trades": (Kind.PRINT, Kind.BAR),  # a bar sums prints up
    "depth": (Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET),
}
QUARANTINE: Final = "quarantine"  # folder of the rows that were set aside
Tell = Callable[[str], None]  # what is being done now, for whoever waits


class SessionPart(NamedTuple):
    """What one log session gets: records in order of arrival; until ids are given, their field ``contract`` is a key of `contracts`."""

    session: int
    contracts: dict[int, Contract]
    records: Records


class SessionReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one log session got. ``n_market`` counts records of the market, ``n_records`` phases and seconds as well."""

    session: int
    n_market: int
    n_records: int
    contracts: list[str]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or, dry, would have done; then ``taken`` are those sessions that have records already. Times in ns UTC."""

    importer: str
    dry_run: bool
    files: list[FileReport]
    sessions: list[SessionReport]
    contracts: dict[str, int | None]  # symbol -> id; `None`: none was given
    first_ns: int
    last_ns: int
    quarantine: str | None = None
    preview: list[str] = []
    taken: list[int] = []

    @property
    def n_quarantined(self) -> int:
        """Rows that were set aside."""
        return sum(file.n_quarantined for file in self.files)


class Plan(NamedTuple):
    """An import that was read and found good, and is not written yet."""

    parts: list[SessionPart]
    streams: list[Stream]
    rejected: list[Rejected]
    report: Report


def plan(importer: str, readings: list[Reading]) -> Plan:
    """Bring together what was read; nothing is written.

    Raises
    ------
    DataError
        There is nothing to keep, or two files tell the same thing about one contract at one time.
    """
    streams = [stream for reading in readings for stream in reading.streams if len(stream.records)]
    if not streams:
        raise DataError("the files hold no market data that can be kept: no quotes, prints, depth or bars")
    refuse_overlaps(streams)
    found = list(_by_session(streams))
    first_ns, last_ns = span(streams)
    assert first_ns is not None and last_ns is not None  # no stream is empty
    report = Report(
        importer=importer,
        dry_run=True,
        files=[reading.report for reading in readings],
        sessions=[],
        contracts={contract.symbol: None for part in found for contract in part.contracts.values()},
        first_ns=first_ns,
        last_ns=last_ns,
        preview=[line for reading in readings for line in reading.preview],
    )
    return Plan(found, streams, [row for reading in readings for row in reading.rejected], report)


def rehearse(plan: Plan, data: Path | None = None) -> Report:
    """Tell what `keep` would write, and which of its log sessions `data` holds already."""
    sessions = []
    for part in plan.parts:  # no contract has an id yet; under one id, the phases of two would count as those of one
        contracts = {key: changed(contract, id=key) for key, contract in part.contracts.items()}
        sessions.append(_report(part, len(finished(part, contracts, 0, 1))))
    return changed(plan.report, sessions=sessions, taken=_taken(plan, data) if data else [])


def keep(plan: Plan, data: Path, *, replace: bool = False, tell: Tell = lambda _: None) -> Report:
    """Write an import into the stores of a data folder.

    Parameters
    ----------
    replace
        Whether log sessions that have records already may be replaced.
    tell
        Is told what is being done.

    Raises
    ------
    DataError
        A log session has records already; nothing was written.
    StoreError
        The disk refuses. Sessions that were told before stand whole, the others are not there.
    """
    _refuse_taken(plan, data, replace=replace)
    keys = {key: contract for part in plan.parts for key, contract in part.contracts.items()}
    known = dict(zip(keys, ContractBook(data).define_all(list(keys.values())), strict=True))
    quarantine = write_rows(data / QUARANTINE / _name(plan), plan.rejected) if plan.rejected else None
    epoch, start = next_epoch(data), 1
    sessions = []
    for part in plan.parts:
        tell(f"writing log session {part.session}")
        contracts = {key: known[key] for key in part.contracts}
        records = finished(part, contracts, epoch, start)
        start += len(records)
        own = [stream for stream in plan.streams if _reaches(stream, part)]
        take_in(
            data,
            session=part.session,
            records=records,
            contracts=list(contracts.values()),
            source=f"{plan.report.importer}: {', '.join(sorted({Path(stream.path).name for stream in own}))}",
            notes="; ".join(dict.fromkeys(note for file in plan.report.files for note in file.notes)),
            replace=replace,
            streams=sorted({stream.kind for stream in own}),
        )
        sessions.append(_report(part, len(records)))
    ids: dict[str, int | None] = {contract.symbol: contract.id for contract in known.values()}
    return changed(plan.report, dry_run=False, sessions=sessions, contracts=ids, quarantine=str(quarantine) if quarantine else None)


def finished(part: SessionPart, contracts: dict[int, Contract], epoch: int, start: int) -> Records:
    """Give the records of a session as they are kept: ids set, phases and whole seconds woven in, numbered.

    Parameters
    ----------
    contracts
        Those of `part`, under the same keys, with the ids they were given.
    epoch, start
        Of the numbering; see `market.sessions.number`.
    """
    records = part.records.copy()
    ids = np.zeros(max(contracts) + 1, np.uint32)
    for key, contract in contracts.items():
        ids[key] = contract.id
    records["contract"] = ids[records["contract"]]
    first_ns = int(records["recv_ns"][0]) // SECOND * SECOND
    last_ns = _end_ns(part)
    phases = np.concatenate([phase_records(contract, first_ns, last_ns) for contract in contracts.values()])
    return number(weave(records, phases, first_ns=first_ns, last_ns=last_ns, while_closed=False), epoch, start)


def refuse_overlaps(streams: list[Stream]) -> None:
    """Refuse two streams of one contract that would tell the same market twice."""
    contracts: list[Contract] = []
    for stream in streams:
        if stream.contract not in contracts:
            contracts.append(stream.contract)
    for family, kinds in FAMILIES.items():
        found = [(contracts.index(stream.contract), *span, at) for at, stream in enumerate(streams) for span in _span_of(stream, kinds)]
        spans = sorted(found)
        for (contract, _, last, a), (other, first, _, b) in pairwise(spans):
            if contract == other and first <= last:
                where = " and ".join(dict.fromkeys((streams[a].path, streams[b].path)))
                twice = "both hold" if streams[a].path != streams[b].path else "(named twice) holds"
                raise DataError(f"{where} {twice} {family} of {contracts[contract].symbol} over the same time; import one of the two")


def _by_session(streams: list[Stream]) -> Iterator[SessionPart]:
    """Merge streams by arrival, in the order of the files where two arrive together, and cut where the log session changes."""
    contracts: list[Contract] = []
    merged = np.concatenate([stream.records for stream in streams])
    at = 0
    for stream in streams:
        if stream.contract not in contracts:
            contracts.append(stream.contract)
        merged["contract"][at : at + len(stream.records)] = contracts.index(stream.contract) + 1
        at += len(stream.records)
    if (np.diff(merged["recv_ns"]) < 0).any():
        merged = merged.view(WHOLE).take(np.argsort(merged["recv_ns"], kind="stable")).view(RECORD)
    sessions = log_session(merged["recv_ns"])
    edges = np.flatnonzero(np.diff(sessions)) + 1
    for first, behind in pairwise([0, *edges.tolist(), len(merged)]):
        own = merged[first:behind]
        yield SessionPart(int(sessions[first]), {key: contracts[key - 1] for key in np.unique(own["contract"]).tolist()}, own)


def _refuse_taken(plan: Plan, data: Path, *, replace: bool) -> None:
    taken = _taken(plan, data)
    if taken and not replace:
        raise DataError(
            f"{data} holds records of log session {few(taken)} already; nothing was written. "
            "--replace puts these in their place; --data names another folder. Contracts to be seen together come in one command."
        )


def _taken(plan: Plan, data: Path) -> list[int]:
    """Give the log sessions that would get records and have some already."""
    return sorted({part.session for part in plan.parts} & set(log_sessions(data)))


def few(sessions: list[int]) -> str:
    """Name the first log sessions of many.

    >>> few([20260126, 20260127, 20260128, 20260129])
    '20260126, 20260127, 20260128 and 1 more'
    """
    more = f" and {len(sessions) - 3} more" if len(sessions) > 3 else ""
    return f"{', '.join(map(str, sessions[:3]))}{more}"


def _report(part: SessionPart, n_records: int) -> SessionReport:
    symbols = [contract.symbol for contract in part.contracts.values()]
    return SessionReport(session=part.session, n_market=len(part.records), n_records=n_records, contracts=symbols)


def _name(plan: Plan) -> str:
    """Name an import after its first file and all that it was made of: the same import, the same name."""
    told = msgspec.json.encode(plan.report.files)
    return f"{Path(plan.report.files[0].path).stem}-{hashlib.sha256(told).hexdigest()[:12]}"


def _end_ns(part: SessionPart) -> int:
    """Give where the seconds end: at the boundary that closes the last bar, the session's close at the latest."""
    last_ns = int(part.records["recv_ns"][-1])
    return max(last_ns, min(last_ns - last_ns % BAR_NS + BAR_NS, session_bounds(part.session)[1]))


def _reaches(stream: Stream, part: SessionPart) -> bool:
    recv_ns = stream.records["recv_ns"]
    return bool(recv_ns[0] <= part.records["recv_ns"][-1] and recv_ns[-1] >= part.records["recv_ns"][0])


def _span_of(stream: Stream, kinds: tuple[Kind, ...]) -> list[tuple[int, int]]:
    of_family = stream.records["recv_ns"][np.isin(stream.records["kind"], kinds)]
    return [(int(of_family[0]), int(of_family[-1]))] if len(of_family) else []
