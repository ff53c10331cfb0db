"""What the workbench needs of a machine, check by check: folder, disk, flush, clock, zones, processors, memory. Looks; repairs nothing.

A check never raises: what cannot be found out is *not checked*. Most judge what they are handed: their doctests show the verdicts.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

GB: Final = 1_000_000_000  # bytes
DISK_WRONG_GB, DISK_WARN_GB = 2, 20  # a session with depth is about 1 GB raw, kept for 90 days; below 2 GB the next one may not fit
MEMORY_WARN_GB: Final = 4  # runner, sealer, dashboard and one notebook side by side
FLUSH_HONEST_US: Final = 20  # the fastest disks need longer; memory needs 1 to 10
FLUSH_SLOW_MS: Final = 20  # a command waits for one flush and one commit
N_FLUSHES: Final = 40
CLOCK_WATCH_S: Final = 0.2
CLOCK_STEP_MS: Final = 5.0
CLOCK_FLOOR_NS: Final = 1_767_225_600 * 10**9  # 2026-01-01 UTC: this code is younger
UNSYNCHRONISED: Final = 5  # TIME_ERROR of adjtimex(2)
ZONES: Final = ("America/New_York", "America/Chicago")


class State(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


class Check(NamedTuple):
    """One finding: what was looked at, how it is, what was seen, what to do (empty when nothing)."""

    name: str
    state: State
    found: str
    remedy: str = ""


def folder(data: Path) -> Check:
    """Tell whether the data folder can be written, without making it."""
    ground = ground_of(data)
    try:
        with tempfile.TemporaryFile(dir=ground):
            pass
    except OSError as error:
        return Check("data folder", State.WRONG, f"{ground}: {error.strerror}", "make it yours, or name another with --data")
    return Check("data folder", State.OK, f"{data} can be written" if data.exists() else f"{data} can be made in {ground}")


def disk(free: int) -> Check:
    """Tell whether the next sessions fit into so many free bytes.

    >>> disk(GB).state, disk(3 * GB).state, disk(300 * GB).state
    (<State.WRONG: 'wrong'>, <State.WARN: 'warn'>, <State.OK: 'ok'>)
    """
    free_gb = free / GB
    state = State.WRONG if free_gb < DISK_WRONG_GB else State.WARN if free_gb < DISK_WARN_GB else State.OK
    return Check("disk", state, f"{free_gb:,.0f} GB free", "" if state is State.OK else f"free some: {DISK_WARN_GB} GB last for weeks")


def flush(measure_us: Callable[[], float]) -> Check:
    """Judge how long a written record takes to be durable; what takes no time is not.

    >>> [flush(lambda: took_us).state.value for took_us in (2.0, 160.0, 50_000.0)]
    ['warn', 'ok', 'warn']
    """
    try:
        took_us = measure_us()
    except OSError as error:
        return Check("flush", State.WRONG, f"fdatasync fails: {error.strerror}", "use a local disk: nothing is sent before it is written")
    text = f"fdatasync takes {took_us / 1_000:.2f} ms"
    if took_us < FLUSH_HONEST_US:
        return Check("flush", State.WARN, f"{text}: no disk is that fast", "keep data/ on a disk, not in memory or a container's layer")
    if took_us > FLUSH_SLOW_MS * 1_000:
        return Check("flush", State.WARN, text, f"every command waits that long; a local SSD needs less than {FLUSH_SLOW_MS} ms")
    return Check("flush", State.OK, text)


def measure_flush(ground: Path) -> float:
    """Take the median time of one 4 kB append until it is durable, in microseconds."""
    took: list[int] = []
    with tempfile.TemporaryFile(dir=ground, buffering=0) as file:
        for _ in range(N_FLUSHES):
            file.write(bytes(4096))
            start = time.perf_counter_ns()
            _make_durable(file.fileno())
            took.append(time.perf_counter_ns() - start)
    return statistics.median(took) / 1_000


def clock(wall_ns: Callable[[], int], steady_ns: Callable[[], int]) -> Check:
    """Hold the wall clock against the steady one for a moment.

    >>> at = iter([CLOCK_FLOOR_NS, CLOCK_FLOOR_NS + 10**9])
    >>> clock(lambda: next(at), lambda: 0).state
    <State.WARN: 'warn'>
    """
    wall, steady = wall_ns(), steady_ns()
    if wall < CLOCK_FLOOR_NS:
        return Check("clock", State.WRONG, f"the wall clock says {time.strftime('%Y-%m-%d', time.gmtime(wall / 1e9))}", "set the clock")
    time.sleep(CLOCK_WATCH_S)  # a step shows only between two looks
    step_ms = abs((wall_ns() - wall) - (steady_ns() - steady)) / 1e6
    if step_ms > CLOCK_STEP_MS:
        return Check("clock", State.WARN, f"it stepped by {step_ms:.0f} ms while we looked", "let one time service set it, slowly")
    return Check("clock", State.OK, f"runs evenly ({step_ms:.2f} ms in {CLOCK_WATCH_S} s)")


def synchronised() -> Check:
    """Ask the kernel whether somebody disciplines its clock (Linux only)."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(256))  # modes = 0: reads only
    except (AttributeError, OSError):
        return Check("time service", State.NOT_CHECKED, "only Linux tells", "see that network time is switched on")
    if state < 0:
        return Check("time service", State.NOT_CHECKED, "the kernel does not tell", "see that network time is switched on")
    if state == UNSYNCHRONISED:
        return Check("time service", State.WARN, "not synchronised", "switch on chrony or systemd-timesyncd: skew ends entries")
    return Check("time service", State.OK, "synchronised")


def zones(names: tuple[str, ...] = ZONES) -> Check:
    """Tell whether the exchanges' time zones are known.

    >>> zones(("America/Nowhere",)).state
    <State.WRONG: 'wrong'>
    """
    for name in names:
        try:
            ZoneInfo(name)
        except ZoneInfoNotFoundError:
            return Check("time zones", State.WRONG, f"{name} is unknown", "run make: the lock holds tzdata")
    return Check("time zones", State.OK, ", ".join(names))


def processors() -> Check:
    """Count the processors this process may use."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if n < 2:
        return Check("processors", State.WARN, f"{n}", "two are better: the runner keeps one busy when the market is")
    return Check("processors", State.OK, f"{n}")


def memory() -> Check:
    """Read how much memory the machine, or the container, has."""
    limit = Path("/sys/fs/cgroup/memory.max")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if limit.exists() and (text := limit.read_text().strip()).isdigit():
        total = min(total, int(text))
    if total < MEMORY_WARN_GB * GB:
        return Check("memory", State.WARN, f"{total / GB:.1f} GB", f"{MEMORY_WARN_GB} GB hold runner, dashboard and a notebook")
    return Check("memory", State.OK, f"{total / GB:.0f} GB")


def chromium() -> Check:
    """Look for the browser that tests of pages drive; nothing else needs it."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if found:
        return Check("chromium", State.OK, found)
    return Check("chromium", State.NOT_CHECKED, "not found; only tests of pages use it", "install chromium to run them")


def ground_of(data: Path) -> Path:
    """Nearest folder that exists, from `data` upwards."""
    return next(path for path in (data.absolute(), *data.absolute().parents) if path.is_dir())


def _make_durable(file: int) -> None:
    """Flush to the platter: macOS needs F_FULLFSYNC for that, and has no fdatasync."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(file, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(file)
