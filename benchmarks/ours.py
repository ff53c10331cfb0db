"""Our engine over a tape as ``workbench simulate`` plays it: modelled fills, facts encoded, the journal in one commit at the end."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.rounds import Cost, frozen
from benchmarks.tape import Tape
from workbench.engine import Engine, Setup
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.simulation.matching.exchange import Exchange
from workbench.simulation.matching.models import CAUTIOUS
from workbench.store.journal import Journal
from workbench.venues.simulated import SimulatedVenue


class Played(NamedTuple):
    """What a run cost, and came to."""

    cost: Cost
    engine: Engine
    n_commands: int

    @property
    def n_brackets(self) -> int:
        """Brackets sent."""
        return self.engine.desk.memory.book.next_ref - 1


def play(of: Tape, setup: Setup) -> Played:
    """Play a tape; the clock runs from the first record to the journal's commit."""
    engine = Engine(setup)
    venue = SimulatedVenue(of.records, Exchange(of.contracts, CAUTIOUS))
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.in_one_commit(Path(folder) / "journal.db")
        log = RunLog(None, journal, keep=False, one_commit=True)
        with frozen():
            wall, cpu = time.perf_counter(), time.process_time()
            asyncio.run(run(venue, engine, log))
            journal.close()
            cost = Cost(time.perf_counter() - wall, time.process_time() - cpu, of.n_market)
    return Played(cost, engine, log.commands.n)
