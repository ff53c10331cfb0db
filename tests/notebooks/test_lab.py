"""What lies in the lab goes into git without outputs and with a script beside it; the notebooks that teach are left alone."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml

from tests.notebooks.refresh import ROOT

pytestmark = pytest.mark.proof


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Make a repository with the lab's files, as `make lab-git` sets it up."""
    shutil.copytree(ROOT / "notebooks" / "lab", tmp_path / "notebooks" / "lab", ignore=shutil.ignore_patterns("*.ipynb", "*.py"))
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    text = (ROOT / "Makefile").read_text().replace("lab-git: environment\n", "lab-git:\n")  # which is this one
    (tmp_path / "Makefile").write_text(text)
    run(tmp_path, "git", "init", "-q")
    run(tmp_path, "make", "-s", "lab-git")
    for folder in ("lab", "."):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1", id="c01", execution_count=3)])
        notebook.cells[0].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=3)]
        nbformat.write(notebook, tmp_path / "notebooks" / folder / "idea.ipynb")
    return tmp_path


def run(folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_outputs_stay_out_of_git_in_the_lab_alone(clone: Path) -> None:
    run(clone, "git", "add", "notebooks")
    kept = {path: json.loads(run(clone, "git", "show", f":notebooks/{path}"))["cells"][0] for path in ("lab/idea.ipynb", "idea.ipynb")}
    assert kept["lab/idea.ipynb"]["outputs"] == [] and kept["lab/idea.ipynb"]["execution_count"] is None
    assert kept["idea.ipynb"]["outputs"] and kept["idea.ipynb"]["execution_count"] == 3
    assert json.loads((clone / "notebooks/lab/idea.ipynb").read_text())["cells"][0]["outputs"]  # nothing is taken from whoever wrote it


def test_what_git_was_not_told_to_strip_is_refused_by_the_hook(clone: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    words = shlex.split(next(hook["entry"] for hook in hooks if hook["id"] == "lab"))
    run(clone, "git", "add", "notebooks")
    run(clone, *words, "notebooks/lab/idea.ipynb")
    run(clone, "git", "config", "--unset", "filter.lab.clean")
    run(clone, "git", "rm", "-q", "--cached", "notebooks/lab/idea.ipynb")
    run(clone, "git", "add", "notebooks/lab/idea.ipynb")
    with pytest.raises(subprocess.CalledProcessError):
        run(clone, *words, "notebooks/lab/idea.ipynb")


def test_a_difference_is_told_by_cells(clone: Path) -> None:
    run(clone, "git", "add", "notebooks")
    path = clone / "notebooks" / "lab" / "idea.ipynb"
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))
    told = run(clone, "git", "diff", "notebooks/lab")
    assert "nbdiff" in told and "1 + 2" in told and "execute_result" not in told


def test_a_notebook_of_the_lab_is_a_script_as_well(clone: Path) -> None:
    lab = clone / "notebooks" / "lab"
    run(lab, str(ROOT / ".venv/bin/jupytext"), "--sync", "idea.ipynb")
    assert "# %%\n1 + 1" in (lab / "idea.py").read_text()
    run(clone / "notebooks", str(ROOT / ".venv/bin/jupytext"), "--sync", "idea.ipynb")  # is told that it is paired with nothing
    assert not (clone / "notebooks" / "idea.py").exists()
