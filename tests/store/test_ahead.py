from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.cuts import copied, cut_power
from tests.store.tapes import SESSION, tape
from workbench.domain.decisions import DriftSeen
from workbench.domain.errors import StoreError
from workbench.domain.events import Arrival, FeeReported
from workbench.store import entries, segments
from workbench.store.ahead import Ahead
from workbench.store.backup import backup, restore
from workbench.store.epochs import first_seq, next_epoch
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.log import read_log
from workbench.store.manifest import RunManifest, write_manifest
from workbench.store.recordings import Recordings
from workbench.store.sealer import seal
from workbench.store.segments import HEADER, SIZE
from workbench.store.tail import MOST_AHEAD, Tail, finish_orphans, hold_tail

pytestmark = pytest.mark.covers("S1-32", "S3-37")
LAST = first_seq(1) - 1


class Run:
    """A run over a tail and a journal: turns that commit, and beats that sync."""

    def __init__(self, data: Path, segment_records: int = 200) -> None:
        folder = Folders(data).run("night")
        write_manifest(folder, RunManifest(run="night", mode="paper", sessions=(SESSION,), epoch=1, created_ns=1))
        self.tail = Tail(Folders(data).tail, session=SESSION, epoch=1, segment_records=segment_records)
        self.journal = Journal(folder / "journal.db")
        self.n = self.n_durable = 0

    def take(self, n: int) -> None:
        self.tail.append(tape(n, start=self.n))
        self.n += n

    def turn(self) -> None:
        """Write an event and a fact behind the last record, and make everything durable by one commit."""
        self.journal.append(Arrival(LAST + self.n, 1, 5, FeeReported("x", self.n)))
        self.journal.extend(LAST + self.n, 1, 5, [DriftSeen(self.n, "x")])
        if (body := self.tail.ahead()) is not None:
            self.journal.carry(LAST + self.n, body)
        self.journal.commit()
        self.n_durable = self.n

    def beat(self) -> None:
        self.tail.flush()
        self.n_durable = self.n
        self.tail.prepare()

    def close(self) -> None:
        self.tail.close()
        self.journal.close()


def held(data: Path) -> bytes:
    return read_log(data, SESSION).tobytes()


def check(data: Path, n_at_least: int, n_at_most: int) -> int:
    """The log is a beginning of what happened, with all that was durable and all that the journal speaks of."""
    found = read_log(data, SESSION)
    assert n_at_least <= len(found) <= n_at_most
    assert found.tobytes() == tape(len(found)).tobytes()
    entries.verify(Folders(data).journal("night"))
    last = entries.last(Folders(data).journal("night"))
    assert last is None or last.after_seq <= LAST + len(found)
    return len(found)


STEPS = st.lists(st.tuples(st.sampled_from(["take", "take", "turn", "turn", "beat"]), st.integers(1, 150)), min_size=1, max_size=14)


STORY = {"steps": STEPS, "seed": st.integers(0, 1 << 20), "segment_records": st.sampled_from([64, 200, 1_000])}


@settings(derandomize=True, max_examples=12, deadline=None)
@given(**STORY)
def test_after_a_power_cut_the_log_holds_all_that_was_durable_wherever_it_was(tmp_path_factory, steps, seed, segment_records):
    play(tmp_path_factory.mktemp("cut"), steps, random.Random(seed), segment_records)


@pytest.mark.proof
@settings(derandomize=True, max_examples=150, deadline=None)
@given(**STORY)
def test_after_any_of_many_power_cuts_the_log_holds_all_that_was_durable(tmp_path_factory, steps, seed, segment_records):
    play(tmp_path_factory.mktemp("cut"), steps, random.Random(seed), segment_records)


def play(folder: Path, steps: list[tuple[str, int]], chance: random.Random, segment_records: int) -> None:
    """Go through the steps, cut the power at the end, or in the middle of the last commit, and look, take up and seal what is left."""
    run = Run(folder / "data", segment_records)
    before = None  # the journal of the turn before: the last commit may be lost with the machine while it is made
    for step, n in steps:
        if step == "take":
            run.take(n)
        elif step == "turn":
            before = (copied(folder / "data", folder / f"{len(list(folder.iterdir()))}"), run.n_durable)
            run.turn()
        else:
            run.beat()
    after = copied(folder / "data", folder / "after")
    for data, n_durable in [(after, run.n_durable), *([before] if before else [])]:
        cut_power(data, chance)
        n = check(data, n_durable, run.n)
        assert check(data, n, n) == n  # looked at again
        epoch = next_epoch(data)
        with Tail(Folders(data).tail, session=SESSION, epoch=epoch) as tail:  # taken up
            tail.append(tape(3, epoch=epoch))
        assert held(data) == np.concatenate([tape(n), tape(3, epoch=epoch)]).tobytes()
        seal(data)
        assert Recordings.of(data).read(SESSION).tobytes() == held(data)
    run.close()


def _cut(tmp_path: Path, name: str = "cut", *, sealed: bool = False) -> Path:
    """Sync 70 records, carry 60 more, and lose all that can be lost."""
    run = Run(tmp_path / "data")
    run.take(70)
    run.beat()
    run.take(60)
    run.turn()
    run.take(10)
    if sealed:
        seal(tmp_path / "data")
    data = copied(tmp_path / "data", tmp_path / name)
    cut_power(data, random.Random(1), written_back=0.0)
    run.close()
    return data


