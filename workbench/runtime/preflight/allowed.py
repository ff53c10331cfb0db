"""Whether a run may begin on what was looked at before its session. Reads a report; looks at nothing itself."""

from __future__ import annotations

from pathlib import Path

from workbench.config import Mode, Settings
from workbench.domain.errors import ConfigError
from workbench.runtime import build
from workbench.runtime.live.hours import Calendars
from workbench.runtime.preflight.ours import digests_of
from workbench.runtime.preflight.report import why_not
from workbench.workspace import things_of


def unseen(mode: Mode, settings: Settings, data: Path, account: str, now_ns: int) -> str | None:
    """Say what is wrong with the look before this session; `None` if it was green, and nothing has changed since."""
    law = build.constitution(settings.profile, folder=build.laws_of(settings))
    session = Calendars(settings.log_calendar).session(now_ns)
    return why_not(data, session, account, mode.value, digests_of(settings, law, things_of(settings.workspace)))


def must_be_seen(mode: Mode, settings: Settings, data: Path, account: str, now_ns: int) -> None:
    """Refuse a run with money that nobody looked before; a run on paper is told by `unseen` alone.

    Raises
    ------
    ConfigError
        Saying what is missing, red, or changed since.
    """
    if mode is Mode.LIVE and (why := unseen(mode, settings, data, account, now_ns)) is not None:
        raise ConfigError(f"live begins on a green look before the session alone: {why} --mode live")
