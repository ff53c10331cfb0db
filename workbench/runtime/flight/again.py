"""A process played again: the very runner over a recorded socket, in virtual time, in a folder of its own. Judges nothing.

What the sockets did not bring comes from the log: the warm-up's history, the hours of the contracts, what a person asked for, and which
orders the run itself refused to send.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from workbench.clock import Clock
from workbench.config import Mode, Settings
from workbench.domain.contracts import Contract
from workbench.domain.decisions import AnyFact
from workbench.domain.errors import DataError, WorkbenchError
from workbench.domain.events import (
    NOT_SENT,
    Arrival,
    BrokerSaid,
    ClockStepped,
    ConnectionChanged,
    FillEntered,
    FrontChanged,
    OperatorSaid,
    OrderRejected,
    PositionAdopted,
    RollAsked,
)
from workbench.domain.orders import AnyCommand, Ask, Exit, Leg, Protect, Submit
from workbench.domain.records import Kind, Provenance, Records, empty, provenance_flag
from workbench.domain.units import SECOND
from workbench.runtime.flight.peer import PlayedClock, PlayedLoop
from workbench.runtime.flight.tape import Tape, starts
from workbench.runtime.live import Door, Line, Plan, Runner
from workbench.runtime.live.doors import TRADES
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.live.history import Needs, WarmUp
from workbench.runtime.live.hours import Calendars
from workbench.runtime.live.venue import STOPPED
from workbench.simulation.virtual import run_on
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, read_manifest
from workbench.store.recordings import EPOCH_SHIFT
from workbench.store.sessions import records_written

if TYPE_CHECKING:
    from workbench.venues.ib.venue import IbVenue

OUTSIDE: Final = (OperatorSaid, ClockStepped, PositionAdopted, FillEntered, RollAsked)  # events that no socket brings
LATE_S: Final = 0.5  # s behind the last chunk of a process that was killed
HISTORY: Final = provenance_flag(Provenance.HISTORY)
LEGS: Final = {Submit: Leg.ENTRY, Protect: Leg.STOP, Exit: Leg.EXIT}
Plans = Callable[[RunManifest], Plan]
Makes = Callable[[str, RunManifest, Clock, Path], "IbVenue"]


class Run(NamedTuple):
    """What a log holds of a run: of one that was taken up later, what its first start wrote."""

    manifest: RunManifest
    records: Records
    arrivals: tuple[Arrival, ...]
    facts: tuple[AnyFact, ...]

    @property
    def begin_ns(self) -> int:
        """When it began."""
        return self.arrivals[0].recv_ns

    def of(self, *kinds: type[Any]) -> list[Arrival]:
        """Give its events of these kinds."""
        return [each for each in self.arrivals if isinstance(each.event, kinds)]


class Played(NamedTuple):
    """What playing came to: each run then and now, what left on each connection, and what it ended with before its end."""

    then: tuple[Run, ...]
    ours: tuple[Run, ...]
    sent: dict[int, list[tuple[int, bytes]]]
    stuck: str
    broke: str
    n_dropped: int
    orders: dict[int, dict[str, Any]]  # what was put into the library last, by order id


def read_run(data: Path, manifest: RunManifest, n_entries: int | None = None) -> Run:
    """Read a run; `n_entries` of its journal, and the records of its own epoch, where it was taken up later."""
    records = records_written(data, manifest.sessions[-1], manifest)
    path = Folders(data).journal(manifest.run)
    arrivals, facts = list[Arrival](), list[AnyFact]()
    for entry in entries.read_journal(path) if path.exists() else ():
        if n_entries is not None and entry.id > n_entries:
            break
        if isinstance(entry.content, tuple):
            facts += entry.content
        else:
            arrivals.append(Arrival(entry.after_seq, entry.n, entry.recv_ns, entry.content))
    if n_entries is not None:
        records = records[records["seq"] >> EPOCH_SHIFT == manifest.epoch]
    return Run(manifest, records, tuple(arrivals), tuple(facts))


def recorded(data: Path, tape: Tape) -> tuple[Run, ...]:
    """Read the runs of a tape from their log."""
    made: list[Run] = []
    for card in tape.cards:
        manifest = read_manifest(Folders(data).run(card.run))
        if manifest is None:
            raise DataError(f"the recording is of run {card.run}, whose log is gone: there is nothing to hold it against")
        later = starts(Folders(data).flight, card)[1:]
        run = read_run(data, manifest, later[0].n_entries if later else None)
        if not run.arrivals:
            raise DataError(f"run {card.run} ended before it wrote anything")
        made.append(run)
    return tuple(made)


def settings_of(tape: Tape, ours: Settings) -> Settings:
    """Give the settings of the process: those it was begun with, roots and whom notices go to as they are now."""
    then = json.loads(tape.cards[0].settings)
    made = Settings.model_validate(ours.model_dump() | then)
    return ours.model_copy(update={name: getattr(made, name) for name in then})


def play(data: Path, tape: Tape, then: tuple[Run, ...], plan: Plans, make: Makes, folder: Path, log_calendar: str) -> Played:
    """Play a tape in an empty folder."""
    again = _Again(data, tape, then, plan, make, folder, log_calendar)
    begin_ns, speed = then[0].begin_ns, tape.cards[0].speed
    whole_s = (max(tape.last_ns, *(int(run.arrivals[-1].recv_ns) for run in then)) - begin_ns) / SECOND / speed
    return run_on(PlayedLoop(tape, begin_ns, speed, horizon_s=whole_s + 90_000), again.main)


class LoggedHours(Calendars):
    """Hours as they were: the log's."""

    def __init__(self, log_calendar: str, runs: Sequence[Run]) -> None:
        super().__init__(log_calendar)
        self._phases = [run.records[run.records["kind"] == Kind.PHASE] for run in runs]

    def phases(self, contract: Contract, first_ns: int, last_ns: int) -> Records:
        found = np.concatenate([each[each["contract"] == contract.id] for each in self._phases]) if self._phases else empty(0)
        return found[(found["recv_ns"] >= first_ns) & (found["recv_ns"] <= last_ns)]


