"""A file of arrays is read as it was written, or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from workbench.calendars import kept

ARRAYS = {"days": np.arange(1_000, dtype=np.int64) << 40, "phases": np.array([0, 4, 255], np.uint8), "none": np.array([], np.int64)}


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    kept.write(tmp_path / "deep" / "a.table", {"name": "24/7"}, ARRAYS)
    found = kept.read(tmp_path / "deep" / "a.table")
    assert found is not None
    assert found.words == {"name": "24/7"}
    assert [(name, array.dtype, array.tolist()) for name, array in found.arrays.items()] == [
        (name, array.dtype, array.tolist()) for name, array in ARRAYS.items()
    ]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.table"]


def test_of_a_file_that_is_not_whole_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.table"
    assert kept.read(path) is None
    kept.write(path, {}, ARRAYS)
    whole = path.read_bytes()
    for n in (*range(0, len(whole), 97), len(whole) - 1):
        path.write_bytes(whole[:n])
        assert kept.read(path) is None
        path.write_bytes(whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :])
        assert kept.read(path) is None


@pytest.mark.parametrize(
    "head", [b"", b"\n", b"{}\n", b"[1]\n", b'{"arrays": [["a", "<i8", 9]], "words": {}}\n', b'{"arrays": [["a", "x", 1]]}\n']
)
def test_what_somebody_else_wrote_is_not_read(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a.table").write_bytes(kept.hashlib.sha256(head).hexdigest().encode() + b"\n" + head)
    assert kept.read(tmp_path / "a.table") is None


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept.write(tmp_path / "file" / "a.table", {}, ARRAYS)
    assert kept.read(tmp_path / "file" / "a.table") is None


def test_a_reader_among_writers_sees_whole_files_only(tmp_path: Path) -> None:
    path = tmp_path / "a.table"
    kept.write(path, {"by": "0"}, ARRAYS)

    def write(who: int) -> None:
        for _ in range(50):
            kept.write(path, {"by": str(who)}, {"a": np.full(20_000, who)})

    writers = [threading.Thread(target=write, args=(who,)) for who in (1, 2, 3)]
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        found = kept.read(path)
        assert found is not None
        assert found.words["by"] == "0" or set(found.arrays["a"].tolist()) == {int(found.words["by"])}
    for each in writers:
        each.join()
    assert [each.name for each in tmp_path.iterdir()] == ["a.table"]
