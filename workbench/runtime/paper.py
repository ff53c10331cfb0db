"""Paper trading of a market that is at hand (generated or recorded), with the whole care of a live run: tail, journal, checkpoints.

A run that was killed is taken up by calling the same thing again: it plays what the log holds once more, checks every event and fact
against it, and goes on where the log ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from workbench.clock import SystemClock
from workbench.domain.contracts import Contract
from workbench.domain.errors import InvariantError
from workbench.domain.records import Records
from workbench.engine import Engine, Setup
from workbench.market.sessions import number
from workbench.runtime.log import Past, RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.simulation.matching.models import FillModel
from workbench.store import checkpoints, entries
from workbench.store.digests import code_digest, environment
from workbench.store.epochs import next_epoch
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, read_manifest, write_manifest
from workbench.store.tail import Tail, read_tail

Progress = Callable[[int], Any]  # hears how many records are done


class Paper(NamedTuple):
    """What a paper run came to."""

    run: RunManifest
    engine: Engine
    n_records: int
    n_commands: int
    commands_digest: str
    state_digest: str


async def paper(
    data: Path,
    session: int,
    contracts: Sequence[Contract],
    market: Records,
    setup: Setup,
    fills: FillModel,
    *,
    digests: dict[str, str] | None = None,
    source: str = "",
    progress: Progress | None = None,
    chunk: Callable[[], int] | None = None,
) -> Paper:
    """Trade a session on paper, writing its log as a live run would; take it up where a killed run left it.

    Parameters
    ----------
    market
        Framed records; their numbers are given here.
    digests
        Of settings and constitution; that of the code is added.
    progress
        Called now and then with the number of records done.
    chunk
        Gives the most records of a turn; `None`: as the venue likes.
    """
    began = _take_up(data, session) or _begin(data, session, contracts, setup, digests or {}, source)
    records, past, first = _numbered(data, session, market, began)
    venue = simulated(setup, records, fills, mode="paper", run=began.run.run, digests=began.run.digests, chunk=chunk)
    engine, folder = Engine(setup), Folders(data).run(began.run.run)
    with Tail(Folders(data).tail, session=session, epoch=began.epoch) as tail, Journal(folder / "journal.db") as journal:
        log = RunLog(tail, journal, past=past)
        heard = None if progress is None else lambda _: progress(venue.at)
        last_seq = await run(venue, engine, log, after_seq=first - 1, at_turn=heard)
        log.must_be_through()
        checkpoints.write(folder, last_seq, engine.snapshot(), began.run.digests)
        journal.checkpoint()
    closed = msgspec.structs.replace(began.run, first_seq=first, last_seq=last_seq, is_closed=True)
    write_manifest(folder, closed)
    return Paper(closed, engine, len(records), log.commands.n, log.commands.hex(), engine.digest())


class _Began(NamedTuple):
    run: RunManifest
    epoch: int  # of what is written from here on


def _begin(data: Path, session: int, contracts: Sequence[Contract], setup: Setup, digests: dict[str, str], source: str) -> _Began:
    epoch = next_epoch(data)
    made = RunManifest(
        run=f"{session}-paper-{epoch}",
        mode="paper",
        sessions=(session,),
        epoch=epoch,
        created_ns=SystemClock().now_ns(),
        contracts=tuple(contracts),
        digests={"code": code_digest(), "constitution": setup.law.digest} | digests,
        environment=environment(),
        source=source,
    )
    write_manifest(Folders(data).run(made.run), made)
    return _Began(made, epoch)


def _take_up(data: Path, session: int) -> _Began | None:
    """Find the paper run of this session that was killed."""
    for folder in sorted(Folders(data).runs.glob(f"{session}-paper-*"), reverse=True):
        found = read_manifest(folder)
        if found is not None and not found.is_closed and (folder / "journal.db").exists():
            return _Began(found, next_epoch(data))
    return None


def _numbered(data: Path, session: int, market: Records, began: _Began) -> tuple[Records, Past, int]:
    """Number the market: what the tail holds keeps its numbers, the rest goes on in this start's epoch."""
    records = market.copy()
    journal = Folders(data).journal(began.run.run)
    if began.epoch == began.run.epoch or not journal.exists():
        number(records, began.epoch)
        return records, Past(), int(records["seq"][0])
    parts = [part for part in read_tail(Folders(data).tail, session) if len(part)]
    written = np.concatenate(parts) if parts else records[:0]
    n = len(written)
    number(records, began.run.epoch)
    first = int(records["seq"][0])
    records["seq"][:n] = written["seq"]
    if not np.array_equal(records[:n], written):
        raise InvariantError(f"the tail of session {session} is not the beginning of this market: take the run up with its own")
    if n:
        number(records[n:], began.epoch)
    past = Past(
        int(written["seq"][-1]) if n else 0,
        tuple(entries.arrivals(journal)),
        tuple(fact for entry in entries.read_journal(journal) if isinstance(entry.content, tuple) for fact in entry.content),
    )
    return records, past, first
