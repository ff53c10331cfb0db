from __future__ import annotations

import random

import numpy as np
import pytest

from tests.store.killing import is_killed_at_line
from tests.store.tapes import SESSION, contract, tape
from tests.store.test_tail import small_disk
from tests.store.victims import take_in_session
from workbench.domain.errors import DataError, StoreError
from workbench.domain.events import Arrival, ContractDefined
from workbench.store.entries import arrivals, verify
from workbench.store.epochs import first_seq
from workbench.store.folders import Folders
from workbench.store.intake import settle, take_in
from workbench.store.log import read_log
from workbench.store.manifest import find_log, runs
from workbench.store.recordings import Recordings
from workbench.store.tail import Tail

CONTRACTS = [contract(1), contract(2)]
LINES = ("intake", "journal", "recordings", "delta_table", "delta_log", "whole", "manifest")  # where an intake may be killed


def take(data, records, **how):
    return take_in(data, **({"session": SESSION, "records": records, "contracts": CONTRACTS, "source": "es.csv"} | how))


def test_a_session_is_taken_in_with_its_journal_and_its_manifest(tmp_path):
    manifest = take(tmp_path, tape(100, epoch=4), notes="two bad rows", streams=["L1"])
    assert read_log(tmp_path, SESSION).tobytes() == tape(100, epoch=4).tobytes()
    assert (manifest.run, manifest.mode, manifest.epoch, manifest.is_closed) == ("20261120-import-4", "import", 4, True)
    assert (manifest.first_seq, manifest.last_seq) == (first_seq(4), first_seq(4) + 99)
    assert (manifest.contracts, manifest.source, manifest.notes, manifest.streams) == (tuple(CONTRACTS), "es.csv", "two bad rows", ("L1",))
    assert find_log(tmp_path, SESSION) == runs(tmp_path) == [manifest]
    first_ns = int(tape(1)["recv_ns"][0])
    assert list(arrivals(Folders(tmp_path).journal(manifest.run))) == [
        Arrival(first_seq(4) - 1, n, first_ns, ContractDefined(each)) for n, each in enumerate(CONTRACTS, 1)
    ]
    assert verify(Folders(tmp_path).journal(manifest.run), manifest.journal_head) == manifest.journal_head
    assert Recordings.of(tmp_path).table().version() == 0  # one commit


def test_a_session_with_records_is_refused_unless_it_is_to_be_replaced(tmp_path):
    old = take(tmp_path, tape(100))
    with pytest.raises(DataError, match="session 20261120 has records already"):
        take(tmp_path, tape(10, epoch=2))
    new = take(tmp_path, tape(10, epoch=2), replace=True, mode="generate")
    assert (new.run, new.replaced) == ("20261120-generate-2", (old.run,))
    assert read_log(tmp_path, SESSION).tobytes() == tape(10, epoch=2).tobytes()
    assert find_log(tmp_path, SESSION) == [new]
    assert [manifest.run for manifest in runs(tmp_path)] == [old.run, new.run]


def test_what_the_loop_wrote_is_never_replaced_under_the_sealer(tmp_path):
    with Tail(Folders(tmp_path).tail, session=SESSION, epoch=1) as tail:
        tail.append(tape(3))
    with pytest.raises(DataError, match="still in the tail: seal it first"):
        take(tmp_path, tape(10, epoch=2), replace=True)


def spoil(field, at, value):
    records = tape(50)
    records[field][at] = value
    return records


@pytest.mark.parametrize(
    ("records", "text"),
    [
        (tape(0), "there is no record"),
        (spoil("seq", 0, 0), "seq must be positive and rise"),
        (spoil("seq", 9, first_seq(1)), "seq must be positive and rise"),
        (np.concatenate([tape(5), tape(5, epoch=2)]), r"several epochs, \[1, 2\]"),
        (spoil("recv_ns", 9, 5), "recv_ns falls at record 9"),
        (spoil("kind", 9, 77), r"kinds \[77\], which nobody knows"),
        (spoil("contract", 9, 3), r"contracts \[3\], of which no definition"),
    ],
)
def test_records_that_are_no_log_are_refused_and_nothing_is_written(tmp_path, records, text):
    with pytest.raises(DataError, match=text):
        take(tmp_path, records)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_bytes", [0, 1_000, 9_000])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, n_bytes):
    with small_disk(n_bytes), pytest.raises(StoreError):
        take(tmp_path, tape(20_000))
    assert runs(tmp_path) == []
    assert read_log(tmp_path, SESSION).tobytes() == b""
    take(tmp_path, tape(20_000))
    assert read_log(tmp_path, SESSION).tobytes() == tape(20_000).tobytes()
    assert len(runs(tmp_path)) == 1


def _kill_at(data, k):
    """Killed at a line, the session is there with its run or neither is, as soon as anybody looks after it."""
    was_killed = is_killed_at_line(k, LINES, take_in_session, data, 60, 1)
    Folders(data).runs.mkdir(parents=True, exist_ok=True)
    settle(data)
    n = len(read_log(data, SESSION))
    assert n in (0, 60)
    assert [manifest.run for manifest in runs(data)] == (["20261120-import-1"] if n else [])
    assert [path.name for path in Folders(data).runs.glob(".*.part")] == []
    take_in_session(data, 80, 2, replace=True)
    assert read_log(data, SESSION).tobytes() == tape(80, epoch=2).tobytes()
    assert [manifest.run for manifest in find_log(data, SESSION)] == ["20261120-import-2"]
    return was_killed, n


def test_an_intake_may_be_killed_at_any_line(tmp_path):
    seen = {_kill_at(tmp_path / f"{k}", k) for k in [*random.Random(2).sample(range(1, 280), 10), 10_000]}
    assert seen >= {(True, 0), (False, 60)}


@pytest.mark.nightly
def test_an_intake_may_be_killed_at_every_line(tmp_path):
    k, seen = 1, set()
    while (False, 60) not in seen:
        seen.add(_kill_at(tmp_path / f"{k}", k))
        k += 1
    assert seen == {(True, 0), (True, 60), (False, 60)}
