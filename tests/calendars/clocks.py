"""Times as a person writes them, and two years of five products, for the tests of calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from workbench import calendars
from workbench.calendars import Table
from workbench.config import load_roots
from workbench.domain.records import Phase
from workbench.domain.units import MINUTE, SECOND

NEW_YORK = ZoneInfo("America/New_York")
FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
PRODUCTS = ("ES", "CL", "GC", "SPY", "RTY")
EQUITY, CL, GC, NYSE = "CME Globex Equity", "CMEGlobex_CL", "CMEGlobex_GC", "NYSE"


@cache
def two_years(product: str) -> Table:
    return calendars.table(load_roots()[product].calendar, FIRST, LAST)


def minutes() -> np.ndarray:
    first = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * SECOND
    return first + np.arange(730 * 24 * 60, dtype=np.int64) * MINUTE


def ns(text: str, zone: ZoneInfo = NEW_YORK) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


def phase(calendar: str, text: str) -> Phase:
    return Phase(int(calendars.phase_at(calendar, ns(text))))


def clock_time(instant: int) -> str:
    return datetime.fromtimestamp(instant // SECOND, NEW_YORK).strftime("%H:%M")


def close_of(calendar: str, session: int) -> str:
    return clock_time(calendars.session_bounds(session, calendar)[1])
