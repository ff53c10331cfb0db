"""The shadow slot: a candidate decides on the very records of the live run, and its orders go to a modelled exchange of its own.

Rules
-----
1. It is another process with an engine, a law, a book and an exchange of its own: nothing of it can reach the live engine. No venue that
   reaches out of this process can be had in here; the type of the venue and an import contract say so.
2. It decides as records come, or in one go when the session is over; both issue the same commands, to the last bit.
3. What it writes is a run of mode ``simulate`` on the account ``shadow:<name>``. One that did not end is made anew from the beginning.
4. It hears the market and nothing else: no disconnect, halt or broker's word that the live run heard. It begins each session cold.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from workbench.clock import SystemClock
from workbench.config import Settings
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import Records
from workbench.engine import Engine, Setup
from workbench.runtime import build
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.runtime.recovery import made_with
from workbench.runtime.replay import first_difference, issued, simulate
from workbench.store import entries
from workbench.store.digests import environment
from workbench.store.folders import Folders
from workbench.store.following import Following
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, find_log, read_manifest, write_manifest
from workbench.store.sessions import FOREVER, contracts_of, pieces, records_of, spans
from workbench.store.shadows import PREFIX, Slot, is_shadow, named
from workbench.store.whole import only_one
from workbench.venues.simulated import SimulatedVenue
from workbench.workspace import things_of
from workbench.workspace.choosing import choose

LOOK_S: Final = 1.0  # between two looks for new records; the tail is durable each second
More = Callable[[], Awaitable[Records | None]]


class FollowingVenue(SimulatedVenue):
    """The simulated venue over records that are still being written: where they end it waits, and ends when `more` gives none."""

    more: More | None = None

    async def _more(self) -> bool:
        found = await self.more() if self.more is not None else None
        if found is None:
            return False
        self.records, self._addr, self._n, self.at = found, int(found.ctypes.data), len(found), 0
        return True


class Shadowed(NamedTuple):
    """What a shadow came to: its run, how many records it saw, how many commands it issued, all of them for the record only."""

    run: RunManifest
    n_records: int
    n_commands: int
    commands_digest: str


def enter(settings: Settings, pair: tuple[str, str], profile: str | None, at_ns: int) -> Slot:
    """Make the entry of a candidate.

    Raises
    ------
    ConfigError
        There is no such strategy, recipe or law, or it breaks a rule of its kind.
    """
    law = build.constitution(profile or settings.profile, folder=build.laws_of(settings))
    chosen = choose([pair], things_of(settings.workspace))
    strategy, recipe = chosen.traders[0]
    return Slot(strategy=strategy, recipe=recipe, profile=law.profile, entered_ns=at_ns, digests=dict(chosen.digests))


def setup_of_shadow(settings: Settings, writers: Sequence[RunManifest], session: int, pair: tuple[str, str], profile: str) -> Setup:
    """Make the setup a shadow decides with: contracts, hours and front months of the run beside it, a law and an account of its own."""
    law, account = build.constitution(profile, folder=build.laws_of(settings)), f"{PREFIX}{named(*pair)}"
    contracts, writer = contracts_of(writers), writers[-1]
    made = build.setup(settings, contracts, [session], law, account=account, strategies=[pair], things=things_of(settings.workspace))
    return build.as_run(made, writer.closes, writer.not_entered)


async def decide_beside(
    settings: Settings, data: Path, session: int, slot: Slot, *, look_s: float = LOOK_S, tell: Callable[[str], None] = lambda _: None
) -> Shadowed:
    """Let a candidate go through a session, to its end: while it is written, or afterwards.

    Raises
    ------
    ConfigError
        It was edited since it entered the slot.
    DataError
        There is no such session.
    """
    there = find_log(data, session)
    if not there:
        raise DataError(f"{data} holds no session {session}: a shadow decides beside a run that records one")
    writer, writers = there[-1], pieces(there[-1], there)
    setup = setup_of_shadow(settings, writers, session, (slot.strategy, slot.recipe), slot.profile)
    if changed := sorted(name for name in {*slot.digests, *setup.digests} if slot.digests.get(name) != setup.digests.get(name)):
        raise ConfigError(f"{slot.name} was edited since it entered the slot ({', '.join(changed)}): let it enter again, as somebody new")
    folder = Folders(data).run(f"{session}-shadow-{slot.name.replace(':', '+')}-{writer.epoch}")
    with only_one(folder.with_name(f".{folder.name}.lock"), f"{slot.name} is at work beside session {session} already"):
        if (held := read_manifest(folder)) is not None and held.is_closed:
            raise DataError(f"{slot.name} went through session {session} already: {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        card = _card(folder.name, setup, writer, session, settings)
        write_manifest(folder, card)
        tell(f"{slot.name} decides beside {writer.run}, law {setup.law.profile}, account {setup.account}: nothing of it is sent")
        done = await (_after if writer.is_closed else _along)(settings, data, card, setup, writers, look_s)
        write_manifest(folder, done.run)
    return done


def _card(name: str, setup: Setup, writer: RunManifest, session: int, settings: Settings) -> RunManifest:
    return RunManifest(
        run=name,
        mode="simulate",
        sessions=(session,),
        epoch=0,
        created_ns=SystemClock().now_ns(),
        contracts=tuple(terms.contract for terms in setup.terms),
        digests=made_with(setup, {"settings": settings.digest}),
        environment=environment(),
        source=writer.run,
        account=setup.account,
        profile=setup.law.profile,
        traders=setup.traders,
        own_features=build.own_features(setup),
        notes="shadow: modelled fills, nothing was sent",
    )


async def _after(settings: Settings, data: Path, card: RunManifest, setup: Setup, writers: Sequence[RunManifest], _: float) -> Shadowed:
    records = records_of(data, card.sessions[0], writers)
    if not len(records):
        raise DataError(f"run {writers[-1].run} wrote no record of session {card.sessions[0]}")
    with Journal.in_one_commit(Folders(data).journal(card.run)) as journal:
        outcome = await simulate(setup, records, build.fills(settings), journal=journal, run_name=card.run, keep=False)
    return _done(card, int(records["seq"][0]), outcome.last_seq, len(records), outcome.n_commands, outcome.commands_digest)


async def _along(
    settings: Settings, data: Path, card: RunManifest, setup: Setup, writers: Sequence[RunManifest], look_s: float
) -> Shadowed:
    source = _Source(data, card.sessions[0], writers, look_s)
    first = await source.more()
    if first is None:
        raise DataError(f"run {writers[-1].run} wrote no record of session {card.sessions[0]}")
    venue = simulated(setup, first, build.fills(settings), run=card.run, venue=FollowingVenue)
    assert isinstance(venue, FollowingVenue)
    venue.more = source.more
    with Journal(Folders(data).journal(card.run)) as journal:
        log = RunLog(None, journal)
        last_seq = await run(venue, Engine(setup), log, after_seq=int(first["seq"][0]) - 1)
        journal.checkpoint()
    return _done(card, int(first["seq"][0]), last_seq, source.n, log.commands.n, log.commands.hex())


def _done(card: RunManifest, first: int, last: int, n: int, n_commands: int, digest: str) -> Shadowed:
    return Shadowed(msgspec.structs.replace(card, first_seq=first, last_seq=last, is_closed=True), n, n_commands, digest)


class _Source:
    """The records of a run as they come, until it has ended."""

    def __init__(self, data: Path, session: int, writers: Sequence[RunManifest], look_s: float) -> None:
        self._data, self._session, self._writer, self._look_s = data, session, writers[-1], look_s
        self._following = Following(data, writers[-1].mode, session)
        *self._before, (self._first, _) = spans(writers)  # between them another run may have recorded
        self.n = 0

    async def more(self) -> Records | None:
        while True:
            card = read_manifest(Folders(self._data).run(self._writer.run))  # before the records: what it closed with is all there
            is_over = card is None or card.is_closed
            last = card.last_seq if card is not None and card.is_closed and card.last_seq is not None else FOREVER
            found = self._new(last)
            if len(found):
                self.n += len(found)
                return found
            if is_over:
                return None
            await asyncio.sleep(self._look_s)

    def _new(self, last: int) -> Records:
        came = [piece.records for piece in self._following.new() if piece.session == self._session]
        theirs = [*self._before, (self._first, last)]
        cut = [each[slice(*each["seq"].searchsorted([first, end + 1]))] for each in came for first, end in theirs]
        return np.ascontiguousarray(np.concatenate(cut)) if cut else np.empty(0)


def writers_beside(data: Path, card: RunManifest) -> tuple[RunManifest, ...]:
    """Give the runs whose records a shadow decided on, the earliest first.

    Raises
    ------
    DataError
        It is no shadow, or they are gone.
    """
    there = find_log(data, card.sessions[0])
    writer = next((each for each in there if each.run == card.source), None)
    if writer is None or not is_shadow(card.account):
        raise DataError(f"run {card.run} is no shadow of a session that is there")
    return pieces(writer, there)


async def again(settings: Settings, data: Path, setup: Setup, card: RunManifest) -> tuple[int, str, str]:
    """Go through a shadow's session once more; give how many commands, their digest, and the first that differs (empty: none does)."""
    outcome = await simulate(setup, records_of(data, card.sessions[0], writers_beside(data, card)), build.fills(settings))
    recorded = issued(fact for _, fact in entries.facts(Folders(data).journal(card.run)))
    broken = first_difference(recorded, outcome.commands)
    return outcome.n_commands, outcome.commands_digest, "" if broken is None else f"recorded {broken.recorded}, made {broken.made}"
