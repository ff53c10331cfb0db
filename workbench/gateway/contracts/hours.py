"""When a contract trades: its sessions, the regular part of each, and both as IB writes them. Asks calendars; knows no message.

What IB calls *liquid hours* is what its `useRTH` means: for CME's index futures 08:30 to 16:00 Chicago (recorded frame of ESM5), an hour
more than the cash market that our own RTH follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from workbench.calendars import Table, business_days, table
from workbench.domain.records import Phase
from workbench.domain.units import SECOND
from workbench.gateway.behaviour import FX_HOLIDAYS, HOURS_ENTRIES, LIQUID_TO_CLOSE
from workbench.gateway.contracts.chains import FX_CALENDAR
from workbench.gateway.contracts.listed import Listed

NEW_YORK: Final = ZoneInfo("America/New_York")
FX_OPEN, FX_CLOSE = time(17, 15), time(17)  # of the day before, of the day
FRIDAY: Final = 4
DECADE: Final = 10
A_DAY: Final = timedelta(days=1)


class Trading(NamedTuple):
    """One session: the day it counts for (20261120), from, to, and the regular part of it (empty if `regular_ns` equal)."""

    session: int
    open_ns: int
    close_ns: int
    regular: tuple[int, int]

    @property
    def day(self) -> date:
        """The day it counts for."""
        return day_of(self.session)


@lru_cache(maxsize=64)
def sessions(calendar: str, year: int) -> tuple[Trading, ...]:
    """List the sessions that count for days of one year, in order.

    >>> one = next(each for each in sessions("NYSE", 2026) if each.session == 20261127)          # the day after Thanksgiving
    >>> [(end - start) // SECOND // 3600 for start, end in (one.regular, one[1:3])]              # 9:30 to 13:00 of 4:00 to 17:00
    [3, 13]
    """
    if calendar == FX_CALENDAR:
        return tuple(_fx(year))
    return tuple(each for each in _decade(calendar, year // DECADE * DECADE) if each.session // 10_000 == year)


@lru_cache(maxsize=16)
def _decade(calendar: str, first: int) -> tuple[Trading, ...]:
    """Ten years at once: a table of ten costs little more than one of one, and history reaches back over six."""
    last = first + DECADE - 1
    whole = table(calendar, date(first - 1, 12, 20), date(last + 1, 1, 12))
    return tuple(_of_table(whole, calendar, first, last))


def between(calendar: str, first: date, last: date) -> list[Trading]:
    """List the sessions that count for the days `first` to `last`, both included."""
    begin, end = number(first), number(last)
    years = range(first.year, last.year + 1)
    return [each for year in years for each in sessions(calendar, year) if begin <= each.session <= end]


@lru_cache(maxsize=64)  # a chain of options asks it hundreds of times at one instant
def around(calendar: str, ns: int) -> Trading:
    """Give the session that runs at an instant, or the next one."""
    day = datetime.fromtimestamp(ns // SECOND, UTC).date()
    return next(each for each in between(calendar, day - A_DAY, day + timedelta(days=20)) if each.close_ns > ns)


def trading_hours(listed: Listed, now_ns: int) -> str:
    """Write a contract's hours for some days on: ``20261120:1700-20261121:1600;20261122:CLOSED``."""
    return _hours(listed.calendar, listed.zone, around(listed.calendar, now_ns).day, False)


def liquid_hours(listed: Listed, now_ns: int) -> str:
    """Write its regular hours, likewise."""
    return _hours(listed.calendar, listed.zone, around(listed.calendar, now_ns).day, True)


def number(day: date) -> int:
    """Write a day as a number: 20261120."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_of(session: int) -> date:
    """Read it back."""
    return date(session // 10_000, session // 100 % 100, session % 100)


def local(ns: int, zone: str) -> datetime:
    """Give the wall clock of a zone."""
    return datetime.fromtimestamp(ns // SECOND, ZoneInfo(zone))


@lru_cache(maxsize=256)
def _hours(calendar: str, zone: str, day: date, is_liquid: bool) -> str:
    return ";".join(_entries(calendar, zone, day, is_liquid))


def _entries(calendar: str, zone: str, day: date, is_liquid: bool) -> Iterator[str]:
    found = {each.day: each for each in between(calendar, day, day + timedelta(days=3 * HOURS_ENTRIES))}
    opens = {local(each.open_ns, zone).date() for each in found.values() if not is_liquid or _is_whole(each)}
    n = 0
    while n < HOURS_ENTRIES:
        one = found.get(day)
        if one is not None:
            n += 1
            yield _span(*(one.regular if is_liquid else one[1:3]), zone)
        elif day not in opens:  # a Sunday on whose evening a session begins is not closed
            n += 1
            yield f"{day:%Y%m%d}:CLOSED"
        day += A_DAY


def _is_whole(trading: Trading) -> bool:
    return trading.regular == (trading.open_ns, trading.close_ns)


def _span(start_ns: int, end_ns: int, zone: str) -> str:
    return f"{local(start_ns, zone):%Y%m%d:%H%M}-{local(end_ns, zone):%Y%m%d:%H%M}"


def _of_table(whole: Table, calendar: str, first: int, last: int) -> Iterator[Trading]:
    regular: dict[int, tuple[int, int]] = {}
    for span in whole.spans:
        if span.phase is Phase.RTH:
            start, _ = regular.get(span.session, (span.start_ns, 0))
            regular[span.session] = (start, span.end_ns)
    business = {number(day) for day in business_days(date(first, 1, 1), date(last, 12, 31))}
    for name, open_ns, close_ns in whole.sessions:
        if not first <= name // 10_000 <= last:
            continue
        start, end = regular.get(name, (open_ns, close_ns))
        if calendar in LIQUID_TO_CLOSE:
            # a holiday on which the stock exchange is closed is liquid as a whole (recorded frame, 26 May 2025)
            start, end = (start, close_ns) if name in business and name in regular else (open_ns, close_ns)
        yield Trading(name, open_ns, close_ns, (start, end))


def _fx(year: int) -> Iterator[Trading]:
    day = date(year, 1, 1)
    while day.year == year:
        if day.weekday() <= FRIDAY and (day.month, day.day) not in FX_HOLIDAYS:
            start, end = (_new_york(each, at) for each, at in ((day - A_DAY, FX_OPEN), (day, FX_CLOSE)))
            yield Trading(number(day), start, end, (start, end))
        day += A_DAY


def _new_york(day: date, at: time) -> int:
    return round(datetime.combine(day, at, NEW_YORK).timestamp()) * SECOND
