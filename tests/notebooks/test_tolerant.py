"""nbval holds a notebook against the tolerance that it declares, and one that declares none against every word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


DECLARED: dict[str, dict[str, object]] = {"within": {"rtol": 1e-6}, "beyond": {"rtol": 1e-8}, "nothing": {}}


@pytest.mark.proof
def test_a_notebook_is_held_against_what_it_declares(tmp_path: Path) -> None:
    for name, declared in DECLARED.items():
        notebook = nbformat.v4.new_notebook(metadata={"workbench": {"tolerance": declared}} if declared else {})
        notebook.cells = [nbformat.v4.new_code_cell("print('mean', 1.0000002)", execution_count=1)]
        notebook.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="mean 1.0000001\n")]
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    words = ["--nbval", "-p", "tests.notebooks.tolerant", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-rA", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
    )  # fmt: skip
    assert "1 passed" in done.stdout and "2 failed" in done.stdout and "PASSED within.ipynb" in done.stdout, done.stdout
    assert "stdout: 1.0000002 where 1.0000001 was" in done.stdout
