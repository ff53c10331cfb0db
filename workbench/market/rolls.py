"""When a future expires, what it is called, and which one leads. Pure dates; business days are given, no calendar is asked.

Rules of expiry (`Expires`)
---------------------------
=======================  ==========================================================================================================
third_friday             equity index futures: the third Friday of the month, or the business day before it (2026-06-19 is a holiday)
three_before_25th        CL: the third business day before the 25th of the month *before* delivery; is the 25th no business day,
                         the third before the business day that precedes it (NYMEX rulebook 200102.F)
third_last_business_day  GC: the third last business day of the month of delivery (COMEX rulebook 113102.E)
=======================  ==========================================================================================================

A delivery month of gold can be assigned from the last business day of the month before on (first notice), so it must be left by then;
the others end in cash or before notices begin. `Dated.leave_by` is that day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from workbench.domain.errors import ConfigError, DataError

MONTH_CODES: Final = "FGHJKMNQUVXZ"  # January to December
ROLL_DAYS: Final = 7  # days before the end at which the next month leads
VOLUME_DAYS: Final = 14  # days before the end from which volume may take the lead from a month
FRIDAY: Final = 4


class Expires(StrEnum):
    """How a root's last trading day is found."""

    THIRD_FRIDAY = "third_friday"
    THREE_BEFORE_25TH = "three_before_25th"
    THIRD_LAST_BUSINESS_DAY = "third_last_business_day"


class Listing(NamedTuple):
    """What a root lists: ``Listing("ES", "HMUZ", Expires.THIRD_FRIDAY)``. `months` are codes in the order of the year."""

    root: str
    months: str
    expires: Expires


class Dated(NamedTuple):
    """One delivery month: its local symbol, last trading day, and the day by which a position must be gone."""

    symbol: str
    year: int
    month: int
    expiry: date
    leave_by: date


class Roll(NamedTuple):
    """The lead of a root passes from one month to the next: from session `on`, by `why` (``date`` or ``volume``)."""

    root: str
    on: date
    out: str
    into: str
    why: str


def local_symbol(root: str, year: int, month: int) -> str:
    """Name a delivery month as CME and IB do; the decade is not said.

    >>> local_symbol("ES", 2026, 12)
    'ESZ6'
    """
    return f"{root}{MONTH_CODES[month - 1]}{year % 10}"


def delivery_month(expires: Expires, expiry: date) -> tuple[int, int]:
    """Give (year, month) of delivery for a last trading day: the same month, but the next one for CL.

    >>> delivery_month(Expires.THREE_BEFORE_25TH, date(2025, 12, 19))
    (2026, 1)
    """
    if expires is not Expires.THREE_BEFORE_25TH:
        return expiry.year, expiry.month
    return _month_after(expiry.year, expiry.month)


def expiry(expires: Expires, year: int, month: int, business_days: Sequence[date]) -> date:
    """Give the last trading day of a delivery month.

    Parameters
    ----------
    business_days
        Rising; must reach from the month before delivery to the month after it.

    Raises
    ------
    DataError
        If `business_days` do not reach far enough to know.

    Examples
    --------
    >>> june = [date(2026, 6, day) for day in range(1, 31)]
    >>> days = [day for day in june if day.weekday() < 5 and day.day != 19]          # the 19th is Juneteenth
    >>> expiry(Expires.THIRD_FRIDAY, 2026, 6, days)
    datetime.date(2026, 6, 18)
    >>> expiry(Expires.THREE_BEFORE_25TH, 2026, 7, days)
    datetime.date(2026, 6, 22)
    >>> expiry(Expires.THIRD_LAST_BUSINESS_DAY, 2026, 6, days)
    datetime.date(2026, 6, 26)
    """
    match expires:
        case Expires.THIRD_FRIDAY:
            first = date(year, month, 1)
            return _back(business_days, first + timedelta(days=(FRIDAY - first.weekday()) % 7 + 14), 0)
        case Expires.THREE_BEFORE_25TH:
            return _back(business_days, date(*_month_before(year, month), 25), 3)
        case Expires.THIRD_LAST_BUSINESS_DAY:
            return _back(business_days, _last_day(year, month), 2)


def dated(listing: Listing, year: int, month: int, business_days: Sequence[date]) -> Dated:
    """Describe one delivery month of a root; `ConfigError` if the root does not list that month."""
    if MONTH_CODES[month - 1] not in listing.months:
        raise ConfigError(f"{listing.root} lists the months {listing.months}, not {MONTH_CODES[month - 1]} ({year}-{month:02})")
    last = expiry(listing.expires, year, month, business_days)
    leave = last
    if listing.expires is Expires.THIRD_LAST_BUSINESS_DAY:
        leave = _back(business_days, _last_day(*_month_before(year, month)), 0)
    return Dated(local_symbol(listing.root, year, month), year, month, last, leave)


