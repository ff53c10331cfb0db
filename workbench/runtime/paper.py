"""Paper trading of a market that is at hand (generated or recorded), with the whole care of a live run: tail, journal, checkpoints.

A run that was killed is taken up by calling the same thing again: it plays what the log holds once more, checks every event and fact
against it, and goes on where the log ends. A run begins with what the session before ended with, where that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.records import Records
from workbench.engine import Engine, Setup
from workbench.runtime.heartbeat import Heartbeat
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.runtime.pace import Pace, PacedVenue
from workbench.runtime.recovery import Image, begin, numbered
from workbench.simulation.matching.models import FillModel
from workbench.store import checkpoints
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, write_manifest
from workbench.store.tail import Tail
from workbench.venues.simulated import SimulatedVenue

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
    speed: float | None = None,
    watched_from_ns: int | None = None,
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
    speed
        Log time runs so many times as fast as the wall clock, to be watched; `None`: as fast as it goes. The log is the same.
    watched_from_ns
        Log time from which on `speed` holds; before, all goes as fast as it can. `None`: from the first new record.
    """
    began = begin(data, session, contracts, setup, digests or {}, source)
    records, past, first = numbered(data, session, market, began)
    pace = None if speed is None else Pace.at_speed(records, past.last_seq, speed, watched_from_ns)
    due = chunk if pace is None else lambda: pace.n_due(venue.at)
    venue: SimulatedVenue = simulated(setup, records, fills, mode="paper", run=began.run.run, digests=began.run.digests, chunk=due)
    engine, folder = Engine(setup), Folders(data).run(began.run.run)
    if began.start is not None:
        engine.restore(began.start.engine)
        venue.carry_on(began.start.venue)
    with Tail(Folders(data).tail, session=session, epoch=began.epoch) as tail, Journal(folder / "journal.db") as journal:
        log = RunLog(tail, journal, past=past)
        beat = Heartbeat(data, began.run, engine, log, (tail, journal))
        driven = venue if pace is None else PacedVenue(venue, pace)
        last_seq = await run(driven, engine, log, after_seq=first - 1, at_turn=_turns(beat, venue, progress))
        log.must_be_through()
        image = msgspec.msgpack.encode(Image(engine.snapshot(), venue.snapshot()))
        checkpoints.write(folder, last_seq, image, began.run.digests)
        journal.checkpoint()
        head = journal.head
    memory = engine.desk.memory
    flat = not memory.book.open and not memory.breaker.causes
    closed = msgspec.structs.replace(began.run, first_seq=first, last_seq=last_seq, journal_head=head, ended_flat=flat, is_closed=True)
    write_manifest(folder, closed)
    beat.end(last_seq, len(records))
    return Paper(closed, engine, len(records), log.commands.n, log.commands.hex(), engine.digest())


def _turns(beat: Heartbeat, venue: SimulatedVenue, progress: Progress | None) -> Callable[[int], None]:
    """Let the beat hear each turn, and whoever wants to know how far it is."""

    def at_turn(seq: int) -> None:
        beat.turn(seq, venue.at)
        if progress is not None:
            progress(venue.at)

    return at_turn
