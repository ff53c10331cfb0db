"""The workspace that notebooks and pages are tried in: one for all test processes, with the sample in its data folder. No tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from workbench.research.sample import sample

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def teaching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a workspace with the teaching notebooks and the sample in it, made by whichever process comes first."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "teaching"
    with FileLock(folder.with_suffix(".lock")):
        (folder / "notebooks").mkdir(parents=True, exist_ok=True)
        (folder / "workbench.toml").touch()
        (folder / "pytest.ini").write_text("[pytest]\n")
        for path in NOTEBOOKS.glob("*.ipynb"):
            (folder / "notebooks" / path.name).write_bytes(path.read_bytes())
    sample(folder / "data" / "sample")
    return folder
