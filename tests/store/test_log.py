from __future__ import annotations

import numpy as np

from tests.store.tapes import SESSION, tape
from workbench.store.folders import Folders
from workbench.store.log import log_sessions, read_log
from workbench.store.recordings import Recordings
from workbench.store.sealer import seal
from workbench.store.tail import Tail

NEXT = 20261123


def test_a_log_is_read_wherever_its_records_lie(tmp_path):
    assert read_log(tmp_path, SESSION).tobytes() == b""
    with Tail(Folders(tmp_path).tail, session=SESSION, epoch=1, segment_records=32) as tail:
        tail.append(tape(50))
        assert read_log(tmp_path, SESSION).tobytes() == tape(50).tobytes()
        seal(tmp_path)
        tail.append(tape(50, start=50))
        assert read_log(tmp_path, SESSION).tobytes() == tape(100).tobytes()
        assert not Folders(tmp_path).cache.exists()
    seal(tmp_path)
    assert read_log(tmp_path, SESSION).tobytes() == tape(100).tobytes()
    assert Folders(tmp_path).cache.exists()


def test_several_starts_of_a_session_are_one_log(tmp_path):
    parts = [tape(10 * epoch, epoch=epoch) for epoch in (1, 2, 3)]
    for epoch, part in enumerate(parts, 1):
        with Tail(Folders(tmp_path).tail, session=SESSION, epoch=epoch) as tail:
            tail.append(part)
        if epoch == 1:
            seal(tmp_path)
    assert read_log(tmp_path, SESSION).tobytes() == np.concatenate(parts).tobytes()
    assert read_log(tmp_path, SESSION, epoch=2).tobytes() == parts[1].tobytes()
    assert read_log(tmp_path, SESSION, epoch=4).tobytes() == b""


def test_records_that_were_imported_behind_the_tail_stand_in_their_place(tmp_path):
    with Tail(Folders(tmp_path).tail, session=SESSION, epoch=1) as tail:
        tail.append(tape(10))
    Recordings.of(tmp_path).append(SESSION, tape(5, epoch=2))
    assert read_log(tmp_path, SESSION).tobytes() == np.concatenate([tape(10), tape(5, epoch=2)]).tobytes()


def test_sessions_are_those_of_both_places(tmp_path):
    assert log_sessions(tmp_path) == []
    Recordings.of(tmp_path).append(NEXT, tape(5))
    with Tail(Folders(tmp_path).tail, session=SESSION, epoch=2) as tail:
        tail.append(tape(10))
    assert log_sessions(tmp_path) == [SESSION, NEXT]
