"""``workbench run | lab``: pages by name with typed parameters, kept beside the data; JupyterLab on this machine alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.calling import workbench
from tests.pipelines.paging import page
from workbench.commands import notebooks


@pytest.fixture
def mine(here: Path) -> Path:
    """A workspace with a page of its own."""
    (here / "workbench.toml").touch()
    page(here / "pipelines" / "how_far")
    return here


def test_pages_are_listed_with_what_they_answer_and_take(mine: Path) -> None:
    said = workbench("run")
    assert said.code == 0
    for word in ("how_far", "How far is it?", "length_pts = 2.5", "daily_report", "What did the session come to?", "session = 20261119"):
        assert word in said.out


def test_a_page_is_run_and_kept_beside_the_data(mine: Path) -> None:
    said = workbench("run", "how_far", "-p", "n=4", "-p", "name=ES", "--json")
    assert said.code == 0, said.text
    told = json.loads(said.out)
    assert told["result"]["far"] == 10 and told["failure"] is None
    assert Path(told["page"]).resolve() == mine / "data" / "sample" / "pages" / "how_far" / "ES" / "page.html"


def test_a_page_that_fails_says_where_and_ends_with_1(mine: Path) -> None:
    page(mine / "pipelines" / "how_far", checks='assert far > 100, "nearer than a [bold] hundred"')
    said = workbench("run", "how_far")
    assert said.code == 1 and "the page failed in checks: AssertionError: nearer than a [bold] hundred" in said.text
    assert "page.html" in said.text


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("how_fat",), 2, "did you mean how_far?"),
        (("how_far", "-p", "nn=3"), 2, "there is no parameter 'nn'; did you mean n?"),
        (("how_far", "-p", "n=many"), 2, "parameter n is of kind int"),
        (("how_far", "-p", "n"), 2, "write NAME=VALUE"),
        (("how_far", "--session", "20261119"), 2, "there is no parameter 'session'"),
        (("daily_report", "--session", "20261119", "--data", "workbench.toml"), 2, "is a file"),
    ],
)
def test_what_cannot_be_meant_is_told_before_a_kernel_starts(mine: Path, words: tuple[str, ...], code: int, told: str) -> None:
    said = workbench("run", *words)
    assert said.code == code and told in said.text and "Traceback" not in said.text
    assert not (mine / "data").exists()


def test_a_session_is_looked_for_in_the_data_folder_of_the_settings(here: Path, traded: Path) -> None:
    (here / "workbench.toml").write_text(f'data_folder = "{traded}"\n')
    said = workbench("run", "daily_report", "--session", "2026-11-19", "-p", "replay=no", "--json")
    assert said.code == 0, said.text
    assert Path(json.loads(said.out)["page"]) == traded / "pages" / "daily_report" / "20261119" / "page.html"


def test_lab_is_for_this_machine_with_a_token_and_asks_nobody(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda *words: asked.extend(words))
    assert workbench("lab", "--port", "8890", "--", "--debug").code == 0
    program, words = asked
    assert program == sys.executable == words[0] and words[1:3] == ["-m", "jupyterlab"]
    assert {"--ServerApp.ip=127.0.0.1", "--ServerApp.port=8890", f"--ServerApp.root_dir={here}", "--no-browser", "--debug"} <= set(words)
    assert "--ServerApp.allow_remote_access=False" in words and not any("token" in word or "password" in word for word in words)
    (settings,) = (Path(word.partition("=")[2]) for word in words if "app_settings_dir" in word)
    told = json.loads((settings / "overrides.json").read_text())["@jupyterlab/apputils-extension:notification"]
    assert told["fetchNews"] == "false" and told["checkForUpdates"] is False
    assert os.environ["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)  # so that `!workbench` is found in a notebook


@pytest.mark.parametrize(("user", "is_root"), [(0, True), (1000, False)])
def test_lab_runs_as_root_too_where_there_is_nobody_else(here: Path, monkeypatch: pytest.MonkeyPatch, user: int, is_root: bool) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda *words: asked.extend(words))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert workbench("lab").code == 0
    assert ("--allow-root" in asked[1]) is is_root


def test_pages_of_a_workspace_go_before_shipped_ones(mine: Path) -> None:
    page(mine / "pipelines" / "daily_report")
    assert [str(place) for place in notebooks.places()] == [str(Path("pipelines")), str(notebooks.CHECKOUT / "pipelines")]
    assert "How far is it?" in workbench("run").out and "What did the session come to?" not in workbench("run").out
