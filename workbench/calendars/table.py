"""When a calendar is open: spans of phases and sessions as sorted integers, and the look-ups on them. Reads no calendar library, no clock.

Rules
-----
1. Spans tile ``[first_ns, last_ns)`` without hole or overlap; a span that is not open belongs to the session it waits for.
2. A *log session* ends with its close and includes that instant, so that the records which close its last bars lie in it; from there
   on (halt, maintenance, weekend) everything is the next session's.
3. An *account day* begins with its session's open and includes that instant; it lasts until the next open.
4. Outside of its range a table answers nothing: `DataError`, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import DataError
from workbench.domain.records import EVENT_TIME, Kind, Phase, Records, empty
from workbench.domain.units import SECOND

PHASES: Final = {int(phase): phase for phase in Phase}

Ints = npt.NDArray[np.int64]


class Span(NamedTuple):
    """``[start_ns, end_ns)`` in one phase of one instrument session (a date written 20261120)."""

    start_ns: int
    end_ns: int
    phase: Phase
    session: int


class Session(NamedTuple):
    """One session from its first open instant to its close."""

    session: int
    open_ns: int
    close_ns: int


class Columns(NamedTuple):
    """A table as arrays: of spans `edges` (one more than spans: the last one's end), `phases`, `numbers`; of sessions the rest."""

    edges: Ints
    phases: npt.NDArray[np.uint8]
    numbers: Ints
    names: Ints
    opens: Ints
    closes: Ints


class Table:
    """One calendar over one range of time, ready for arrays of any length.

    Parameters
    ----------
    name
        Of the calendar, as contracts name it.
    spans
        Rising and without holes; they are the range.
    sessions
        Rising; at least one that closes at or after the end of the range, and one that opens at or before its start.

    Raises
    ------
    DataError
        If spans or sessions do not hold what is said above.

    Examples
    --------
    >>> table = Table("toy", [Span(0, 10, Phase.CLOSED, 20260102), Span(10, 20, Phase.RTH, 20260102), Span(20, 30, Phase.CLOSED, 20260105)],
    ...               [Session(20260101, -9, -5), Session(20260102, 10, 20), Session(20260105, 40, 50)])
    >>> table.phase_at([0, 10, 19, 20]).tolist()
    [0, 4, 4, 0]
    >>> table.log_session([20, 21]).tolist(), table.account_day([9, 10, 29]).tolist()
    ([20260102, 20260105], [20260101, 20260102, 20260102])
    """

    def __init__(self, name: str, spans: Iterable[Span], sessions: Iterable[Session]) -> None:
        spans, sessions = tuple(spans), tuple(sessions)
        if not spans or any(a.end_ns != b.start_ns for a, b in pairwise(spans)):
            raise DataError(f"{name}: spans leave a hole, or there is none")
        self._take(
            name,
            Columns(
                edges=_ints([span.start_ns for span in spans] + [spans[-1].end_ns]),
                phases=np.array([span.phase for span in spans], np.uint8),
                numbers=_ints(span.session for span in spans),
                names=_ints(each.session for each in sessions),
                opens=_ints(each.open_ns for each in sessions),
                closes=_ints(each.close_ns for each in sessions),
            ),
        )

    @classmethod
    def of(cls, name: str, columns: Columns) -> Table:
        """Make a table of what another one's `columns` are, or a part of them."""
        table = cls.__new__(cls)
        table._take(name, columns)
        return table

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """All spans, as values; made when first asked for, which takes a millisecond a year."""
        edges, phases = self.columns.edges.tolist(), map(PHASES.__getitem__, self.columns.phases.tolist())
        return tuple(map(Span, edges[:-1], edges[1:], phases, self.columns.numbers.tolist()))

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """All sessions, likewise; they reach beyond the range at both ends."""
        return tuple(map(Session, *(column.tolist() for column in (self.columns.names, self.columns.opens, self.columns.closes))))

    def cut(self, first_ns: int, last_ns: int, first_session: int, last_session: int) -> Table:
        """Give the table from `first_ns` to before `last_ns`, with the sessions `first_session` to `last_session`, both included."""
        edges, phases, numbers, *sessions = self.columns
        start = int(np.searchsorted(edges, first_ns, side="right")) - 1
        end = int(np.searchsorted(edges, last_ns, side="left"))
        self._inside([first_ns, last_ns - 1])
        inner = edges[start : end + 1].copy()
        inner[0], inner[-1] = first_ns, last_ns
        kept = slice(*np.searchsorted(self.columns.names, [first_session, last_session + 1]).tolist())
        return Table.of(self.name, Columns(inner, phases[start:end], numbers[start:end], *(column[kept] for column in sessions)))

    def phase_at(self, ns: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Give the `Phase` at each instant."""
        found: npt.NDArray[np.uint8] = self.columns.phases[self._span(ns)]
        return found

    def session_at(self, ns: npt.ArrayLike) -> Ints:
        """Give the instrument session at each instant: the one that runs, or the next."""
        found: Ints = self.columns.numbers[self._span(ns)]
        return found

    def log_session(self, ns: npt.ArrayLike) -> Ints:
        """Give the log session of each instant (rule 2)."""
        found: Ints = self.columns.names[np.searchsorted(self.columns.closes, self._inside(ns), side="left")]
        return found

    def account_day(self, ns: npt.ArrayLike) -> Ints:
        """Give the account day of each instant (rule 3)."""
        found: Ints = self.columns.names[np.searchsorted(self.columns.opens, self._inside(ns), side="right") - 1]
        return found

    def span_at(self, ns: int) -> Span:
        """Give the span around one instant, for a loop that asks seldom."""
        at, columns = int(self._span(ns)), self.columns
        return Span(int(columns.edges[at]), int(columns.edges[at + 1]), PHASES[int(columns.phases[at])], int(columns.numbers[at]))

    def session_bounds(self, session: int) -> tuple[int, int]:
        """Give ``(open_ns, close_ns)`` of a session, a date written 20261120; `DataError` if there is none that day."""
        columns = self.columns
        at = int(np.searchsorted(columns.names, session))
        if at == len(columns.names) or columns.names[at] != session:
            near = columns.names[max(at - 1, 0) : at + 1].tolist()
            raise DataError(f"{self.name}: no session {session}; the nearest are {near}")
        return int(columns.opens[at]), int(columns.closes[at])

    def phase_records(self, contract: int, first_ns: int, last_ns: int) -> Records:
        """Make the PHASE records of a contract: one at `first_ns` that tells the phase then, one at each change up to `last_ns`."""
        begin, end = self._span([first_ns, last_ns])
        records = empty(int(end - begin) + 1)
        spans = slice(int(begin), int(end) + 1)
        records["recv_ns"] = np.maximum(self.columns.edges[spans], first_ns)
        records["event_ns"] = records["recv_ns"]
        records["px"] = self.columns.numbers[spans]
        records["level"] = self.columns.phases[spans]
        records["contract"], records["kind"], records["flags"] = contract, Kind.PHASE, EVENT_TIME
        return records

    def _span(self, ns: npt.ArrayLike) -> npt.NDArray[np.intp]:
        return np.searchsorted(self.columns.edges, self._inside(ns), side="right") - 1

    def _inside(self, ns: npt.ArrayLike) -> Ints:
        asked = np.asarray(ns, np.int64)
        if asked.size and (asked.min() < self.first_ns or asked.max() >= self.last_ns):
            raise DataError(
                f"{self.name}: asked about {_utc(int(asked.min()))} to {_utc(int(asked.max()))}, but this table knows "
                f"{_utc(self.first_ns)} to {_utc(self.last_ns)}; make a longer one"
            )
        return asked

    def _take(self, name: str, columns: Columns) -> None:
        self.name, self.columns = name, columns
        self._check()
        self.first_ns, self.last_ns = int(columns.edges[0]), int(columns.edges[-1])

    def _check(self) -> None:
        edges, phases, numbers, names, opens, closes = self.columns
        if not len(edges) - 1 == len(phases) == len(numbers) > 0 or not len(names) == len(opens) == len(closes):
            raise DataError(f"{self.name}: columns are of different lengths")
        if (np.diff(edges) <= 0).any():
            raise DataError(f"{self.name}: a span ends before it begins")
        if (opens > closes).any() or (closes[:-1] > opens[1:]).any() or (np.diff(names) <= 0).any():
            raise DataError(f"{self.name}: sessions overlap, or do not rise")
        if not len(names) or opens[0] > edges[0] or closes[-1] < edges[-1]:
            raise DataError(f"{self.name}: sessions do not reach over both ends of the spans")


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _utc(ns: int) -> str:
    return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
