"""What an attempt has started is ended with it: in a session of its own, without its parent, deaf to SIGTERM."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from workbench.pipelines.schedule.ending import end, left_by, marked

HIDES = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not os.fork():          # loses its parent, and leads a session of its own
    os.setsid()
    if os.fork():
        os._exit(0)
    time.sleep(60)
os.wait()
if not os.fork():          # forgets its mark, and keeps its parent
    os.execve("/bin/sleep", ["sleep", "60"], {})
open(sys.argv[1], "w").close()
time.sleep(60)
"""


def test_nothing_that_it_started_is_left_and_nobody_else_is_touched(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    started = [
        subprocess.Popen([sys.executable, "-S", "-c", HIDES, tmp_path / f"{folder.name}.up"], env=marked(folder, os.environ),
                         start_new_session=True)
        for folder in (mine, other)
    ]  # fmt: skip
    try:
        while len(list(tmp_path.glob("*.up"))) < 2 or len(left_by(mine)) < 3 or len(left_by(other)) < 3:
            time.sleep(0.01)
        theirs = left_by(other)
        assert end(mine) == 3 and left_by(mine) == [] and started[0].wait() < 0
        assert left_by(other) == theirs and all(psutil.pid_exists(each.pid) for each in theirs)
    finally:
        end(other)
        for process in started:
            process.wait()


def test_where_nothing_is_left_nothing_is_ended(tmp_path: Path) -> None:
    assert end(tmp_path) == 0
