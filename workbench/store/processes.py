"""Whether a process is still the one it was: its number and its start together. Looks; ends nothing."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc/self/stat")
_STATE, _START = 0, 19  # fields of /proc/PID/stat behind the name, which may hold spaces (proc(5): fields 3 and 22)


def started(pid: int) -> int | None:
    """Give a number for the start of a process, other for each that bears the same pid; `None` if there is none, or it is dead already.

    >>> import os
    >>> started(os.getpid()) == started(os.getpid()) is not None, started(2**22 + 5)
    (True, None)
    """
    return _of_proc(pid) if PROC.exists() else _of_ps(pid)


def _of_proc(pid: int) -> int | None:
    try:
        fields = PROC.parents[1].joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[_STATE] in "ZX" else int(fields[_START])  # a zombie sends nothing: it only waits for its parent


def _of_ps(pid: int) -> int | None:
    """Ask where there is no /proc (macOS): state, and the second of the start."""
    try:
        told = subprocess.run(["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, check=False, timeout=5).stdout  # noqa: S603  a number
    except (OSError, subprocess.TimeoutExpired):
        return None
    state, _, start = told.strip().partition(b" ")
    return None if not state or state.startswith(b"Z") else zlib.crc32(start.strip())


def is_alive(pid: int, start: int) -> bool:
    """Tell whether the process that started then is still there; a start of 0 is not known, and no process fits it."""
    return pid > 0 and start > 0 and started(pid) == start
