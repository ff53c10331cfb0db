"""Workspaces to be tried: one that is as `workbench init` makes it, and a way to put files into it. None outlives its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from workbench import mine
from workbench.workspace import make_workspace

Put = Callable[[str, str], Path]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh workspace, which is the working folder."""
    folder = tmp_path / "trading"
    make_workspace(folder)
    monkeypatch.chdir(folder)
    yield folder
    mine.look_in(None)


@pytest.fixture
def put(home: Path) -> Put:
    """Write a file into the workspace."""

    def write(name: str, text: str) -> Path:
        path = home / name
        path.write_text(dedent(text).lstrip("\n"))
        return path

    return write
