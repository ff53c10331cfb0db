from __future__ import annotations

import pytest

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.status import Status, heard, say


def test_only_the_last_word_is_heard(tmp_path):
    assert heard(tmp_path) == []
    for seq in range(3):
        say(tmp_path, Status(process="runner", pid=1, said_ns=seq, seq=seq, is_ready=True, counts={"gaps": seq}))
    say(tmp_path, Status(process="guardian", pid=2, said_ns=9))
    assert heard(tmp_path) == [
        Status(process="guardian", pid=2, said_ns=9),
        Status(process="runner", pid=1, said_ns=2, seq=2, is_ready=True, counts={"gaps": 2}),
    ]


def test_a_name_is_one_word(tmp_path):
    with pytest.raises(StoreError, match="called by one word"):
        say(tmp_path, Status(process="../runner", pid=1, said_ns=1))


def test_what_is_no_status_is_told(tmp_path):
    say(tmp_path, Status(process="runner", pid=1, said_ns=1))
    (Folders(tmp_path).status / "runner.status").write_bytes(b"\xc1")
    with pytest.raises(StoreError, match="is no status of a process"):
        heard(tmp_path)
    say(tmp_path, Status(process="runner", pid=1, said_ns=1, format=2))
    with pytest.raises(StoreError, match="update the workbench"):
        heard(tmp_path)
