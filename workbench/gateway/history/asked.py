"""What a request for history means: bar size, span, end, what to show; and the broker's words for what cannot be meant. Pure parsing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from workbench.domain.units import SECOND
from workbench.gateway import behaviour as say
from workbench.gateway.contracts.listed import Listed, Missing

YEARS: Final = range(1980, 2100)  # of times that are understood
DAY_BAR: Final = 0  # a size counted in sessions: one, all of a week, all of a month
SIZES_S: Final = {
    "1 secs": 1, "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30, "1 min": 60, "2 mins": 120, "3 mins": 180, "5 mins": 300,
    "10 mins": 600, "15 mins": 900, "20 mins": 1200, "30 mins": 1800, "1 hour": 3600, "2 hours": 7200, "3 hours": 10_800,
    "4 hours": 14_400, "8 hours": 28_800,
}  # fmt: skip
SESSIONS: Final = {"1 day": "D", "1W": "W", "1 week": "W", "1 W": "W", "1M": "M", "1 month": "M", "1 M": "M"}
WHAT: Final = ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST", "SCHEDULE")
NEVER: Final = ("HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "FEE_RATE", "AGGTRADES", "YIELD_BID", "YIELD_ASK", "YIELD_LAST")
LABELS: Final = {"BID_ASK": "Bid_Ask", "ADJUSTED_LAST": "Adjusted_last"}
LIVE: Final = ("TRADES", "MIDPOINT", "BID", "ASK")
_DURATION: Final = re.compile(r"(\d{1,9}) ([SDWMY])", re.ASCII)
_TIME: Final = re.compile(r"(\d{8})(?:( +|-)(\d{1,2}):(\d{2})(?::(\d{2}))?)?(?: +(\S+))?", re.ASCII)


class Size(NamedTuple):
    """A bar's size: seconds, or (0) sessions by the day, week or month."""

    text: str
    seconds: int
    sessions: str = ""

    @property
    def is_daily(self) -> bool:
        """Whether it counts sessions: its date is a day then."""
        return bool(self.sessions)


class Span(NamedTuple):
    """How far back: a number of seconds, days (sessions), weeks, months, years."""

    n: int
    unit: str

    def before(self, end: datetime) -> datetime:
        """Give the start on the calendar.

        >>> Span(2, "D").before(datetime(2023, 4, 15, 16, 31)).isoformat()
        '2023-04-13T16:31:00'
        """
        if self.unit in "SDW":
            return end - timedelta(**{{"S": "seconds", "D": "days", "W": "weeks"}[self.unit]: self.n})
        months = end.year * 12 + end.month - 1 - self.n * (12 if self.unit == "Y" else 1)
        return end.replace(year=months // 12, month=months % 12 + 1, day=min(end.day, 28))

    @property
    def days(self) -> float:
        """About how long."""
        return self.n * {"S": 1 / 86_400, "D": 1, "W": 7, "M": 30, "Y": 365}[self.unit]


def size_of(text: str) -> Size | Missing:
    """Read a bar size.

    >>> size_of("5 mins").seconds, size_of("1 week").sessions
    (300, 'W')
    >>> size_of("1 sec").text[:40]
    "Error validating request.-'bS' : cause -"
    """
    if text in SIZES_S:
        return Size(text, SIZES_S[text])
    if text in SESSIONS:
        return Size(text, DAY_BAR, SESSIONS[text])
    return invalid(say.NO_BAR_SIZE)


def span_of(text: str) -> Span | Missing:
    """Read a duration; a plain number is seconds.

    >>> span_of("2 D"), span_of("1800"), span_of("2 X").code
    (Span(n=2, unit='D'), Span(n=1800, unit='S'), 321)
    """
    if not text:
        return invalid(say.NO_DURATION)
    found = _DURATION.fullmatch(f"{text} S" if text.isdigit() else text.upper())
    if found is None:
        return invalid(say.DURATION_FORM)
    n, unit = int(found[1]), found[2]
    if n < 1:
        return invalid(say.DURATION_INVALID)
    limit = say.DURATION_LIMITS.get(unit)
    if limit is not None and n > limit[0]:
        return invalid(limit[1])
    if unit == "Y" and n > say.MOST_YEARS:
        return invalid(say.DURATION_INVALID)
    return Span(n, unit)


def too_long(size: Size, span: Span) -> bool:
    """Tell whether a span is too long for bars so small."""
    limit = say.LONGEST_DAYS.get(size.seconds)
    return limit is not None and span.days > limit + 1e-9


def instant(text: str, zone: str) -> int | None:
    """Read a time in ns: ``yyyymmdd HH:MM:SS zone``, ``yyyymmdd-HH:MM:SS`` (UTC), either without zone in `zone`; `None`: it is none.

    >>> instant("20261120-14:30:00", "US/Central") == instant("20261120 08:30:00 US/Central", "US/Eastern") == 1_795_185_000 * SECOND
    True
    >>> instant("20261120 08:30:00", "US/Central") == instant("20261120 08:30:00 US/Central", "")
    True
    >>> instant("tomorrow", "US/Central") is None
    True
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    day, dash, hour, minute, second, named = found.groups()
    try:
        at = datetime.strptime(f"{day}{hour or 0:>02}{minute or '00'}{second or '00'}", "%Y%m%d%H%M%S")  # noqa: DTZ007  its zone follows
        if at.year not in YEARS:
            return None
        where = ZoneInfo(_ZONES.get(named, named)) if named else UTC if dash == "-" else ZoneInfo(zone)
        return round(at.replace(tzinfo=where).timestamp()) * SECOND
    except (ValueError, KeyError, OSError):
        return None


def lacks_zone(text: str) -> bool:
    """Tell whether a time leaves its zone to be guessed.

    >>> lacks_zone("20261120 08:30:00"), lacks_zone("20261120 08:30:00 US/Central"), lacks_zone("20261120-14:30:00"), lacks_zone("")
    (True, False, False, False)
    """
    found = _TIME.fullmatch(text.strip())
    return found is not None and found[6] is None and found[2] != "-"


_ZONES: Final = {"EST": "US/Eastern", "CST": "US/Central", "EDT": "US/Eastern", "CDT": "US/Central", "GMT": "UTC", "Z": "UTC"}


def what_refused(what: str) -> Missing | None:
    """Say what is wrong with a `whatToShow`."""
    return None if what in WHAT or what in NEVER else invalid(say.NO_WHAT)


def no_data(listed: Listed, what: str) -> Missing:
    """Say that there is nothing."""
    label = LABELS.get(what, what.capitalize())
    return Missing(162, say.text_of(162, why=f"{say.NO_DATA}{listed.local_symbol}@{listed.exchange} {label}"))


def hmds(why: str) -> Missing:
    """Say what the history service refuses."""
    return Missing(162, say.text_of(162, why=why))


def invalid(cause: str) -> Missing:
    """Say what is wrong with a request."""
    return Missing(321, say.text_of(321, what=say.HISTORY_LETTERS, why=cause))
