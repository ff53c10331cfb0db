from __future__ import annotations

import itertools
import shutil
import sqlite3

import msgspec
import pytest

from tests.store.victims import EVENT
from workbench.domain.decisions import DriftSeen
from workbench.domain.errors import StoreError
from workbench.domain.events import EVENT_VERSION, Arrival, FeeReported
from workbench.store import chain, entries
from workbench.store.chain import EMPTY, Head
from workbench.store.entries import arrivals, read_journal, verify
from workbench.store.journal import Journal
from workbench.store.schema import INSERT
from workbench.store.versions import UPCASTS

N = 12
COLUMNS = ("id", "after_seq", "n", "recv_ns", "what", "v", "body", "hash")


def make(path, n=N):
    """A small journal in one file, events and facts by turns."""
    with Journal.in_one_commit(path) as journal:
        for seq in range(n):
            if seq % 3:
                journal.append(Arrival(seq, 1, seq * 7, FeeReported(f"x{seq}", seq)))
            else:
                journal.extend(seq, 0, seq * 7, [DriftSeen(seq, "a")])
    return journal.head


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def tamper(path, *statements):
    """Change a journal as somebody could who knows SQLite."""
    db = sqlite3.connect(path, isolation_level=None)
    for trigger in ("entry_is_never_changed", "entry_is_never_deleted"):
        db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    for statement, *values in statements:
        db.execute(statement, values)
    db.close()


def is_found(path, anchor):
    try:
        verify(path, anchor)
    except StoreError:
        return True
    return False


def test_an_untouched_journal_is_whole(path):
    anchor = make(path)
    assert verify(path) == verify(path, anchor) == verify(path, EMPTY) == anchor


def test_every_bit_of_every_value_counts(path):
    anchor = make(path)
    rows = sqlite3.connect(path).execute("SELECT * FROM entry").fetchall()
    assert follow_all(rows) == anchor
    for row in rows:
        for column, value in zip(COLUMNS[1:], row[1:], strict=True):
            for changed in _flips(value):
                with pytest.raises(StoreError, match=rf"entry ({row[0]}|{row[0] + 1}) "):
                    follow_all(_with(rows, row[0], column, changed))


def follow_all(rows):
    head = EMPTY
    for row in rows:
        head = chain.follow(head, row)
    return head


def _with(rows, row_id, column, value):
    at = COLUMNS.index(column)
    return [(*row[:at], value, *row[at + 1 :]) if row[0] == row_id else row for row in rows]


def _flips(value):
    if isinstance(value, int):
        return [value ^ (1 << bit) for bit in range(63)]
    raw = value if isinstance(value, bytes) else value.encode()
    flipped = [raw[:at] + bytes([raw[at] ^ (1 << bit)]) + raw[at + 1 :] for at in range(len(raw)) for bit in range(8)]
    return flipped if isinstance(value, bytes) else [each.decode("latin-1") for each in flipped]


THOUSAND = 1_000


def _thousand(path):
    """The rows of a journal of a thousand entries, and the head before each."""
    anchor = make(path, THOUSAND)
    rows = sqlite3.connect(path).execute("SELECT * FROM entry").fetchall()
    heads = [EMPTY]
    for row in rows:
        heads.append(chain.follow(heads[-1], row))
    assert heads[-1] == anchor
    return rows, heads


def _is_found_at(rows, heads, at, changed):
    """Whether a row that was changed is found, there or behind it; what is before it was followed already."""
    try:
        head = chain.follow(heads[at], changed)
        return (chain.follow(head, rows[at + 1]) if at + 1 < len(rows) else head) != heads[-1]
    except StoreError:
        return True


def _flips_of(rows, at):
    for column, value in zip(COLUMNS, rows[at], strict=True):
        for changed in _flips(value):
            yield (*rows[at][: COLUMNS.index(column)], changed, *rows[at][COLUMNS.index(column) + 1 :])


@pytest.mark.covers("S2-20")
def test_flipped_bits_of_a_thousand_entries_are_found(path):
    rows, heads = _thousand(path)
    n = 0
    for at in range(THOUSAND):
        for changed in itertools.islice(_flips_of(rows, at), at % 41, None, 41):  # all places of all columns, over the entries
            assert _is_found_at(rows, heads, at, changed), (rows[at], changed)
            n += 1
    assert n > 15_000


@pytest.mark.proof
def test_every_flipped_bit_of_a_thousand_entries_is_found(path):
    rows, heads = _thousand(path)
    assert all(_is_found_at(rows, heads, at, changed) for at in range(THOUSAND) for changed in _flips_of(rows, at))


def test_a_drop_a_swap_a_repeat_and_a_cut_are_found_at_each_of_a_thousand_entries(path):
    rows, heads = _thousand(path)
    for at in range(THOUSAND - 1):
        here, after = rows[at : at + 2]
        for wrong in (after, (here[0], *after[1:]), (after[0], *here[1:])):  # dropped; the next one's content; numbered anew
            with pytest.raises(StoreError, match=f"entry {at + 1} "):
                chain.follow(heads[at], wrong)
        with pytest.raises(StoreError, match=f"entry {at + 2} "):
            chain.follow(heads[at + 1], here)
        assert heads[at] != heads[-1]  # what ends here is not what was exported


@pytest.mark.nightly
def test_a_million_entries_are_verified_and_one_bit_among_them_is_found(path):
    anchor = make(path, 1_000_000)
    assert verify(path, anchor) == anchor
    tamper(path, ("UPDATE entry SET recv_ns = recv_ns + 1 WHERE id = 654321",))
    with pytest.raises(StoreError, match="entry 654321 "):
        verify(path, anchor)


