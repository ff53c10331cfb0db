"""Checksums of files: kept once, in a form that sha256sum reads, and worth nothing where the line was torn."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.store.tapes import SESSION, tape
from workbench.store import checksums
from workbench.store.recordings import Recordings


def folder_with(tmp_path: Path, **files: bytes) -> Path:
    folder = tmp_path / "bars"
    (folder / "1m").mkdir(parents=True)
    for name, content in files.items():
        (folder / "1m" / name).write_bytes(content)
    return folder


def test_a_file_is_measured_once_and_what_sha256sum_says_is_the_same(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a=b"one", b=b"two")
    files = sorted(folder.rglob("[ab]"))
    assert checksums.keep(folder, files[:1]) == 1 and checksums.keep(folder, files) == 1
    checked = subprocess.run(["sha256sum", "-c", "bars.sha256"], cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0 and checked.stdout == "bars/1m/a: OK\nbars/1m/b: OK\n"
    (folder / "1m" / "a").write_bytes(b"changed")
    assert checksums.keep(folder, files) == 0 and checksums.known(folder)["1m/a"] != checksums.measure(files[0])


def test_a_torn_line_counts_for_nothing_and_the_next_one_is_whole(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a=b"one", b=b"two")
    files = sorted(folder.rglob("[ab]"))
    checksums.keep(folder, files[:1])
    path = checksums.path_of(folder)
    path.write_bytes(path.read_bytes() + path.read_bytes()[:40])
    assert checksums.keep(folder, files) == 1 and sorted(checksums.known(folder)) == ["1m/a", "1m/b"]


def test_files_that_are_gone_leave_the_list(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a=b"one", b=b"two")
    checksums.keep(folder, sorted(folder.rglob("[ab]")))
    (folder / "1m" / "a").unlink()
    checksums.forget_gone(folder)
    assert list(checksums.known(folder)) == ["1m/b"]


def test_every_file_of_the_recordings_has_one_once_its_commit_is_durable(tmp_path: Path) -> None:
    recordings = Recordings.of(tmp_path)
    recordings.append(SESSION, tape(40))
    recordings.append(SESSION, tape(40, start=40))
    folder = tmp_path / "recordings" / "records"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet") if "_delta_log" not in path.parts}
    assert set(checksums.known(folder)) == files
    checksums.path_of(folder).unlink()
    assert recordings.keep_checksums() == len(files) and recordings.keep_checksums() == 0
