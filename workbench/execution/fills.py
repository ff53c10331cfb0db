"""What an execution, or the correction of one, does to a bracket: quantities alone decide. No command is made here; no I/O, no clock.

Rules
-----
1. An execution counts once, by its id, in every phase, also behind a cancel.
2. A correction stands in place of the execution it names. What was busted of an entry never fills again.
3. A correction that changes a quantity leaves nobody knowing what the stop covers: none is believed in until the venue says so anew.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.decisions import AnyFact
from workbench.domain.events import FillCorrected, OrderFilled
from workbench.domain.orders import Key, Leg
from workbench.execution.book import Book, Booked
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import On, Phase


class Corrected(NamedTuple):
    """What came of a correction.

    ``more`` is how much more quantity was executed than was known (below 0: less); ``value`` the same of price x quantity, and ``earns``
    the sign with which it counts for who opened the bracket; ``key`` is whose bracket it was, where that is over.
    """

    more: int
    value: int
    earns: int
    key: Key | None


def fill(book: Book, b: Bracket, told: OrderFilled, facts: list[AnyFact], now_ns: int) -> bool:
    """Count an execution; false if it was counted before."""
    if not book.count(b, told):
        _told_too_late(book.executions[told.exec_id], b, told, facts, now_ns)
        return False
    if told.leg is Leg.ENTRY:
        b.opened_ns = b.opened_ns or now_ns
        b.filled += told.qty
        b.entry_value += told.qty * told.px
        b.dead = max(0, min(b.dead, b.qty - b.filled))  # a fill may overtake the word that it never would
        b.move(On.FILLED, facts, now_ns)
        if b.covered:
            cover(b, facts, now_ns)  # a venue may acknowledge the whole stop before its entry fills
    else:
        b.out += told.qty
        b.out_value += told.qty * told.px
        stands = b.covered - told.qty * (told.leg is Leg.STOP)  # what a stop filled it covers no more
        b.covered = max(0, min(stands, b.open))
        b.last_leg, b.is_answered = told.leg, b.is_answered or told.leg is Leg.EXIT
    return True


def _told_too_late(known: Booked, b: Bracket, told: OrderFilled, facts: list[AnyFact], now_ns: int) -> None:
    """Take that an execution is told behind its own correction: what it had more of an entry never fills again."""
    if known.qty or known.side:
        return
    if told.leg is Leg.ENTRY:
        b.dead = max(0, min(b.dead + max(0, told.qty - known.px), b.qty - b.filled))
    if told.qty != known.px:
        b.covered = 0
        cover(b, facts, now_ns)
    known.side = b.side


def cover(b: Bracket, facts: list[AnyFact], now_ns: int) -> None:
    """Say whether what is there is covered."""
    if b.held > 0:
        b.move(On.COVERED if b.covered >= b.held else On.UNCOVERED, facts, now_ns)


def exit_lost(b: Bracket, facts: list[AnyFact], now_ns: int) -> None:
    """Take that an exit is gone and something is still held; the stop may have stood all the while."""
    if b.open > 0 and b.phase is not Phase.EXPOSED:
        b.move(On.EXIT_LOST, facts, now_ns)
        if b.covered:
            cover(b, facts, now_ns)


def correct(book: Book, b: Bracket | None, new: FillCorrected) -> Corrected | None:
    """Put an execution in the place of one that was counted; `None` where that one was never heard of."""
    old = book.executions.get(new.replaces)
    if old is None:
        book.executions[new.replaces] = Booked(new.ref, new.leg, 0, 0, new.qty, new.exec_id)  # should it come late, it counts for nothing
        return None
    book.replace(new.exec_id, new.replaces, Booked(new.ref, new.leg, old.side, new.qty, new.px))
    more, value = new.qty - old.qty, new.qty * new.px - old.qty * old.px
    if b is not None:
        _recount(b, new.leg, more, value)
    return Corrected(more, value, -old.side if new.leg is Leg.ENTRY else old.side, book.over.get(new.ref))


def _recount(b: Bracket, leg: Leg, more: int, value: int) -> None:
    if leg is Leg.ENTRY:
        b.filled += more
        b.entry_value += value
        b.dead = max(0, min(b.dead + max(0, -more), b.qty - b.filled))
    else:
        b.out += more
        b.out_value += value
    b.covered = 0 if more else b.covered  # the venue may have cut it to what is held, or not, and says neither
