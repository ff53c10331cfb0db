from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.killing import Acknowledged, end, start
from tests.store.tapes import contract
from tests.store.test_tail import small_disk
from tests.store.victims import EVENT, FACTS, commit_on
from workbench.domain.decisions import At, DriftSeen
from workbench.domain.errors import StoreError
from workbench.domain.events import Arrival, ContractDefined, FeeReported
from workbench.domain.orders import Cause
from workbench.store.chain import EMPTY
from workbench.store.entries import arrivals, facts, head, last, read_journal, verify
from workbench.store.journal import Journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "night" / "journal.db"


def test_what_is_committed_is_read_back_in_its_order(path):
    defined = Arrival(40, 1, 5, ContractDefined(contract(7, venue_ids={"IB": "495512563"})))
    with Journal(path) as journal:
        journal.append(defined)
        journal.extend(41, 0, 6, [At(6, Cause(41, 0)), DriftSeen(1, "a"), DriftSeen(2, "b")])
        journal.append(Arrival(41, 1, 7, FeeReported("x1", 3)))
        journal.extend(41, 1, 7, [DriftSeen(3, "c")])
    assert list(arrivals(path)) == [defined, Arrival(41, 1, 7, FeeReported("x1", 3))]
    assert list(facts(path)) == [
        (At(6, Cause(41, 0)), DriftSeen(1, "a")),
        (At(6, Cause(41, 0)), DriftSeen(2, "b")),
        (At(7, Cause(41, 1)), DriftSeen(3, "c")),  # without a head of their own facts belong to the row's key
    ]
    assert [(entry.id, entry.after_seq, entry.n, entry.recv_ns) for entry in read_journal(path)] == [
        (1, 40, 1, 5), (2, 41, 0, 6), (3, 41, 1, 7), (4, 41, 1, 7),
    ]  # fmt: skip
    assert list(read_journal(path, after=3)) == [last(path)]


def test_nothing_is_visible_before_the_commit_and_all_after(path):
    with Journal(path) as journal:
        for n in range(50):
            journal.append(Arrival(1, n, 2, EVENT))
            journal.extend(1, n, 2, FACTS)
        assert list(read_journal(path)) == []
        assert head(path) == EMPTY != journal.head
        journal.commit()
        assert len(list(read_journal(path))) == 100
        assert head(path) == journal.head
        journal.append(Arrival(2, 1, 3, EVENT))
        assert len(list(read_journal(path))) == 100
    assert len(list(read_journal(path))) == 101


def test_facts_without_one_are_no_entry(path):
    with Journal(path) as journal:
        journal.extend(1, 0, 2, [])
    assert last(path) is None


def test_a_reader_in_the_middle_does_not_hold_the_writer_up(path):
    with Journal(path) as journal:
        for n in range(2_500):
            journal.append(Arrival(1, n, 2, EVENT))
        journal.commit()
        reading = read_journal(path)
        assert next(reading).id == 1
        journal.append(Arrival(2, 1, 3, EVENT))
        journal.checkpoint()
        assert [entry.id for entry in reading] == list(range(2, 2_502))


def test_it_goes_on_where_it_stopped(path):
    heads = []
    for seq in range(3):
        with Journal(path) as journal:
            assert journal.head == (heads[-1] if heads else EMPTY)
            journal.append(Arrival(seq, 1, 2, EVENT))
        heads.append(journal.head)
    assert [entry.id for entry in read_journal(path)] == [1, 2, 3]
    assert verify(path, heads[1]) == heads[2]


def test_an_exception_in_the_turn_commits_nothing_more(path):
    with contextlib.suppress(ZeroDivisionError), Journal(path) as journal:
        journal.append(Arrival(1, 1, 2, EVENT))
        journal.commit()
        journal.append(Arrival(1, 2, 2, EVENT))
        raise ZeroDivisionError
    assert len(list(read_journal(path))) == 1


