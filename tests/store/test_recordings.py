from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.tapes import SESSION, START_NS, tape
from tests.store.test_tail import small_disk
from workbench.domain.errors import StoreError
from workbench.domain.records import RECORD, Kind
from workbench.store.epochs import first_seq
from workbench.store.recordings import Recordings, Span

NEXT = 20261123


@pytest.fixture
def recordings(tmp_path):
    return Recordings.of(tmp_path)


def test_an_empty_table_is_empty(recordings):
    assert recordings.read(SESSION).tobytes() == b""
    assert recordings.read(SESSION).dtype == RECORD
    assert (recordings.sessions(), recordings.newest_epoch(), recordings.version_of("a"), recordings.table()) == ([], 0, 0, None)
    with pytest.raises(StoreError, match="nothing of session 20261120 is recorded"):
        recordings.cache(SESSION)
    recordings.delete(SESSION)
    recordings.compact(SESSION)
    recordings.make_durable()
    assert recordings.vacuum() == []


@settings(derandomize=True, max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=5), step=st.integers(1, 3))
def test_any_cut_into_commits_reads_back_the_same(tmp_path_factory, cuts, step):
    recordings = Recordings.of(tmp_path_factory.mktemp("data"))
    records = tape(300)[::step]
    edges = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    for at, to in pairwise(edges):
        recordings.append(SESSION, records[at:to])
    assert recordings.read(SESSION).tobytes() == records.tobytes()
    assert recordings.cache(SESSION).tobytes() == records.tobytes()


@pytest.mark.covers("S1-07", "S1-32")
def test_it_is_a_plain_delta_table_of_integers(recordings, tmp_path):
    recordings.append(SESSION, tape(100))
    frame = pl.read_delta(str(tmp_path / "recordings" / "records"))
    assert set(frame.columns) == {*RECORD.names, "session"}
    assert all(dtype.is_integer() for dtype in frame.dtypes)
    assert frame.sort("seq")["px"].to_list() == tape(100)["px"].tolist()


def test_parts_of_a_session_can_be_read(recordings):
    records = tape(1_000)
    recordings.append(SESSION, records)
    for contracts in ([1], [1, 2], [9]):
        assert recordings.read(SESSION, contracts).tobytes() == records[np.isin(records["contract"], contracts)].tobytes()
    for kinds in ([Kind.PRINT], [Kind.PRINT, Kind.TIME], [Kind.GAP]):
        assert recordings.read(SESSION, kinds=kinds).tobytes() == records[np.isin(records["kind"], kinds)].tobytes()
    first = first_seq(1)
    assert recordings.read(SESSION, [2], [Kind.QUOTE], seqs=(first + 10, first + 99)).tobytes() == (
        records[10:100][(records["contract"][10:100] == 2) & (records["kind"][10:100] == Kind.QUOTE)].tobytes()
    )


def test_a_transaction_given_again_writes_nothing(recordings):
    assert recordings.append(SESSION, tape(10), ("a", 10))
    assert not recordings.append(SESSION, tape(10), ("a", 10))
    assert not recordings.append(SESSION, tape(5), ("a", 5))
    assert recordings.append(SESSION, tape(10, start=10), ("a", 20))
    assert recordings.read(SESSION).tobytes() == tape(20).tobytes()
    assert recordings.versions_of(["a", "b"]) == {"a": 20, "b": 0}


def test_transactions_outlive_the_checkpoints_of_the_log(recordings):
    recordings.append(SESSION, tape(1), ("a", 1))
    for at in range(1, 25):
        recordings.append(SESSION, tape(1, start=at), (f"b{at}", 1))
    assert recordings.version_of("a") == recordings.version_of("b24") == 1
    assert recordings.read(SESSION).tobytes() == tape(25).tobytes()


def test_sessions_are_listed_with_what_is_in_them(recordings):
    recordings.append(NEXT, tape(6, epoch=3))
    recordings.append(SESSION, tape(12))
    recordings.append(SESSION, tape(12, epoch=2, start=12))
    kinds = tuple(sorted({int(kind) for kind in tape(12)["kind"]}))
    assert recordings.sessions() == [
        Span(SESSION, 24, first_seq(1), first_seq(2) + 23, START_NS, START_NS + 23 * 1_000_003, kinds),
        Span(NEXT, 6, first_seq(3), first_seq(3) + 5, START_NS, START_NS + 5 * 1_000_003, kinds),
    ]
    assert list(recordings.sessions()[0].epochs) == [1, 2]
    assert recordings.newest_epoch() == 3


def test_a_session_or_an_epoch_of_it_is_deleted(recordings):
    recordings.append(SESSION, tape(50))
    recordings.append(SESSION, tape(50, epoch=2))
    recordings.append(NEXT, tape(50, epoch=3))
    recordings.delete(SESSION, epoch=1)
    assert recordings.read(SESSION).tobytes() == tape(50, epoch=2).tobytes()
    recordings.delete(SESSION)
    assert [span.session for span in recordings.sessions()] == [NEXT]


