"""Asking, one question at a time and no faster than allowed. Each answer is on the shelf before the next is asked; what stopped goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from workbench.importers.ib_history.pace import Pace
from workbench.importers.ib_history.shelf import Shelf
from workbench.venues.history import BarsAsked, HistorySource, TicksAsked, Trouble

NAP_S: Final = (2.0, 10.0, 30.0)  # before the next try, when it was not for pace
GIVE_UP: Final = 5  # questions in a row that all their tries did not answer: the source is gone

Q = TypeVar("Q", BarsAsked, TicksAsked)
A = TypeVar("A")
Tell = Callable[["Progress"], None]


class Left(NamedTuple):
    """A question without an answer, and why."""

    asked: BarsAsked
    why: str

    @property
    def what(self) -> BarsAsked:
        """What was asked for."""
        return self.asked


class Progress(NamedTuple):
    """How far it is; ``n_asked`` were answered now, ``n_held`` before."""

    n_all: int
    n_held: int
    n_asked: int
    n_nothing: int
    n_bars: int
    left: tuple[Left, ...]

    @property
    def n_done(self) -> int:
        """Questions that are over, one way or another."""
        return self.n_held + self.n_asked + len(self.left)


async def download(
    asked: Sequence[BarsAsked], source: HistorySource, shelf: Shelf, now_ns: int, *, tell: Tell = lambda _: None, pace: Pace | None = None
) -> Progress:
    """Ask what the shelf does not hold, and keep each answer at once.

    A question that stays without an answer is left and named; after `GIVE_UP` such in a row the rest is left too. Asked again later,
    only those are asked.
    """
    pace = pace or Pace()
    open_ = [each for each in asked if not shelf.holds(each)]
    state = Progress(len(asked), len(asked) - len(open_), 0, 0, 0, ())
    tell(state)
    in_a_row = 0
    for at, each in enumerate(open_):
        answer = await ask_in_time(each, source.bars, pace)
        if isinstance(answer, Trouble):
            in_a_row += 1
            state = state._replace(left=(*state.left, Left(each, answer.text)))
            if in_a_row >= GIVE_UP:
                rest = tuple(Left(one, "not asked: the source had stopped answering") for one in open_[at + 1 :])
                return state._replace(left=(*state.left, *rest))
        else:
            in_a_row = 0
            shelf.put(each, answer, now_ns)
            n = len(getattr(answer, "bars", ()))
            state = state._replace(n_asked=state.n_asked + 1, n_nothing=state.n_nothing + (n == 0), n_bars=state.n_bars + n)
        tell(state)
    return state


async def ask_in_time(asked: Q, question: Callable[[Q], Awaitable[A]], pace: Pace) -> A | Trouble:
    """Ask at the pace allowed until there is an answer; `Trouble` after the last try. ``is_empty`` is for who asked to judge."""
    loop = asyncio.get_running_loop()
    answer: A | Trouble = Trouble("never asked")
    for nap_s in (*NAP_S, None):
        while (wait_s := pace.wait_s(asked, loop.time())) > 0:
            await asyncio.sleep(wait_s)
        pace.sent(asked, loop.time())
        answer = await question(asked)
        if not isinstance(answer, Trouble):
            pace.answered()
            return answer
        if answer.is_empty and isinstance(asked, TicksAsked):
            return answer
        if answer.is_pace:
            pace.refused(loop.time())
        elif nap_s is not None:
            await asyncio.sleep(nap_s)
    return answer
