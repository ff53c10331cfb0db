"""``workbench schedule``: what a person is told, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.pipelines.schedule.planning import fails, planned, writes_a_line
from tests.pipelines.schedule.planning import here as begun_here
from workbench.commands import notebooks
from workbench.pipelines.schedule import daemon

pytestmark = pytest.mark.covers("S1-12", "S3-20")


@pytest.fixture
def place(here: Path) -> Path:
    (here / "workbench.toml").touch()
    planned(here / "pipelines", "report", "close+30m")
    return here


def test_a_slot_is_run_at_once_and_only_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "started_here", lambda *args, address="": begun_here(writes_a_line)(*args))
    said = workbench("schedule", "now", "report", "--session", "2026-11-18")
    assert said.code == 0 and "done report of 20261118, close+30m" in said.text and "workbench runs show report/20261118" in said.text
    again = workbench("schedule", "now", "report", "--session", "2026-11-18")
    assert again.code == 2 and "ran already: done" in again.text
    told = json.loads(workbench("schedule", "now", "report", "--session", "2026-11-17", "--json").out)
    assert (told["key"].split("-")[0], told["state"], told["attempts"]) == ("report/20261117", "done", 1)
    assert "on the schedule: report" in workbench("schedule", "now", "other").text


@pytest.mark.proof
def test_a_run_that_failed_is_said_and_ends_with_1(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "started_here", lambda *args, address="": begun_here(fails)(*args))
    said = workbench("schedule", "now", "report", "--session", "20261118")
    assert said.code == 1 and "failed report of 20261118, close+30m: checks: AssertionError: no data" in said.text


def test_what_was_promoted_elsewhere_runs_there(place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planned(tmp_path / "checkout" / "pipelines", "shipped", "close+30m")
    monkeypatch.setattr(notebooks, "CHECKOUT", tmp_path / "checkout")
    told = json.loads(workbench("schedule", "show", "--json").out)
    assert [each["page"] for each in told["pages"]] == ["report"]
    assert "shipped" not in workbench("notebook", "status").out
    said = workbench("notebook", "demote", "shipped")
    assert said.code == 2 and "is promoted in" in said.text and "not here" in said.text


def test_an_edited_page_is_said_by_every_look(place: Path) -> None:
    (place / "pipelines" / "report" / "notebook.ipynb").write_text("{}")
    for words in (("show",), ("now", "report")):
        said = workbench("schedule", *words)
        assert "notebook.ipynb was edited since it was promoted" in said.text and "nothing is on the schedule" not in said.text
        assert said.code == (2 if words[0] == "now" else 0)


def test_other_schedulers_ask_whether_a_slot_was_due(place: Path) -> None:
    asked = ("schedule", "due", "report", "--until", "2026-11-18T22:30:00+00:00", "--since")
    said = workbench(*asked, "2026-11-18T22:25:00+00:00")
    assert (said.code, said.out) == (0, "-p session=20261118\n")
    none = workbench(*asked, "2026-11-18T22:30:00+00:00")
    assert (none.code, none.out) == (99, "")
    assert workbench(*asked, "yesterday").code == 2 and "write it like" in workbench(*asked, "2026-11-18T22:25:00").text
    assert compile(workbench("schedule", "airflow", "report").out, "dag.py", "exec")
    assert "on the schedule: report" in workbench("schedule", "airflow", "other").text
