"""The processes a run starts beside itself, and their end with it. Starts and ends processes; knows nothing of what they do.

Rules
-----
1. A run that ends cleanly ends them. One that is killed, or breaks, leaves them: that is when the guardian is needed.
2. They are in a session of their own: Ctrl-C at the terminal reaches the run alone, which then ends them.
3. What they print goes to ``data/logs/<name>.log``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from workbench.domain.errors import StoreError
from workbench.store.whole import trouble

ENDS_S: Final = 5.0  # for a process to end by itself when it is told to
LOOKS_S: Final = 0.1
AGAIN_S: Final = 30.0  # between two looks whether one that must run does


class Companions:
    """Of one run.

    Parameters
    ----------
    data
        Folder of the stores.
    """

    def __init__(self, data: Path) -> None:
        self._logs = data / "logs"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, arguments: Sequence[str]) -> Path:
        """Start ``workbench NAME ARGUMENTS``; give the file it prints to."""
        path = self._logs / f"{name}.log"
        with trouble(f"starting workbench {name}"):
            self._logs.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as log:
                self._running[name] = subprocess.Popen(  # noqa: S603  this very program, with arguments of our own
                    [sys.executable, "-m", "workbench", name, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        return path

    def is_running(self, name: str) -> bool:
        """Whether it was started and has not ended."""
        return name in self._running and self._running[name].poll() is None

    async def until(self, is_so: Callable[[], bool], name: str, most_s: float) -> bool:
        """Wait until something is so; not when the companion ended before, nor longer than `most_s` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + most_s
        while not is_so():
            if loop.time() > end or not self.is_running(name):
                return is_so()
            await asyncio.sleep(LOOKS_S)
        return True

    async def keep_running(
        self, name: str, arguments: Sequence[str], again_s: float = AGAIN_S, *, is_needed: Callable[[], bool] = lambda: True
    ) -> None:
        """Start it, and start it again whenever it has ended and is needed, until cancelled."""
        while True:
            self.see_to(name, arguments, is_needed=is_needed)
            await asyncio.sleep(again_s)

    def see_to(self, name: str, arguments: Sequence[str], *, is_needed: Callable[[], bool]) -> None:
        """Start it, unless it runs or is not needed."""
        if not self.is_running(name) and is_needed():
            with contextlib.suppress(StoreError):  # a disk that takes no more: it may, later
                self.start(name, arguments)

    def end(self) -> None:
        """Tell all of them to end, and see that they do."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def guardian_arguments(data: Path, account: str, host: str, port: int) -> list[str]:
    """Say how the guardian of a run is called: it ends with the run, or when there is nothing left to guard."""
    return ["--data", str(data), "--account", account, "--host", host, "--port", str(port), "--with", str(os.getpid())]


def notifier_arguments(data: Path) -> list[str]:
    """Say how the notifier of a run is called: where one watches the folder already, this one ends at once."""
    return ["run", "--data", str(data), "--with", str(os.getpid())]


def keeper_arguments(data: Path) -> list[str]:
    """Say how the keeper of a recorder is called: it seals, makes snapshots and finds gaps for as long as the recorder lives."""
    return ["--data", str(data), "--with", str(os.getpid())]
