"""Runs by day and page, and which of them nobody has made up for. Pure: rows in, values out; no HTML, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from workbench.dashboard.ran import Due, Row
from workbench.pipelines.schedule.ledger import State

DAYS: Final = 14  # shown at most
WORST: Final = (State.FAILED, State.MISSED, State.RUNNING, State.DONE)
WORDS: Final = {State.FAILED: "failed", State.MISSED: "missed", State.RUNNING: "running", State.DONE: "ok"}
OWED, COMING = "late", "due"
SATURDAY: Final = 5


class Cell(NamedTuple):
    """What became of a page on a day: the worst of it in a word, how many runs that is said of, and how many there were."""

    word: str
    n: int
    of: int
    all: tuple[tuple[str, int], ...] = ()  # each word and how often, the worst first
    at_ns: int = 0  # of what is still to come

    @property
    def text(self) -> str:
        """The word, with a number where there is more than one.

        >>> Cell("ok", 1, 1).text, Cell("ok", 276, 276).text, Cell("failed", 2, 276).text
        ('ok', '276 ok', '2 failed')
        """
        return self.word if self.of == 1 else f"{self.n:,} {self.word}"


class Calendar(NamedTuple):
    """Days rising, pages by name, and a cell where there is something to say."""

    days: tuple[int, ...]
    pages: tuple[str, ...]
    cells: dict[tuple[str, int], Cell]


class Trouble(NamedTuple):
    """Runs of one page that failed or were missed, and after which it did not run well: the last of them, the first, and how many."""

    last: Row
    first: Row
    n: int


def calendar(rows: Iterable[Row], coming: Iterable[Due], owed: Iterable[Due], today: int) -> Calendar:
    """Sort scheduled runs into days (sessions). A weekday on which nothing ran is a day as well: that is what one looks for.

    Parameters
    ----------
    today
        The day of a slot that is to come is shown if it is not later than the day after this one.
    """
    found: dict[tuple[str, int], list[State]] = {}
    for row in rows:
        if not row.is_by_hand:
            found.setdefault((row.page, row.session), []).append(row.state)
    cells = {where: _cell(states) for where, states in found.items()}
    late: dict[tuple[str, int], int] = {}
    for due in owed:
        late[due.page, due.session] = late.get((due.page, due.session), 0) + 1
    for where, n in late.items():
        was = cells.get(where)
        if was is None or was.word in (WORDS[State.DONE], WORDS[State.RUNNING]):
            n_was, parts = (was.of, was.all) if was is not None else (0, ())
            cells[where] = Cell(OWED, n, n + n_was, ((OWED, n), *parts))
    for due in coming:
        if due.session <= next_day(today):
            cells.setdefault((due.page, due.session), Cell(COMING, 1, 1, at_ns=due.due_ns))
    days = _days(day for _, day in cells)
    return Calendar(days, tuple(sorted({page for page, day in cells if day in days})), cells)


def _cell(states: Sequence[State]) -> Cell:
    counts = tuple((WORDS[state], n) for state in WORST if (n := states.count(state)))
    return Cell(*counts[0], len(states), counts)


def _days(said: Iterable[int]) -> tuple[int, ...]:
    """Give the last days, weekdays between them included.

    >>> _days([20261119, 20261123])
    (20261119, 20261120, 20261123)
    """
    there = sorted(set(said))
    if not there:
        return ()
    day, last = as_date(there[0]), as_date(there[-1])
    days = []
    while day <= last:
        if day.weekday() < SATURDAY or number(day) in there:
            days.append(number(day))
        day += timedelta(days=1)
    return tuple(days[-DAYS:])


def troubles(rows: Sequence[Row]) -> list[Trouble]:
    """List pages whose last runs went wrong, what failed before what was missed; of rows that are the newest first.

    What failed or was missed is made up for by any later run of the same page that went well, by itself or by hand.
    """
    found: list[Trouble] = []
    by_page = sorted((row for row in rows if row.state is not State.RUNNING), key=lambda row: row.page)  # stable: newest first
    for _, group in groupby(by_page, lambda row: row.page):
        bad: list[Row] = []
        for row in group:
            if row.state is State.DONE:
                break
            bad.append(row)
        for _, same in groupby(sorted(bad, key=lambda row: row.state), lambda row: row.state):
            each = list(same)
            found.append(Trouble(each[0], each[-1], len(each)))
    return sorted(found, key=lambda trouble: (WORST.index(trouble.last.state), -trouble.last.due_ns))


def as_date(day: int) -> date:
    """Give a day as it is written in the stores.

    >>> as_date(20261119)
    datetime.date(2026, 11, 19)
    """
    return date(day // 10_000, day // 100 % 100, day % 100)


def number(day: date) -> int:
    """Write a day as the stores do.

    >>> number(date(2026, 11, 19))
    20261119
    """
    return day.year * 10_000 + day.month * 100 + day.day


def next_day(day: int) -> int:
    """Give the day behind a day.

    >>> next_day(20261130)
    20261201
    """
    return number(as_date(day) + timedelta(days=1))
