"""Processes of our own, to be killed: at the k-th line they run of given modules, or by their parent at any moment. No test here."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import workbench.store

STORE = Path(workbench.store.__file__).parent
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["polars", "workbench.store.intake", "workbench.store.sealer", "tests.store.victims"])
PATIENCE_S = 60.0


def start(work: Callable[..., None], *arguments: Any) -> multiprocessing.process.BaseProcess:
    """Run `work` in a process of its own."""
    process = FORKS.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def end(process: multiprocessing.process.BaseProcess) -> int | None:
    """Wait for the end of a process; give its exit code, negative when a signal ended it."""
    process.join(PATIENCE_S)
    assert process.exitcode is not None, "a process of this test hangs"
    return process.exitcode


def is_killed_at_line(k: int, modules: tuple[str, ...], work: Callable[..., None], *arguments: Any) -> bool:
    """Run `work` in a process that dies before the k-th line (from 1) it runs of these modules of the store.

    False if it ended before: then there is no k-th line.
    """
    code = end(start(_work_until, k, modules, work, arguments))
    assert code in (0, -signal.SIGKILL), f"the process failed by itself: {code}"
    return code == -signal.SIGKILL


def _work_until(k: int, modules: tuple[str, ...], work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    files = {str(STORE / f"{module}.py") for module in modules}
    n = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal n
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            n += 1
            if n == k:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    work(*arguments)
    sys.settrace(None)


class Acknowledged:
    """A number that outlives the process that says it: the last thing it knew to be kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def say(self, number: int) -> None:
        with self._path.open("r+b", buffering=0) as file:
            file.write(number.to_bytes(8, "little"))

    @property
    def last(self) -> int:
        return int.from_bytes(self._path.read_bytes(), "little")
