"""Bulk history from a source into recordings: first what it will cost, then the asking, then the writing. Places no order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from workbench.domain.errors import DataError
from workbench.importers.base import Report, Tell
from workbench.importers.ib_history import recorded
from workbench.importers.ib_history.download import Left, Progress, download
from workbench.importers.ib_history.download import Tell as TellProgress
from workbench.importers.ib_history.pace import SMALL_S, estimate_s
from workbench.importers.ib_history.plan import Stretch, Wanted, last_session, questions, stretches
from workbench.importers.ib_history.plan import since as since_day
from workbench.importers.ib_history.shelf import Shelf
from workbench.venues.history import BarsAsked, HistorySource


class Outlook(NamedTuple):
    """What will be asked at ``now_ns``: every question, those not answered yet, and how long that takes at least [s]."""

    stretches: tuple[Stretch, ...]
    asked: tuple[BarsAsked, ...]
    now_ns: int
    n_open: int
    at_least_s: float

    def lines(self) -> list[str]:
        """Say it to a person: a line a contract, then the sum."""
        told = [f"{each.contract.symbol:<6} {each.first} to {each.last}" for each in self.stretches]
        held = len(self.asked) - self.n_open
        already = f", {held:,} answered before" if held else ""
        asks = f"{self.n_open:,} question{'' if self.n_open == 1 else 's'}{already}"
        return [*told, f"{asks}; at least {minutes(self.at_least_s)} at the pace IB allows"]


class Fetched(NamedTuple):
    """What came of it: the sessions written, sessions left alone because they hold records from elsewhere, questions without an answer."""

    report: Report | None
    held: tuple[int, ...]
    left: tuple[Left, ...]
    progress: Progress

    @property
    def unit(self) -> str:
        """What is counted in `left`."""
        return "questions"


async def outlook(
    data: Path,
    source: HistorySource,
    roots: Sequence[str],
    *,
    since: str,
    until: str | None = None,
    length_s: int = 60,
    regular_hours: bool = False,
) -> Outlook:
    """Find the contracts, and make the questions; `since` and `until` as a person writes them (`plan.since`). Nothing is written."""
    now_ns = await source.now_ns()
    last = last_session(now_ns)
    first, last = since_day(since, last), min(since_day(until, last) if until else last, last)
    found: list[Stretch] = []
    asked: list[BarsAsked] = []
    for root in roots:
        wanted = Wanted(root, first, last, length_s, regular_hours)
        own = stretches(wanted, await source.contracts(root))
        found.extend(own)
        asked.extend(each for stretch in own for each in questions(stretch, wanted, now_ns))
    shelf = Shelf(data)
    n_open = sum(not shelf.holds(each) for each in asked)
    n_small = n_open if length_s <= SMALL_S else 0
    return Outlook(tuple(found), tuple(asked), now_ns, n_open, estimate_s(n_small, n_open - n_small))


async def fetch(
    data: Path,
    plan: Outlook,
    source: HistorySource,
    *,
    tell_progress: TellProgress = lambda _: None,
    tell: Tell = lambda _: None,
) -> Fetched:
    """Ask what is open and write every log session that has answers.

    Raises
    ------
    DataError
        There was nothing to ask for.
    """
    if not plan.asked:
        raise DataError("no session of that span has ended yet: there is nothing to ask for")
    progress = await download(plan.asked, source, Shelf(data), plan.now_ns, tell=tell_progress)
    first = plan.asked[0]
    keys = {(each.of, each.key) for each in plan.asked}
    answers = (kept for kept in Shelf(data).every() if (kept.asked.of, kept.asked.key) in keys)
    sessions = {session for kept in answers for session in recorded.sessions_of(kept)}
    written = recorded.write(data, sessions, first.length_s, regular_hours=first.regular_hours, tell=tell)
    return Fetched(written.report, written.held, progress.left, progress)


def minutes(seconds: float) -> str:
    """Say a duration in the unit a person would.

    >>> minutes(20), minutes(300), minutes(9000)
    ('20 s', '5 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
