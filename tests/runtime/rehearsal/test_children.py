"""Processes of a rehearsal: they end with who started them, and a failed one is told with its last words."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from workbench.domain.errors import WorkbenchError
from workbench.runtime.rehearsal.children import Child, Halted

SERVES = ("gateway", "--generate", "--port", "0", "--json")


def test_one_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    told = pytest.raises(WorkbenchError, match=r"workbench gateway ended with exit code 2.*\n.*DUSIM")
    with Child(["gateway", "--generate", "--accounts", "U1"], tmp_path) as child, told:
        child.wait_until(child.is_done, 60, lambda: False)


def test_one_that_takes_too_long_is_told_and_none_is_left(tmp_path: Path) -> None:
    told = pytest.raises(WorkbenchError, match="did not come to an end or an answer in 0 s")
    with Child(SERVES, tmp_path) as child, told:
        child.wait_until(child.is_done, 0, lambda: False)
    assert is_gone(child)


def test_an_end_that_somebody_wants_ends_the_wait_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Halted), Child(SERVES, tmp_path) as child:
        child.wait_until(child.is_done, 600, lambda: time.monotonic() > began + 0.2)
    assert is_gone(child)


def test_one_that_should_run_on_and_ended_is_told(tmp_path: Path) -> None:
    with Child(["gateway", "--faults", "list"], tmp_path) as child:
        child.wait_until(child.is_done, 60, lambda: False)
        with pytest.raises(WorkbenchError, match="ended too early"):
            child.must_run()


def is_gone(child: Child) -> bool:
    try:
        os.kill(child.pid, 0)
    except ProcessLookupError:
        return True
    return False
