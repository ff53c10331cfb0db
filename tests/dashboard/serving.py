"""The dashboard as a person starts it: the command in a process of its own, and the address it prints."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Server(NamedTuple):
    """A dashboard that listens."""

    address: str
    process: subprocess.Popen[str]

    @property
    def base(self) -> str:
        """The address without its token."""
        return self.address.partition("?")[0]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(data: Path, workspace: Path) -> Iterator[Server]:
    """Start the command in a workspace; end it afterwards."""
    words = [sys.executable, "-m", "workbench", "dashboard", "--data", str(data), "--port", str(free_port()), "--no-open"]
    with subprocess.Popen(
        words, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PYTHONPATH": str(ROOT), "PATH": ""}
    ) as process:
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if found := re.search(r"http://\S+", line):
                    break
            else:
                raise AssertionError(f"the dashboard ended: {''.join(said)}")
            yield Server(found.group(), process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
