"""What of a run's ground is on this machine: law, own things, disk, requests, notices, guardian, the yeses. One function a line; no TWS."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from workbench.config import Mode, Settings
from workbench.domain.errors import ConfigError, WorkbenchError
from workbench.domain.units import HOUR
from workbench.risk.constitution import CEILINGS, Constitution
from workbench.runtime import build
from workbench.runtime.live.doors import must_be_allowed, token
from workbench.runtime.notify.memory import read_tests, settings_digest
from workbench.runtime.preflight.report import Colour, Line
from workbench.store.digests import deciding_digest, digest_of
from workbench.store.folders import Folders
from workbench.store.requests import halted, waiting
from workbench.store.whole import fdatasync
from workbench.workspace import Things
from workbench.workspace.checking import check_all

GREEN, YELLOW, RED = Colour.GREEN, Colour.YELLOW, Colour.RED
GB: Final = 1_000_000_000
DISK_RED_GB, DISK_YELLOW_GB = 2, 20  # a session with depth is about 1 GB, kept for 90 days; below 2 GB the next may not fit
SYNC_YELLOW_MS, SYNC_RED_MS = 20.0, 250.0  # a command waits for one; 250 ms is what a kill may take to the wire
N_SYNCS: Final = 20
TEST_MAX_NS: Final = 7 * 24 * HOUR  # tokens are revoked, mail servers move


def digests_of(settings: Settings, law: Constitution, things: Things) -> dict[str, str]:
    """Name what a run's decisions hang on, as a report keeps it."""
    files = sorted({each.file for each in things.own if each.file is not None})
    own = digest_of(*(part for file in files for part in (file.name.encode(), file.read_bytes())))
    code, roots = deciding_digest(), ", ".join(sorted(settings.active))
    return {"code": code, "settings": settings.digest, "constitution": law.digest, "own files": own, "roots": roots}


def law(settings: Settings) -> tuple[Line, Constitution | None]:
    """Read the constitution and its hash; parsing holds it under the ceilings of the code."""
    about, threshold = "limits", f"valid, and under {len(CEILINGS)} ceilings of the code"
    try:
        found = build.constitution(settings.profile, folder=build.laws_of(settings))
    except WorkbenchError as error:
        return Line(about, RED, str(error), threshold, f"mend constitutions/{settings.profile}.toml, or name another profile"), None
    risk = found.risk
    said = f"{found.profile} {found.digest[:12]}: {risk.max_loss_per_trade_usd:g} USD a trade, {risk.max_loss_per_day_usd:g} USD a day"
    return Line(about, GREEN, f"{said}, {risk.max_entries_per_day} entries a day", threshold), found


def catalogue(things: Things) -> Line:
    """Load and check everything of the user's."""
    about, threshold = "catalogue", "all own features, recipes, strategies load and pass their suites"
    wrong = [f"{problem.where}: {problem.said}" for problem in things.problems] + list(things.collisions())
    wrong += [said for report in check_all(things) for said in report.wrong]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return Line(about, RED, wrong[0] + more, threshold, "workbench check says all of it; mend it, or take it out of the workspace")
    return Line(about, GREEN, f"{len(things.own)} own things, all as they must be", threshold)


def free(n_bytes: int) -> Line:
    """Judge what the disk has left.

    >>> free(50 * GB).colour.value, free(5 * GB).colour.value, free(GB).colour.value
    ('green', 'yellow', 'red')
    """
    threshold = f"{DISK_YELLOW_GB} GB; {DISK_RED_GB} GB at least"
    colour = RED if n_bytes < DISK_RED_GB * GB else YELLOW if n_bytes < DISK_YELLOW_GB * GB else GREEN
    return Line(
        "disk", colour, f"{n_bytes / GB:.1f} GB free", threshold, "" if colour is GREEN else "make room: workbench backup, then delete"
    )


def syncs(took_ms: float) -> Line:
    """Judge how long a durable write takes.

    >>> syncs(1.0).colour.value, syncs(40.0).colour.value, syncs(900.0).colour.value
    ('green', 'yellow', 'red')
    """
    threshold = f"{SYNC_YELLOW_MS:g} ms; {SYNC_RED_MS:g} ms at most"
    colour = RED if took_ms > SYNC_RED_MS else YELLOW if took_ms > SYNC_YELLOW_MS else GREEN
    remedy = "" if colour is GREEN else "each order waits for one: put the data folder on a local disk, and end what writes much"
    return Line("fdatasync", colour, f"{took_ms:.1f} ms (median of {N_SYNCS})", threshold, remedy)


