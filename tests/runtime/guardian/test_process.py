"""The runner's process: its word counts while it is its own, and nobody is ended who is somebody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.runtime.guardian.process import Process
from workbench.runtime.guardian.values import Runner
from workbench.store.fence import Fence, machine
from workbench.store.folders import Folders
from workbench.store.status import Status, say

CODE = """
import sys
from pathlib import Path
from workbench.store.fence import Fence
Fence(Path(sys.argv[1]), "U1").take()
print("done", flush=True)
input()
"""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that took the token."""
    made = subprocess.Popen([sys.executable, "-c", CODE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None and made.stdout.readline() == "done\n"
    yield made
    made.kill()
    made.communicate()


def word(pid: int, note: str = "") -> Status:
    return Status(process="runner", pid=pid, said_ns=7, is_ready=True, note=note)


def test_a_frozen_process_is_ended_and_its_end_is_seen(tmp_path: Path, runner: subprocess.Popen[str]) -> None:
    process = Process(tmp_path, Fence(tmp_path, "U1"))
    os.kill(runner.pid, signal.SIGSTOP)
    assert not process.is_gone and process.why_out_of_reach() is None
    process.end()
    for _ in range(500):
        if process.is_gone:
            break
        time.sleep(0.01)  # the kernel's work, not ours
    assert process.is_gone and runner.wait(10) == -signal.SIGKILL
    process.end()  # once more is nothing


def test_a_process_that_got_the_number_of_another_is_left_alone(tmp_path: Path, runner: subprocess.Popen[str]) -> None:
    fence = Fence(tmp_path, "U1")
    fence._words[6] += 1  # the start that was written down is another
    process = Process(tmp_path, fence)
    process.end()
    assert process.is_gone and runner.poll() is None


def test_a_process_of_another_machine_is_out_of_reach(tmp_path: Path, runner: subprocess.Popen[str]) -> None:
    fence = Fence(tmp_path, "U1")
    fence._words[7] = machine() + 1
    process = Process(tmp_path, fence)
    process.end()
    assert "another machine" in str(process.why_out_of_reach()) and not process.is_gone and runner.poll() is None


def test_its_last_word_counts_and_that_of_a_run_before_does_not(tmp_path: Path, runner: subprocess.Popen[str]) -> None:
    process = Process(tmp_path, Fence(tmp_path, "U1"))
    assert process.look() == Runner(None)
    say(tmp_path, word(runner.pid))
    assert process.look() == Runner(7, is_ready=True)
    say(tmp_path, word(runner.pid + 1))
    assert process.look() == Runner(None)


def test_an_end_is_one_when_the_process_has_gone_with_it(tmp_path: Path, runner: subprocess.Popen[str]) -> None:
    """Between two sessions a run says the same word, and goes on."""
    process = Process(tmp_path, Fence(tmp_path, "U1"))
    say(tmp_path, word(runner.pid, "ended"))
    assert not process.look().has_ended
    runner.kill()
    runner.wait()
    assert process.look().has_ended


def test_a_word_that_cannot_be_read_is_no_sign_of_life(tmp_path: Path) -> None:
    say(tmp_path, word(1))
    (Folders(tmp_path).status / "runner.status").write_bytes(b"\xc1")
    assert Process(tmp_path, Fence(tmp_path, "U1")).look() == Runner(None)


def test_where_nobody_ever_took_a_token_there_is_nobody_to_end(tmp_path: Path) -> None:
    process = Process(tmp_path, Fence(tmp_path, "U1"))
    process.end()
    assert process.is_gone and process.why_out_of_reach() is None
