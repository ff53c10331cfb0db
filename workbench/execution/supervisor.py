"""Every bracket from wish to flat: what the venue reports moves it, and it says what must be sent. No I/O, no clock, no market.

Rules
-----
1. Quantities are counted from executions alone, each once by its id; phases follow from quantities by `lifecycle.TRANSITIONS`.
2. When a stop or target fills while some of the entry still works, that rest is cancelled at once.
3. A fill of a bracket that is over, or one that closes more than is held, is trouble: the caller halts, a person looks.
4. An exit that the venue refused is sent again at the next barrier, a few times.
5. A correction stands in place of the execution it names. One that changes a quantity is trouble too: what protects was made for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from workbench.domain.decisions import AnyFact, Approved, BracketMoved
from workbench.domain.events import FillCorrected, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Cancel, Cause, Exit, Key, Leg, Modify, Submit
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import On, Phase, after

Report = OrderAccepted | OrderFilled | OrderCancelled | OrderRejected | FillCorrected


MAX_OVER = 50_000  # brackets and executions that are over and still known: months of trading
MAX_EARLY = 1_000  # fees kept that came before their execution
MAX_EXITS = 5  # tries to leave a position before a person must look


class Due(msgspec.Struct, array_like=True):
    """An execution whose fee is not known yet."""

    ref: int
    qty: int


class Booked(msgspec.Struct, array_like=True, gc=False):
    """An execution as it was counted. ``side`` is the bracket's, 0 while not known; ``qty`` is 0 once a correction stands in its place."""

    ref: int
    leg: Leg
    side: int
    qty: int
    px: int


class Book(msgspec.Struct):
    """State of the supervisor: a plain value, so that a snapshot is its encoding."""

    next_ref: int = 1
    open: dict[int, Bracket] = msgspec.field(default_factory=dict)
    executions: dict[str, Booked] = msgspec.field(default_factory=dict)  # by id
    fees_due: dict[str, Due] = msgspec.field(default_factory=dict)  # by execution id
    fees_early: dict[str, int] = msgspec.field(default_factory=dict)  # told before their execution
    over: dict[int, Key] = msgspec.field(default_factory=dict)  # refs that ended


class Heard(NamedTuple):
    """What came of a report: the bracket it moved, what must be sent, and what is wrong enough to halt for.

    ``corrected`` is whose round trip, over already, earned how many price quanta x size more than was booked.
    """

    bracket: Bracket | None
    commands: list[AnyCommand]
    trouble: str | None
    corrected: tuple[Key, int] | None = None