def test_the_database_itself_refuses_a_change(path):
    with Journal(path) as journal:
        journal.append(Arrival(1, 1, 2, EVENT))
    db = sqlite3.connect(path)
    for change in ("UPDATE entry SET n = 2", "DELETE FROM entry"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(change)
    db.close()


def test_two_writers_of_one_journal_are_found_out(path):
    with Journal(path) as one, Journal(path) as other:
        one.append(Arrival(1, 1, 2, EVENT))
        other.append(Arrival(1, 1, 2, EVENT))
        one.commit()
        with pytest.raises(StoreError, match="UNIQUE"):
            other.commit()
        other._rows.clear()
    assert verify(path).id == 1


def test_a_file_that_is_no_journal_is_refused(path, tmp_path):
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE a (b)").connection.close()
    text = tmp_path / "text.db"
    text.write_text("not a database" * 300)
    for wrong in (other, text):
        with pytest.raises(StoreError, match=r"no journal of the workbench|not a database"):
            Journal(wrong)
        with pytest.raises(StoreError, match=r"no journal of the workbench|not a database"):
            verify(wrong)
    with pytest.raises(StoreError, match="there is no journal"):
        list(read_journal(path))


def test_a_full_disk_commits_nothing_and_may_be_tried_again(path):
    with Journal(path) as journal:
        journal.append(Arrival(1, 1, 2, EVENT))
        journal.commit()
        for n in range(200):
            journal.extend(2, n, 3, [DriftSeen(1, "x" * 1_000)])
        with small_disk(8_192), pytest.raises(StoreError, match=r"writing the journal .* failed"):
            journal.commit()
        assert len(list(read_journal(path))) == 1
        with small_disk(8_192), pytest.raises(StoreError, match=r"lengthening .* failed"):
            journal._wal.reserve(64 << 20)
        journal.commit()
        assert len(list(read_journal(path))) == 201
    assert verify(path, journal.head) == journal.head


def test_the_log_of_the_journal_is_lengthened_ahead_and_used_again(path):
    with Journal(path) as journal:
        wal = path.with_name("journal.db-wal")
        n_bytes = wal.stat().st_size
        assert n_bytes >= 4 << 20
        for n in range(100):
            journal.append(Arrival(1, n, 2, EVENT))
            journal.commit()
        used = journal._wal.used
        assert 100 * 4_096 < used < n_bytes == wal.stat().st_size
        journal.prepare()
        assert wal.stat().st_size >= used + (4 << 20)
        journal.checkpoint()
        journal.append(Arrival(2, 1, 2, EVENT))
        journal.commit()
        assert journal._wal.used < 20_000
    assert not wal.exists()  # SQLite takes it away itself, after it has moved all of it
    assert len(list(read_journal(path))) == 101


def test_in_one_commit_there_is_nothing_until_the_end_and_then_all(path):
    with Journal.in_one_commit(path) as journal:
        for n in range(3_000):
            journal.append(Arrival(n, 1, 2, EVENT))
            journal.extend(n, 1, 2, FACTS)
            journal.commit()
        journal.prepare()
        journal.checkpoint()
        assert not path.exists()
    assert verify(path, journal.head).id == 6_000
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]
    with pytest.raises(StoreError, match="never written twice"):
        Journal.in_one_commit(path)
    with Journal(path) as journal:  # a run that goes on after all
        journal.append(Arrival(9_000, 1, 2, EVENT))
    assert verify(path).id == 6_001


def test_in_one_commit_an_exception_leaves_nothing(path):
    with contextlib.suppress(ZeroDivisionError), Journal.in_one_commit(path) as journal:
        journal.append(Arrival(1, 1, 2, EVENT))
        raise ZeroDivisionError
    assert list(path.parent.iterdir()) == []


def test_in_one_commit_memory_stays_bounded(path):
    body = [DriftSeen(1, "x" * 1_000)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
    with Journal.in_one_commit(path) as journal:
        for n in range(100_000):
            journal.extend(n, 0, 2, body)
    assert path.stat().st_size > 100 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10


@settings(derandomize=True, max_examples=30, deadline=None)
@given(turns=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=20))
def test_whatever_the_turns_the_entries_are_the_same(tmp_path_factory, turns):
    folder = tmp_path_factory.mktemp("run")
    with Journal(folder / "a.db") as live, Journal.in_one_commit(folder / "b.db") as once:
        for seq, (n_events, n_facts, commits) in enumerate(turns):
            for journal in (live, once):
                for n in range(n_events):
                    journal.append(Arrival(seq, n, seq, EVENT))
                journal.extend(seq, 0, seq, FACTS[:n_facts])
            if commits:
                live.commit()
    assert list(read_journal(folder / "a.db")) == list(read_journal(folder / "b.db"))
    assert verify(folder / "a.db") == verify(folder / "b.db") == live.head


def _kill_while_committing(path, n):
    acknowledged = Acknowledged(path.with_name("acknowledged"))
    process = start(commit_on, path, acknowledged)
    while acknowledged.last < n:
        pass
    os.kill(process.pid, signal.SIGKILL)
    assert end(process) == -signal.SIGKILL
    found = list(read_journal(path))
    assert len(found) >= acknowledged.last
    assert len(found) % 3 == 0  # a commit is three entries: all of them or none
    assert verify(path).id == len(found)


@pytest.mark.covers("S3-37")
def test_a_killed_writer_keeps_what_it_committed(path):
    path.parent.mkdir(parents=True)
    for n in (1, 40, 300, 600):
        _kill_while_committing(path, n)


@pytest.mark.proof
def test_fifty_killed_writers_keep_what_they_committed(path):
    path.parent.mkdir(parents=True)
    for n in range(1, 5_000, 100):
        _kill_while_committing(path, n)
