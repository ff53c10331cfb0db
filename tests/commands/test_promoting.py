"""``workbench notebook promote | status | demote | rollback``: what a person is told, and the exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.pipelines.promotion.gated import OPEN, Place, gate
from tests.teaching import NOTEBOOKS, teaching
from workbench.pipelines.promotion import judging, promoted


@pytest.fixture
def place(here: Path) -> Place:
    (here / "workbench.toml").touch()
    made = Place(here)
    made.write()
    return made


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gates that start no kernel: the contract itself, and one that is open."""
    monkeypatch.setattr(judging, "GATES", (judging.GATES[0], *OPEN))


LAB = "lab/03_how_far.ipynb"


def test_it_is_promoted_told_and_listed(place: Place, few: None) -> None:
    said = workbench("notebook", "promote", LAB, "--schedule", "close+30m")
    assert said.code == 0, said.text
    for word in ("passed contract", "passed first", "promoted: how_far runs on schedule close+30m", "report.md", "pipelines/how_far"):
        assert word in said.text
    said = workbench("notebook", "status")
    assert said.code == 0 and "how_far" in said.out and "promoted" in said.out and "close+30m" in said.out
    one = workbench("notebook", "status", "how_far")
    assert one.code == 0 and "owner tests" in one.text and "passed second so it is" in one.text
    told = json.loads(workbench("notebook", "status", "how_far", "--json").out)
    assert (told["state"], told["schedule"], told["has_evidence"]) == ("promoted", "close+30m", True)


def test_a_refusal_ends_with_1_and_its_own_words(place: Place, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "GATES", (gate("first"), gate("second", passed=False, text="too [bold] far")))
    said = workbench("notebook", "promote", LAB, "--schedule", "close+30m")
    assert said.code == 1 and "refused second too [bold] far" in said.text and "refused at second; nothing was changed" in said.text
    told = json.loads(workbench("notebook", "promote", LAB, "--schedule", "close+30m", "--json").out)
    assert (told["promoted"], told["refused_at"], told["why"]) == (False, "second", "too [bold] far")
    assert not place.folder.exists()


def test_a_trial_asks_and_changes_nothing(place: Place, few: None) -> None:
    said = workbench("notebook", "promote", LAB, "--schedule", "close+30m", "--dry-run")
    assert said.code == 0 and "nothing was changed (--dry-run)" in said.text and not place.folder.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("promote", LAB), "when shall how_far run? Say --schedule close+30m"),
        (("promote", "nowhere.ipynb", "--schedule", "close"), "there is no notebook nowhere.ipynb"),
        (("promote", "workbench.toml", "--schedule", "close"), "is no notebook"),
        (("promote", LAB, "--schedule", "close", "--name", "daily_report"), "daily_report is the name of a shipped page"),
        (("promote", LAB, "--schedule", "close", "--name", "How far"), "is no name for a page"),
        (("promote", LAB, "--schedule", "close", "--data", "workbench.toml"), "is a file"),
        (("status", "nowhere"), "there is no pipeline 'nowhere'"),
        (("demote", "daily_report"), "daily_report is not promoted"),
        (("rollback", "daily_report"), "daily_report is not promoted"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_no_traceback(place: Place, few: None, words: tuple[str, ...], told: str) -> None:
    said = workbench("notebook", *words)
    assert said.code == 2 and told in said.text and "Traceback" not in said.text and not (place.home / "pipelines").exists()


def test_an_edited_page_is_told_and_taken_back_and_demoted(place: Place, few: None) -> None:
    assert "no page is promoted" in workbench("notebook", "status").out
    workbench("notebook", "promote", LAB, "--schedule", "close+30m")
    path = place.folder / "notebook.ipynb"
    path.write_text(path.read_text() + "\n")
    said = workbench("notebook", "status")
    assert said.code == 1 and "notebook.ipynb was edited since it was promoted" in said.text and "does not run on schedule" in said.text
    assert json.loads(workbench("notebook", "status", "how_far", "--json").out)["state"] == "edited"
    said = workbench("notebook", "rollback", "how_far", "--why", "a slip")
    assert said.code == 0 and "instead of what was edited since" in said.text and promoted(place.folder) is not None
    assert json.loads(workbench("notebook", "demote", "how_far", "--json").out)["demoted"] == "how_far"
    assert promoted(place.folder) is None
    said = workbench("notebook", "status", "how_far")
    assert said.code == 0 and "how_far not promoted" in said.text


@pytest.mark.proof
@pytest.mark.covers("S3-47")
def test_from_the_tutorial_to_a_scheduled_gated_page_with_one_command(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = teaching(tmp_path_factory)
    monkeypatch.chdir(folder)
    shutil.copy2(NOTEBOOKS / "60_promote_me.ipynb", folder / "notebooks")
    said = workbench("notebook", "promote", "notebooks/60_promote_me.ipynb", "--schedule", "close+30m")
    assert said.code == 0, said.text
    record = promoted(folder / "pipelines" / "promote_me")
    assert record is not None and record.schedule == "close+30m" and record.owner == "research" and record.is_thin
    assert all((folder / "data" / each.evidence).is_file() for each in record.gates)
    assert workbench("run", "promote_me").code == 0
    shutil.rmtree(folder / "pipelines")
