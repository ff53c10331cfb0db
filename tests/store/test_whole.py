from __future__ import annotations

import contextlib

import pytest

from tests.store.killing import is_killed_at_line
from tests.store.test_tail import small_disk
from workbench.domain.errors import StoreError
from workbench.store.whole import is_held, only_one, remove_parts, whole_file, write_whole


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "a.json"
    for content in (b"one", b"two" * 100_000, b""):
        write_whole(path, content)
        assert path.read_bytes() == content
    write_whole(path, b"three", is_durable=False)
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    with small_disk(4_096), pytest.raises(StoreError, match=r"writing .* failed: File too large"):
        write_whole(path, bytes(10_000))
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_killed_at_any_line_there_is_the_old_file_or_the_new(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    k, seen = 1, set()
    while is_killed_at_line(k, ("whole",), write_whole, path, b"new"):
        seen.add(path.read_bytes())
        path.write_bytes(b"old")
        k += 1
    assert seen == {b"old", b"new"}
    remove_parts(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_lock_is_held_by_one(tmp_path):
    with only_one(tmp_path / "a.lock", "busy"), pytest.raises(StoreError, match="busy"), only_one(tmp_path / "a.lock", "busy"):
        pass
    with only_one(tmp_path / "a.lock", "busy"):
        pass


def test_what_is_written_by_somebody_else_gets_its_name_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "bars.parquet"
    with whole_file(path) as part:
        part.write_bytes(b"one")
    with contextlib.suppress(ValueError), whole_file(path) as part:
        part.write_bytes(b"tw")
        raise ValueError("half")
    assert path.read_bytes() == b"one" and list(path.parent.iterdir()) == [path]
    with pytest.raises(StoreError, match="writing"), whole_file(path / "below") as part:
        part.write_bytes(b"")


def test_whoever_only_looks_sees_whether_a_lock_is_held_and_is_in_nobodys_way(tmp_path):
    path = tmp_path / "a.lock"
    if is_held(path) is None:
        pytest.skip("this system does not tell who holds a lock")
    assert is_held(path) is False and not path.exists()
    with only_one(path, "busy"):
        assert is_held(path) is True
    assert is_held(path) is False
