"""When a page is due, by the calendar: holidays, early closes and summer time are the calendar's business, never an edit. No clock.

Rules
-----
1. A slot belongs to the session whose edge it is counted from, whatever the market does at that instant. ``close+30m`` falls into the
   maintenance break: it is of the session that has just closed, which is complete then, and not of the one that comes.
2. ``maintenance`` is the start of the break behind a close; a session with a weekend, a holiday or an afternoon behind it has none, and
   there is no slot.
3. What is counted from the open lies before the session's close, what is counted back from the close behind its open; where an early
   close leaves no room there is no slot. What repeats never leaves its session: nothing of it falls into a break.
4. Lengths are elapsed time, so that no slot is doubled or lost when clocks change.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, NamedTuple

from apscheduler.triggers.base import BaseTrigger

from workbench.calendars import LOG_CALENDAR, Session, table
from workbench.calendars.ready import LAST
from workbench.domain.records import Phase
from workbench.domain.units import DAY
from workbench.pipelines import when as words
from workbench.pipelines.when import OPEN, Point, When, told

MICROSECOND: Final = timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR: Final = 2000


class Slot(NamedTuple):
    """One time at which a page is due: the session it is of, its name within that session, the instant."""

    session: int
    name: str
    due_ns: int


class Day(NamedTuple):
    """A session with what is known about the break behind it."""

    session: Session
    has_maintenance: bool


class SessionTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Due at times of a session.

    Parameters
    ----------
    when
        As `when.read` gives it.
    calendar
        Whose sessions.

    Examples
    --------
    Around Thanksgiving 2026 the market closes at 13:00 on Thursday and at 13:15 on Friday, New York:

    >>> trigger = parse("close-15m")
    >>> [(slot.session, at(slot.due_ns).strftime("%H:%M")) for slot in trigger.between(ns_of(datetime(2026, 11, 25, tzinfo=UTC)),
    ...                                                                                ns_of(datetime(2026, 11, 28, tzinfo=UTC)))]
    [(20261125, '21:45'), (20261126, '17:45'), (20261127, '18:00')]
    """

    __slots__ = ("calendar", "when")

    def __init__(self, when: When, calendar: str = LOG_CALENDAR) -> None:
        self.when, self.calendar = when, calendar

    def after(self, ns: int) -> Iterator[Slot]:
        """Give the slots behind an instant, rising, as far as the calendar reaches."""
        for year in range(max(at(ns - 2 * DAY).year, FIRST_YEAR), LAST.year):
            days = _chosen(self.calendar, self.when.weekday, self.when.period, self.when.is_last, year)
            first = bisect_left(days, ns - 2 * DAY, key=lambda day: day.session.close_ns)
            for day in days[first:]:
                yield from (slot for slot in self._of(day, ns) if slot.due_ns > ns)

    def between(self, after_ns: int, until_ns: int) -> Iterator[Slot]:
        """Give the slots behind `after_ns` up to `until_ns`, which is included."""
        for slot in self.after(after_ns):
            if slot.due_ns > until_ns:
                return
            yield slot

    def latest(self, until_ns: int) -> Slot | None:
        """Give the last slot up to an instant, `None` if a year has none."""
        for days in (1, 8, 100, 380):
            found = list(self.between(until_ns - days * DAY, until_ns))
            if found:
                return found[-1]
        return None

    def of_session(self, session: int, until_ns: int) -> Slot | None:
        """Give the last slot of a session up to an instant, `None` if it has none."""
        day_ns = ns_of(datetime.combine(_date_of(session), datetime.min.time(), UTC))
        found = [slot for slot in self.between(day_ns - 4 * DAY, min(until_ns, day_ns + 31 * DAY)) if slot.session == session]
        return found[-1] if found else None

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Give APScheduler the next time, behind the last one and not before `now`."""
        after_ns = ns_of(now) - 1
        if previous_fire_time is not None:
            after_ns = max(after_ns, ns_of(previous_fire_time))
        slot = next(self.after(after_ns), None)
        return None if slot is None else at(slot.due_ns)

    def _of(self, day: Day, after_ns: int) -> Iterator[Slot]:
        """Give the slots of a session; of what repeats, none that lies well before an instant."""
        session, open_ns, close_ns = day.session
        due_ns = _instant(day, self.when.at)
        if due_ns is None:
            return
        if not self.when.every_ns:
            yield Slot(session, str(self.when.at), due_ns)
            return
        until_ns = _instant(day, self.when.until)
        due_ns += max(0, (after_ns - due_ns) // self.when.every_ns) * self.when.every_ns
        while until_ns is not None and due_ns <= min(until_ns, close_ns):
            yield Slot(session, f"open+{told(due_ns - open_ns)}" if due_ns > open_ns else OPEN, due_ns)
            due_ns += self.when.every_ns

    def __getstate__(self) -> dict[str, Any]:
        return {"when": str(self.when), "calendar": self.calendar}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.when, self.calendar = words.read(state["when"]), state["calendar"]

    def __str__(self) -> str:
        return str(self.when)


def parse(text: str, calendar: str = LOG_CALENDAR) -> SessionTrigger:
    """Make a trigger of the words of a pipeline.toml; see `when`."""
    return SessionTrigger(words.read(text), calendar)


def _instant(day: Day, point: Point) -> int | None:
    _, open_ns, close_ns = day.session
    match point.edge:
        case words.OPEN:
            ns = open_ns + point.offset_ns
            return ns if ns <= close_ns else None
        case words.CLOSE:
            ns = close_ns + point.offset_ns
            return ns if ns >= open_ns else None
    return close_ns + point.offset_ns if day.has_maintenance else None


@lru_cache(maxsize=64)
def _chosen(calendar: str, weekday: int | None, period: str, is_last: bool, year: int) -> list[Day]:
    """Give the sessions of a year that are meant, rising. A week is of the year in which the chosen session is."""
    known = table(calendar, date(year - 1, 12, 1), date(year + 1, 2, 1))
    days = [
        Day(each, known.first_ns <= each.close_ns < known.last_ns and known.span_at(each.close_ns).phase is Phase.MAINTENANCE)
        for each in known.sessions
        if known.first_ns - 2 * DAY < each.close_ns < known.last_ns
    ]
    if weekday is not None:
        groups = [list(group) for _, group in groupby(days, lambda day: _date(day).isocalendar()[:2])]
        days = [_nearest(group, weekday) for group in groups]
    elif period:
        days = [list(group)[-1 if is_last else 0] for _, group in groupby(days, lambda day: _period(period, _date(day)))]
    return [day for day in days if day.session.session // 10_000 == year]


def _nearest(week: list[Day], weekday: int) -> Day:
    """Give the session of that weekday, else the last before it, else the first after it."""
    return next((day for day in reversed(week) if _date(day).weekday() <= weekday), week[0])


def _period(period: str, day: date) -> tuple[int, ...]:
    match period:
        case "weekly":
            return day.isocalendar()[:2]
        case "monthly":
            return day.year, day.month
        case "quarterly":
            return day.year, (day.month - 1) // 3
    return (day.year,)


def _date(day: Day) -> date:
    return _date_of(day.session.session)


def _date_of(session: int) -> date:
    return date.fromisoformat(str(session))


def at(ns: int) -> datetime:
    """Give an instant as APScheduler wants it: whole microseconds, UTC."""
    return EPOCH + timedelta(microseconds=ns // 1_000)


def ns_of(moment: datetime) -> int:
    """Give an instant in nanoseconds.

    >>> ns_of(at(1_795_820_400_000_000_000))
    1795820400000000000
    """
    return (moment - EPOCH) // MICROSECOND * 1_000
