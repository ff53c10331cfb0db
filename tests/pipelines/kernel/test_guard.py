"""All that was planted is stopped with a sentence that names it and its remedy; what is declared, and what libraries need, is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.kernel.planted import FAULTS, FINE


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run all of them in one process: a guard, once installed, stays."""
    words = [sys.executable, "-m", "tests.pipelines.kernel.planted", str(tmp_path_factory.mktemp("planted"))]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True, cwd=Path(__file__).parents[3])
    found: dict[str, str] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.covers("S3-27")
def test_what_is_not_declared_is_stopped_and_named(told: dict[str, str], name: str) -> None:
    assert FAULTS[name][1] in told[name], told[name]
    assert told[name].startswith("this page ") and "which its pipeline.toml does not declare; to allow it: " in told[name]


@pytest.mark.parametrize("name", FINE)
def test_what_is_declared_and_what_libraries_need_is_let_through(told: dict[str, str], name: str) -> None:
    assert told[name] == ""
