"""Row 24, memory of orders that are over: ten thousand of them through the live edge, and through ib_async alone.

A bracket is entered at market and left at market: four orders, of which two fill and two are cancelled. Client and gateway share a process
and a loop in virtual time (`wire.finished`); what the gateway keeps is measured by itself, with the same bytes, and taken off.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.peers import as_installed
from benchmarks.rounds import Line, alone

BRACKETS: Final = 2_500
FEW: Final = 250
MEMORY: Final = Path("/dev/shm")  # order ids are kept durably, two syncs in thirty brackets
TIMEOUT_S: Final = 900


def told(who: str, folder: str, n: int) -> dict[str, Any]:
    """Let one of them send so many brackets, or the gateway hear them again; give what it said of its memory."""
    command = [sys.executable, "-m", "benchmarks.wire.finished", who, folder, str(n)]
    env = as_installed() | {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=TIMEOUT_S)
    if done.returncode:
        raise RuntimeError(done.stderr)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def through(who: str, n: int) -> tuple[float, float, dict[str, Any]]:
    """Give by how many MB the client grew, by how many the gateway, and what the client said."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        both, gateway = told(who, folder, n), told("gateway", folder, n)
    grown, beside = (each["after_mb"] - each["before_mb"] for each in (both, gateway))
    return grown - beside, beside, both


def measure(quick: bool) -> list[Line]:
    if not Path("/proc/self/status").exists():
        print("row 24: needs Linux (/proc/self/status)", file=sys.stderr)
        return []
    n = FEW if quick else BRACKETS
    (grown, beside, ours), (grown_there, _, theirs) = (through(who, n) for who in ("ours", "theirs"))
    return [
        Line(
            row=24,
            what=f"{4 * n:,} finished orders, anonymous memory in use",
            anchor=f"ib_async alone {grown_there:+.0f} MB ({theirs['kept']})",
            ours=f"{grown:+.1f} MB ({ours['kept']})",
            ratio=grown,
            goal=20,
            unit="MB",
            more_is_better=False,
            notes=[
                f"the gateway's own {beside:.0f} MB taken off; {ours['virtual_s']:.0f} s in virtual time",
                f"of a processor, the gateway's part counted in: {ours['cpu_s']:.0f} s ours, {theirs['cpu_s']:.0f} s ib_async's",
            ],
        )
    ]


if __name__ == "__main__":
    alone(measure)
