"""How a live run begins: anew, behind the run before, or where one that died left off. Reads stores and plays the past; sends nothing.

Rules
-----
1. A run that died is taken up in its own session; once that is over it is played to its end and closed, and the next begins with that.
2. The past is played from its log: recorded reports drive, what is decided again is only held against the log.
3. Where code, settings, law or contracts have changed since, the order side alone goes on (`engine.retelling`): a run that died is closed
   as its journal tells it, and the next one carries its orders, counters and halts. Models begin cold.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from workbench.clock import SystemClock
from workbench.config import Mode
from workbench.domain.contracts import Contract
from workbench.domain.events import FrontChanged
from workbench.domain.records import Records
from workbench.engine import Engine, Setup
from workbench.engine.desk import CONNECTION
from workbench.engine.retelling import Told, carry, holds, retell
from workbench.runtime import build
from workbench.runtime.log import Past, RunLog
from workbench.runtime.loop import run as drive
from workbench.runtime.recovery import WIRE, Image, made_with, past_of, put_start, start_of, what_differs, who
from workbench.store import checkpoints, entries
from workbench.store.digests import environment
from workbench.store.epochs import first_seq, next_epoch
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, runs, write_manifest
from workbench.store.sessions import records_written
from workbench.venues.base import Happened
from workbench.venues.recorded import RecordedVenue


class Plan(NamedTuple):
    """What is traded in a session, and what else its run hangs on. ``source`` says whose data it is: host and port.

    ``closes`` and ``not_entered`` are what is known when a run begins, as its manifest keeps it; ``fronts`` is who leads.
    """

    setup: Setup
    digests: Mapping[str, str] = {}
    source: str = ""
    closes: Mapping[int, tuple[int, ...]] = {}
    not_entered: tuple[int, ...] = ()
    fronts: tuple[FrontChanged, ...] = ()

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """Contracts of the run, ids rising."""
        return tuple(terms.contract for terms in self.setup.terms)


class Begun(NamedTuple):
    """A run that is about to go on.

    ``epoch`` numbers what it writes from here on; ``start`` is what it began with, ``past`` and ``records`` what its log holds.
    """

    run: RunManifest
    epoch: int
    start: Image | None
    past: Past
    records: Records

    def setup(self, plan: Plan) -> Setup:
        """Give what its engine is built from: the plan, with what was known when the run began."""
        return build.as_run(plan.setup, self.run.closes, self.run.not_entered)

    @property
    def is_new(self) -> bool:
        """Whether nothing of it was written yet."""
        return not self.past.arrivals and not len(self.records)

    @property
    def is_cold(self) -> bool:
        """Whether market, features and models begin with nothing, and there is time to warm them up: nothing is held meanwhile."""
        carried = self.run.carries == "orders"
        return self.is_new and (self.start is None or (carried and not holds(self.start.engine)))

    @property
    def before_seq(self) -> int:
        """The place in the log in front of its first record."""
        return first_seq(self.run.epoch) - 1

    @property
    def numbers_from(self) -> int:
        """The epoch its next records are numbered in: its own while it has none, for its first events stand in front of that."""
        return self.epoch if len(self.records) else self.run.epoch


def begin(data: Path, session: int, mode: Mode, plan: Plan) -> Begun:
    """Take up the run of this session that died, or begin one behind the last."""
    made = made_with(plan.setup, plan.digests)
    mine = [each for each in runs(data) if each.mode == mode.value and each.source.startswith(WIRE) and each.account == plan.setup.account]
    if died := [each for each in mine if not each.is_closed and each.sessions[-1] == session]:
        if not _changed(plan, made, died[-1]):
            return _with_past(data, died[-1])
        mine = [*mine[:-1], _close_retold(data, died[-1], plan)]
    before, carries, why = _before([each for each in mine if each.is_closed and each.sessions[-1] <= session], made, plan)
    epoch = next_epoch(data)
    manifest = RunManifest(
        run=f"{session}-{mode.value}-{epoch}",
        mode=mode.value,  # type: ignore[arg-type]  # one of doors.RUNS, all of which a manifest knows
        sessions=(session,),
        epoch=epoch,
        created_ns=SystemClock().now_ns(),
        contracts=plan.contracts,
        digests=made,
        environment=environment(),
        source=WIRE + plan.source,
        account=plan.setup.account,
        profile=plan.setup.law.profile,
        traders=plan.setup.traders,
        own_features=tuple(str(feature().name) for feature in plan.setup.own_features),
        closes=dict(plan.closes),
        not_entered=plan.not_entered,
        starts_from=before,
        carries=carries,
        notes=why,
    )
    write_manifest(Folders(data).run(manifest.run), manifest)
    return _with_past(data, manifest, epoch)


def unfinished(data: Path, session: int, mode: Mode, account: str) -> list[RunManifest]:
    """List the runs that died in sessions that are over, the oldest first."""
    died = [each for each in runs(data) if each.mode == mode.value and each.source.startswith(WIRE) and not each.is_closed]
    return [each for each in died if each.account == account and each.sessions[-1] < session]


async def finish(data: Path, died: RunManifest, plan: Plan) -> RunManifest:
    """Play a run that died in a session that is over to the end of its log, and close it; where what it ran with is gone, retell it."""
    if _changed(plan, made_with(plan.setup, plan.digests), died):
        return _close_retold(data, died, plan)
    begun = _with_past(data, died)
    engine = Engine(begun.setup(plan))
    with Journal(Folders(data).journal(died.run)) as journal:
        log = RunLog(None, journal, past=begun.past)
        last_seq = await relive(begun, engine, log)
        log.commit()
        return close(data, begun, engine, journal, last_seq)


async def relive(begun: Begun, engine: Engine, log: RunLog) -> int:
    """Bring an engine to the end of a run's log; give the seq of the last record.

    Raises
    ------
    InvariantError
        It did not go as the log says.
    """
    put_start(engine, begun.run, begun.start)
    at = begun.before_seq
    if len(begun.records):
        at = await drive(RecordedVenue(begun.records, begun.past.arrivals), engine, log, after_seq=at)
    else:
        for arrival in begun.past.arrivals:
            engine.step(log.place(Happened(arrival.recv_ns, arrival.event), at))
            log.keep(at, engine.take_facts())
    log.must_be_through()
    return at


def close(data: Path, begun: Begun, engine: Engine, journal: Journal, last_seq: int) -> RunManifest:
    """Write what the next run begins with, and end this one."""
    folder = Folders(data).run(begun.run.run)
    checkpoints.write(folder, last_seq, msgspec.msgpack.encode(Image(engine.snapshot(), b"")), begun.run.digests)
    journal.checkpoint()
    memory = engine.desk.memory
    is_flat = not memory.book.open and set(memory.breaker.causes) <= {CONNECTION}
    ended = {"first_seq": begun.before_seq + 1, "last_seq": last_seq, "journal_head": journal.head, "ended_flat": is_flat}
    closed: RunManifest = msgspec.structs.replace(begun.run, is_closed=True, **ended)
    write_manifest(folder, closed)
    return closed


def _with_past(data: Path, run: RunManifest, epoch: int | None = None) -> Begun:
    start = start_of(data, run)
    records = records_written(data, run.sessions[-1], run)
    journal = Folders(data).journal(run.run)
    past = past_of(journal, records) if journal.exists() else Past()
    return Begun(run, next_epoch(data) if epoch is None else epoch, start, past, records)


def _close_retold(data: Path, died: RunManifest, plan: Plan) -> RunManifest:
    """Close a run that died under other code, law or contracts, as its journal tells it."""
    engine, start = Engine(plan.setup), start_of(data, died)
    if start is not None:
        carry(engine, start.engine)
    path = Folders(data).journal(died.run)
    if path.exists():
        retell(engine, (Told(each.after_seq, each.n, each.recv_ns, each.content) for each in entries.read_journal(path)))
    records = records_written(data, died.sessions[-1], died)
    with Journal(path) as journal:
        return close(data, Begun(died, died.epoch, start, Past(), records), engine, journal, int(records["seq"][-1]) if len(records) else 0)


def _changed(plan: Plan, made: Mapping[str, str], before: RunManifest) -> list[str]:
    """Name what a run was made with and this one is not."""
    other = what_differs(made, before.digests)
    if (before.account, before.profile, before.traders, tuple(before.contracts)) != who(plan.setup, plan.contracts):
        other.append("account, profile, traders or contracts")
    return other


def _before(ended: list[RunManifest], made: Mapping[str, str], plan: Plan) -> tuple[str, Literal["all", "orders"], str]:
    """Find the run whose end a new one begins with: its name, what is carried over, and why not all of it."""
    if not ended:
        return "", "all", ""
    last = max(ended, key=lambda each: (each.sessions[-1], each.epoch))
    if other := _changed(plan, made, last):
        return last.run, "orders", f"models begin cold, orders go on: {', '.join(other)} are not those of {last.run}"
    return last.run, "all", ""
