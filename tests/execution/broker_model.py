"""What is true at a broker, by hand: one contract's brackets, executions, and words under way. Thirty lines of it are a Decimal ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from workbench.domain.events import (
    Answered,
    AnyEvent,
    FeeReported,
    FillCorrected,
    Known,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from workbench.domain.orders import AnyCommand, Ask, Cancel, Exit, Leg, Modify, Protect, Reprice, Submit

FEE: Final = 2_250_000  # micros, a contract and side
POINT_VALUE: Final = Decimal("12.50")  # of a quantum of ES
ENTRY, STOP, TARGET, EXIT = Leg


@dataclass
class Done:
    """One execution as it stands."""

    ref: int
    leg: Leg
    qty: int
    px: int


@dataclass
class Orders:
    """One bracket's orders: what of each may still fill."""

    sent: Submit
    left: dict[Leg, int]
    stop_px: int
    entry_px: int
    has_entry: bool = True
    has_exit: bool = False


@dataclass
class Broker:
    """Takes commands, fills, forgets and takes back; `told` is what it has said and nobody has heard yet."""

    orders: dict[int, Orders] = field(default_factory=dict)
    done: dict[str, Done] = field(default_factory=dict)
    fees: dict[str, int] = field(default_factory=dict)  # not said yet
    told: list[AnyEvent] = field(default_factory=list)
    n: int = 0

    def held(self, ref: int) -> int:
        return sum(each.qty if each.leg is ENTRY else -each.qty for each in self.done.values() if each.ref == ref)

    def position(self) -> int:
        return sum(self.held(ref) * orders.sent.side for ref, orders in self.orders.items())

    def money(self) -> Decimal:
        """What all executions made, each with its fee."""
        made = Decimal(0)
        for each in self.done.values():
            side = self.orders[each.ref].sent.side * (-1 if each.leg is ENTRY else 1)
            made += side * each.qty * each.px * POINT_VALUE - Decimal(FEE * each.qty) / 10**6
        return made

    def is_over(self, ref: int) -> bool:
        return not self.held(ref) and not self.orders[ref].left[ENTRY]

    # ---------------------------------------------------------------- commands
    def take(self, command: AnyCommand, *, refuses: bool = False) -> None:
        """Do what a command says, or refuse it where a broker may."""
        if isinstance(command, Submit):
            self._submit(command, refuses)
        elif isinstance(command, Ask):
            known = self.orders.get(command.ref)
            answer = {"entry": known is not None and known.has_entry, "exit": known is not None and known.has_exit}
            if command.question == "bracket":
                self.told.append(Answered(command.ref, "bracket", Known(answer)))
            else:
                self.told.append(
                    Answered(0, command.question, Known({"equity_micros": 300_000 * 10**6, "available_micros": 300_000 * 10**6}))
                )
        elif not self.is_over(command.ref):
            self._change(command, self.orders[command.ref], refuses)

    def _submit(self, c: Submit, refuses: bool) -> None:
        assert c.ref not in self.orders, "one intent, two orders"
        qty = 0 if refuses else c.qty
        self.orders[c.ref] = Orders(c, {ENTRY: qty, STOP: qty, TARGET: qty, EXIT: 0}, c.stop_px, c.entry_px)
        if refuses:
            self.told.append(OrderRejected(c.ref, ENTRY, "no"))
        else:
            self.told += [OrderAccepted(c.ref, ENTRY, qty, c.entry_px), OrderAccepted(c.ref, STOP, qty, c.stop_px)]

    def _change(self, c: AnyCommand, at: Orders, refuses: bool) -> None:
        held = self.held(c.ref)
        match c:
            case Cancel():
                self.lose(c.ref, ENTRY)
            case Reprice(entry_px=px) if at.left[ENTRY]:
                at.entry_px = at.entry_px if refuses else px
                self.told.append(OrderAccepted(c.ref, ENTRY, at.sent.qty, at.entry_px))
            case Modify(stop_px=px) if at.left[STOP]:
                if refuses:
                    self.told.append(OrderRejected(c.ref, STOP, "no"))
                at.stop_px = at.stop_px if refuses else px
                self.told.append(OrderAccepted(c.ref, STOP, at.left[STOP], at.stop_px))
            case Protect(qty=qty, stop_px=px) if held > at.left[EXIT] and not (refuses and at.left[STOP]):
                if refuses:
                    self.told.append(OrderRejected(c.ref, STOP, "no"))
                    return
                at.left[STOP] = at.left[TARGET] = min(qty, held - at.left[EXIT]) + at.left[ENTRY]
                at.stop_px = px
                self.told.append(OrderAccepted(c.ref, STOP, at.left[STOP], px))
            case Exit():
                self.lose(c.ref, ENTRY)
                if refuses or held <= 0:
                    self.told.append(OrderRejected(c.ref, EXIT, "no"))
                elif not at.left[EXIT]:
                    at.left[EXIT], at.has_exit = held, True
                    self.told.append(OrderAccepted(c.ref, EXIT, held, 0))
            case _:
                pass

    # ---------------------------------------------------------------- what happens by itself
    def fill(self, ref: int, leg: Leg, qty: int, px: int) -> None:
        """Execute some of an order; one group: what one closes, the others cannot."""
        at = self.orders[ref]
        self.n += 1
        exec_id = f"{ref}.{self.n}.01"
        at.left[leg] -= qty
        self.done[exec_id] = Done(ref, leg, qty, px)
        self.fees[exec_id] = FEE * qty
        self.told.append(OrderFilled(ref, leg, qty, px, exec_id, None))
        if leg is not ENTRY:
            self.lose(ref, ENTRY)
        for other in (STOP, TARGET, EXIT):
            if other is not leg and at.left[other] > self.held(ref) + at.left[ENTRY]:
                at.left[other] = self.held(ref)
                if other is STOP and at.left[STOP]:
                    self.told.append(OrderAccepted(ref, STOP, at.left[STOP], at.stop_px))

    def lose(self, ref: int, leg: Leg) -> None:
        """End what is left of an order: by hand, by the exchange, at the end of the day."""
        left, self.orders[ref].left[leg] = self.orders[ref].left[leg], 0
        if left and not (leg is not ENTRY and self.is_over(ref)):
            self.told.append(OrderCancelled(ref, leg, left))

    def correct(self, exec_id: str, qty: int, px: int) -> None:
        """Put another execution in the place of one; none, where it has no quantity."""
        old = self.done.pop(exec_id)
        root, _, number = exec_id.rpartition(".")
        new = f"{root}.{int(number) + 1:02d}"
        fee = self.fees.pop(exec_id, None)
        if qty:
            self.done[new] = Done(old.ref, old.leg, qty, px)
        if fee is not None:
            self.fees[new] = fee
        self.told.append(FillCorrected(old.ref, old.leg, qty, px, new, exec_id))

    def say_fee(self, exec_id: str) -> None:
        self.told.append(FeeReported(exec_id, self.fees.pop(exec_id)))
