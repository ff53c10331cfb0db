"""``workbench dashboard`` as far as it can be tried without a browser; the page itself is tried in tests/dashboard."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.calling import workbench

pytestmark = pytest.mark.covers("S0-19", "S0-21")


def test_its_help_says_where_it_listens_and_what_it_needs() -> None:
    said = workbench("dashboard", "--help")
    assert said.code == 0 and all(word in said.text for word in ("127.0.0.1", "token", "can change nothing", "workbench demo --pace 60"))


def test_a_file_where_the_folder_should_be_is_told_before_anything_listens(here: Path) -> None:
    (here / "thesis.txt").write_text("years of work")
    said = workbench("dashboard", "--data", here / "thesis.txt", "--no-open")
    assert said.code == 2 and "is a file: name a folder" in said.err


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_a_port_that_cannot_be_is_told(port: str) -> None:
    assert workbench("dashboard", "--port", port, "--no-open").code == 2
