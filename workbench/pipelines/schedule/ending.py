"""Ends what an attempt has started, wherever that has hidden: kernels, their children, children in sessions of their own.

A process group does not hold a kernel (Jupyter gives it a session of its own), and a tree does not hold what lost its parent. So an attempt
bears a mark in its environment, which whatever it starts inherits. A process that was started with an empty environment *and* lost its
parent is found by neither.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "PAGE_ATTEMPT"  # WORKBENCH_ is the prefix of settings
LOOKS: Final = 20  # each ends what the one before left; a process that forks as fast as that is not a page's
LOOK_S: Final = 0.02


def marked(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment in which attempts of a run start."""
    return {**environment, MARK: str(folder.resolve())}


def left_by(folder: Path) -> list[psutil.Process]:
    """List the processes of a run's attempts that are there, with all below them."""
    found: dict[int, psutil.Process] = {}
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if each.pid != os.getpid() and each.environ().get(MARK) == str(folder.resolve()):
                found |= {one.pid: one for one in (each, *each.children(recursive=True))}
    return [each for each in found.values() if _is_alive(each)]


def end(folder: Path) -> int:
    """End all of them, at once and for good; give how many there were at the first look."""
    n_first = 0
    for look in range(LOOKS):
        found = left_by(folder)
        if not found:
            break
        n_first = n_first or len(found)
        for each in found:
            with contextlib.suppress(psutil.Error):
                each.kill()
        time.sleep(LOOK_S * (look > 0))
    return n_first


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
