"""Which session it is, when it closes, and when contracts open and close: a port, calendars behind it, and a broker's hours before those.

Rules
-----
1. Log sessions are the calendar's, whatever a broker says: they name segments, and everybody's are the same.
2. Where the broker tells when a contract trades, it trades then. What of that is regular, the calendar says.
3. Closes are when a position must be gone: of the two that the broker and the calendar know for a session the earlier counts, and the
   later one too, for whatever is entered in between.
4. What comes out is recorded: phases as records, closes in the run's manifest. A replay asks no broker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from workbench.domain.contracts import Contract
from workbench.domain.records import EVENT_TIME, Kind, Phase, Records, empty
from workbench.domain.units import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from workbench.calendars import Table

IS_OPEN: Final = frozenset({Phase.RTH, Phase.ETH})
NEVER_NS: Final = 1 << 62
PAUSE_NS: Final = 30 * MINUTE  # trading that stands still for no longer goes on in the same session


class Open(NamedTuple):
    """A stretch in which a contract trades, [``open_ns``, ``close_ns``)."""

    open_ns: int
    close_ns: int


class Hours(Protocol):
    """What a runner asks about time. A venue that knows its own hours better stands in for the calendars."""

    def session(self, ns: int) -> int:
        """Name the log session of an instant."""

    def close_ns(self, session: int) -> int:
        """Give the last instant of a log session."""

    def phases(self, contract: Contract, first_ns: int, last_ns: int) -> Records:
        """Make the PHASE records of a contract: its phase at `first_ns`, then each change up to `last_ns`."""

    def closes(self, contract: Contract, first_ns: int) -> tuple[int, ...] | None:
        """Give the ends of a contract's sessions from `first_ns` on as they are known; `None`: they are its calendar's."""


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

    def closes(self, contract: Contract, first_ns: int) -> tuple[int, ...] | None:
        return None


class BrokersHours(Calendars):
    """Hours as a broker tells them, and calendars where it tells none.

    Parameters
    ----------
    log_calendar
        Names log sessions.
    told
        Gives the stretches in which a contract trades, by its id, rising; empty where nothing is known.
    """

    def __init__(self, log_calendar: str, told: Callable[[int], Sequence[tuple[int, int]]]) -> None:
        super().__init__(log_calendar)
        self._told = told

    def phases(self, contract: Contract, first_ns: int, last_ns: int) -> Records:
        ours, theirs = super().phases(contract, first_ns, last_ns), self._differs(contract, first_ns)
        return ours if theirs is None else _cut(ours, contract, theirs, first_ns, last_ns, self._around(contract, first_ns, theirs))

    def closes(self, contract: Contract, first_ns: int) -> tuple[int, ...] | None:
        theirs = self._differs(contract, first_ns)
        if theirs is None:
            return None
        ends = [each.close_ns for each, after in pairwise([*theirs, Open(NEVER_NS, NEVER_NS)]) if after.open_ns - each.close_ns > PAUSE_NS]
        table = self._around(contract, first_ns, theirs)
        last_ns = next(each.close_ns for each in table.sessions if each.close_ns > theirs[-1].open_ns)
        ours = [each.close_ns for each in table.sessions if first_ns < each.close_ns]
        other = {each for each in ours if not theirs[0].open_ns < each <= last_ns}
        other |= {each for each in ours if any(part.open_ns < each < part.close_ns for part in theirs)}  # theirs goes on behind ours
        return tuple(sorted(other | {each for each in ends if first_ns < each}))

    def _around(self, contract: Contract, first_ns: int, theirs: Sequence[Open]) -> Table:
        from workbench import calendars

        return calendars.around(contract.calendar, [min(first_ns, theirs[0].open_ns), theirs[-1].close_ns + 10 * DAY])

    def _differs(self, contract: Contract, first_ns: int) -> list[Open] | None:
        """Give what the broker tells, where that is another thing than the calendar's from `first_ns` on."""
        theirs = joined(Open(*each) for each in self._told(contract.id))
        if not theirs or theirs[-1].close_ns <= first_ns:
            return None
        since_ns, end_ns = max(first_ns, theirs[0].open_ns), theirs[-1].close_ns
        table = self._around(contract, first_ns, theirs)
        ours = joined(Open(each.start_ns, each.end_ns) for each in table.spans if each.phase in IS_OPEN)
        mine, other = ([each for each in some if since_ns < each.close_ns and each.open_ns < end_ns] for some in (ours, theirs))
        return None if _from(mine, since_ns) == _from(other, since_ns) else theirs


def joined(parts: Iterable[Open]) -> list[Open]:
    """Join stretches that touch.

    >>> joined([Open(5, 9), Open(0, 5), Open(10, 11)])
    [Open(open_ns=0, close_ns=9), Open(open_ns=10, close_ns=11)]
    """
    made: list[Open] = []
    for part in sorted(parts):
        if made and part.open_ns <= made[-1].close_ns:
            made[-1] = Open(made[-1].open_ns, max(made[-1].close_ns, part.close_ns))
        else:
            made.append(part)
    return made


def _from(parts: Sequence[Open], first_ns: int) -> list[Open]:
    return [Open(max(each.open_ns, first_ns), each.close_ns) for each in parts]


def _cut(ours: Records, contract: Contract, theirs: Sequence[Open], first_ns: int, last_ns: int, table: Table) -> Records:
    """Open and close a contract's phases where the broker does; before the first and behind the last stretch told the calendar holds."""
    edges = {first_ns, *ours["recv_ns"].tolist(), *(edge for each in theirs for edge in each if first_ns < edge <= last_ns)}
    rows: list[tuple[int, int, int]] = []
    last = table.span_at(theirs[-1].open_ns).session
    for at_ns in sorted(edges):
        span = table.span_at(at_ns)
        phase, session = span.phase, span.session
        if theirs[0].open_ns <= at_ns and (at_ns < theirs[-1].close_ns or session == last):
            inside = next((each for each in theirs if each.open_ns <= at_ns < each.close_ns), None)
            after = next((each for each in theirs if each.open_ns > at_ns), None)
            if inside is not None and phase not in IS_OPEN:
                phase, session = Phase.ETH, table.span_at(inside.open_ns).session
            elif inside is None and phase in IS_OPEN:
                closed_ns = max(each.close_ns for each in theirs if each.close_ns <= at_ns)
                is_short = after is not None and after.open_ns - closed_ns <= HOUR
                phase = Phase.MAINTENANCE if is_short else Phase.CLOSED
                is_pause = after is not None and after.open_ns - closed_ns <= PAUSE_NS
                session = session if is_pause else _next(table, session)
        if not rows or rows[-1][1:] != (int(phase), session):
            rows.append((at_ns, int(phase), session))
    made = empty(len(rows))
    made["recv_ns"], made["level"], made["px"] = ([row[at] for row in rows] for at in range(3))
    made["event_ns"], made["contract"], made["kind"], made["flags"] = made["recv_ns"], contract.id, Kind.PHASE, EVENT_TIME
    return made


def _next(table: Table, session: int) -> int:
    """Give the session behind one."""
    return next((each.session for each in table.sessions if each.session > session), session)
