from __future__ import annotations

import pytest

from tests.store.killing import FORKS
from tests.store.tapes import SESSION, tape
from tests.store.victims import EVENT, take_in_session
from workbench.domain.errors import StoreError
from workbench.domain.events import Arrival
from workbench.store.epochs import first_seq, next_epoch
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, write_manifest
from workbench.store.recordings import Recordings
from workbench.store.tail import Tail


def test_an_epoch_is_above_everything_there_is(tmp_path):
    assert next_epoch(tmp_path) == 1
    with Tail(Folders(tmp_path).tail, session=SESSION, epoch=5) as tail:
        tail.append(tape(1, epoch=5))
    assert next_epoch(tmp_path) == 6
    Recordings.of(tmp_path).append(SESSION, tape(3, epoch=9))
    assert next_epoch(tmp_path) == 10
    with Journal(Folders(tmp_path).journal("killed")) as journal:
        journal.append(Arrival(first_seq(12), 1, 2, EVENT))
    assert next_epoch(tmp_path) == 13
    write_manifest(Folders(tmp_path).run("open"), RunManifest(run="open", mode="live", sessions=(SESSION,), epoch=20, created_ns=1))
    assert next_epoch(tmp_path) == 21
    take_in_session(tmp_path / "other", 5, 7)
    assert next_epoch(tmp_path / "other") == 8


@pytest.mark.covers("S4-23")
def test_a_number_given_away_is_never_given_again(tmp_path):
    with FORKS.Pool(4) as pool:
        given = pool.map(next_epoch, [tmp_path] * 24)
    assert sorted(given) == list(range(1, 25))


def test_a_file_that_holds_no_number_is_not_guessed_at(tmp_path):
    (tmp_path / "epoch").write_text("many")
    with pytest.raises(StoreError, match="holds 'many' in place of a number"):
        next_epoch(tmp_path)