@pytest.mark.parametrize(
    "change",
    [
        ("UPDATE entry SET body = ? WHERE id = 5", msgspec.msgpack.encode(["FeeReported", "x4", 999])),
        ("UPDATE entry SET recv_ns = recv_ns + 1 WHERE id = 12",),
        ("DELETE FROM entry WHERE id = 1",),
        ("DELETE FROM entry WHERE id = 6",),
        ("DELETE FROM entry WHERE id = 12",),
        ("DELETE FROM entry WHERE id > 3",),
        ("DELETE FROM entry",),
        ("UPDATE entry SET id = CASE id WHEN 4 THEN -5 ELSE -4 END WHERE id IN (4, 5)",),
        (INSERT, 13, 1, 1, 1, "event", 1, msgspec.msgpack.encode(["FeeReported", "x4", 999]), bytes(32)),
    ],
)
def test_an_edit_a_drop_a_move_and_a_truncation_are_found(path, change):
    anchor = make(path)
    tamper(path, change)
    if "SET id" in change[0]:
        tamper(path, ("UPDATE entry SET id = -id WHERE id < 0",))
    assert is_found(path, anchor)


def test_a_cut_off_end_needs_the_exported_head_to_be_found(path):
    anchor = make(path)
    tamper(path, ("DELETE FROM entry WHERE id > 9",))
    assert verify(path).id == 9
    with pytest.raises(StoreError, match="cut off: it ends at entry 9, its exported head is entry 12"):
        verify(path, anchor)


def test_another_journal_in_its_place_is_found(path, tmp_path):
    make(path)
    with pytest.raises(StoreError, match="not the one whose head was exported"):
        verify(path, Head(N, bytes(32)))


def _check_flips_of_the_file(path, offsets):
    """Each flipped byte of the file is found, or changes nothing of what is read."""
    anchor = make(path)
    held = list(read_journal(path))
    whole = path.read_bytes()
    copy = path.with_name("copy.db")
    n_found = 0
    for at in offsets(len(whole)):
        copy.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        if is_found(copy, anchor):
            n_found += 1
        else:
            assert list(read_journal(copy)) == held, f"byte {at} changes what is read, and is not found"
        for suffix in ("-wal", "-shm", "-journal"):
            copy.with_name(f"copy.db{suffix}").unlink(missing_ok=True)
    return n_found


def test_a_flipped_byte_of_the_file_is_found_or_harmless(path):
    assert _check_flips_of_the_file(path, lambda n: range(0, n, 7)) > 150


@pytest.mark.proof
def test_every_flipped_byte_of_the_file_is_found_or_harmless(path):
    assert _check_flips_of_the_file(path, range) > 1_000


def test_rows_of_an_older_version_are_upcast_on_reading_and_stay_as_they_are(path):
    """A planted version 0, in which a fee was called by its exec id alone and counted in whole units."""
    with Journal(path) as journal:
        journal.append(Arrival(1, 1, 2, EVENT))
        journal._add(2, 1, 3, "event", 0, msgspec.msgpack.encode(["FeeReported", "x2", 5]))
        journal._add(2, 2, 4, "facts", 0, msgspec.msgpack.encode([["DriftSeen", 1]]))
    upcasts = UPCASTS | {
        ("event", 0): lambda tree: [*tree[:2], tree[2] * 1_000_000],
        ("facts", 0): lambda tree: [[*fact, "unnamed"] for fact in tree],
    }
    assert [entry.content for entry in read_journal(path, upcasts=upcasts)] == [
        EVENT,
        FeeReported("x2", 5_000_000),
        (DriftSeen(1, "unnamed"),),
    ]
    with pytest.raises(StoreError, match="holds event of version 0 and no way leads on"):
        list(read_journal(path))
    assert verify(path).id == 3


@pytest.mark.covers("S3-40")
def test_a_reader_cannot_write(path):
    make(path)
    before = path.read_bytes()
    db = entries.connect(path)
    for change in ("DELETE FROM entry", "DROP TABLE entry", "PRAGMA user_version = 9"):
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            db.execute(change)
    db.close()
    assert path.read_bytes() == before


def test_rows_of_a_newer_version_are_refused(path):
    with Journal(path) as journal:
        journal._add(1, 1, 2, "event", EVENT_VERSION + 1, b"")
    with pytest.raises(StoreError, match="update the workbench"):
        list(arrivals(path))


@pytest.mark.parametrize(("what", "body"), [("event", b"\xc1"), ("facts", msgspec.msgpack.encode([["NoSuchFact"]])), ("dream", b"")])
def test_a_row_that_cannot_be_read_says_which(path, what, body):
    with Journal(path) as journal:
        journal._add(1, 1, 2, what, 1, body)
    with pytest.raises(StoreError, match="entry 1 of a journal"):
        list(read_journal(path))


@pytest.mark.covers("S3-37")
def test_a_journal_of_a_killed_writer_is_read_as_it_lies(path, tmp_path):
    with Journal(path) as journal:
        for n in range(10):
            journal.append(Arrival(1, n, 2, EVENT))
            journal.commit()
        left = tmp_path / "left"
        left.mkdir()
        for suffix in ("", "-wal"):  # as a machine that lost its power leaves it: without the shared memory
            shutil.copy(f"{path}{suffix}", left / f"journal.db{suffix}")
    assert len(list(read_journal(left / "journal.db"))) == 10
    with Journal(left / "journal.db") as journal:
        journal.append(Arrival(2, 1, 2, EVENT))
    assert verify(left / "journal.db").id == 11