def test_a_session_or_an_epoch_of_it_is_replaced_in_one_commit(recordings):
    recordings.append(SESSION, tape(50))
    recordings.append(NEXT, tape(50, epoch=2))
    before = recordings.table().version()
    recordings.replace(SESSION, tape(30, epoch=3), ("a", 1))
    assert recordings.table().version() == before + 1
    assert recordings.read(SESSION).tobytes() == tape(30, epoch=3).tobytes()
    recordings.append(SESSION, tape(20, epoch=4))
    recordings.replace(SESSION, tape(10, epoch=3), epoch=3)
    assert recordings.read(SESSION).tobytes() == np.concatenate([tape(10, epoch=3), tape(20, epoch=4)]).tobytes()
    assert recordings.read(NEXT).tobytes() == tape(50, epoch=2).tobytes()
    assert recordings.version_of("a") == 1


def test_compacting_puts_files_together_and_changes_no_record(recordings):
    for at in range(0, 100, 10):
        recordings.append(SESSION, tape(10, start=at), ("a", at + 10))
    recordings.append(NEXT, tape(10, epoch=2))
    n_kinds = len(set(tape(10)["kind"]))
    assert recordings.compact(SESSION) == 9 * n_kinds
    assert recordings.compact(SESSION) == 0
    assert recordings.read(SESSION).tobytes() == tape(100).tobytes()
    quotes = pl.read_parquet([uri for uri in recordings.table().file_uris() if f"session={SESSION}/kind=1/" in uri])
    assert quotes.equals(quotes.sort("contract", "seq"))
    assert recordings.version_of("a") == 100


def test_old_files_are_kept_for_a_week(recordings):
    for at in range(0, 30, 10):
        recordings.append(SESSION, tape(10, start=at))
    before = recordings.table().version()
    recordings.compact(SESSION)
    with pytest.raises(StoreError, match="at least 168 hours, not 0"):
        recordings.vacuum(0)
    assert recordings.vacuum() == []
    assert recordings.table(before).count() == 30


@pytest.mark.covers("S4-25")
def test_the_cache_is_made_anew_only_when_its_session_has_changed(recordings, tmp_path):
    recordings.append(SESSION, tape(100))
    assert recordings.cache(SESSION).tobytes() == tape(100).tobytes()
    made = [path.stat().st_ino for path in (tmp_path / "cache").iterdir()]
    recordings.append(NEXT, tape(10, epoch=2))
    assert recordings.cache(SESSION).tobytes() == tape(100).tobytes()
    assert [path.stat().st_ino for path in (tmp_path / "cache").iterdir()] == made
    recordings.append(SESSION, tape(10, start=100))
    assert recordings.cache(SESSION).tobytes() == tape(110).tobytes()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [f"{SESSION}-2.seg"]
    (tmp_path / "cache" / f"{SESSION}-2.seg").unlink()
    assert recordings.cache(SESSION).tobytes() == tape(110).tobytes()


def test_a_table_of_somebody_else_is_refused(tmp_path):
    pl.DataFrame({"a": [1]}).write_delta(str(tmp_path / "recordings" / "records"))
    with pytest.raises(StoreError, match="a table, but none of the workbench"):
        Recordings.of(tmp_path).read(SESSION)


def test_a_table_of_a_newer_format_is_refused(tmp_path):
    pl.DataFrame({"a": [1]}).write_delta(
        str(tmp_path / "recordings" / "records"), delta_write_options={"description": "records of futures-workbench, format 2"}
    )
    with pytest.raises(StoreError, match="update the workbench"):
        Recordings.of(tmp_path).append(SESSION, tape(1))


def test_an_object_store_is_asked_with_its_options():
    """No object store is here; but the address goes to the library as it is, and so does its complaint to the reader."""
    recordings = Recordings("s3://bucket/records", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ALLOW_HTTP": "true", "max_retries": "0"})  # fmt: skip
    with pytest.raises(StoreError, match="s3://bucket/records cannot be opened"):
        recordings.read(SESSION)


def test_a_full_disk_leaves_the_table_as_it_was(recordings):
    recordings.append(SESSION, tape(10))
    with small_disk(1_000), pytest.raises(StoreError, match=r"writing the recordings .* failed"):
        recordings.append(SESSION, tape(20_000, start=10), ("a", 1))
    assert recordings.read(SESSION).tobytes() == tape(10).tobytes()
    assert recordings.append(SESSION, tape(20_000, start=10), ("a", 1))
    assert recordings.read(SESSION).tobytes() == tape(20_010).tobytes()
