"""How a page says when it runs: ``close+30m``. Words in, a value out; no calendar and no clock.

::

    when     =  [which] point [every [until]]  |  every            "every 5m" alone: from open to close
    which    =  WEEKDAY  |  PERIOD ":" ("first" | "last") "session"
    point    =  ("open" | "close" | "maintenance") [("+" | "-") length]
    every    =  "every" length
    until    =  "until" point
    length   =  as in 30m, 2h, 1h30m, 90s

A weekday stands for one session a week: that day's; where it has none, the last one before it in that week; where there is none either,
the first one after. So a holiday moves a weekly page and never drops it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MINUTE, SECOND

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PERIODS: Final = ("weekly", "monthly", "quarterly", "yearly")
OPEN, CLOSE, MAINTENANCE = "open", "close", "maintenance"
MOST_OUTSIDE_NS: Final = 6 * HOUR  # before the open or behind the close: later it would be another day's
MOST_NS: Final = 24 * HOUR  # of any length
LEAST_EVERY_NS: Final = SECOND
LENGTH: Final = r"(?:\d+h)?(?:\d+m)?(?:\d+s)?"
POINT: Final = rf"(?:{OPEN}|{CLOSE}|{MAINTENANCE})(?:\s*[+-]\s*{LENGTH})?"
FORM: Final = re.compile(
    rf"(?:(?P<weekday>{'|'.join(WEEKDAYS)})\s+|(?P<period>{'|'.join(PERIODS)}):\s*(?P<side>first|last)\s+session\s+)?"
    rf"(?P<at>{POINT})?(?:\s*\bevery\s+(?P<every>{LENGTH})(?:\s+until\s+(?P<until>{POINT}))?)?"
)
EXAMPLES: Final = "close+30m, open+5m every 5m until close, every 5m, friday close+1h, quarterly: last session close+2h"


class Point(NamedTuple):
    """An instant of a session: one of its edges, and how far from it [ns]."""

    edge: str
    offset_ns: int

    def __str__(self) -> str:
        return f"{self.edge}{'+' if self.offset_ns > 0 else '-'}{told(abs(self.offset_ns))}" if self.offset_ns else self.edge


class When(NamedTuple):
    """When a page runs.

    ``weekday`` (0 is Monday), or ``period`` with ``is_last``, choose sessions; neither: all of them. With ``every_ns`` a page runs at
    ``at`` and again until ``until``, in one session.
    """

    at: Point
    every_ns: int = 0
    until: Point = Point(CLOSE, 0)
    weekday: int | None = None
    period: str = ""
    is_last: bool = True

    def __str__(self) -> str:
        side = "last" if self.is_last else "first"
        which = f"{WEEKDAYS[self.weekday]} " if self.weekday is not None else f"{self.period}: {side} session " if self.period else ""
        return f"{which}{self.at}" + (f" every {told(self.every_ns)} until {self.until}" if self.every_ns else "")


def read(text: str) -> When:
    """Read when a page runs.

    Raises
    ------
    ConfigError
        Naming what is not understood, with examples of what is.

    Examples
    --------
    >>> read("close+30m")
    When(at=Point(edge='close', offset_ns=1800000000000), every_ns=0, ...)
    >>> str(read("friday close+1h")), str(read("every 5m")), str(read("quarterly: last session close+2h"))
    ('friday close+1h', 'open every 5m until close', 'quarterly: last session close+2h')
    >>> read("close+8h")
    Traceback (most recent call last):
    workbench.domain.errors.ConfigError: when: 'close+8h': at most 6h before the open or behind the close; later it is another day's
    """
    found = FORM.fullmatch(" ".join(text.lower().split()))
    if found is None or not (found["at"] or found["every"]):
        raise ConfigError(f"when: {text!r} is not understood; write it like {EXAMPLES}")
    every_ns = _length(found["every"] or "", text) if found["every"] is not None else 0
    weekday = WEEKDAYS.index(found["weekday"]) if found["weekday"] else None
    when = When(
        at=_point(found["at"] or OPEN, text),
        every_ns=every_ns,
        until=_point(found["until"] or CLOSE, text),
        weekday=weekday,
        period=found["period"] or "",
        is_last=found["side"] != "first",
    )
    if why := _why_not(when, is_grid=found["every"] is not None):
        raise ConfigError(f"when: {text!r}: {why}")
    return when


def _why_not(when: When, *, is_grid: bool) -> str:
    outside = max(-when.at.offset_ns if when.at.edge == OPEN else 0, when.at.offset_ns if when.at.edge != OPEN else 0)
    if is_grid:
        if when.every_ns < LEAST_EVERY_NS:
            return "every what? a second at least"
        if outside > 0 or MAINTENANCE in (when.at.edge, when.until.edge):
            return "what repeats begins and ends in the session: from open or later, to close or earlier"
        if (when.until.edge == CLOSE and when.until.offset_ns > 0) or (when.until.edge == OPEN and when.until.offset_ns < 0):
            return "what repeats begins and ends in the session: from open or later, to close or earlier"
    if outside > MOST_OUTSIDE_NS:
        return f"at most {told(MOST_OUTSIDE_NS)} before the open or behind the close; later it is another day's"
    if when.at.edge == MAINTENANCE and not 0 <= when.at.offset_ns < HOUR:
        return "the maintenance break lasts an hour: maintenance to maintenance+59m"
    return ""


def _point(text: str, whole: str) -> Point:
    edge, sign, length = re.fullmatch(r"(\w+?)(?:\s*([+-])\s*(.*))?", text).groups()  # type: ignore[union-attr]  # FORM matched it
    return Point(edge, 0 if sign is None else _length(length, whole) * (1 if sign == "+" else -1))


def _length(text: str, whole: str) -> int:
    """Read ``1h30m`` as nanoseconds."""
    ns = sum(int(n) * {"h": HOUR, "m": MINUTE, "s": SECOND}[unit] for n, unit in re.findall(r"(\d+)([hms])", text))
    if not 0 < ns <= MOST_NS:
        raise ConfigError(f"when: {whole!r}: a length is written like 30m, 2h or 1h30m, and is at most {told(MOST_NS)}")
    return ns


def told(ns: int) -> str:
    """Write a length as `read` reads it.

    >>> told(90 * MINUTE), told(45 * SECOND)
    ('1h30m', '45s')
    """
    hours, rest = divmod(ns, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return "".join(f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest // SECOND, "s")) if n)