def stores(data: Path) -> list[Line]:
    """Write into every store's folder, and measure what is left and how long a sync takes."""
    folders = Folders(data)
    try:
        for folder in (data, folders.tail, folders.runs, folders.requests, folders.status, folders.notices, folders.fence):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".preflight-"):
                pass
        took_ms = measure(data)
        return [Line("stores", GREEN, f"{data} can be written", "writable"), free(shutil.disk_usage(data).free), syncs(took_ms)]
    except OSError as error:
        remedy = "give this user the folder, or name another one (data_folder, --data)"
        return [Line("stores", RED, f"{error.filename or data}: {error.strerror}", "writable", remedy)]


def measure(data: Path, steady: Callable[[], float] = time.perf_counter) -> float:
    """Give the median of some durable writes of 4 kB, in milliseconds."""
    took = []
    with tempfile.NamedTemporaryFile(dir=data, prefix=".preflight-") as file:
        for _ in range(N_SYNCS):
            began = steady()
            file.write(b"\0" * 4_096)
            file.flush()
            fdatasync(file.fileno())
            took.append((steady() - began) * 1_000)
    return statistics.median(took)


def halt_file(data: Path) -> Line:
    """Look whether somebody halted."""
    why = halted(data)
    if why is None:
        return Line("HALT file", GREEN, "absent", "absent")
    return Line("HALT file", RED, why, "absent", f"read why, settle it, then delete {Folders(data).halt} (workbench resume)")


def requests(data: Path) -> Line:
    """Look whether a wish waits that a run would fulfil at its start."""
    found = waiting(data)
    if not found:
        return Line("requests", GREEN, "none waits", "none waits")
    said = ", ".join(f"{each.request.action} ({each.request.by}: {each.request.why})" for each in found[:3])
    return Line(
        "requests", RED, f"{len(found)} wait: {said}", "none waits", f"look at them, and delete what is not meant: {Folders(data).requests}"
    )


def notifier(settings: Settings, data: Path, now_ns: int, mode: Mode) -> Line:
    """Look whether somebody who is away would hear of it: a channel, and its last test."""
    about, threshold = "notices", "a channel besides log and desktop, its last test arrived within 7 days"
    away = [name for name in settings.notify.channels if name != "desktop"]
    colour = RED if mode is Mode.LIVE else YELLOW
    if not away:
        found = "no channel is configured" if not settings.notify.channels else "the desktop alone is configured"
        return Line(about, colour, found, threshold, "name one in [notify] of workbench.toml, then workbench notify test")
    digest = settings_digest(settings.notify)
    tests = {each.channel: each for each in read_tests(data) if each.settings == digest and now_ns - each.at_ns < TEST_MAX_NS}
    if missing := [name for name in away if name not in tests]:
        return Line(about, colour, f"not tested as configured: {', '.join(missing)}", threshold, "workbench notify test")
    failed = [f"{name}: {tests[name].why}" for name in away if tests[name].why]
    if len(failed) == len(away):
        return Line(about, colour, "; ".join(failed), threshold, "mend it, then workbench notify test")
    if failed:
        return Line(about, YELLOW, "; ".join(failed), threshold, "mend it, then workbench notify test")
    return Line(about, GREEN, f"{', '.join(away)} arrived", threshold)


def guardian(settings: Settings, *, module: str = "workbench.runtime.guardian.guardian") -> Line:
    """Look whether the guardian can be started."""
    about, threshold = "guardian", "it can start"
    with contextlib.suppress(ImportError, ValueError):
        if find_spec(module) is not None:
            patience = settings.guardian
            return Line(about, GREEN, f"acts after {patience.silent_s:g} s of silence, flat after {patience.flat_after_s:g} s", threshold)
    return Line(about, RED, f"{module} is not there", threshold, "install the workbench whole: make")


def yeses(settings: Settings, data: Path, mode: Mode, account: str, environment: Mapping[str, str], now_ns: int) -> Line:
    """Hold the three yeses of a live run against the account; of a paper run, that its account is one."""
    threshold = "mode, ib.account, arming token" if mode is Mode.LIVE else "a paper account"
    if not account:
        return Line(
            "yeses", RED, "whose account is not known: nobody said, and TWS was not asked", threshold, "a TWS that answers, or ib.account"
        )
    try:
        armed = token(data, environment) if mode is Mode.LIVE else None
        must_be_allowed(mode, settings.ib.account, account, armed, now_ns, asked=settings.mode)
    except ConfigError as error:
        return Line("yeses", RED, str(error), threshold, "give what is missing, if you mean it")
    return Line("yeses", GREEN, f"{mode.value} of {account}", threshold)
