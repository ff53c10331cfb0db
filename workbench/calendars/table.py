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

import json
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import DataError
from workbench.domain.records import EVENT_TIME, Kind, Phase, Records, empty
from workbench.domain.units import SECOND

TABLE_VERSION: Final = 1

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
        self.name = name
        self.spans, self.sessions = tuple(spans), tuple(sessions)
        self._check()
        self.first_ns, self.last_ns = self.spans[0].start_ns, self.spans[-1].end_ns
        self._starts = _ints(span.start_ns for span in self.spans)
        self._phases = np.array([span.phase for span in self.spans], np.uint8)
        self._span_sessions = _ints(span.session for span in self.spans)
        self._names = _ints(each.session for each in self.sessions)
        self._opens = _ints(each.open_ns for each in self.sessions)
        self._closes = _ints(each.close_ns for each in self.sessions)
        self._start_list = [span.start_ns for span in self.spans]

    def phase_at(self, ns: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Give the `Phase` at each instant."""
        found: npt.NDArray[np.uint8] = self._phases[self._span(ns)]
        return found

    def session_at(self, ns: npt.ArrayLike) -> Ints:
        """Give the instrument session at each instant: the one that runs, or the next."""
        found: Ints = self._span_sessions[self._span(ns)]
        return found

    def log_session(self, ns: npt.ArrayLike) -> Ints:
        """Give the log session of each instant (rule 2)."""
        found: Ints = self._names[np.searchsorted(self._closes, self._inside(ns), side="left")]
        return found

    def account_day(self, ns: npt.ArrayLike) -> Ints:
        """Give the account day of each instant (rule 3)."""
        found: Ints = self._names[np.searchsorted(self._opens, self._inside(ns), side="right") - 1]
        return found

    def span_at(self, ns: int) -> Span:
        """Give the span around one instant, for a loop that asks seldom."""
        self._inside(ns)
        return self.spans[bisect_right(self._start_list, ns) - 1]

    def session_bounds(self, session: int) -> tuple[int, int]:
        """Give ``(open_ns, close_ns)`` of a session, a date written 20261120; `DataError` if there is none that day."""
        at = bisect_left(self.sessions, (session,))
        if at == len(self.sessions) or self.sessions[at].session != session:
            near = [each.session for each in self.sessions[max(at - 1, 0) : at + 1]]
            raise DataError(f"{self.name}: no session {session}; the nearest are {near}")
        return self.sessions[at].open_ns, self.sessions[at].close_ns

    def phase_records(self, contract: int, first_ns: int, last_ns: int) -> Records:
        """Make the PHASE records of a contract: one at `first_ns` that tells the phase then, one at each change up to `last_ns`."""
        begin, end = self._span([first_ns, last_ns])
        records = empty(int(end - begin) + 1)
        spans = slice(int(begin), int(end) + 1)
        records["recv_ns"] = np.maximum(self._starts[spans], first_ns)
        records["event_ns"] = records["recv_ns"]
        records["px"] = self._span_sessions[spans]
        records["level"] = self._phases[spans]
        records["contract"], records["kind"], records["flags"] = contract, Kind.PHASE, EVENT_TIME
        return records

    def _span(self, ns: npt.ArrayLike) -> npt.NDArray[np.intp]:
        return np.searchsorted(self._starts, self._inside(ns), side="right") - 1

    def _inside(self, ns: npt.ArrayLike) -> Ints:
        asked = np.asarray(ns, np.int64)
        if asked.size and (asked.min() < self.first_ns or asked.max() >= self.last_ns):
            raise DataError(
                f"{self.name}: asked about {_utc(int(asked.min()))} to {_utc(int(asked.max()))}, but this table knows "
                f"{_utc(self.first_ns)} to {_utc(self.last_ns)}; make a longer one"
            )
        return asked

    def _check(self) -> None:
        if not self.spans or any(a.end_ns != b.start_ns for a, b in pairwise(self.spans)):
            raise DataError(f"{self.name}: spans leave a hole, or there is none")
        if any(span.end_ns <= span.start_ns for span in self.spans):
            raise DataError(f"{self.name}: a span ends before it begins")
        edges = [edge for each in self.sessions for edge in (each.open_ns, each.close_ns)]
        names = [each.session for each in self.sessions]
        if sorted(edges) != edges or sorted(set(names)) != names:
            raise DataError(f"{self.name}: sessions overlap, or do not rise")
        if not edges or edges[0] > self.spans[0].start_ns or edges[-1] < self.spans[-1].end_ns:
            raise DataError(f"{self.name}: sessions do not reach over both ends of the spans")


def write_table(path: Path | str, tables: Mapping[str, Table]) -> None:
    """Write tables to one JSON file, whole or not at all, so that a live start needs no calendar library."""
    body = {
        "version": TABLE_VERSION,
        "calendars": {
            name: {
                "last_ns": table.last_ns,
                "spans": [(span.start_ns, int(span.phase), span.session) for span in table.spans],
                "sessions": table.sessions,
            }
            for name, table in tables.items()
        },
    }
    path = Path(path)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(body, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
    os.replace(fresh, path)


def read_table(path: Path | str) -> dict[str, Table]:
    """Read what `write_table` wrote; `DataError` if it is not that."""
    try:
        body = json.loads(Path(path).read_text(encoding="utf-8"))
        if body["version"] != TABLE_VERSION:
            raise DataError(f"{path}: calendar table of version {body['version']}, this code reads {TABLE_VERSION}; write it anew")
        return {name: _table(name, part) for name, part in body["calendars"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no calendar table ({type(error).__name__}: {error}); write it anew") from error


def _table(name: str, part: Mapping[str, Any]) -> Table:
    ends = [start for start, _, _ in part["spans"][1:]] + [part["last_ns"]]
    spans = [Span(start, end, Phase(phase), session) for (start, phase, session), end in zip(part["spans"], ends, strict=True)]
    return Table(name, spans, [Session(*each) for each in part["sessions"]])


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _utc(ns: int) -> str:
    return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
