"""Asking for the ticks of whole sessions, page by page, no faster than allowed; each page is on the shelf before the next is asked.

Rules
-----
1. A page ends with a whole second; the next begins with the second after it, so nothing comes twice and nothing is left out.
2. A session ends where an answer reaches beyond it. One that is short proves nothing: a source may stop at a pause of trading.
3. "No more", in words or in an empty answer, is checked from the other side: the last tick before the session's end must be one we hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from workbench.domain.units import SECOND
from workbench.importers.ib_history.download import ask_in_time
from workbench.importers.ib_history.pace import Pace
from workbench.importers.ib_history.tick_shelf import VERSION, Page, TickSession, TickShelf
from workbench.venues.history import HistorySource, Nothing, Ticks, Trouble

GIVE_UP: Final = 2  # sessions in a row that all their tries did not bring on: the source is gone


class LeftSession(NamedTuple):
    """A session that is not whole, and why."""

    session: TickSession
    why: str

    @property
    def what(self) -> TickSession:
        """What was asked for."""
        return self.session


class TickProgress(NamedTuple):
    """How far it is; pages and ticks are those fetched now."""

    n_sessions: int
    n_whole: int
    n_pages: int
    n_ticks: int
    left: tuple[LeftSession, ...] = ()


Tell = Callable[[TickProgress], None]


async def download_ticks(
    sessions: Sequence[TickSession],
    source: HistorySource,
    shelf: TickShelf,
    now_ns: int,
    *,
    tell: Tell = lambda _: None,
    pace: Pace | None = None,
) -> TickProgress:
    """Fetch what the shelf does not hold. A session that stays open is left and named; asked again later, it goes on where it ended."""
    pace = pace or Pace()
    state = TickProgress(len(sessions), 0, 0, 0)
    tell(state)
    in_a_row = 0
    for at, session in enumerate(sessions):
        why: str | None = None
        while why is None and (at_s := shelf.open_at_s(session)) is not None:
            page = await _page(session, at_s, source, pace, now_ns)
            if isinstance(page, Trouble):
                why = page.text
                break
            shelf.put(page)
            state = state._replace(n_pages=state.n_pages + 1, n_ticks=state.n_ticks + len(page.ticks))
            tell(state)
        in_a_row = 0 if why is None else in_a_row + 1
        state = state._replace(n_whole=state.n_whole + 1) if why is None else _left(state, session, why)
        if in_a_row >= GIVE_UP:
            for rest in sessions[at + 1 :]:
                state = _left(state, rest, "not asked: the source had stopped answering")
            return state
        tell(state)
    return state


async def _page(session: TickSession, at_s: int, source: HistorySource, pace: Pace, now_ns: int) -> Page | Trouble:
    """Fetch one page; the one that ends a session may hold nothing."""
    if at_s >= session.end_ns // SECOND:
        return _made(session, at_s, None, now_ns, ())
    answer = await ask_in_time(session.asked(at_s * SECOND), source.ticks, pace)
    if isinstance(answer, Ticks):
        inside = tuple(tick for tick in answer.ticks if at_s <= tick.at_s < session.end_ns // SECOND)
        is_beyond = any(tick.at_s >= session.end_ns // SECOND for tick in answer.ticks)
        if not inside and not is_beyond:
            return Trouble("it answers with ticks of other times")
        return _made(session, at_s, None if is_beyond else inside[-1].at_s + 1, now_ns, inside)
    if isinstance(answer, Trouble) and not answer.is_empty:
        return answer
    last = await ask_in_time(session.asked(session.start_ns, is_last=True), source.ticks, pace)
    if isinstance(last, Ticks):
        is_held = max(tick.at_s for tick in last.ticks) < at_s
        return (
            _made(session, at_s, None, now_ns, (), "the last tick lies before") if is_held else Trouble("nothing came, where there is more")
        )
    said_twice = isinstance(last, Nothing) and isinstance(answer, Nothing)
    return _made(session, at_s, None, now_ns, (), last.text) if said_twice else Trouble(last.text)


def _made(session: TickSession, at_s: int, next_s: int | None, now_ns: int, ticks: Sequence[object], said: str = "") -> Page:
    return Page(VERSION, *session, at_s, next_s, now_ns, list(ticks), said)  # type: ignore[arg-type]


def _left(state: TickProgress, session: TickSession, why: str) -> TickProgress:
    return state._replace(left=(*state.left, LeftSession(session, why)))
