"""The command line as a whole: one help, one exit code for each way to end, never a traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.commands.calling import workbench

pytestmark = pytest.mark.covers("S0-21", "S3-50")
COMMANDS = ("demo", "dashboard", "import", "replay", "simulate", "sessions", "settings", "catalogue", "backup", "restore", "seal", "doctor")


def test_help_names_every_command_and_where_to_begin() -> None:
    said = workbench("--help")
    assert said.code == 0 and "Begin with `workbench demo`" in said.text
    assert all(command in said.text for command in COMMANDS)


def test_no_word_at_all_shows_the_help() -> None:
    assert "Begin with `workbench demo`" in workbench().text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    said = workbench(command, "--help")
    assert said.code == 0 and "Usage" in said.text and len(said.text) > 100


@pytest.mark.parametrize("words", [("trade",), ("--verbose",), ("import", "lean")])
def test_a_word_nobody_knows_is_meant_wrong(words: tuple[str, ...]) -> None:
    said = workbench(*words)
    assert said.code == 2 and words[-1] in said.text


def test_it_can_be_called_as_a_module_and_tells_its_errors_on_the_right_stream(tmp_path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "workbench", "replay", "--session", "20261119"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1 and ended.stdout == "" and ended.stderr.startswith("error: ") and "Traceback" not in ended.stderr
