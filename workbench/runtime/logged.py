"""A session as its log tells it: records, events at their keys, facts, contracts. Reads stores; decides nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.decisions import AnyFact
from workbench.domain.errors import DataError
from workbench.domain.events import Arrival
from workbench.domain.records import Kind, Records
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.log import log_sessions
from workbench.store.manifest import RunManifest, find_log
from workbench.store.sessions import contracts_of, pieces, records_of


class Logged(NamedTuple):
    """One log session.

    ``arrivals`` are every event that is no record, in order of their keys; ``run`` is the run that wrote the records; of a recorder that
    was ended and begun again the last one, and ``writers`` are all.
    """

    data: Path
    session: int
    run: RunManifest
    records: Records
    arrivals: tuple[Arrival, ...]
    writers: tuple[RunManifest, ...]

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """Contracts its records name, ids rising."""
        return contracts_of(self.writers)

    @property
    def journal(self) -> Path:
        """Where its events and facts lie."""
        return Folders(self.data).journal(self.run.run)

    def facts(self) -> Iterator[AnyFact]:
        """Go through the facts of its run, heads (`At`) left out, in order."""
        return (fact for _, fact in entries.facts(self.journal))

    def kinds(self) -> dict[int, tuple[str, ...]]:
        """Say which kinds of market data each contract has: ``quotes prints depth``, or ``bars`` alone."""
        return {contract.id: _kinds(self.records, contract.id) for contract in self.contracts}


def open_log(data: Path, session: int) -> Logged:
    """Open the log of a session.

    Raises
    ------
    DataError
        There is none; the text says what there is.
    """
    runs = find_log(data, session)
    if not runs:
        there = ", ".join(str(each) for each in log_sessions(data)) or "none; import one, or run the demo"
        raise DataError(f"{data} holds no session {session}; sessions there: {there}")
    run = runs[-1]
    writers = pieces(run, runs)
    records = records_of(data, session, writers)
    if not len(records):
        raise DataError(f"run {run.run} wrote no record of session {session} before it ended: there is nothing to open")
    arrivals = tuple(each for writer in writers for each in entries.arrivals(Folders(data).journal(writer.run)))
    return Logged(data, session, run, records, arrivals, writers)


def _kinds(records: Records, contract: int) -> tuple[str, ...]:
    there = set(records["kind"][records["contract"] == contract].tolist())
    named = {
        "quotes": {Kind.QUOTE},
        "prints": {Kind.PRINT},
        "depth": {Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE},
        "bars": {Kind.BAR},
    }
    return tuple(name for name, kinds in named.items() if there & {int(kind) for kind in kinds})