class Supervisor:
    """Holds the brackets of all keys.

    `on_report` says what came of a report.
    """

    def __init__(self) -> None:
        self.book = Book()
        self.owned: set[int] = set()  # contracts that a bracket holds or works; made again from the book

    def take_over(self, book: Book) -> None:
        """Go on with another book."""
        self.book = book
        self.owned = {bracket.key.contract for bracket in book.open.values()}

    def brackets(self) -> Iterator[Bracket]:
        """Go through the brackets that are not over, oldest first."""
        return iter(self.book.open.values())

    def submit(self, approved: Approved, now_ns: int, cause: Cause, day: int) -> Submit:
        """Turn an approved proposal into a bracket and the command that opens it."""
        wish, book = approved.proposal, self.book
        ref = book.next_ref
        book.next_ref += 1
        self.owned.add(approved.key.contract)
        book.open[ref] = Bracket(
            ref=ref,
            key=approved.key,
            side=wish.side,
            qty=approved.qty,
            stop_px=wish.stop_px,
            target_px=wish.target_px,
            hold_ns=wish.hold_ns,
            thesis=wish.thesis,
            risk_micros=approved.risk_micros,
            sent_ns=now_ns,
            since_ns=now_ns,
            breakeven_px=wish.breakeven_px,
            day=day,
        )
        return Submit(
            ref,
            approved.key,
            now_ns,
            cause,
            wish.side,
            approved.qty,
            wish.entry_type,
            wish.entry_px,
            wish.stop_px,
            wish.target_px,
        )

    def move_stop(self, bracket: Bracket, stop_px: int, now_ns: int, cause: Cause) -> Modify | None:
        """Move the stop of a protected position closer to the market; anything else gives no command."""
        if bracket.phase is not Phase.PROTECTED or bracket.open <= 0 or (stop_px - bracket.stop_px) * bracket.side <= 0:
            return None
        bracket.stop_px = stop_px
        return Modify(bracket.ref, bracket.key, now_ns, cause, stop_px)

    def withdraw(self, bracket: Bracket, now_ns: int, cause: Cause) -> Cancel | None:
        """Cancel what is left of an entry, once."""
        if bracket.cancelling or bracket.rest <= 0 or bracket.phase is Phase.CLOSING:
            return None
        bracket.cancelling = True
        return Cancel(bracket.ref, bracket.key, now_ns, cause)

    def leave(
        self, bracket: Bracket, why: str, now_ns: int, cause: Cause, facts: list[AnyFact], *, by_hand_after_ns: int | None = None
    ) -> Exit | None:
        """Leave a bracket; again when the venue refused, `MAX_EXITS` times in all.

        A person may always: `by_hand_after_ns` is how long an exit under way must have been without an answer to be sent again.
        """
        by_hand = by_hand_after_ns is not None
        is_silent = by_hand_after_ns is not None and not bracket.is_answered and now_ns - bracket.since_ns >= by_hand_after_ns
        if (bracket.phase is Phase.CLOSING and not is_silent) or (bracket.n_exits >= MAX_EXITS and not by_hand):
            return None
        bracket.leaving, bracket.n_exits = why, bracket.n_exits + 1
        self._move(bracket, On.EXIT_SENT, facts, now_ns)
        bracket.is_answered, bracket.since_ns = False, now_ns
        return Exit(bracket.ref, bracket.key, now_ns, cause, why)

    def on_report(self, report: Report, now_ns: int, cause: Cause, facts: list[AnyFact]) -> Heard:
        """Take what the venue said."""
        if isinstance(report, FillCorrected):
            return self._correct(report, now_ns, cause, facts)
        bracket = self.book.open.get(report.ref)
        if bracket is None:
            return Heard(None, [], self._stray(report))
        commands: list[AnyCommand] = []
        match report:
            case OrderFilled():
                commands = self._fill(bracket, report, now_ns, cause, facts)
            case OrderAccepted(leg=Leg.ENTRY):
                self._move(bracket, On.ACCEPTED, facts, now_ns)
            case OrderAccepted(leg=Leg.STOP, qty=qty, px=px):
                if bracket.is_stop_refused:
                    bracket.stop_px, bracket.is_stop_refused = px, False
                bracket.covered, bracket.told_stop_px = qty, px
                self._cover(bracket, facts, now_ns)
            case OrderCancelled(leg=Leg.ENTRY, qty=qty):
                bracket.dead = min(bracket.dead + qty, bracket.qty - bracket.filled)
            case OrderRejected(leg=Leg.ENTRY):
                bracket.dead = bracket.qty - bracket.filled
            case OrderCancelled(leg=Leg.STOP) | OrderRejected(leg=Leg.STOP):
                bracket.covered, bracket.is_stop_refused = 0, isinstance(report, OrderRejected)
                if bracket.open > 0:
                    self._move(bracket, On.UNCOVERED, facts, now_ns)
            case OrderAccepted(leg=Leg.EXIT):
                bracket.is_answered = True
            case OrderCancelled(leg=Leg.EXIT) | OrderRejected(leg=Leg.EXIT):
                if bracket.open > 0:
                    self._move(bracket, On.EXIT_LOST, facts, now_ns)
            case _:
                pass  # a target that ends without a fill changes no quantity
        self._end(bracket, facts, now_ns)
        return Heard(bracket, commands, self._trouble(bracket))

    def _stray(self, report: Report) -> str | None:
        """A fill of a bracket that is over is told once: brokers tell executions again."""
        if not isinstance(report, OrderFilled) or report.exec_id in self.book.executions:
            return None
        self.book.executions[report.exec_id] = Booked(report.ref, report.leg, 0, report.qty, report.px)
        return f"fill of bracket {report.ref}, which is over"

    def _trouble(self, b: Bracket) -> str | None:
        if b.open < 0 and b.rest <= 0:
            return f"bracket {b.ref} closed more than it held: the position has turned round"
        if b.filled > b.qty:
            return f"bracket {b.ref} filled {b.filled} of {b.qty} ordered"
        if b.n_exits >= MAX_EXITS and b.phase is not Phase.CLOSING and b.open > 0:
            return f"bracket {b.ref} cannot be left: the venue refused {b.n_exits} exits"
        return None

    def _fill(self, b: Bracket, fill: OrderFilled, now_ns: int, cause: Cause, facts: list[AnyFact]) -> list[AnyCommand]:
        if fill.exec_id in self.book.executions:
            return []
        self.book.executions[fill.exec_id] = Booked(b.ref, fill.leg, b.side, fill.qty, fill.px)
        fee = self.book.fees_early.pop(fill.exec_id, None) if fill.fee_micros is None else fill.fee_micros
        if fee is None:
            b.n_fees_unknown += fill.qty
            self.book.fees_due[fill.exec_id] = Due(b.ref, fill.qty)
        else:
            b.fees_micros += fee
        if fill.leg is Leg.ENTRY:
            b.opened_ns = b.opened_ns or now_ns
            b.filled += fill.qty
            b.entry_value += fill.qty * fill.px
            b.dead = min(b.dead, b.qty - b.filled)  # a fill may overtake the word that it never would
            self._move(b, On.FILLED, facts, now_ns)
            if b.covered:
                self._cover(b, facts, now_ns)  # a venue may acknowledge the whole stop before its entry fills
            return []
        b.out += fill.qty
        b.out_value += fill.qty * fill.px
        b.covered = min(b.covered, max(b.open, 0))
        b.last_leg, b.is_answered = fill.leg, b.is_answered or fill.leg is Leg.EXIT
        cancel = self.withdraw(b, now_ns, cause)
        return [cancel] if cancel else []

    def _correct(self, new: FillCorrected, now_ns: int, cause: Cause, facts: list[AnyFact]) -> Heard:
        """Put an execution in the place of another, once; a bust has no quantity."""
        book, b = self.book, self.book.open.get(new.ref)
        if new.exec_id in book.executions:
            return Heard(b, [], None)
        old = book.executions.get(new.replaces)
        book.executions[new.replaces] = Booked(new.ref, new.leg, 0, 0, 0)  # told again, or late, it counts for nothing
        if old is None:  # the correction is the first we hear of it
            first = OrderFilled(new.ref, new.leg, new.qty, new.px, new.exec_id, None)
            return self.on_report(first, now_ns, cause, facts) if new.qty else Heard(b, [], None)
        book.executions[new.exec_id] = Booked(new.ref, new.leg, old.side, new.qty, new.px)
        if (due := book.fees_due.pop(new.replaces, None)) is not None:
            book.fees_due[new.exec_id] = due
        more, value = new.qty - old.qty, new.qty * new.px - old.qty * old.px
        trouble = f"execution {new.replaces} of bracket {new.ref} was corrected from {old.qty} to {new.qty}" if more else None
        if b is None:
            key, earns = book.over.get(new.ref), -old.side if new.leg is Leg.ENTRY else old.side
            return Heard(None, [], trouble, None if more or key is None else (key, earns * value))
        self._recount(b, new.leg, more, value)
        commands: list[AnyCommand] = []
        if more:
            if b.phase is Phase.CLOSING and new.leg is not Leg.ENTRY and b.open > 0:
                self._move(b, On.EXIT_LOST, facts, now_ns)
            leaving = self.leave(b, "corrected", now_ns, cause, facts)
            commands = [leaving] if leaving else []
            self._end(b, facts, now_ns)
        return Heard(b, commands, trouble)

    def _recount(self, b: Bracket, leg: Leg, more: int, value: int) -> None:
        """Count quantity and value that an execution has more, or less; what was busted of an entry never fills again."""
        if leg is Leg.ENTRY:
            b.filled += more
            b.entry_value += value
            b.dead = min(b.dead + max(0, -more), b.qty - b.filled)
        else:
            b.out += more
            b.out_value += value

    def fee(self, exec_id: str, fee_micros: int) -> tuple[int, Key] | None:
        """Book a commission that came after its execution, once; gives ref and key of a bracket that is over already."""
        due = self.book.fees_due.pop(exec_id, None)
        if due is None:
            if exec_id not in self.book.executions:
                self.book.fees_early[exec_id] = fee_micros
                _forget_oldest(self.book.fees_early, MAX_EARLY)  # most are of foreign orders and never come due
            return None
        bracket = self.book.open.get(due.ref)
        if bracket is None:
            key = self.book.over.get(due.ref)
            return None if key is None else (due.ref, key)
        bracket.fees_micros += fee_micros
        bracket.n_fees_unknown -= due.qty
        return None

    def _cover(self, b: Bracket, facts: list[AnyFact], now_ns: int) -> None:
        if b.open > 0:
            self._move(b, On.COVERED if b.covered >= b.open else On.UNCOVERED, facts, now_ns)

    def _end(self, b: Bracket, facts: list[AnyFact], now_ns: int) -> None:
        if b.rest > 0 or b.open != 0:
            return
        self._move(b, On.FLAT if b.filled else On.DEAD, facts, now_ns)
        self.book.over[b.ref] = b.key
        _forget_oldest(self.book.over, MAX_OVER)
        _forget_oldest(self.book.executions, MAX_OVER)
        del self.book.open[b.ref]
        self.take_over(self.book)

    def _move(self, b: Bracket, on: On, facts: list[AnyFact], now_ns: int) -> None:
        old, b.phase = b.phase, after(b.phase, on)
        if old is not b.phase:
            b.since_ns = now_ns
            facts.append(BracketMoved(b.ref, old.value, on.value, b.phase.value))


def _forget_oldest(held: dict[Any, Any], most: int) -> None:
    """Keep what was added last."""
    while len(held) > most:
        del held[next(iter(held))]
