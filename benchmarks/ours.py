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
from workbench.runtime.replay import simulate
from workbench.simulation.matching.models import CAUTIOUS
from workbench.store.journal import Journal


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
    """Play a tape; the clock runs from the making of the engine to the journal's commit. Events are counted, not records."""
    Engine(setup)  # imports what its learners need, before the clock runs
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.in_one_commit(Path(folder) / "journal.db")
        with frozen():
            wall, cpu = time.perf_counter(), time.process_time()
            came = asyncio.run(simulate(setup, of.records, CAUTIOUS, journal=journal, keep=False))
            journal.close()
            cost = Cost(time.perf_counter() - wall, time.process_time() - cpu, of.n_market)
    return Played(cost, came.engine, came.n_commands)
