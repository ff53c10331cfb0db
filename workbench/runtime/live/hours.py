"""Which session it is, when it closes, and when contracts open and close: a port, and the calendars behind it. No clock."""

from __future__ import annotations

from typing import Protocol

from workbench.domain.contracts import Contract
from workbench.domain.records import Records


class Hours(Protocol):
    """What a runner asks about time. A venue that knows its own hours better stands in for the calendars."""

    def session(self, ns: int) -> int:
        """Name the log session of an instant."""

    def close_ns(self, session: int) -> int:
        """Give the last instant of a log session."""

    def phases(self, contract: Contract, first_ns: int, last_ns: int) -> Records:
        """Make the PHASE records of a contract: its phase at `first_ns`, then each change up to `last_ns`."""


class Calendars:
    """Hours as calendars know them.

    Parameters
    ----------
    log_calendar
        Names log sessions.

    Examples
    --------
    >>> hours = Calendars()
    >>> hours.session(1_795_820_400_000_000_000)     # 2026-11-27 18:00 New York, after an early close
    20261130
    """

    def __init__(self, log_calendar: str = "CME Globex Equity") -> None:
        self._log = log_calendar

    def session(self, ns: int) -> int:
        from workbench import calendars  # only who asks pays for its import

        return int(calendars.log_session(ns, self._log))

    def close_ns(self, session: int) -> int:
        from workbench import calendars

        return calendars.session_bounds(session, self._log)[1]

    def phases(self, contract: Contract, first_ns: int, last_ns: int) -> Records:
        from workbench import calendars

        return calendars.phase_records(contract, first_ns, last_ns)
