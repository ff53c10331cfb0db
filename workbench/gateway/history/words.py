"""How times of the past are written: days, wall clocks with their zone, seconds. Pure text."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.domain.units import SECOND
from workbench.gateway.behaviour import DETAILS_TIME_SINCE
from workbench.gateway.contracts.hours import Trading, local

SECONDS_FORM = 2  # formatDate that asks for seconds since 1970


def bar_date(ns: int, zone: str, format_date: int, version: int) -> str:
    """Write the start of a bar within a day.

    >>> at = 1_795_185_000 * SECOND
    >>> bar_date(at, "US/Central", 1, 178), bar_date(at, "US/Central", 1, 157), bar_date(at, "US/Central", 2, 178)
    ('20261120 08:30:00 US/Central', '20261120  08:30:00', '1795185000')
    """
    return str(ns // SECOND) if format_date == SECONDS_FORM else clock(local(ns, zone), zone, version)


def clock(at: datetime, zone: str, version: int) -> str:
    """Write a wall clock; servers before 174 left the zone out and put two spaces."""
    return f"{at:%Y%m%d %H:%M:%S} {zone}" if version >= DETAILS_TIME_SINCE else f"{at:%Y%m%d  %H:%M:%S}"


def dashed(ns: int, zone: str) -> str:
    """Write a time as schedules do: ``20261120-08:30:00``."""
    return f"{local(ns, zone):%Y%m%d-%H:%M:%S}"


def head_date(ns: int, format_date: int) -> str:
    """Write the earliest time, in UTC or in seconds.

    >>> head_date(1_795_185_000 * SECOND, 1), head_date(1_795_185_000 * SECOND, 2)
    ('20261120-14:30:00', '1795185000')
    """
    if format_date == SECONDS_FORM:
        return str(ns // SECOND)
    return f"{datetime.fromtimestamp(ns // SECOND, UTC):%Y%m%d-%H:%M:%S}"


def day(one: Trading) -> str:
    """Write the day a session counts for."""
    return str(one.session)
