"""A run's log: keys, what is written once, what is held against a past, and when it is durable. On a real tail and journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.decisions import AnyFact, At, DriftSeen, Issued
from workbench.domain.errors import InvariantError
from workbench.domain.events import Arrival, ClockStepped
from workbench.domain.orders import Cancel, Cause, Key
from workbench.domain.records import Records, empty
from workbench.runtime.log import CommandDigest, Past, RunLog
from workbench.store import entries, segments
from workbench.store.ahead import Ahead
from workbench.store.journal import Journal
from workbench.store.tail import Tail, read_tail
from workbench.venues.base import Batch, Happened

pytestmark = pytest.mark.covers("S1-32", "S3-37", "S4-08")
FIRST = (1 << 40) + 1
KEY = Key("DUSIM1", 1, "s")


def records(n: int) -> Records:
    made = empty(n)
    made["seq"] = np.arange(FIRST, FIRST + n)
    made["px"] = np.arange(n) * 7
    return made


def batch(of: Records, start: int, stop: int) -> Batch:
    return Batch(of, int(of.ctypes.data), start, stop)


def happened(n: int = 1) -> Happened:
    return Happened(100 + n, ClockStepped(n))


def facts(*what: int, at_ns: int = 5) -> list[AnyFact]:
    return [At(at_ns, Cause(FIRST, 0)), *(DriftSeen(n, "x") for n in what)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as made:
        yield made


# ---------------------------------------------------------------------- keys
def test_events_behind_one_record_are_counted_and_behind_the_next_counted_anew() -> None:
    log = RunLog(keep=True)
    keys = [log.place(happened(), after)[:2] for after in (0, 0, 7, 7, 7, 8)]
    assert keys == [(0, 1), (0, 2), (7, 1), (7, 2), (7, 3), (8, 1)]
    assert log.key == (8, 1) and [(a.after_seq, a.n) for a in log.arrivals] == keys


def test_a_log_that_goes_on_from_a_snapshot_goes_on_counting() -> None:
    log = RunLog(key=(7, 3))
    assert log.place(happened(), 7)[:2] == (7, 4)
    assert RunLog(key=(7, 3)).place(happened(), 8)[:2] == (8, 1)


def test_an_event_keeps_its_time_and_itself() -> None:
    assert RunLog().place(happened(9), 3) == Arrival(3, 1, 109, ClockStepped(9))


# ---------------------------------------------------------------------- records
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8)), max_size=12))
def test_records_handed_over_again_are_written_once_and_in_order(story: list[tuple[int, int]]) -> None:
    class Kept:
        """A sink that says what it was given."""

        def __init__(self) -> None:
            self.seqs: list[int] = []

        def append(self, given_: Records) -> None:
            assert len(given_)
            self.seqs += given_["seq"].tolist()

        def flush(self) -> None:
            """Nothing is held back."""

    of, kept, done = records(28), Kept(), 0
    log = RunLog(kept)
    for back, n in story:
        start = max(0, done - back)  # a venue that was put back hands some out again
        log.arrive(batch(of, start, min(28, start + n)))
        done = max(done, min(28, start + n))
    assert kept.seqs == of["seq"][:done].tolist()


def test_what_a_tail_took_before_is_not_written_again(tmp_path: Path) -> None:
    of = records(10)
    with Tail(tmp_path, session=20261119, epoch=1) as tail:
        log = RunLog(tail, past=Past(int(of["seq"][3]), (), ()))
        log.arrive(batch(of, 0, 3))
        log.arrive(batch(of, 2, 6))
        log.arrive(batch(of, 6, 10))
    [written] = read_tail(tmp_path)
    assert written["seq"].tolist() == of["seq"][4:].tolist()


# ---------------------------------------------------------------------- durable
def test_nothing_is_to_be_seen_before_the_commit_and_all_after_it(tmp_path: Path) -> None:
    of = records(3)
    with Tail(tmp_path / "tail", session=20261119, epoch=1) as tail, Journal(tmp_path / "journal.db") as journal:
        log = RunLog(tail, journal)
        log.arrive(batch(of, 0, 3))
        log.place(happened(), FIRST)
        log.keep(FIRST, facts(1))
        assert list(entries.read_journal(tmp_path / "journal.db")) == []
        log.commit()
        [event, made] = entries.read_journal(tmp_path / "journal.db")
    assert (event.after_seq, event.n, event.content) == (FIRST, 1, ClockStepped(1))
    assert (made.after_seq, made.n, made.recv_ns, made.content) == (FIRST, 1, 5, tuple(facts(1)))
    assert len(read_tail(tmp_path / "tail")[0]) == 3


def test_without_a_journal_a_commit_syncs_the_records(tmp_path: Path) -> None:
    of = records(5)
    with Tail(tmp_path / "tail", session=20261119, epoch=1) as tail:
        log = RunLog(tail)
        log.arrive(batch(of, 0, 3))
        [path] = segments.paths(tmp_path / "tail")
        cells = np.memmap(path, "<i8", "r", shape=segments.N_CELLS)
        written, synced = cells[segments.COMMITTED_AT], cells[segments.SYNCED_AT]
        assert written - synced == 3 * segments.SIZE
        log.commit()
        assert cells[segments.SYNCED_AT] == cells[segments.COMMITTED_AT] == written


def test_one_commit_makes_a_turn_durable_and_a_sync_puts_its_records_where_they_belong(tmp_path: Path, journal: Journal) -> None:
    of = records(9)
    with Tail(tmp_path / "tail", session=20261119, epoch=1) as tail:
        log = RunLog(tail, journal)
        log.arrive(batch(of, 0, 2))
        log.commit()  # of a segment nothing is durable yet: it is synced
        [path] = segments.paths(tmp_path / "tail")
        cells = np.memmap(path, "<i8", "r", shape=segments.N_CELLS)
        assert cells[segments.SYNCED_AT] == segments.HEADER + 2 * segments.SIZE
        log.arrive(batch(of, 2, 7))
        log.place(happened(), FIRST + 6)
        log.commit()
        assert cells[segments.SYNCED_AT] == segments.HEADER + 2 * segments.SIZE
        [body] = entries.ahead_bodies(journal.path)
        assert Ahead.unpacked(body).content == of[2:7].tobytes()
        log.sync()
        assert cells[segments.SYNCED_AT] == cells[segments.COMMITTED_AT] == segments.HEADER + 7 * segments.SIZE
        log.commit()
        assert len(entries.ahead_bodies(journal.path)) == 1


def test_facts_of_a_record_stand_behind_it_and_those_of_an_event_behind_the_event(journal: Journal) -> None:
    log = RunLog(None, journal)
    log.keep(FIRST, facts(1))
    log.place(happened(), FIRST)
    log.keep(FIRST, facts(2))
    log.keep(FIRST + 1, facts(3))
    log.keep(FIRST + 1, [])
    log.commit()
    rows = [(row.after_seq, row.n) for row in entries.read_journal(journal.path) if isinstance(row.content, tuple)]
    assert rows == [(FIRST, 0), (FIRST, 1), (FIRST + 1, 0)]


def test_a_log_of_one_commit_leaves_committing_to_its_owner(journal: Journal) -> None:
    log = RunLog(None, journal, one_commit=True)
    log.place(happened(), 0)
    log.commit()
    assert list(entries.read_journal(journal.path)) == []
    journal.commit()
    assert len(list(entries.read_journal(journal.path))) == 1


def test_without_a_journal_and_without_memory_nothing_is_kept() -> None:
    log = RunLog()
    log.arrive(batch(records(2), 0, 2))
    log.place(happened(), 0)
    log.keep(0, facts(1))
    log.commit()
    assert log.facts == [] and log.arrivals == []


# ---------------------------------------------------------------------- commands
def cancel(ref: int) -> Cancel:
    return Cancel(ref, KEY, 5, Cause(FIRST, 0))


def test_commands_among_the_facts_make_the_digest_and_their_order_counts() -> None:
    log, digest = RunLog(), CommandDigest()
    log.keep(FIRST, [*facts(1), Issued(cancel(1)), Issued(cancel(2))])
    for ref in (1, 2):
        digest.take(cancel(ref))
    other = CommandDigest()
    for ref in (2, 1):
        other.take(cancel(ref))
    assert (log.commands.hex(), log.commands.n) == (digest.hex(), 2)
    assert digest.hex() != other.hex() != CommandDigest().hex()


# ---------------------------------------------------------------------- a past
PAST_ARRIVALS = (Arrival(0, 1, 101, ClockStepped(1)), Arrival(FIRST, 1, 102, ClockStepped(2)))
PAST_FACTS = (*facts(1), *facts(2, 3))


def again(log: RunLog) -> None:
    """What the run did, played once more."""
    log.place(happened(1), 0)
    log.keep(0, facts(1))
    log.place(happened(2), FIRST)
    log.keep(FIRST, facts(2, 3))


def test_a_past_is_held_against_what_is_made_again_and_not_written_twice(journal: Journal) -> None:
    log = RunLog(None, journal, past=Past(FIRST, PAST_ARRIVALS, PAST_FACTS))
    again(log)
    log.must_be_through()
    log.place(happened(3), FIRST)
    log.keep(FIRST, facts(4))
    log.commit()
    rows = list(entries.read_journal(journal.path))
    assert [(row.after_seq, row.n, row.content) for row in rows] == [(FIRST, 2, ClockStepped(3)), (FIRST, 2, tuple(facts(4)))]


@pytest.mark.parametrize("cut", range(len(PAST_FACTS) + 1))
def test_a_past_that_ends_anywhere_in_the_facts_is_gone_on_with_from_there(journal: Journal, cut: int) -> None:
    log = RunLog(None, journal, past=Past(FIRST, PAST_ARRIVALS, PAST_FACTS[:cut]))
    again(log)
    log.must_be_through()
    log.commit()
    written = [fact for row in entries.read_journal(journal.path) if isinstance(row.content, tuple) for fact in row.content]
    assert written == list(PAST_FACTS[cut:])


def test_a_past_whose_events_end_before_its_records_is_gone_on_with(journal: Journal) -> None:
    log = RunLog(None, journal, past=Past(FIRST, PAST_ARRIVALS[:1], PAST_FACTS[:2]))
    again(log)
    log.commit()
    assert [row.content for row in entries.read_journal(journal.path)] == [ClockStepped(2), tuple(facts(2, 3))]


@pytest.mark.parametrize(
    ("arrivals", "held"),
    [
        ((PAST_ARRIVALS[0]._replace(recv_ns=7), PAST_ARRIVALS[1]), PAST_FACTS),
        ((PAST_ARRIVALS[0]._replace(event=ClockStepped(9)), PAST_ARRIVALS[1]), PAST_FACTS),
        ((PAST_ARRIVALS[0]._replace(n=2), PAST_ARRIVALS[1]), PAST_FACTS),
        (PAST_ARRIVALS, (*PAST_FACTS[:1], DriftSeen(9, "x"), *PAST_FACTS[2:])),
        (PAST_ARRIVALS, PAST_FACTS[1:]),
        (PAST_ARRIVALS[1:], PAST_FACTS),
    ],
    ids=["time of an event", "event", "key of an event", "fact", "fact missing", "event missing"],
)
def test_a_past_that_was_altered_stops_the_run(arrivals: tuple[Arrival, ...], held: tuple[AnyFact, ...]) -> None:
    log = RunLog(past=Past(FIRST, arrivals, held))
    with pytest.raises(InvariantError, match="must go as its log says"):
        again(log)


def test_a_run_that_ends_before_its_own_past_is_another_run() -> None:
    log = RunLog(past=Past(FIRST, (*PAST_ARRIVALS, Arrival(FIRST, 2, 1, ClockStepped(3))), (*PAST_FACTS, DriftSeen(9, "x"))))
    again(log)
    with pytest.raises(InvariantError, match="2 events and facts"):
        log.must_be_through()
