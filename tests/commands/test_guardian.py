"""``workbench guardian``: whose account, one at a time, and an end by SIGTERM that leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from workbench.store.fence import Fence
from workbench.store.status import word_of

pytestmark = [pytest.mark.covers("S2-32")]


def test_the_help_says_what_it_does_and_when() -> None:
    said = workbench("guardian", "--help")
    assert said.code == 0
    for word in ("entries are cancelled", "guardian.flat_after_s", "HALT", "Ctrl-C", "workbench guardian --account"):
        assert word in said.text


def test_it_asks_whose_account_when_nobody_says(tmp_path: Path) -> None:
    said = workbench("guardian", "--data", tmp_path)
    assert said.code == 2 and "which account?" in said.text and not (tmp_path / "fence").exists()


def test_an_account_has_one_and_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    words = ["guardian", "--account", "DU1", "--port", "1", "--data", str(tmp_path)]
    first = subprocess.Popen([sys.executable, "-m", "workbench", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None and "guarding DU1" in first.stdout.readline()
        while word_of(tmp_path, "guardian") is None:
            time.sleep(0.05)  # its first beat
        said = workbench(*words)
        assert said.code == 1 and "has a guardian already" in said.text
        assert Fence(tmp_path, "DU1").guardian_silent_ns(time.monotonic_ns()) is not None
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
    finally:
        first.kill()
        first.wait()
