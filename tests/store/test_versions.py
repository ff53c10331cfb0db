from __future__ import annotations

import sqlite3

import msgspec
import pytest

from tests.store.victims import EVENT
from workbench.domain.decisions import FACT_VERSION, Approved, DriftSeen, Proposal, Reason, Refused, decode_facts, encode_facts
from workbench.domain.errors import StoreError
from workbench.domain.events import Arrival
from workbench.domain.orders import Key, OrderType
from workbench.store.entries import read_journal, verify
from workbench.store.journal import Journal
from workbench.store.versions import FORMATS, MIGRATIONS, bring_forward, refuse_newer, upcast


def test_our_own_format_needs_nothing(tmp_path):
    assert bring_forward("manifest", tmp_path / "absent", FORMATS["manifest"]) is None


def test_an_older_file_is_copied_then_brought_forward(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("old")
    kept = bring_forward("manifest", path, 0, migrations={("manifest", 0): lambda it: it.write_text("new")})
    assert (path.read_text(), kept.name, kept.read_text()) == ("new", "manifest.json.v0", "old")


def test_a_copy_that_is_there_is_never_written_over(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("half migrated")
    path.with_name("manifest.json.v0").write_text("old")
    bring_forward("manifest", path, 0, migrations={("manifest", 0): lambda it: it.write_text("new")})
    assert path.with_name("manifest.json.v0").read_text() == "old"


def test_without_a_way_an_older_file_stays_as_it_is(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("old")
    with pytest.raises(StoreError, match=r"of format 0; no way leads on from format 0"):
        bring_forward("manifest", path, 0)
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_newer_file_of_any_kind_is_refused(kind, tmp_path):
    with pytest.raises(StoreError, match="update the workbench"):
        refuse_newer(kind, FORMATS[kind] + 1, tmp_path / "file")
    with pytest.raises(StoreError, match="update the workbench"):
        bring_forward(kind, tmp_path / "file", FORMATS[kind] + 1)


def test_bodies_go_through_every_version():
    steps = {("event", version): lambda tree, version=version: [*tree, version] for version in range(3)}
    assert upcast("event", 0, b"\x91\xa1a", 3, steps) == b"\x94\xa1a\x00\x01\x02"
    assert upcast("event", 3, b"\x91\xa1a", 3, steps) == b"\x91\xa1a"


def test_proposals_in_facts_of_version_1_chase_nothing():
    wish = Proposal(1, OrderType.LIMIT, 24_000, 23_992, 24_024, 600)
    key = Key("DUSIM1", 1, "s")
    facts = [DriftSeen(1, "r"), Approved(key, wish, 2, 5), Refused(key, wish, Reason.HEAT, 1.0, 0.5)]
    old = msgspec.msgpack.decode(encode_facts(facts))
    for fact in old[1:]:
        assert fact[2].pop() is None  # as version 1 wrote them
    assert decode_facts(upcast("facts", 1, msgspec.msgpack.encode(old), FACT_VERSION)) == facts


def make_journal(path, version):
    with Journal(path) as journal:
        journal.append(Arrival(1, 1, 2, EVENT))
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA user_version = {version}")
    db.close()


@pytest.mark.covers("S3-03")
def test_a_journal_of_an_older_format_is_migrated_after_a_copy(tmp_path):
    path = tmp_path / "journal.db"
    make_journal(path, 0)

    def to_1(journal):
        db = sqlite3.connect(journal, isolation_level=None)
        db.executescript("BEGIN; CREATE TABLE note (text); PRAGMA user_version = 1; COMMIT;")
        db.close()

    with pytest.raises(StoreError, match="no way leads on from format 0"):
        Journal(path)
    with Journal(path, migrations={("journal", 0): to_1, **MIGRATIONS}) as journal:
        journal.append(Arrival(2, 1, 2, EVENT))
    assert len(list(read_journal(path))) == 2
    assert verify(path.with_name("journal.db.v0")).id == 1
    assert sqlite3.connect(path).execute("SELECT * FROM note").fetchall() == []


def test_a_journal_of_format_1_is_read_as_it_is_and_written_on_as_one_of_format_2(tmp_path):
    path = tmp_path / "journal.db"
    make_journal(path, 1)
    before = list(read_journal(path))
    Journal(path).close()
    assert list(read_journal(path)) == list(read_journal(path.with_name("journal.db.v1"))) == before
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (2,)


def test_a_journal_of_a_newer_format_is_refused(tmp_path):
    path = tmp_path / "journal.db"
    make_journal(path, 3)
    for attempt in (lambda: Journal(path), lambda: list(read_journal(path)), lambda: verify(path)):
        with pytest.raises(StoreError, match="is a journal of format 3; this code knows up to 2: update the workbench"):
            attempt()