def front(listing: Listing, on: date, business_days: Sequence[date], *, days_before: int = ROLL_DAYS) -> Dated:
    """Give the month that leads on a day: the first that must be left more than `days_before` days later.

    >>> days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365) if (date(2026, 1, 1) + timedelta(days=n)).weekday() < 5]
    >>> es = Listing("ES", "HMUZ", Expires.THIRD_FRIDAY)
    >>> [front(es, date(2026, 9, day), days).symbol for day in (10, 11)]           # ESU6 expires on the 18th
    ['ESU6', 'ESZ6']
    """
    year, month = on.year, on.month
    while True:
        if MONTH_CODES[month - 1] in listing.months:
            found = dated(listing, year, month, business_days)
            if on < found.leave_by - timedelta(days=days_before):
                return found
        year, month = _month_after(year, month)


def lead(listing: Listing, on: date, business_days: Sequence[date], volumes: Mapping[str, int]) -> Dated:
    """Give the month that leads on a day by date or, in the last two weeks of one, because the next traded more.

    Parameters
    ----------
    volumes
        Contracts traded in the session that ended, by local symbol; where one of the two months is missing nothing is decided by volume.

    Examples
    --------
    >>> days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365) if (date(2026, 1, 1) + timedelta(days=n)).weekday() < 5]
    >>> es = Listing("ES", "HMUZ", Expires.THIRD_FRIDAY)
    >>> lead(es, date(2026, 9, 9), days, {"ESU6": 400_000, "ESZ6": 650_000}).symbol
    'ESZ6'
    """
    due = front(listing, on, business_days)
    if due.leave_by - on > timedelta(days=VOLUME_DAYS) or due.symbol not in volumes:
        return due
    year, month = _month_after(due.year, due.month)
    while MONTH_CODES[month - 1] not in listing.months:
        year, month = _month_after(year, month)
    more = volumes.get(local_symbol(listing.root, year, month), 0) > volumes[due.symbol]
    return dated(listing, year, month, business_days) if more else due


def rolls(
    listing: Listing, sessions: Sequence[date], business_days: Sequence[date], volumes: Mapping[date, Mapping[str, int]] | None = None
) -> tuple[Roll, ...]:
    """List the rolls of a root over sessions, as a run that went through them would have made them: a month never leads again.

    Parameters
    ----------
    sessions
        Rising.
    volumes
        What was traded in each, by local symbol: a session is led by what the one before it tells. `None`: by date alone.

    Examples
    --------
    >>> days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365) if (date(2026, 1, 1) + timedelta(days=n)).weekday() < 5]
    >>> es = Listing("ES", "HMUZ", Expires.THIRD_FRIDAY)
    >>> [(each.on.day, each.out, each.into, each.why) for each in rolls(es, [date(2026, 9, day) for day in (8, 9, 10, 11, 14)], days)]
    [(11, 'ESU6', 'ESZ6', 'date')]
    """
    made: list[Roll] = []
    leads: Dated | None = None
    for before, on in pairwise([None, *sessions]):
        assert on is not None, "only the first has none before it"
        traded = {} if before is None or volumes is None else volumes.get(before, {})
        found = lead(listing, on, business_days, traded)
        if leads is not None and found.expiry > leads.expiry:
            by_date = front(listing, on, business_days).symbol == found.symbol
            made.append(Roll(listing.root, on, leads.symbol, found.symbol, "date" if by_date else "volume"))
        if leads is None or found.expiry > leads.expiry:
            leads = found
    return tuple(made)


def _back(business_days: Sequence[date], day: date, n: int) -> date:
    """Go to the last business day up to `day`, then `n` further back."""
    at = bisect_right(business_days, day) - 1 - n
    if at < 0 or business_days[-1] < day:
        reach = f"{business_days[0]} to {business_days[-1]}" if business_days else "nothing"
        raise DataError(f"business days reach over {reach}; to know an expiry near {day} they must reach further")
    return business_days[at]


def _last_day(year: int, month: int) -> date:
    return date(*_month_after(year, month), 1) - timedelta(days=1)


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def _month_before(year: int, month: int) -> tuple[int, int]:
    return (year, month - 1) if month > 1 else (year - 1, 12)