class LoggedHistory:
    """The warm-up as it was, run by run: its records, what stayed cold, and when it was through: when the run's file was begun."""

    def __init__(self, runs: Sequence[Run], clock: PlayedClock, tape: Tape) -> None:
        self._through = list(zip(runs, (card.began_ns for card in tape.cards), strict=True))
        self._clock = clock

    async def warm_up(self, contracts: Sequence[Contract], before_ns: int, needs: Needs) -> WarmUp:
        """Give it."""
        run, until_ns = next(each for each in reversed(self._through) if each[0].begin_ns <= before_ns or each is self._through[0])
        await asyncio.sleep(self._clock.wait_s(until_ns))
        records = run.records
        cold = {
            each.event.contract: each.event.text.partition(": ")[2]
            for each in run.of(BrokerSaid)
            if isinstance(each.event, BrokerSaid) and each.event.kind == "history" and each.event.contract is not None
        }
        return WarmUp(records[records["flags"] & HISTORY == HISTORY].copy(), cold)


class LoggedDoor(Door):
    """Lets leave what left."""

    def __init__(self, mode: Mode, account: str, clock: Clock, runs: Sequence[Run]) -> None:
        super().__init__(mode, account, lambda: (account,), None, clock)
        self._refused = Counter[tuple[int, Leg]]()
        self._why: dict[tuple[int, Leg], str] = {}
        for each in (each.event for run in runs for each in run.of(OrderRejected)):
            if isinstance(each, OrderRejected) and not each.was_sent:
                self._refused[each.ref, each.leg] += 1
                self._why[each.ref, each.leg] = each.text

    def why_not(self, command: AnyCommand) -> str | None:
        if isinstance(command, Ask):
            return None
        if self.mode not in TRADES:
            return f"{NOT_SENT}: the mode is {self.mode.value}"
        leg = LEGS.get(type(command))
        if leg is None or not self._refused[command.ref, leg]:
            return None
        self._refused[command.ref, leg] -= 1
        return self._why[command.ref, leg]


