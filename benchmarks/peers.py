"""Other engines in environments of their own, below ``.cache/bench``, and a pipe to each. Nothing of theirs is imported here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from benchmarks.rounds import Cost
from workbench.domain.records import Kind, Records

CACHE: Final = Path(__file__).parents[1] / ".cache" / "bench"
ENGINES: Final = Path(__file__).parent / "engines"
PYTHON: Final = "3.11"
VERSIONS: Final = {
    "nautilus": "nautilus_trader==1.221.0",
    "hftbacktest": "hftbacktest==2.4.4",
    "arcticdb": "arcticdb==6.28.2",
}


def as_installed() -> dict[str, str]:
    """Give an environment in which a child finds the bytecode of what it imports, as any second start does."""
    keep = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return keep | ({"PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")} if len(keep) < len(os.environ) else {})


def python_of(peer: str) -> Path:
    """Give the interpreter of a peer's environment, which is made if absent.

    Raises
    ------
    RuntimeError
        If it cannot be installed; the caller says so and goes on without this peer.
    """
    home, python = CACHE / peer, CACHE / peer / "bin" / "python"
    stamp = home / "made"
    if stamp.exists() and stamp.read_text() == VERSIONS[peer]:
        return python
    uv = shutil.which("uv") or str(Path(__file__).parents[1] / ".tools/uv/bin/uv")
    print(f"peers: making {home} with {VERSIONS[peer]}", flush=True)
    for command in (
        [uv, "venv", "-q", "--clear", "--python", PYTHON, str(home)],
        [uv, "pip", "install", "-q", "--python", str(python), VERSIONS[peer]],
    ):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise RuntimeError(f"{VERSIONS[peer]} cannot be installed: {made.stderr.strip().splitlines()[-1:]}")
    stamp.write_text(VERSIONS[peer])
    return python


class Peer:
    """A program of `engines` at work; each `run` is one round of it.

    Parameters
    ----------
    peer
        Name of its environment.
    data
        Array the program is given, in a file.
    arguments
        Of the program, behind the file.
    """

    def __init__(self, peer: str, data: np.ndarray[Any, Any], *arguments: object) -> None:
        python = python_of(peer)
        self._folder = tempfile.TemporaryDirectory(dir=CACHE)
        path = Path(self._folder.name) / "data.npy"
        np.save(path, data)
        command = [python, ENGINES / f"run_{peer}.py", path, *arguments]
        self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.n_events = int(self._answer()["ready"])
        self.last: dict[str, Any] = {}

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"the peer ended with {self._process.wait()}")

    def run(self) -> Cost:
        """Let it play its tape once."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.last = self._answer()
        return Cost(self.last["wall_s"], self.last["cpu_s"], self.last["n_events"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._folder.cleanup()


def plain(day: Records) -> np.ndarray[Any, Any]:
    """Give quotes and prints as rows of integers: ns, is quote, px, sz, px2, sz2, side."""
    of = day[(day["kind"] == Kind.QUOTE) | (day["kind"] == Kind.PRINT)]
    columns = of["recv_ns"], of["kind"] == Kind.QUOTE, of["px"], of["sz"], of["px2"], of["sz2"], of["side"]
    return np.column_stack([np.asarray(column, np.int64) for column in columns])
