"""Every bracket from wish to flat: what the venue reports moves it, and it says what must be sent. No I/O, no clock, no market.

Rules
-----
1. Quantities are counted from executions alone, each once by its id (`fills`); phases follow from quantities by `lifecycle.TRANSITIONS`.
2. One intent, one bracket: the same cause and key again give the very command that was given first, and nothing new.
3. When a stop or target fills while some of the entry still works, or the stop is gone before it fills, that rest is cancelled at once.
4. A position whose stop is missing, or of another size, is repaired: the venue is told what should stand over what is held, a few times
   and not without a pause; a venue for which it stands already changes nothing. What cannot be repaired is left (`engine.repairs`).
5. A fill of a bracket that is over, or one that closes more than is held, is trouble: the caller halts, a person looks. What fills more
   than was ordered is left.
6. An exit that the venue refused is sent again at the next barrier, a few times; the first one at once where nothing else protects
   (`engine.repairs`). One that our own door kept back was no try: whoever comes behind a fence has all of them. So has who resumes.
7. A correction stands in place of the execution it names. One that changes a quantity is trouble too: what protects was made for another.
8. The limit of an entry that rests may be moved a few times, and never to where more would be lost at the stop than was approved.
9. A refused change of the entry is told as an acceptance of where it stands: only an entry that is over is rejected or cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from workbench.domain.decisions import AnyFact, Approved
from workbench.domain.events import FillCorrected, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Cancel, Cause, Exit, Key, Leg, Modify, OrderType, Protect, Reprice, Submit
from workbench.domain.units import SECOND
from workbench.execution.book import MAX_EARLY, MAX_OVER, Book, Booked, Due, intent
from workbench.execution.bracket import Bracket
from workbench.execution.fills import correct, cover, exit_lost, fill
from workbench.execution.lifecycle import On, Phase

__all__ = ["MAX_EARLY", "MAX_EXITS", "MAX_OVER", "MAX_REPAIRS", "Book", "Booked", "Bracket", "Due", "Heard", "Report", "Supervisor"]

Report = OrderAccepted | OrderFilled | OrderCancelled | OrderRejected | FillCorrected

MAX_EXITS: Final = 5  # tries to leave a position before a person must look
MAX_REPAIRS: Final = 4  # of one bracket, ever
MAX_WITHDRAWN: Final = 2  # cancels of one entry before a person must look


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

    Parameters
    ----------
    repair_ns
        Pause between two repairs of one bracket: so long may a stop take to be confirmed.
    max_changes
        How often the limit of an entry that rests may be moved.
    """

    def __init__(self, *, repair_ns: int = 5 * SECOND, max_changes: int = 2) -> None:
        self.book, self.repair_ns, self.max_changes = Book(), repair_ns, max_changes
        self.owned: set[int] = set()  # contracts that a bracket holds or works; made again from the book

    def take_over(self, book: Book) -> None:
        """Go on with another book."""
        self.book = book
        self.owned = {bracket.key.contract for bracket in book.open.values()}

    def brackets(self) -> Iterator[Bracket]:
        """Go through the brackets that are not over, oldest first."""
        return iter(self.book.open.values())

    # ------------------------------------------------------------------ commands
    def submit(self, approved: Approved, now_ns: int, cause: Cause, day: int) -> Submit:
        """Turn an approved proposal into a bracket and the command that opens it; of an intent that was submitted, give that command."""
        wish, book = approved.proposal, self.book
        if (done := book.intents.get(intent(cause, approved.key))) is not None:
            return done
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
            entry_type=wish.entry_type,
            entry_px=wish.entry_px,
            first_px=wish.worst_px,
            first_stop_px=wish.stop_px,
            chase=wish.chase,
        )
        prices = (wish.entry_px, wish.stop_px, wish.target_px)
        command = Submit(ref, approved.key, now_ns, cause, wish.side, approved.qty, wish.entry_type, *prices)
        book.intend(command)
        return command

    def move_stop(self, bracket: Bracket, stop_px: int, now_ns: int, cause: Cause) -> Modify | None:
        """Move the stop of a protected position closer to the market; anything else gives no command."""
        if bracket.phase is not Phase.PROTECTED or bracket.open <= 0 or (stop_px - bracket.stop_px) * bracket.side <= 0:
            return None
        bracket.stop_px = stop_px
        return Modify(bracket.ref, bracket.key, now_ns, cause, stop_px)

    def reprice(self, bracket: Bracket, entry_px: int, now_ns: int, cause: Cause) -> Reprice | None:
        """Move the limit of an entry of which nothing is filled yet; `None` where it may not be moved, or not to there.

        It may not when it was moved `max_changes` times, when where it rests is not confirmed, and when it would be further from its stop
        than it was approved to be: what is lost there is what risk looked at.
        """
        b = bracket
        is_limit, is_told = b.entry_type is OrderType.LIMIT, b.told_entry_px == b.entry_px
        rests = b.phase is Phase.WORKING and is_limit and is_told and not b.cancelling and b.rest == b.qty
        away = (entry_px - b.first_stop_px) * b.side
        is_between = 0 < away <= (b.first_px - b.first_stop_px) * b.side and (b.target_px - entry_px) * b.side > 0
        if not rests or not is_between or entry_px == b.entry_px or b.n_changes >= self.max_changes:
            return None
        b.reprice(entry_px, now_ns)
        return Reprice(b.ref, b.key, now_ns, cause, entry_px)

    def withdraw(self, bracket: Bracket, now_ns: int, cause: Cause) -> Cancel | None:
        """Cancel what is left of an entry, once."""
        if bracket.cancelling or bracket.rest <= 0 or bracket.phase is Phase.CLOSING:
            return None
        bracket.cancelling = True
        return self._cancel(bracket, now_ns, cause)

    def withdraw_again(self, bracket: Bracket, now_ns: int, cause: Cause, *, after_ns: int) -> Cancel | None:
        """Cancel it once more, where nobody has said for so long what became of it; a cancel may be said twice."""
        is_silent = bracket.cancelling and bracket.rest > 0 and now_ns - bracket.withdrawn_ns >= after_ns
        return self._cancel(bracket, now_ns, cause) if is_silent and bracket.n_withdrawn < MAX_WITHDRAWN else None

    @staticmethod
    def _cancel(b: Bracket, now_ns: int, cause: Cause) -> Cancel:
        b.withdrawn_ns, b.n_withdrawn = now_ns, b.n_withdrawn + 1
        return Cancel(b.ref, b.key, now_ns, cause)

    def repair(self, bracket: Bracket, now_ns: int, cause: Cause, facts: list[AnyFact]) -> Protect | None:
        """Say what must stand over a position whose stop is missing or of another size; `None` when it stands, or was just said."""
        b = bracket
        is_soon = b.n_repairs and now_ns - b.repaired_ns < self.repair_ns
        if not b.is_wrong or b.phase is Phase.CLOSING or is_soon or b.n_repairs >= MAX_REPAIRS:
            return None
        b.n_repairs, b.repaired_ns = b.n_repairs + 1, now_ns
        if b.phase is Phase.PROTECTED and b.covered < b.held:
            b.move(On.UNCOVERED, facts, now_ns)
        return Protect(b.ref, b.key, now_ns, cause, b.held, b.stop_px, b.target_px)

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
        if bracket.held <= 0 < bracket.open:
            return None  # the broker holds nothing of it
        bracket.leaving, bracket.n_exits = why, bracket.n_exits + 1
        bracket.move(On.EXIT_SENT, facts, now_ns)
        bracket.is_answered, bracket.since_ns = False, now_ns
        return Exit(bracket.ref, bracket.key, now_ns, cause, why)

    def try_anew(self) -> None:
        """Take that a person has looked: what could not be left so far is tried as often as ever."""
        for bracket in self.brackets():
            bracket.n_exits = 0

    def let_go(self, bracket: Bracket, facts: list[AnyFact], now_ns: int) -> bool:
        """End a bracket that closed more than it held, for a person has looked: what is beyond is not ours. False for any other."""
        b, more = bracket, -bracket.open
        if more <= 0 or b.rest > 0:
            return False
        b.out_value -= b.out_value * more // b.out
        b.out -= more
        self._end(b, facts, now_ns)
        return True

    # ------------------------------------------------------------------ reports
    def on_report(self, report: Report, now_ns: int, cause: Cause, facts: list[AnyFact]) -> Heard:
        """Take what the venue said."""
        if isinstance(report, FillCorrected):
            return self._correct(report, now_ns, cause, facts)
        b = self.book.open.get(report.ref)
        if b is None:
            return Heard(None, [], self._stray(report))
        made: list[AnyCommand | None] = []
        match report:
            case OrderFilled():
                made = self._fill(b, report, now_ns, cause, facts)
            case OrderAccepted(leg=Leg.ENTRY, px=px):
                if b.entry_type is OrderType.LIMIT:
                    b.entry_px = b.told_entry_px = px  # where it stands, whatever was wished
                b.move(On.ACCEPTED, facts, now_ns)
            case OrderAccepted(leg=Leg.STOP):
                self._covered(b, report, facts, now_ns)
            case OrderCancelled(leg=Leg.ENTRY, qty=qty):
                b.dead = min(b.dead + qty, b.qty - b.filled)
            case OrderRejected(leg=Leg.ENTRY):
                b.dead = b.qty - b.filled
            case OrderCancelled(leg=Leg.STOP) | OrderRejected(leg=Leg.STOP):
                made = [self._uncovered(b, report, now_ns, cause, facts)]
            case OrderAccepted(leg=Leg.EXIT):
                b.is_answered = True
            case OrderCancelled(leg=Leg.EXIT) | OrderRejected(leg=Leg.EXIT):
                if isinstance(report, OrderRejected) and not report.was_sent:
                    b.n_exits = max(0, b.n_exits - 1)
                exit_lost(b, facts, now_ns)
            case _:
                pass  # a target that ends without a fill changes no quantity, and leaves nothing unprotected
        self._end(b, facts, now_ns)
        return Heard(b, [command for command in made if command is not None], self._trouble(b))

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
        if b.n_exits >= MAX_EXITS and b.phase is not Phase.CLOSING and b.held > 0:
            return f"bracket {b.ref} cannot be left: the venue refused {b.n_exits} exits"
        return None

    def _fill(self, b: Bracket, told: OrderFilled, now_ns: int, cause: Cause, facts: list[AnyFact]) -> list[AnyCommand | None]:
        if not fill(self.book, b, told, facts, now_ns):
            return []
        if told.leg is not Leg.ENTRY:
            return [self.withdraw(b, now_ns, cause)]
        if b.filled > b.qty and b.open > 0:
            return [self.leave(b, "filled more than was ordered", now_ns, cause, facts)]
        return []

    @staticmethod
    def _covered(b: Bracket, told: OrderAccepted, facts: list[AnyFact], now_ns: int) -> None:
        if b.is_stop_refused:
            b.stop_px, b.is_stop_refused = told.px, False
        b.covered, b.told_stop_px = told.qty, told.px
        cover(b, facts, now_ns)

    def _uncovered(
        self, b: Bracket, told: OrderCancelled | OrderRejected, now_ns: int, cause: Cause, facts: list[AnyFact]
    ) -> AnyCommand | None:
        """Take that a stop is gone, or was refused a change; an entry that still works must not fill without one."""
        b.covered, b.is_stop_refused = 0, isinstance(told, OrderRejected)
        if b.held > 0:
            b.move(On.UNCOVERED, facts, now_ns)
        return None if isinstance(told, OrderRejected) and b.is_moving else self.withdraw(b, now_ns, cause)

    def _correct(self, new: FillCorrected, now_ns: int, cause: Cause, facts: list[AnyFact]) -> Heard:
        """Put an execution in the place of another, once; a bust has no quantity."""
        book, b = self.book, self.book.open.get(new.ref)
        if new.exec_id in book.executions:
            return Heard(b, [], None)
        done = correct(book, b, new)
        if done is None:  # the correction is the first we hear of it
            first = OrderFilled(new.ref, new.leg, new.qty, new.px, new.exec_id, None)
            return self.on_report(first, now_ns, cause, facts) if new.qty else Heard(b, [], None)
        trouble = f"execution {new.replaces} of bracket {new.ref} was corrected by {done.more} to {new.qty}" if done.more else None
        if b is None:
            return Heard(None, [], trouble, None if done.more or done.key is None else (done.key, done.earns * done.value))
        if not done.more:
            return Heard(b, [], trouble)
        if b.phase is Phase.CLOSING and new.leg is not Leg.ENTRY:
            exit_lost(b, facts, now_ns)
        made = self.leave(b, "corrected", now_ns, cause, facts) if b.held > 0 else self.withdraw(b, now_ns, cause)
        cover(b, facts, now_ns)  # where it cannot be left any more, it is not called safe
        self._end(b, facts, now_ns)
        return Heard(b, [] if made is None else [made], trouble)

    def fee(self, exec_id: str, fee_micros: int) -> tuple[int, Key] | None:
        """Book a commission that came after its execution, once; gives ref and key of a bracket that is over already."""
        return self.book.fee(exec_id, fee_micros)

    def _end(self, b: Bracket, facts: list[AnyFact], now_ns: int) -> None:
        if b.rest > 0 or b.open != 0:
            return
        b.move(On.FLAT if b.opened_ns else On.DEAD, facts, now_ns)  # what was busted had been a position
        self.book.end(b)
        self.take_over(self.book)
