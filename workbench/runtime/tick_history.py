"""Ticks of the last days from a source into recordings: first how many questions and hours, then the asking, then the writing. No order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from workbench.calendars import business_days
from workbench.domain.errors import ConfigError, DataError
from workbench.importers.base import Report
from workbench.importers.base import Tell as TellLine
from workbench.importers.ib_history import recorded, tick_records
from workbench.importers.ib_history.download import ask_in_time
from workbench.importers.ib_history.pace import Pace, estimate_s
from workbench.importers.ib_history.plan import Wanted, last_session, questions, stretches
from workbench.importers.ib_history.tick_download import LeftSession, Tell, TickProgress, download_ticks
from workbench.importers.ib_history.tick_shelf import TickSession, TickShelf
from workbench.runtime.history import minutes
from workbench.venues.history import Bars, HistorySource

TICKS_AT_ONCE: Final = 1_000
QUOTES_A_PRINT: Final = 5  # a guess, for nobody counts quotes: of ES in liquid hours some five a print
MOST_DAYS: Final = 60


class TickOutlook(NamedTuple):
    """What will be asked at ``now_ns``; ``n_ticks`` of each session as the source's own bars count its prints, `None` where it does not."""

    sessions: tuple[TickSession, ...]
    n_ticks: tuple[int | None, ...]
    now_ns: int
    n_open: int
    n_questions: int
    at_least_s: float

    def lines(self) -> list[str]:
        """Say it to a person: a line a contract, then the sum."""
        told = []
        for of in dict.fromkeys((each.contract.symbol, each.quotes) for each in self.sessions):
            own = [(each, n) for each, n in zip(self.sessions, self.n_ticks, strict=True) if (each.contract.symbol, each.quotes) == of]
            prints = sum(n or 0 for _, n in own)
            about = f"about {prints:,} {'quotes, a guess' if of[1] else 'prints'}"
            told.append(f"{of[0]:<6} {len(own)} session{'s' if len(own) > 1 else ''}, {about}")
        held = len(self.sessions) - self.n_open
        already = f", {held} sessions whole before" if held else ""
        return [*told, f"about {self.n_questions:,} questions{already}; at least {minutes(self.at_least_s)} at the pace IB allows"]


class FetchedTicks(NamedTuple):
    """What came of it, as `runtime.history.Fetched`."""

    report: Report | None
    held: tuple[int, ...]
    left: tuple[LeftSession, ...]
    progress: TickProgress

    @property
    def unit(self) -> str:
        """What is counted in `left`."""
        return "sessions"


async def tick_outlook(
    data: Path, source: HistorySource, roots: Sequence[str], *, days: int, quotes: bool = False, regular_hours: bool = False
) -> TickOutlook:
    """Find the contracts and sessions of the last days, and count what they will cost by the prints that hourly bars count.

    Raises
    ------
    ConfigError
        No such root; or more days than IB keeps anybody waiting for.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ConfigError(f"ticks of {days} days: 1 to {MOST_DAYS}; a day of ES alone takes hours")
    now_ns = await source.now_ns()
    last = last_session(now_ns)
    first = business_days(last - timedelta(days=2 * days + 10), last)[-days - 1]  # the last of them may not have ended
    pace, shelf = Pace(), TickShelf(data)
    sessions: list[TickSession] = []
    counts: list[int | None] = []
    for root in roots:
        wanted = Wanted(root, first, last, 3600, regular_hours)
        found = [each for one in stretches(wanted, await source.contracts(root)) for each in questions(one, wanted, now_ns)]
        starts = sorted({each.start_ns for each in found})[-days:]
        for asked in (each for each in found if each.start_ns in starts):
            answer = await ask_in_time(asked, source.bars, pace)
            n = sum(bar.n_prints for bar in answer.bars) if isinstance(answer, Bars) else None
            for is_quotes in (False, True) if quotes else (False,):
                sessions.append(TickSession(asked.contract, asked.start_ns, asked.end_ns, is_quotes, regular_hours))
                counts.append(None if n is None else n * QUOTES_A_PRINT if is_quotes else n)
    open_ = [(each, n) for each, n in zip(sessions, counts, strict=True) if shelf.open_at_s(each) is not None]
    n_of = [(1 + (n or 0) // TICKS_AT_ONCE, each.asked(0).weight) for each, n in open_]
    at_least_s = estimate_s(sum(n * weight for n, weight in n_of), 0)
    return TickOutlook(tuple(sessions), tuple(counts), now_ns, len(open_), sum(n for n, _ in n_of), at_least_s)


async def fetch_ticks(
    data: Path, plan: TickOutlook, source: HistorySource, *, tell_progress: Tell = lambda _: None, tell: TellLine = lambda _: None
) -> FetchedTicks:
    """Ask what is open and write every log session in which a session of the plan is whole; bars that stood there stay where no print is.

    Raises
    ------
    DataError
        There was nothing to ask for.
    """
    if not plan.sessions:
        raise DataError("no session of these days has ended yet: there is nothing to ask for")
    shelf = TickShelf(data)
    progress = await download_ticks(plan.sessions, source, shelf, plan.now_ns, tell=tell_progress)
    whole = [each for each in plan.sessions if shelf.open_at_s(each) is None]
    held: list[int] = []
    report: Report | None = None
    sessions = {number for each in whole for number in tick_records.sessions_of(each)}
    for length_s, own in sorted(recorded.lengths(data, sessions).items()):
        written = recorded.write(data, own, length_s, regular_hours=plan.sessions[0].regular_hours, tell=tell)
        held.extend(written.held)
        report = written.report or report
    return FetchedTicks(report, tuple(sorted(held)), progress.left, progress)
