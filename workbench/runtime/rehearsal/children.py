"""Commands of the workbench as processes of their own, that never outlive who started them. Knows no command.

Rules
-----
1. A child is told to end (SIGTERM: Ctrl-C may be ignored where no terminal is), and killed when it does not.
2. Ctrl-C in a terminal reaches who started them alone: it ends them, in the right order.
3. What they say goes to files: the last lines are told when one fails.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

from workbench.domain.errors import WorkbenchError

LOOK_S: Final = 0.05  # between two looks at a child
PATIENCE_S: Final = 8.0  # until a child that was told to end is killed
LAST_LINES: Final = 8


class Halted(Exception):  # noqa: N818  nothing is wrong: somebody wants the end
    """Who started the children wants no more."""


class Child:
    """``workbench WORDS`` as a process.

    Parameters
    ----------
    words
        The command and its options.
    folder
        Where ``<command>.out`` and ``<command>.err`` are written.
    """

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        self.name = f"workbench {words[0]}"
        self._out, self._err = folder / f"{words[0]}.out", folder / f"{words[0]}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            line = [sys.executable, "-m", "workbench", *words]
            self._process = subprocess.Popen(  # noqa: S603  ourselves
                line, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End it, whatever it does; once more does nothing."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """Its number at the operating system."""
        return self._process.pid

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    def is_done(self) -> bool:
        """Whether it has ended well.

        Raises
        ------
        WorkbenchError
            It ended otherwise; the text holds its last lines.
        """
        code = self._process.poll()
        if code:
            raise self._trouble(f"ended with exit code {code}" if code > 0 else f"was killed by signal {-code}")
        return code == 0

    def must_run(self) -> None:
        """Raise `WorkbenchError` if it has ended at all."""
        if self.is_done():
            raise self._trouble("ended too early")

    def wait_until(self, is_so: Callable[[], bool], at_most_s: float, is_halted: Callable[[], bool]) -> None:
        """Look again and again until something is so.

        Raises
        ------
        WorkbenchError
            It took too long.
        Halted
            Nobody waits any more.
        """
        end_s = time.monotonic() + at_most_s
        while not is_so():
            if is_halted():
                raise Halted
            if time.monotonic() > end_s:
                raise self._trouble(f"did not come to an end or an answer in {at_most_s:.0f} s")
            time.sleep(LOOK_S)

    def _trouble(self, what: str) -> WorkbenchError:
        lines = self._err.read_text(encoding="utf-8", errors="replace").splitlines() + self.said.splitlines()
        last = "\n    ".join(line.rstrip() for line in lines[-LAST_LINES:]) or "it said nothing"
        return WorkbenchError(f"{self.name} {what}; its last lines:\n    {last}")
