"""Every bracket from wish to flat: what the venue reports moves it, and it says what must be sent. No I/O, no clock, no market.

Rules
-----
1. Quantities are counted from executions alone, each once by its id; phases follow from quantities by `lifecycle.TRANSITIONS`.
2. When a stop or target fills while some of the entry still works, that rest is cancelled at once.
3. A fill for a bracket that is over is booked and reported as *stray*: the caller halts.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from workbench.domain.decisions import AnyFact, Approved, BracketMoved, Thesis
from workbench.domain.events import OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Cancel, Cause, Exit, Key, Leg, Modify, Submit
from workbench.domain.views import PositionView
from workbench.execution.lifecycle import On, Phase, after


class Bracket(msgspec.Struct):
    """One life. Prices in quanta; ``entry_value`` and ``out_value`` are sums of price x quantity."""

    ref: int
    key: Key
    side: int
    qty: int
    stop_px: int
    target_px: int
    hold_ns: int
    thesis: Thesis | None
    risk_micros: int
    sent_ns: int
    phase: Phase = Phase.PENDING
    opened_ns: int = 0
    filled: int = 0
    entry_value: int = 0
    out: int = 0
    out_value: int = 0
    dead: int = 0  # of the entry, cancelled or rejected
    covered: int = 0  # by a confirmed stop
    fees_micros: int = 0
    n_fees_unknown: int = 0  # executions whose fee is not known yet, in contracts
    cancelling: bool = False
    breakeven_px: int | None = None
    watch: int | None = None  # of the market's table, while one waits
    last_leg: Leg = Leg.ENTRY

    @property
    def open(self) -> int:
        """Contracts held now."""
        return self.filled - self.out

    @property
    def rest(self) -> int:
        """Contracts of the entry that may still fill."""
        return self.qty - self.filled - self.dead

    def view(self) -> PositionView:
        """Show the position as its strategy sees it."""
        entry_px = self.entry_value // self.filled if self.filled else 0
        return PositionView(
            self.key,
            self.ref,
            self.side,
            self.open,
            entry_px,
            self.stop_px,
            self.target_px,
            self.opened_ns,
            self.hold_ns,
            self.thesis,
            self.phase is Phase.PROTECTED,
        )


Report = OrderAccepted | OrderFilled | OrderCancelled | OrderRejected


class Book(msgspec.Struct):
    """State of the supervisor: a plain value, so that a snapshot is its encoding."""

    next_ref: int = 1
    open: dict[int, Bracket] = msgspec.field(default_factory=dict)
    executions: dict[str, int] = msgspec.field(default_factory=dict)  # id -> ref
    over: dict[int, Key] = msgspec.field(default_factory=dict)  # refs that ended


class Supervisor:
    """Holds the brackets of all keys.

    `on_report` gives the bracket it moved (`None` for a report on something that is over) and the commands that follow.
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

    def submit(self, approved: Approved, now_ns: int, cause: Cause) -> Submit:
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
            breakeven_px=wish.breakeven_px,
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
        if bracket.phase is not Phase.PROTECTED or (stop_px - bracket.stop_px) * bracket.side <= 0:
            return None
        bracket.stop_px = stop_px
        return Modify(bracket.ref, bracket.key, now_ns, cause, stop_px)

    def withdraw(self, bracket: Bracket, now_ns: int, cause: Cause) -> Cancel | None:
        """Cancel what is left of an entry, once."""
        if bracket.cancelling or bracket.rest <= 0 or bracket.phase is Phase.CLOSING:
            return None
        bracket.cancelling = True
        return Cancel(bracket.ref, bracket.key, now_ns, cause)

    def leave(self, bracket: Bracket, why: str, now_ns: int, cause: Cause, facts: list[AnyFact]) -> Exit | None:
        """Leave a bracket, once."""
        if bracket.phase is Phase.CLOSING:
            return None
        self._move(bracket, On.EXIT_SENT, facts)
        return Exit(bracket.ref, bracket.key, now_ns, cause, why)

    def on_report(self, report: Report, now_ns: int, cause: Cause, facts: list[AnyFact]) -> tuple[Bracket | None, list[AnyCommand], bool]:
        """Take what the venue said; give (bracket moved, commands, whether it was a stray fill)."""
        bracket = self.book.open.get(report.ref)
        if bracket is None:
            is_new = isinstance(report, OrderFilled) and report.exec_id not in self.book.executions
            return None, [], is_new
        commands: list[AnyCommand] = []
        match report:
            case OrderAccepted(leg=Leg.ENTRY):
                self._move(bracket, On.ACCEPTED, facts)
            case OrderAccepted(leg=Leg.STOP, qty=qty):
                bracket.covered = qty
                self._cover(bracket, facts)
            case OrderFilled():
                commands = self._fill(bracket, report, now_ns, cause, facts)
            case OrderCancelled(leg=Leg.ENTRY, qty=qty):
                bracket.dead = min(bracket.dead + qty, bracket.qty - bracket.filled)
            case OrderRejected(leg=Leg.ENTRY):
                bracket.dead = bracket.qty - bracket.filled
            case OrderCancelled(leg=Leg.STOP) | OrderRejected(leg=Leg.STOP):
                bracket.covered = 0
                if bracket.open:
                    self._move(bracket, On.UNCOVERED, facts)
            case _:
                pass  # a target or exit that ends without a fill changes no quantity
        self._end(bracket, facts)
        return bracket, commands, False

    def _fill(self, b: Bracket, fill: OrderFilled, now_ns: int, cause: Cause, facts: list[AnyFact]) -> list[AnyCommand]:
        if fill.exec_id in self.book.executions:
            return []
        self.book.executions[fill.exec_id] = b.ref
        if fill.fee_micros is None:
            b.n_fees_unknown += fill.qty
        else:
            b.fees_micros += fill.fee_micros
        if fill.leg is Leg.ENTRY:
            b.opened_ns = b.opened_ns or now_ns
            b.filled += fill.qty
            b.entry_value += fill.qty * fill.px
            self._move(b, On.FILLED, facts)
            return []
        b.out += fill.qty
        b.out_value += fill.qty * fill.px
        b.covered = min(b.covered, b.open)
        b.last_leg = fill.leg
        cancel = self.withdraw(b, now_ns, cause)
        return [cancel] if cancel else []

    def _cover(self, b: Bracket, facts: list[AnyFact]) -> None:
        if b.open > 0:
            self._move(b, On.COVERED if b.covered >= b.open else On.UNCOVERED, facts)

    def _end(self, b: Bracket, facts: list[AnyFact]) -> None:
        if b.rest > 0 or b.open != 0:
            return
        self._move(b, On.FLAT if b.filled else On.DEAD, facts)
        self.book.over[b.ref] = b.key
        del self.book.open[b.ref]
        self.take_over(self.book)

    def _move(self, b: Bracket, on: On, facts: list[AnyFact]) -> None:
        old, b.phase = b.phase, after(b.phase, on)
        if old is not b.phase:
            facts.append(BracketMoved(b.ref, old.value, on.value, b.phase.value))