def test_without_its_journal_a_tail_has_lost_what_it_had_not_synced(tmp_path):
    data = _cut(tmp_path)
    Folders(data).journal("night").unlink()
    assert 70 <= len(read_log(data, SESSION)) < 130


def test_what_a_journal_carried_is_put_back_in_its_place_and_twice_is_once(tmp_path):
    data = _cut(tmp_path)
    [path] = segments.paths(Folders(data).tail)
    assert segments.is_cut(path) and segments.read(path)[0].n < 130
    lock = hold_tail(Folders(data).tail)
    [done] = finish_orphans(Folders(data).tail)
    lock.release()
    assert (done.n, done.is_closed, done.name) == (130, True, "20261120/1-0")
    assert not segments.is_cut(path) and check(data, 130, 130)


def test_what_was_sealed_before_the_power_cut_is_not_sealed_again(tmp_path):
    data = _cut(tmp_path, sealed=True)
    assert len(Recordings.of(data).read(SESSION)) == 140  # the sealer may be ahead of both
    assert held(data) == tape(140).tobytes()
    assert seal(data).n_sealed == 0
    assert Recordings.of(data).read(SESSION).tobytes() == tape(140).tobytes()


def test_a_backup_of_what_a_power_cut_left_holds_what_the_journal_carried(tmp_path):
    data = _cut(tmp_path)
    backup(data, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    assert check(tmp_path / "again", 130, 130)


def test_a_carried_row_is_no_entry_and_is_chained_like_one(tmp_path):
    run = Run(tmp_path / "data")
    run.take(5)
    run.beat()
    run.turn()
    run.take(3)
    run.turn()
    path = Folders(tmp_path / "data").journal("night")
    [body] = entries.ahead_bodies(path)
    assert Ahead.unpacked(body) == Ahead(SESSION, 1, 0, HEADER + 5 * SIZE, tape(3, start=5).tobytes())
    assert [(entry.id, entry.after_seq - LAST) for entry in entries.read_journal(path)] == [(1, 5), (2, 5), (3, 8), (4, 8)]
    assert entries.last(path).id == 4 and entries.verify(path).id == 5
    assert (len(list(entries.arrivals(path))), len(list(entries.facts(path)))) == (2, 2)
    run.close()


def test_each_record_is_carried_once_at_most(tmp_path):
    run = Run(tmp_path / "data")
    run.take(1)
    run.beat()
    for n in (4, 0, 9, 2):
        run.take(n)
        run.turn()
    run.beat()
    run.turn()
    parts = [Ahead.unpacked(body).content for body in entries.ahead_bodies(Folders(tmp_path / "data").journal("night"))]
    assert b"".join(parts) == tape(15, start=1).tobytes()
    run.close()


def test_too_much_to_carry_is_synced_and_so_is_what_lies_in_two_segments_or_in_a_new_one(tmp_path):
    run = Run(tmp_path / "data", segment_records=5_000)
    most = MOST_AHEAD // SIZE
    for n, synced in ((3, 3), (most + 1, most + 4), (most, most + 4), (5_000, 2 * most + 5_004)):
        run.take(n)
        run.turn()
        assert run.tail._synced in (HEADER + synced * SIZE, HEADER + (synced - 5_000) * SIZE)
    assert len(entries.ahead_bodies(Folders(tmp_path / "data").journal("night"))) == 1
    run.close()


def test_a_commit_that_failed_is_made_up_for_with_what_it_carried(tmp_path):
    run = Run(tmp_path / "data")
    run.take(5)
    run.beat()
    run.take(5)
    run.journal.carry(LAST + 10, run.tail.ahead())  # and then the disk refused
    run.take(5)
    run.turn()
    data = copied(tmp_path / "data", tmp_path / "cut")
    cut_power(data, random.Random(1), written_back=0.0)
    assert check(data, 15, 15)
    run.close()


def test_a_segment_of_which_nothing_was_ever_durable_holds_nothing(tmp_path):
    run = Run(tmp_path / "data")
    run.take(7)
    for size in (0, HEADER, HEADER + 200 * SIZE):
        data = copied(tmp_path / "data", tmp_path / f"cut-{size}")
        [path] = segments.paths(Folders(data).tail)
        path.write_bytes(bytes(size))
        assert held(data) == b""
        Tail(Folders(data).tail, session=SESSION, epoch=2).close()
        assert segments.paths(Folders(data).tail) == []
    run.close()


def test_an_empty_file_that_has_no_segments_name_is_refused(tmp_path):
    path = tmp_path / "20261120-3.seg"
    path.touch()
    with pytest.raises(StoreError, match="is empty"):
        segments.read(path)


def test_a_journal_that_speaks_of_records_behind_the_end_of_a_segment_is_told(tmp_path):
    data = _cut(tmp_path)
    [path] = segments.paths(Folders(data).tail)
    with path.open("r+b") as file:
        file.truncate(HEADER + 80 * SIZE)
    with pytest.raises(StoreError, match="lie behind its end"):
        read_log(data, SESSION)
