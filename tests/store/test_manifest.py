from __future__ import annotations

import msgspec
import pytest

from tests.store.tapes import SESSION, contract
from workbench.domain.errors import StoreError
from workbench.store.chain import Head
from workbench.store.folders import Folders
from workbench.store.manifest import NAME, RunManifest, find_log, read_manifest, run_folders, runs, write_manifest

NEXT = 20261123


def put(data, run, mode="live", sessions=(SESSION,), **fields):
    manifest = RunManifest(run=run, mode=mode, sessions=sessions, **({"epoch": 1, "created_ns": 1} | fields))
    write_manifest(Folders(data).run(run), manifest)
    return manifest


def test_a_manifest_comes_back_as_it_was(tmp_path):
    full = put(
        tmp_path, "a", contracts=(contract(1), contract(2, expiry="2026-12-18")), streams=("L3",), digests={"code": "c0de"},
        environment={"python": "3.11"}, first_seq=1, last_seq=9, source="file", replaced=("b",),
        journal_head=Head(3, bytes(range(32))), is_closed=True, notes="text",
    )  # fmt: skip
    assert read_manifest(Folders(tmp_path).run("a")) == full
    assert read_manifest(tmp_path) is None


def test_runs_are_listed_oldest_first_and_hidden_folders_are_none(tmp_path):
    assert runs(tmp_path) == []
    put(tmp_path, "late", created_ns=9)
    put(tmp_path, "early", created_ns=2)
    put(tmp_path, ".half.part", created_ns=1)
    (Folders(tmp_path).runs / "without").mkdir()
    assert [manifest.run for manifest in runs(tmp_path)] == ["early", "late"]
    assert [folder.name for folder in run_folders(tmp_path)] == ["early", "late", "without"]


def test_a_log_is_found_by_those_who_wrote_it(tmp_path):
    put(tmp_path, "second", epoch=3)
    put(tmp_path, "first", epoch=2)
    put(tmp_path, "other", sessions=(NEXT,), epoch=4)
    put(tmp_path, "played", mode="replay", epoch=0)
    put(tmp_path, "simulated", mode="simulate", epoch=0)
    assert [manifest.run for manifest in find_log(tmp_path, SESSION)] == ["first", "second"]
    assert find_log(tmp_path, 20261124) == []


def test_replaced_runs_wrote_nothing_that_is_left(tmp_path):
    put(tmp_path, "old", mode="import", sessions=(SESSION, NEXT), epoch=1)
    put(tmp_path, "new", mode="import", epoch=2, replaced=("old",))
    assert [manifest.run for manifest in find_log(tmp_path, SESSION)] == ["new"]
    assert [manifest.run for manifest in find_log(tmp_path, NEXT)] == ["old"]


@pytest.mark.parametrize(
    ("content", "text"), [(b"{", "is no manifest"), (b'{"format": 1}', "is no manifest"), (b'{"format": 2}', "update the workbench")]
)
def test_what_is_no_manifest_of_ours_is_refused(tmp_path, content, text):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(StoreError, match=text):
        read_manifest(tmp_path)


def test_it_can_be_read_by_a_person(tmp_path):
    put(tmp_path, "a")
    text = (Folders(tmp_path).run("a") / NAME).read_text()
    assert '"mode": "live"' in text
    assert msgspec.json.decode(text)["format"] == 1
