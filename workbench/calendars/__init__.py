"""Three calendars, three questions: an instrument's phase, the log's session, the account's day. Looks nothing up in a clock.

Tables are cut from `ready` ones that lie with the compiled code, and nothing here needs pandas or waits for it. Only where none is kept
yet, or a range reaches beyond 1999 to 2040, the calendar library is asked (`schedule`, 1.5 s at first): same class, same answers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from workbench.calendars.ready import business_days, table
from workbench.calendars.table import Ints, Session, Span, Table
from workbench.domain.records import Records
from workbench.domain.units import SECOND

if TYPE_CHECKING:
    from workbench.domain.contracts import Contract  # 20 ms with msgspec; who has a contract has paid them

__all__ = [
    "LOG_CALENDAR",
    "Session",
    "Span",
    "Table",
    "account_day",
    "around",
    "business_days",
    "log_session",
    "phase_at",
    "phase_records",
    "phases",
    "session_bounds",
    "table",
]

LOG_CALENDAR: Final = "CME Globex Equity"  # names log sessions and, unless settings say otherwise, account days
ANY_YEARS: Final = (2026, 2026)  # every table answers about no instant at all


def phases(calendar: str, first: date, last: date) -> tuple[Span, ...]:
    """Tile the days `first` to `last` (UTC, both included) with spans of one phase each.

    >>> [span.phase.name for span in phases("NYSE", date(2026, 11, 27), date(2026, 11, 27))]   # closes at 13:00, post-market to 17:00
    ['CLOSED', 'ETH', 'RTH', 'ETH', 'CLOSED']
    """
    return table(calendar, first, last).spans


def phase_at(calendar: str, ns: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Give the `Phase` of a calendar at each instant."""
    return around(calendar, ns).phase_at(ns)


def log_session(ns: npt.ArrayLike, calendar: str = LOG_CALENDAR) -> Ints:
    """Give the log session, a date written 20261120, of each ``recv_ns``: the session whose close comes next, that instant included.

    >>> friday_evening = 1_795_820_400_000_000_000            # 2026-11-27 18:00 New York, after an early close
    >>> int(log_session(friday_evening)), int(account_day(friday_evening))
    (20261130, 20261127)
    """
    return around(calendar, ns).log_session(ns)


def account_day(ns: npt.ArrayLike, calendar: str = LOG_CALENDAR) -> Ints:
    """Give the account day of each instant: the session that opened last (18:00 New York), whatever closed early since."""
    return around(calendar, ns).account_day(ns)


def session_bounds(session: int, calendar: str = LOG_CALENDAR) -> tuple[int, int]:
    """Give ``(open_ns, close_ns)`` of a session.

    >>> start, end = session_bounds(20261127)
    >>> (end - start) / (3600 * SECOND)                      # from 18:00 to 13:15
    19.25
    """
    year = session // 10_000
    return table(calendar, date(year, 1, 1), date(year, 12, 31)).session_bounds(session)


def phase_records(contract: Contract, first_ns: int, last_ns: int) -> Records:
    """Make the PHASE records of a contract: its phase at `first_ns`, then each change up to `last_ns`, both included."""
    return around(contract.calendar, [first_ns, last_ns]).phase_records(contract.id, first_ns, last_ns)


def around(calendar: str, ns: npt.ArrayLike) -> Table:
    """Give a table that covers these instants: whole years, so that it is made once."""
    asked = np.asarray(ns, np.int64)
    years = (_year(int(asked.min())), _year(int(asked.max()))) if asked.size else ANY_YEARS
    return table(calendar, date(years[0], 1, 1), date(years[1], 12, 31))


def _year(ns: int) -> int:
    return datetime.fromtimestamp(ns // SECOND, UTC).year
