"""A report that lets a live run begin, for tests of what comes behind it."""

from __future__ import annotations

from pathlib import Path

from workbench.clock import SystemClock
from workbench.config import Mode, Settings
from workbench.runtime import build
from workbench.runtime.live.hours import Calendars
from workbench.runtime.preflight.ours import digests_of
from workbench.runtime.preflight.report import Colour, Line, Report, write
from workbench.workspace import things_of


def looked(data: Path, settings: Settings, account: str, *lines: Line, mode: Mode = Mode.LIVE) -> Report:
    """Keep a report of now, green unless `lines` say otherwise."""
    law = build.constitution(settings.profile, folder=build.laws_of(settings))
    now_ns = SystemClock().now_ns()
    report = Report(
        session=Calendars(settings.log_calendar).session(now_ns),
        account=account,
        mode=mode.value,
        at_ns=now_ns,
        digests=digests_of(settings, law, things_of(settings.workspace)),
        lines=lines or (Line("limits", Colour.GREEN, "valid"),),
    )
    write(data, report)
    return report
