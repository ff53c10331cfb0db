"""A simulated TWS for as long as a notebook runs: the command `workbench gateway` in a process of its own. No account is needed."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from workbench.domain.errors import VenueError


class Practice(NamedTuple):
    """Where it listens, and its process; it ends with the notebook, or with `stop`."""

    port: int
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def __repr__(self) -> str:
        """Say what it is, without what differs from run to run."""
        return "a simulated TWS on 127.0.0.1"


def practice(roots: str = "ES,SPY", *, speed: float = 20, session: str | None = None, data: Path | str | None = None) -> Practice:
    """Start a simulated TWS on a free port.

    Parameters
    ----------
    roots
        What its market holds: ``"ES,NQ,SPY"``.
    speed
        Its seconds in one second of the wall, 1 to 20.
    session
        A session of `data` that it plays, ``2026-11-19``; `None`: a generated one.

    Raises
    ------
    VenueError
        It did not start; the text says why.

    Examples
    --------
    In a notebook: ``tws = practice()``, then ``await history("ES", port=tws.port)``.
    """
    words = [sys.executable, "-m", "workbench", "gateway", "--port", "0", "--json", "--speed", str(speed)]
    words += ["--generate", "--roots", roots] if session is None else ["--session", session]
    words += ["--data", str(data)] if data is not None else []
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603  our own command
    assert process.stdout is not None and process.stderr is not None  # both are pipes
    line = process.stdout.readline()
    if not line:
        raise VenueError(f"the simulated TWS did not start: {process.stderr.read().strip()}")
    found = Practice(int(json.loads(line)["port"]), process)
    atexit.register(found.stop)
    return found
