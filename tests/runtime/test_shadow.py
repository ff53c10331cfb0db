"""A shadow decides on the live run's very records, alike while they come and afterwards, and nothing of it can leave."""

from __future__ import annotations

import ast
import asyncio
import random
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.replay.world import SESSION, settings
from tests.runtime.conftest import Traded
from workbench.domain.decisions import AnyFact, At, Issued
from workbench.domain.errors import ConfigError, DataError, StoreError
from workbench.runtime import shadow
from workbench.runtime.live.doors import ON_PAPER
from workbench.runtime.shadow import FollowingVenue, Shadowed, again, decide_beside, enter, setup_of_shadow, writers_beside
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, find_log, read_manifest, write_manifest
from workbench.store.recordings import EPOCH_SHIFT
from workbench.store.sealer import seal
from workbench.store.sessions import records_of, records_written, told
from workbench.store.shadows import PREFIX, Slot
from workbench.store.tail import Tail

pytestmark = pytest.mark.covers("S3-29")
CANDIDATE = ("tour", "")


@pytest.fixture(scope="module")
def live(traded: Traded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session that somebody else traded."""
    return Path(shutil.copytree(traded.data, tmp_path_factory.mktemp("live") / "data"))


@pytest.fixture(scope="module")
def slot() -> Slot:
    return enter(settings(), CANDIDATE, "demo", at_ns=1)


def beside(data: Path, slot: Slot, **more: object) -> Shadowed:
    return asyncio.run(decide_beside(settings(), data, SESSION, slot, **more))


def facts_of(data: Path, run: RunManifest) -> list[tuple[At, AnyFact]]:
    return list(entries.facts(Folders(data).journal(run.run)))


@pytest.fixture(scope="module")
def done(live: Path, slot: Slot) -> Shadowed:
    return beside(live, slot)


def test_everything_of_it_says_that_it_is_a_shadow(live: Path, done: Shadowed) -> None:
    facts = [fact for _, fact in facts_of(live, done.run)]
    owners = {fact.key.account for fact in facts if hasattr(fact, "key")} | {f.command.key.account for f in facts if isinstance(f, Issued)}
    assert owners == {"shadow:tour"} and done.n_commands > 3
    assert done.run.account == "shadow:tour" and done.run.mode == "simulate" and done.run.is_closed
    assert told(live, SESSION).run.mode == "paper", "the session is told by the run that traded it"
    assert told(live, SESSION, "shadow").run == done.run
    with pytest.raises(DataError, match="has no run 'simulate'"):
        told(live, SESSION, "simulate")


def test_the_run_beside_it_is_as_it_was(live: Path, done: Shadowed) -> None:
    (writer,) = find_log(live, SESSION)
    assert done.run.source == writer.run and writer.is_closed
    assert all(not fact.key.account.startswith(PREFIX) for _, fact in facts_of(live, writer) if hasattr(fact, "key"))


def test_going_through_it_again_issues_the_same_commands(live: Path, done: Shadowed) -> None:
    setup = setup_of_shadow(settings(), find_log(live, SESSION), SESSION, CANDIDATE, "demo")
    assert asyncio.run(again(settings(), live, setup, done.run)) == (done.n_commands, done.commands_digest, "")


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(2, 8))])
def test_while_records_come_it_decides_as_it_does_afterwards(live: Path, slot: Slot, done: Shadowed, tmp_path: Path, seed: int) -> None:
    along = asyncio.run(_written_and_followed(live, tmp_path / "data", slot, random.Random(seed)))
    assert (along.n_records, along.n_commands, along.commands_digest) == (done.n_records, done.n_commands, done.commands_digest)
    assert facts_of(tmp_path / "data", along.run) == facts_of(live, done.run)


async def _written_and_followed(live: Path, data: Path, slot: Slot, chance: random.Random) -> Shadowed:
    """Write a run's tail piece by piece, now and then into another segment, while a shadow follows."""
    (card,) = find_log(live, SESSION)
    records = np.ascontiguousarray(records_written(live, SESSION, card))
    folder = Folders(data).run(card.run)
    write_manifest(folder, msgspec.structs.replace(card, is_closed=False, last_seq=None))
    shutil.copy(Folders(live).journal(card.run), folder / "journal.db")
    following = asyncio.create_task(decide_beside(settings(), data, SESSION, slot, look_s=0.0))
    with Tail(Folders(data).tail, session=SESSION, epoch=card.epoch, segment_records=4_000) as tail:
        at, is_sealed = 0, False
        while at < len(records):
            n = chance.choice((1, 7, 600, 5_000))
            tail.append(records[at : at + n])
            at += n
            for _ in range(chance.choice((0, 1, 4))):
                await asyncio.sleep(0)
            if at > len(records) // 2 and not is_sealed:
                is_sealed = bool(seal(data))  # what it has not read yet lies in the recordings from here on
        tail.flush()
    write_manifest(folder, card)
    return await following


def test_one_that_was_killed_is_made_anew_and_one_that_ended_is_not(live: Path, slot: Slot, done: Shadowed, tmp_path: Path) -> None:
    data = Path(shutil.copytree(live, tmp_path / "data"))
    folder = Folders(data).run(done.run.run)
    with pytest.raises(DataError, match="went through session 20261119 already"):
        beside(data, slot)
    write_manifest(folder, msgspec.structs.replace(done.run, is_closed=False))
    assert beside(data, slot).commands_digest == done.commands_digest
    card = read_manifest(folder)
    assert card is not None and card.is_closed


def test_two_at_once_of_one_name_are_refused(live: Path, slot: Slot, done: Shadowed) -> None:
    folder = Folders(live).run(done.run.run)
    with shadow.only_one(folder.with_name(f".{folder.name}.lock"), "held"), pytest.raises(StoreError, match="at work beside session"):
        beside(live, slot)


def test_what_was_edited_since_it_entered_does_not_start(live: Path, slot: Slot) -> None:
    with pytest.raises(ConfigError, match=r"tour was edited since it entered the slot \(own strategies/x.py\)"):
        beside(live, msgspec.structs.replace(slot, digests={"own strategies/x.py": "00"}))


def test_where_nobody_records_there_is_nothing_to_decide_beside(slot: Slot, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no session"):
        beside(tmp_path, slot)


def in_pieces(live: Path, data: Path, *modes: str) -> list[RunManifest]:
    """Write the session's records as if runs of these modes had recorded it one after the other."""
    (card,) = find_log(live, SESSION)
    parts, made = np.array_split(records_written(live, SESSION, card).copy(), len(modes)), []
    for epoch, (mode, part) in enumerate(zip(modes, parts, strict=True), 1):
        part["seq"] = (epoch << EPOCH_SHIFT) + np.arange(1, len(part) + 1)
        ends = {"first_seq": int(part["seq"][0]), "last_seq": int(part["seq"][-1])}
        made.append(msgspec.structs.replace(card, run=f"{SESSION}-{mode}-{epoch}", mode=mode, epoch=epoch, account="", traders=(), **ends))
        write_manifest(Folders(data).run(made[-1].run), made[-1])
        Journal(Folders(data).journal(made[-1].run)).close()
        with Tail(Folders(data).tail, session=SESSION, epoch=epoch) as tail:
            tail.append(np.ascontiguousarray(part))
    return made


@pytest.mark.parametrize("modes", [("record", "record"), ("record", "paper", "record")], ids=["begun again", "behind a paper run"])
def test_what_it_sees_of_a_recording_while_it_comes_is_what_is_recorded_of_it(
    live: Path, slot: Slot, tmp_path: Path, modes: list[str]
) -> None:
    async def main() -> Shadowed:
        last = in_pieces(live, tmp_path, *modes)[-1]
        write_manifest(Folders(tmp_path).run(last.run), msgspec.structs.replace(last, is_closed=False, last_seq=None))
        following = asyncio.create_task(decide_beside(settings(), tmp_path, SESSION, slot, look_s=0.0))
        await asyncio.sleep(0.1)
        write_manifest(Folders(tmp_path).run(last.run), last)
        return await following

    seen = asyncio.run(main())
    writers = writers_beside(tmp_path, seen.run)
    setup = setup_of_shadow(settings(), writers, SESSION, CANDIDATE, "demo")
    assert [writer.mode for writer in writers] == ["record", "record"] and seen.n_records == len(records_of(tmp_path, SESSION, writers))
    assert asyncio.run(again(settings(), tmp_path, setup, seen.run)) == (seen.n_commands, seen.commands_digest, "")


def test_of_a_recording_that_was_ended_and_begun_again_it_sees_all(live: Path, slot: Slot, done: Shadowed, tmp_path: Path) -> None:
    data = tmp_path / "data"
    in_pieces(live, data, "record", "record")
    seen = beside(data, slot)
    assert (seen.n_records, seen.n_commands) == (done.n_records, done.n_commands) and seen.run.source == f"{SESSION}-record-2"
    setup = setup_of_shadow(settings(), writers_beside(data, seen.run), SESSION, CANDIDATE, "demo")
    assert asyncio.run(again(settings(), data, setup, seen.run)) == (seen.n_commands, seen.commands_digest, "")


def test_no_venue_that_reaches_out_can_be_had_in_there() -> None:
    """The type of its venue is the simulated one, which has no socket; its module names no other; its accounts are nobody's at a broker."""
    named = {
        name
        for node in ast.walk(ast.parse(Path(shadow.__file__).read_text()))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in getattr(node, "names", [])])
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not [name for name in named if name and name.startswith(("workbench.venues.ib", "workbench.runtime.live", "socket", "ib_async"))]
    assert [base.__name__ for base in FollowingVenue.__mro__] == ["FollowingVenue", "SimulatedVenue", "object"]
    assert not PREFIX.upper().startswith(ON_PAPER), "a paper run refuses every account that begins so"
