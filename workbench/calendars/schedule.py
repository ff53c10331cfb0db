"""From the calendar library and our own dated corrections to spans. The only door to pandas_market_calendars; no look-ups (`table`).

The library and pandas are imported on first use (1.5 s), which `ready` makes rare; every timestamp leaves here as integer nanoseconds (its
index counts in microseconds). Which calendar is right where: `hours.toml`, which gives a source for every line.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from workbench.calendars.table import Session, Span, Table
from workbench.domain.errors import ConfigError
from workbench.domain.records import Phase
from workbench.domain.units import DAY, HOUR, MINUTE, SECOND

HOURS_FILE: Final = Path(__file__).with_name("hours.toml")
NEW_YORK: Final = ZoneInfo("America/New_York")
USUAL_CLOSE: Final = time(17)  # of Globex, New York; an era replaces this close and no early one
MARGIN: Final = timedelta(days=16)  # longer than any closure, so that both ends of a range have a session beyond them
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Hours(NamedTuple):
    """What `hours.toml` says about one calendar. Times of New York."""

    rth: tuple[time, time] | None  # `None`: regular while open
    preopen_ns: int
    closes: tuple[tuple[date, time], ...]  # up to this session, the usual close was then
    pauses: tuple[tuple[date, time, time], ...]  # up to this session, trading stood still from, to
    dates: dict[date, time | None]  # the close of that session; `None`: there is no session


class _Day(NamedTuple):
    """One session in nanoseconds: open, close, the regular part inside, the pauses inside."""

    session: Session
    regular: tuple[int, int]
    pauses: tuple[tuple[int, int], ...]


def table(calendar: str, first: date, last: date) -> Table:
    """Make the table of a calendar from 0:00 UTC of `first` to the end of `last` (UTC).

    Parameters
    ----------
    calendar
        A name that `pandas_market_calendars` knows: ``"CME Globex Equity"``, ``"CMEGlobex_CL"``, ``"CMEGlobex_GC"``, ``"NYSE"``,
        ``"24/7"``.
    first, last
        Days, both included.

    Raises
    ------
    ConfigError
        If there is no such calendar, or the range is empty.

    Examples
    --------
    >>> one = table("CME Globex Equity", date(2026, 11, 27), date(2026, 11, 27))   # the day after Thanksgiving closes at 13:15 New York
    >>> [(span.phase.name, span.session, (span.end_ns - span.start_ns) / HOUR) for span in one.spans]
    [('ETH', 20261127, 14.5), ('RTH', 20261127, 3.75), ('CLOSED', 20261130, 5.75)]
    """
    if last < first:
        raise ConfigError(f"calendar {calendar}: the range {first} to {last} is empty")
    hours = hours_of(calendar)
    days = list(_days(calendar, hours, first - MARGIN, last + MARGIN))
    begin, end, _, _ = bounds(first, last)
    if not days or days[0].session.open_ns > begin or days[-1].session.close_ns < end:
        raise ConfigError(f"calendar {calendar}: nothing is known about {first} to {last}")
    cut = (
        Span(max(span.start_ns, begin), min(span.end_ns, end), span.phase, span.session)
        for span in _spans(days, hours.preopen_ns)
        if span.end_ns > begin and span.start_ns < end
    )
    return Table(calendar, cut, (day.session for day in days))


def bounds(first: date, last: date) -> tuple[int, int, int, int]:
    """Give begin and end [ns] of a range of days, and the least and the greatest name that a session of its table can have."""
    return _midnight(first), _midnight(last + timedelta(days=1)), _name(first - MARGIN), _name(last + MARGIN)


def zone_of(calendar: str) -> str:
    """Name the time zone in which the library keeps a calendar: ``"America/Chicago"``."""
    return str(_library(calendar).tz)


def business_days(first: date, last: date) -> tuple[date, ...]:
    """List the days on which US exchanges clear, by which futures expire (`market.rolls`).

    These are the stock exchange's regular days. A day on which it alone stayed closed (mourning, a storm) counts: futures cleared then.

    >>> business_days(date(2026, 6, 18), date(2026, 6, 22))       # 19 June is Juneteenth
    (datetime.date(2026, 6, 18), datetime.date(2026, 6, 22))
    """
    library = _library("NYSE")
    alone = {day.date() for day in library.adhoc_holidays}
    days = {day.date() for day in library.valid_days(first.isoformat(), last.isoformat())}
    return tuple(sorted(days | {day for day in alone if first <= day <= last and day.weekday() < 5}))


@cache
def hours_of(calendar: str) -> Hours:
    """Read what `hours.toml` says about a calendar; nothing said means regular while open."""
    import tomllib  # 6 ms that only who makes tables pays

    with HOURS_FILE.open("rb") as file:
        body = tomllib.load(file)
    regular: dict[str, Any] = body["regular"].get(calendar, {})
    eras = [era for era in body["eras"] if calendar in era["calendars"]]
    return Hours(
        rth=(regular["open"], regular["close"]) if regular else None,
        preopen_ns=regular.get("preopen_min", 0) * MINUTE,
        closes=tuple((era["until"], era["close"]) for era in eras if "close" in era),
        pauses=tuple((era["until"], era["pause_from"], era["pause_to"]) for era in eras if "pause_from" in era),
        dates={day: part.get("close") for part in body["dates"] if calendar in part["calendars"] for day in part["dates"]},
    )


def _days(calendar: str, hours: Hours, first: date, last: date) -> Iterator[_Day]:
    library = _library(calendar)
    with warnings.catch_warnings():  # the library's nyse.py on pandas 3.1; it changes no answer
        warnings.filterwarnings("ignore", r"Series\.dt\.weekday is deprecated")
        schedule = library.schedule(first.isoformat(), last.isoformat(), market_times="all")
    names = [stamp.date() for stamp in schedule.index]
    ns = {column: schedule[column].dt.as_unit("ns").astype("int64").tolist() for column in schedule.columns}
    for at, day in enumerate(names):
        open_ns, close_ns = ns["market_open"][at], ns["market_close"][at]
        if day in hours.dates:
            close = hours.dates[day]
            if close is None:
                continue
            close_ns = _new_york(day, close)
        elif close_ns == _new_york(day, USUAL_CLOSE):
            close_ns = next((_new_york(day, close) for until, close in hours.closes if day <= until), close_ns)
        pauses = [(_new_york(day, a), _new_york(day, b)) for until, a, b in hours.pauses if day <= until]
        if "break_start" in ns:
            pauses.append((ns["break_start"][at], ns["break_end"][at]))
        regular = (open_ns, close_ns) if hours.rth is None else (_new_york(day, hours.rth[0]), _new_york(day, hours.rth[1]))
        regular = (max(min(regular[0], close_ns), open_ns), min(regular[1], close_ns))
        whole = Session(_name(day), ns["pre"][at] if "pre" in ns else open_ns, ns["post"][at] if "post" in ns else close_ns)
        # some calendars give every day a break of no length, or one after an early close: neither is a pause
        yield _Day(whole, regular, tuple((a, min(b, whole.close_ns)) for a, b in pauses if a < min(b, whole.close_ns)))


def _spans(days: Sequence[_Day], preopen_ns: int) -> Iterator[Span]:
    closed_ns = days[0].session.open_ns
    for day in days:
        name, open_ns, close_ns = day.session
        yield from _gap(closed_ns, open_ns, name, preopen_ns)
        edges = sorted({open_ns, close_ns, *day.regular, *(edge for pause in day.pauses for edge in pause)})
        for start, end in pairwise(edges):
            is_paused = any(a <= start < b for a, b in day.pauses)
            is_regular = day.regular[0] <= start < day.regular[1]
            yield Span(start, end, Phase.MAINTENANCE if is_paused else Phase.RTH if is_regular else Phase.ETH, name)
        closed_ns = close_ns


def _gap(start_ns: int, end_ns: int, session: int, preopen_ns: int) -> Iterator[Span]:
    length = end_ns - start_ns
    if 0 < length <= HOUR:  # Globex: 17:00 to 18:00 on a usual weekday
        yield Span(start_ns, end_ns, Phase.MAINTENANCE, session)
    elif length > 0:
        auction_ns = preopen_ns if length > DAY else 0
        yield Span(start_ns, end_ns - auction_ns, Phase.CLOSED, session)
        if auction_ns:
            yield Span(end_ns - auction_ns, end_ns, Phase.PREOPEN, session)


@cache
def _library(calendar: str) -> Any:
    import pandas_market_calendars  # 1.5 s with pandas: only who needs a schedule pays

    try:
        return pandas_market_calendars.get_calendar(calendar)
    except RuntimeError as error:
        known = ", ".join(sorted(name for name in pandas_market_calendars.get_calendar_names() if "CME" in name or name == "NYSE"))
        raise ConfigError(f"no calendar is called {calendar!r}; among the known: {known}") from error


def _new_york(day: date, at: time) -> int:
    return (datetime.combine(day, at, NEW_YORK) - EPOCH) // timedelta(microseconds=1) * 1_000


def _name(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _midnight(day: date) -> int:
    return (datetime.combine(day, time(), UTC) - EPOCH) // timedelta(seconds=1) * SECOND
