"""Playing records through the engine: `simulate` with modelled fills, `replay` with the reports that were logged. No tail, no broker.

Parity has two proofs, neither enough: a replay of a log issues the very commands of that log; and the closed loop with the simulated
venue issues the same commands however its records are cut into chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from workbench.domain.decisions import AnyFact, Issued, ParityBroken
from workbench.domain.events import Arrival
from workbench.domain.orders import AnyCommand
from workbench.domain.records import Records
from workbench.engine import Engine, Setup
from workbench.runtime.log import EventSink, RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.simulation.matching.models import FillModel
from workbench.venues.recorded import RecordedVenue

Chunk = Callable[[], int]


class Outcome(NamedTuple):
    """What a run over records came to."""

    engine: Engine
    last_seq: int
    n_commands: int
    commands_digest: str
    state_digest: str
    facts: list[AnyFact]
    arrivals: list[Arrival]

    @property
    def commands(self) -> list[AnyCommand]:
        """Every command the engine issued, in order."""
        return issued(self.facts)


def issued(facts: Iterable[AnyFact]) -> list[AnyCommand]:
    """Pick the commands out of facts, in order."""
    return [fact.command for fact in facts if isinstance(fact, Issued)]


async def simulate(
    setup: Setup,
    records: Records,
    fills: FillModel,
    *,
    chunk: Chunk | None = None,
    journal: EventSink | None = None,
    run_name: str = "",
    keep: bool = True,
) -> Outcome:
    """Play records with modelled fills.

    Parameters
    ----------
    setup
        Who trades what by which law.
    records
        A whole log: numbered, framed with TIME and PHASE records.
    fills
        How the simulated exchange fills, and what it costs.
    chunk
        Gives the most records of the next batch; `None`: as the venue likes.
    journal
        Takes events and facts in one commit at the end; `None`: they stay in memory only.
    run_name
        Stands in the first event.
    keep
        Whether facts and events also stay in memory, in the outcome. Without it memory is bounded, whatever the length.
    """
    engine, log = Engine(setup), RunLog(None, journal, keep=keep, one_commit=True)
    venue = simulated(setup, records, fills, run=run_name, chunk=chunk)
    last_seq = await run(venue, engine, log, after_seq=int(records["seq"][0]) - 1)
    return _outcome(engine, last_seq, log)


async def replay(
    setup: Setup,
    records: Records,
    arrivals: Sequence[Arrival],
    *,
    chunk: Chunk | None = None,
    begin: Callable[[Engine], None] | None = None,
) -> Outcome:
    """Play a log back: its records, and its events at their keys. Nothing is sent.

    `begin` puts into an engine what the run began with (`recovery.put_start`), `None` where it began with nothing.

    Examples
    --------
    In a notebook cell: ``outcome = await replay(setup, records, arrivals)``.
    """
    engine, log = Engine(setup), RunLog(keep=True)
    if begin is not None:
        begin(engine)
    last_seq = await run(RecordedVenue(records, arrivals, chunk=chunk), engine, log, after_seq=int(records["seq"][0]) - 1)
    return _outcome(engine, last_seq, log)


def _outcome(engine: Engine, last_seq: int, log: RunLog) -> Outcome:
    return Outcome(engine, last_seq, log.commands.n, log.commands.hex(), engine.digest(), log.facts, log.arrivals)


def first_difference(recorded: Iterable[AnyCommand], made: Iterable[AnyCommand]) -> ParityBroken | None:
    """Compare commands one by one; give the first pair that differs, or `None`.

    Examples
    --------
    >>> from workbench.domain.orders import Cancel, Cause, Key
    >>> a = Cancel(1, Key("DUSIM1", 1, "vwap"), 5, Cause(9, 0)); b = Cancel(2, *a.__reduce__()[1][1:])
    >>> first_difference([a], [a]) is None, first_difference([a], [a, b]).recorded
    (True, 'nothing')
    """
    for one, other in zip_longest(recorded, made):
        if one != other:
            return ParityBroken("nothing" if one is None else repr(one), "nothing" if other is None else repr(other))
    return None
