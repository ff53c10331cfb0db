"""What can be told of a file without running it: what it imports of its workspace, and what has no place in a decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.workspace.source import assignments, classes, closure, intrusions


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import time", "imports time, which reads the clock"),
        ("from random import gauss", "imports random, which draws at random"),
        ("import numpy, os.path", "imports os.path, which reaches for files"),
        ("def f():\n    from urllib.request import urlopen", "imports urllib.request, which reaches outside"),
        ("import threading", "imports threading, which acts beside the engine"),
        ("x = open('a')", "calls open(), which reaches for files"),
        ("import polars as pl\nx = pl.read_parquet('a')", "calls pl.read_parquet(), which reaches for files"),
        ("from datetime import datetime\nx = datetime.now()", "calls datetime.now(), which reads the clock"),
        ("import pandas as pd\nx = pd.Timestamp.utcnow()", "calls pd.Timestamp.utcnow(), which reads the clock"),
    ],
)
def test_what_has_no_place_in_a_decision_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    [(line, told)] = intrusions(put(tmp_path, "a.py", f'"""Mine."""\n\n{text}\n'))
    assert told.startswith(said.split(",")[0]) and said in told
    assert line == 2 + len(text.splitlines())


@pytest.mark.parametrize(
    "text",
    ["import numpy", "from math import log", "from collections import deque", "x.update(now=1)", "view.now_ns", "from .time import a"],
)
def test_what_fits_is_left_alone(tmp_path: Path, text: str) -> None:
    assert list(intrusions(put(tmp_path, "a.py", f"{text}\n"))) == []


def test_one_class_of_a_file_may_be_looked_at_alone(tmp_path: Path) -> None:
    path = put(tmp_path, "a.py", "import os\n\n\nclass A:\n    def f(self):\n        return open('x')\n\n\nclass B:\n    pass\n")
    assert [line for line, _ in intrusions(path)] == [1, 6]
    assert [line for line, _ in intrusions(path, "A")] == [6] and list(intrusions(path, "B")) == []


def test_everything_of_the_workspace_that_a_file_needs_belongs_to_it(tmp_path: Path) -> None:
    first = put(tmp_path, "strategies/first.py", "from workbench.mine.features.gap import Gap\nfrom . import second\nimport numpy\n")
    put(tmp_path, "strategies/second.py", "from ..features import wide\nfrom .first import x\n")
    put(tmp_path, "features/gap.py", "import workbench.mine.features.deep.down\n")
    put(tmp_path, "features/wide.py", "")
    put(tmp_path, "features/deep/down.py", "")
    put(tmp_path, "features/other.py", "")
    names = [path.relative_to(tmp_path).as_posix() for path in closure(first, tmp_path)]
    assert names == ["features/deep/down.py", "features/gap.py", "features/wide.py", "strategies/first.py", "strategies/second.py"]


def test_lines_of_names_are_found(tmp_path: Path) -> None:
    path = put(tmp_path, "a.py", "A = 1\nB: int = 2\n\n\nclass C:\n    D = 3\n")
    assert assignments(path) == {"A": 1, "B": 2} and classes(path) == {"C": 5}
