"""What a look before a session found, and whether it lets a live run begin. Values, and one JSON file a session and account.

Rules
-----
1. A line is green, yellow (works, somebody should know) or red (no money goes out on this). A report is green when no line is red.
2. A report counts for its log session, its account, and the code, settings, law and own files it was made with; for no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from workbench.store.folders import Folders
from workbench.store.whole import write_whole

FORMAT: Final = 1
COMMAND: Final = "workbench preflight"


class Colour(StrEnum):
    """How a line is to be read."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Line(msgspec.Struct, frozen=True):
    """One thing looked at: what, how it stands, what was found, what it was held against, and what to do."""

    about: str
    colour: Colour
    found: str
    threshold: str = ""
    remedy: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All lines of one look. ``digests`` name what it was made with."""

    format: int = FORMAT
    session: int
    account: str
    mode: str
    at_ns: int
    digests: dict[str, str]
    lines: tuple[Line, ...]

    @property
    def is_green(self) -> bool:
        """Whether no line is red."""
        return not self.red

    @property
    def red(self) -> tuple[Line, ...]:
        """The lines that are."""
        return tuple(line for line in self.lines if line.colour is Colour.RED)


def path_of(data: Path, session: int, account: str) -> Path:
    """Say where a report lies.

    >>> path_of(Path("data"), 20261120, "DUSIM1").as_posix()
    'data/preflight/20261120-DUSIM1.json'
    """
    return Folders(data).preflight / f"{session}-{account or 'unknown'}.json"


def write(data: Path, report: Report) -> Path:
    """Keep a report, in the place of an older one."""
    path = path_of(data, report.session, report.account)
    write_whole(path, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return path


def read(data: Path, session: int, account: str) -> Report | None:
    """Give a report; `None` if there is none that can be read."""
    try:
        found = msgspec.json.decode(path_of(data, session, account).read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if found.format == FORMAT else None


def why_not(data: Path, session: int, account: str, mode: str, digests: Mapping[str, str]) -> str | None:
    """Say why no live run may begin on what was looked at; `None` if it may.

    >>> why_not(Path("/nowhere"), 20261120, "U1", "live", {})
    'nobody looked before session 20261120 of account U1: workbench preflight'
    """
    report = read(data, session, account)
    if report is None or (report.session, report.account, report.mode) != (session, account, mode):
        return f"nobody looked before session {session} of account {account}: {COMMAND}"
    changed = sorted(name for name in {*digests, *report.digests} if digests.get(name) != report.digests.get(name))
    if changed:
        return f"{', '.join(changed)} changed since the look before the session: {COMMAND}"
    if not report.is_green:
        return f"the look before the session found {'; '.join(f'{line.about}: {line.found}' for line in report.red)}: {COMMAND}"
    return None
