from __future__ import annotations

import pytest

from tests.store.tapes import SESSION, tape
from workbench.domain.errors import StoreError
from workbench.store import delta_log
from workbench.store.recordings import Recordings


@pytest.fixture
def folder(tmp_path):
    recordings = Recordings.of(tmp_path)
    recordings.append(SESSION, tape(10), ("a", 1))
    recordings.append(SESSION, tape(10, start=10), ("a", 2))
    return tmp_path / "recordings" / "records"


def test_the_newest_version_is_read_off_the_names(folder, tmp_path):
    assert delta_log.newest(folder) == 1
    assert delta_log.newest(tmp_path / "absent") == -1


def test_a_commit_names_the_files_it_added(folder):
    files = delta_log.added(folder, 1)
    assert len(files) == len(set(tape(10, start=10)["kind"]))
    assert all(path.exists() for path in files)


@pytest.mark.parametrize("torn", [b"", bytes(300), b'{"add": {"pa', b'"text"', b"\xff\xfe\xfd"])
def test_a_commit_torn_by_a_power_cut_is_put_aside_and_its_rows_can_be_written_again(folder, tmp_path, torn):
    delta_log.commit_path(folder, 2).write_bytes(torn)
    recordings = Recordings.of(tmp_path)
    if torn:
        with pytest.raises(StoreError, match="cannot be opened"):
            recordings.read(SESSION)
    assert recordings.append(SESSION, tape(10, start=20), ("b", 1)) if not torn else delta_log.drop_torn(folder).suffix == ".torn"
    recordings.append(SESSION, tape(10, start=20), ("b", 1))
    assert recordings.read(SESSION).tobytes() == tape(30).tobytes()


def test_a_whole_commit_stays(folder, tmp_path):
    assert delta_log.drop_torn(folder) is None
    assert delta_log.drop_torn(tmp_path / "absent") is None


def test_commits_are_synced_once_and_again_when_the_mark_is_lost(folder):
    mark = folder.with_name("records.synced")
    assert mark.read_text() == "1"
    mark.unlink()
    delta_log.sync_commits(folder)
    assert mark.read_text() == "1"
