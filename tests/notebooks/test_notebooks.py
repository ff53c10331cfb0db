"""The teaching notebooks run from top to bottom and show what they showed: nbval, strict, a process a notebook.

Outputs are compared word for word unless a notebook declares a tolerance, but for pictures (whose title is compared) and cells tagged
`nbval-ignore-output`: what moves, and what a machine's speed decides. They run in a copy, in a workspace of their own, so that nothing is
written beside the originals.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.refresh import NOT_KEPT, NOTEBOOKS, ROOT, SANITIZE, environment, names
from tests.teaching import teaching

MOST_BYTES = 300_000
MOST_LINES, MOST_COLUMNS = 14, 110
CELL_S = 240


def cells(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return [cell | {"text": "".join(cell["source"]), "tags": cell["metadata"].get("tags", [])} for cell in found]


FIRST = ("00_tour",)  # a newcomer begins with it; all run in proof


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teaching(tmp_path_factory)


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in FIRST else pytest.mark.proof) for name in names()])
@pytest.mark.covers("S0-09", "S0-10", "S0-11", "S0-12", "S0-13", "S3-07", "S4-14")
def test_a_notebook_shows_what_it_showed(workspace: Path, name: str) -> None:
    words = ["--nbval", "--nbval-sanitize-with", SANITIZE, "--nbval-cell-timeout", CELL_S, "-p", "no:cacheprovider", "-p", "no:xdist", "-q"]
    words += ["-p", "tests.notebooks.tolerant"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, words), f"notebooks/{name}.ipynb"],
        cwd=workspace, capture_output=True, text=True, timeout=280, check=False,
        env=environment() | {"PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    mend = f"if it should be so: python -m tests.notebooks.refresh {name}"
    assert ran.returncode == 0, f"{ran.stdout[-6_000:]}\n{ran.stderr[-2_000:]}\n{mend}"


def test_there_are_these_and_each_asks_one_question() -> None:
    assert names() == [
        "00_tour", "05_my_first_history", "10_features_and_models", "15_my_first_strategy", "20_evaluate",
        "30_record_and_quality", "40_what_leads_what", "50_sweep_and_confirm", "60_promote_me",
        "70_walk_forward",
    ]  # fmt: skip
    for name in names():
        title = cells(name)[0]
        assert title["cell_type"] == "markdown" and re.match(r"# .+\?\n", title["text"]), name
        assert sum(cell["text"].startswith("# ") for cell in cells(name) if cell["cell_type"] == "markdown") == 1, name


@pytest.mark.parametrize("name", names())
def test_cells_are_few_short_lines_without_a_class(name: str) -> None:
    for cell in (cell for cell in cells(name) if cell["cell_type"] == "code"):
        lines = cell["text"].splitlines()
        assert len(lines) <= MOST_LINES and max(map(len, lines)) <= MOST_COLUMNS, cell["text"]
        code = "\n".join("pass" if line.startswith("!") else line for line in lines)
        assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(code))), cell["text"]


@pytest.mark.parametrize("name", names())
def test_it_is_read_without_being_run(name: str) -> None:
    path = NOTEBOOKS / f"{name}.ipynb"
    assert path.stat().st_size < MOST_BYTES
    code = [cell for cell in cells(name) if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)), "not executed from top to bottom"
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell["outputs"])
    for cell in code:
        assert not (cell["outputs"] and NOT_KEPT in cell["tags"]), cell["text"]
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr", cell["text"]
            assert "application/javascript" not in output.get("data", {}), cell["text"]


def test_links_between_notebooks_lead_somewhere() -> None:
    for name in names():
        for cell in cells(name):
            for target in re.findall(r"\]\((\w+\.ipynb)\)", cell["text"]):
                assert (NOTEBOOKS / target).is_file(), f"{name} links to {target}"
