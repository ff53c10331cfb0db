"""``workbench backup | restore | seal``: copies that are whole, and nothing written over."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.commands.calling import workbench
from tests.replay.world import SESSION
from workbench.store.log import read_log

pytestmark = pytest.mark.covers("S1-32", "S3-37")


def test_a_backup_comes_back_as_it_was_and_still_replays(traded: Path, here: Path) -> None:
    said = workbench("backup", "copy", "--data", traded)
    assert said.code == 0 and "workbench restore copy" in said.text
    again = workbench("restore", "copy", "--data", "back")
    assert again.code == 0 and "every checksum was right" in again.text
    assert np.array_equal(read_log(here / "back", SESSION), read_log(traded, SESSION))
    played = workbench("replay", "--session", SESSION, "--data", "back", "--json")
    assert played.code == 0 and json.loads(played.out)["same"] is True


def test_the_tail_is_sealed_once(traded: Path, here: Path) -> None:
    before = read_log(traded, SESSION).copy()
    first, second = (workbench("seal", "--data", traded) for _ in range(2))
    assert first.code == second.code == 0
    assert f"sealed {len(before):,} records" in first.text and "sealed 0 records" in second.text
    assert np.array_equal(read_log(traded, SESSION), before)
    assert workbench("replay", "--session", SESSION, "--data", traded).code == 0


def test_nothing_is_copied_over_what_is_there(traded: Path, here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "thesis.txt").write_text("years of work")
    for words in (("backup", "mine", "--data", traded), ("restore", traded, "--data", "mine")):
        said = workbench(*words)
        assert said.code == 1 and "not empty" in said.err
    assert [path.name for path in (here / "mine").iterdir()] == ["thesis.txt"]


def test_what_is_no_backup_or_a_damaged_one_is_not_restored(traded: Path, here: Path) -> None:
    (here / "empty").mkdir()
    for source in ("nowhere", "empty"):
        said = workbench("restore", source, "--data", "back")
        assert said.code == 1 and "no complete copy" in said.err
    assert workbench("backup", "copy", "--data", traded).code == 0
    journal = next((here / "copy").rglob("journal.db"))
    journal.write_bytes(journal.read_bytes()[:-1] + b"x")
    said = workbench("restore", "copy", "--data", "back")
    assert said.code == 1 and "journal.db is not what was copied" in said.text and not (here / "back").exists()


@pytest.mark.parametrize("words", [("backup",), ("restore",), ("seal", "something"), ("backup", "a", "--dat", "b")])
def test_what_cannot_be_meant_is_told(here: Path, words: tuple[str, ...]) -> None:
    said = workbench(*words)
    assert said.code == 2 and "Usage" in said.text and list(here.iterdir()) == []


def test_a_folder_without_a_log_is_not_taken_for_a_backup_that_went_well(here: Path) -> None:
    said = workbench("backup", "copy", "--data", "nowhere")
    assert said.code == 1 and "nowhere" in said.err and not (here / "copy").exists()
