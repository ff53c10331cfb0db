"""One run in words, as every section of the page of runs writes it. Text only."""

from __future__ import annotations

from html import escape
from typing import Final

from workbench.dashboard.days import as_date
from workbench.dashboard.ran import Row
from workbench.dashboard.words import at

LONGEST: Final = 320  # characters of a reason


def is_day(day: int) -> bool:
    """Say whether a number is a day of the calendar."""
    try:
        return bool(as_date(day))
    except ValueError:
        return False


def name_of(row: Row) -> str:
    """Name a run within its page: the session it is of, and its slot."""
    of = f"of {as_date(row.session)}" if row.session and is_day(row.session) else "" if not row.is_by_hand else _value(row)
    return f"{of}{', ' if of else ''}{escape(row.slot)}"


def _value(row: Row) -> str:
    return f"of {escape(row.key.rpartition('/')[2])}"


def mb(value: float | None) -> str:
    """Write an amount of memory; nothing where it is not known."""
    return "" if value is None else f"{value:,.0f} MB"


def day_of(ns: int, now_ns: int, zone: str) -> str:
    """Name the day of a moment, unless it is today."""
    day = at(ns, zone)
    return "" if day.date() == at(now_ns, zone).date() else f"{day:%a %-d %b} "


def short(text: str) -> str:
    """Give the first line of a reason, so much of it as a list has room for."""
    line = text.split("\n")[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
