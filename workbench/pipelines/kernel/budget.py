"""What a run may use up: seconds, memory, disk. Looks at processes from outside and ends them; one limit is set within. Judges no content.

Memory is watched, not limited by the system: a kernel that imported what a page needs holds addresses for many times what it uses, and the
limits there are (``RLIMIT_AS``, ``RLIMIT_DATA``) count addresses, each process its own; see ``docs/decisions/0044-a-rail-not-a-jail.md``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Self

import psutil

LOOK_S: Final = 0.1
WEIGH_S: Final = 1.0  # between two looks at the folders: they may hold many files
MB: Final = 1 << 20


def limit_files(n_bytes: int) -> None:
    """Let no file grow beyond so many bytes, whoever writes it in this process and its children: the write fails, nothing is killed."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes if hard < 0 else min(n_bytes, hard), hard))


class Watch:
    """Watches a kernel and what it has started; ends all of them when they use too much.

    Parameters
    ----------
    pid
        Says the kernel's process, or `None` while there is none.
    seconds, memory_mb, disk_mb
        The most that all of it may take; memory is what would have to be swapped: not what is mapped from files.
    folders
        What is weighed.

    Attributes
    ----------
    verdict
        Why it was ended: kind and text; `None` if it was not.
    peak_mb
        The most memory seen, of all processes together, looked at ten times a second.
    """

    def __init__(
        self, pid: Callable[[], int | None], *, seconds: float, memory_mb: int, disk_mb: int, folders: Iterable[Path] = ()
    ) -> None:
        self.verdict: tuple[str, str] | None = None
        self.peak_mb = 0.0
        self._pid, self._seconds, self._memory_mb, self._disk_mb, self._folders = pid, seconds, memory_mb, disk_mb, tuple(folders)
        self._group: int | None = None
        self._seen: set[psutil.Process] = set()  # also what has left the group, or lost its parent since
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._kill()  # what a page has left running

    def end(self, kind: str, text: str) -> None:
        """End the kernel and all that it has started, for this reason; the first counts."""
        if self.verdict is None:
            self.verdict = (kind, text)
        self._kill()

    def _run(self) -> None:
        began, weighed = time.monotonic(), 0.0
        while not self._over.wait(LOOK_S):
            now = time.monotonic()
            if now - began > self._seconds:
                return self.end("too slow", f"the page took longer than {self._seconds:g} s ([budget] seconds in pipeline.toml)")
            pid = self._pid()
            if pid is None:
                continue
            self._group = pid  # a kernel leads a group of its own
            there = processes_of(pid)
            self._seen |= set(there)
            used_mb = memory_mb(there)
            self.peak_mb = max(self.peak_mb, used_mb)
            if used_mb > self._memory_mb:
                limit = f"{self._memory_mb:,} MB ([budget] memory_mb in pipeline.toml)"
                return self.end("too much memory", f"the page used {used_mb:,.0f} MB of memory, of {limit}")
            if now - weighed > WEIGH_S:
                weighed = now
                if (there_mb := sum(map(weight_mb, self._folders))) > self._disk_mb:
                    limit = f"{self._disk_mb:,} MB ([budget] disk_mb in pipeline.toml)"
                    return self.end("too much disk", f"the page has written {there_mb:,.0f} MB, of {limit}")
        return None

    def _kill(self) -> None:
        group = self._group or self._pid()
        if group is not None and group != os.getpgrp():
            self._seen |= set(processes_of(group))
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        for each in self._seen:
            with contextlib.suppress(psutil.Error):
                each.kill()  # not another one that has its number now: psutil compares when they began


def processes_of(pid: int) -> list[psutil.Process]:
    """List a process and all below it; none if there is none."""
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    return []


def memory_mb(processes: Iterable[psutil.Process]) -> float:
    """Give the memory of processes that is theirs alone or shared among them; 0 if there is none."""
    total = 0
    for each in processes:
        with contextlib.suppress(psutil.Error):
            used = each.memory_info()
            total += used.rss - (_from_files(each.pid) if hasattr(used, "shared") else 0)
    return total / MB


def _from_files(pid: int) -> int:
    """Give the bytes that are mapped from files: the system takes them back when it needs them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssFile:"):
                return int(line.split()[1]) * 1024
    return 0


def weight_mb(folder: Path) -> float:
    """Weigh a folder; what goes away meanwhile weighs nothing.

    >>> weight_mb(Path("no such folder"))
    0.0
    """
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total / MB