class _Again:
    def __init__(self, data: Path, tape: Tape, then: tuple[Run, ...], plan: Plans, make: Makes, folder: Path, log_calendar: str) -> None:
        self._data, self._tape, self._then, self._plan, self._make = data, tape, then, plan, make
        self._folder, self._calendar = folder, log_calendar
        self._venues: list[IbVenue] = []
        self._clock: PlayedClock
        self._loop: PlayedLoop
        self._orders: dict[int, dict[str, Any]] = {}
        self._broke = ""

    def _found(self) -> None:
        """Make the folder what it was when the process began, as far as a run looks at it."""
        ours, card, first = Folders(self._folder), self._tape.cards[0], self._then[0].manifest
        ours.runs.mkdir(parents=True)
        if Folders(self._data).contracts.exists():
            shutil.copy(Folders(self._data).contracts, ours.contracts)
        name, account = first.starts_from, self._then[0].manifest.account
        while name and (before := read_manifest(Folders(self._data).run(name))) is not None:
            ours.run(name).symlink_to(Folders(self._data).run(name).absolute(), target_is_directory=True)
            name = before.starts_from
        if card.order_id > 1:
            (ids := self._folder / "ib").mkdir()
            from workbench.venues.ib.ids import NAME

            (ids / f"{account}-{self._number()}-{NAME}").write_text(f"{card.order_id}\n")

    def _number(self) -> int:
        """Give the client id of the run's connection."""
        from workbench.venues.ib.roles import Role, client_id
        from workbench.venues.ib.venue import ROLES

        card = self._tape.cards[0]
        return client_id(card.client_id, ROLES.get(Mode(card.mode), Role.TRADE))

    async def main(self, loop: PlayedLoop) -> Played:
        self._found()
        self._loop, clock = loop, loop.clock
        self._clock = clock
        mode = Mode(self._tape.cards[0].mode)
        edge = IbEdge(lambda chain: self._made(chain, clock))
        line = Line(edge, clock)
        door = LoggedDoor(mode, self._then[0].manifest.account, clock, self._then)
        waits = LoggedHistory(self._then, clock, self._tape)
        hours = LoggedHours(self._calendar, self._then)
        runner = Runner(self._folder, mode, line, door, self._planned, hours=hours, history=waits, before=self._until)
        for each in (each for run in self._then for each in run.of(*OUTSIDE)):
            loop.call_at(clock.loop_s(each.recv_ns), self._say, each.event)
        loop.call_at(max(0.0, clock.loop_s(self._stop_ns())), line.stop)
        running = loop.create_task(self._run(runner))
        stuck = loop.create_task(loop.peer.over.wait())
        try:
            await asyncio.wait((running, stuck), return_when=asyncio.FIRST_COMPLETED)
            if loop.peer.stuck is None:
                await running
        finally:
            running.cancel()
            stuck.cancel()
            await line.close()
            await edge.close()
        there = [each for each in (read_manifest(Folders(self._folder).run(run.manifest.run)) for run in self._then) if each is not None]
        ours = tuple(read_run(self._folder, each) for each in there)
        chunk = loop.peer.stuck
        words = "" if chunk is None else f"{chunk.way.name.lower()} {len(chunk.data)} bytes on connection {chunk.connection}"
        return Played(self._then, ours, loop.peer.sent, words, self._broke, loop.peer.n_dropped, self._orders)

    async def _run(self, runner: Runner) -> None:
        """Run as many sessions as there were, each from the very time at which it began (`_planned` lets the clock go)."""
        try:
            self._clock.hold(self._then[0].begin_ns)
            for _ in self._then:
                if (await runner.run_session()).is_last:
                    return
        except WorkbenchError as error:
            self._broke = f"{type(error).__name__}: {error}"

    def _planned(self, session: int) -> Plan:
        run = next((each for each in self._then if each.manifest.sessions[-1] == session), None)
        if run is None:
            raise DataError(f"the process had no run in session {session}")
        self._clock.let_go()
        Folders(self._folder).epoch.write_text(f"{run.manifest.epoch - 1}\n")
        manifest, fronts = run.manifest, list[FrontChanged]()
        for each in run.arrivals[1 + len(manifest.contracts) :]:
            is_opening = each.after_seq == run.arrivals[0].after_seq  # the venue may say it again, behind the first records
            if not isinstance(each.event, FrontChanged) or not is_opening or each.event.root in {front.root for front in fronts}:
                break
            fronts.append(each.event)
        return self._plan(manifest)._replace(
            digests=dict(manifest.digests), closes=dict(manifest.closes), not_entered=manifest.not_entered, fronts=tuple(fronts)
        )

    async def _until(self, session: int) -> None:
        """Wait for the time at which the next run began: somebody looked at the broker meanwhile."""
        run = next((each for each in self._then if each.manifest.sessions[-1] == session), None)
        if run is not None:
            self._clock.let_go()
            await asyncio.sleep(self._clock.wait_s(run.begin_ns))
            self._clock.hold(run.begin_ns)

    def _made(self, chain: str, clock: Clock) -> IbVenue:
        venue = self._make(chain, self._then[0].manifest, clock, self._folder)
        self._venues.append(venue)
        self._loop.begin()
        client: Any = venue.client
        place = client.placeOrder

        def placed(order_id: int, contract: Any, order: Any) -> Any:
            self._orders[order_id] = dict(vars(order))
            return place(order_id, contract, order)

        client.placeOrder = placed  # what is put into the library is kept, to be held against what it makes of it
        return venue

    def _say(self, event: Any) -> None:
        if self._venues:
            self._venues[-1].say(event)

    def _stop_ns(self) -> int:
        """When a person ended it, or it was killed; a process that ended with its session needs neither."""
        if self._tape.endings:
            return self._tape.last_ns + round(LATE_S * SECOND)
        last = self._then[-1]
        said = last.arrivals[-1]
        if isinstance(said.event, ConnectionChanged) and said.event.why == STOPPED:
            return said.recv_ns
        if last.manifest.is_closed and len(starts(Folders(self._data).flight, self._tape.cards[-1])) == 1:
            return said.recv_ns + 100_000 * SECOND
        return max(self._tape.last_ns, said.recv_ns) + round(LATE_S * SECOND)


def same_bytes(one: object, other: object) -> bool:
    """Whether two values are written alike: nan is not equal to itself, its bytes are."""
    return one == other or msgspec.msgpack.encode(one) == msgspec.msgpack.encode(other)
