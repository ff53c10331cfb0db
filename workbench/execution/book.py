"""What the supervisor remembers: brackets, executions, fees, intents. A plain value, so that a snapshot is its encoding; no rules."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from workbench.domain.events import OrderFilled
from workbench.domain.orders import Cause, Key, Leg, Submit
from workbench.execution.bracket import Bracket

MAX_OVER: Final = 50_000  # brackets and executions that are over and still known: months of trading
MAX_EARLY: Final = 1_000  # fees kept that came before their execution
MAX_INTENTS: Final = 256  # the newest: causes rise, so an intent that comes again comes soon


class Due(msgspec.Struct, array_like=True):
    """An execution whose fee is not known yet."""

    ref: int
    qty: int


class Booked(msgspec.Struct, array_like=True, gc=False):
    """An execution as it was counted. ``side`` is the bracket's, 0 while not known; ``qty`` is 0 once a correction stands in its place.

    Of one that was corrected before it was heard, ``side`` is 0 and ``px`` is the quantity that stands in its place.
    """

    ref: int
    leg: Leg
    side: int
    qty: int
    px: int
    by: str = ""  # the execution that stands in its place


class Book(msgspec.Struct):
    """All of it."""

    next_ref: int = 1
    open: dict[int, Bracket] = msgspec.field(default_factory=dict)
    executions: dict[str, Booked] = msgspec.field(default_factory=dict)  # by id
    fees_due: dict[str, Due] = msgspec.field(default_factory=dict)  # by execution id
    fees_early: dict[str, int] = msgspec.field(default_factory=dict)  # told before their execution
    over: dict[int, Key] = msgspec.field(default_factory=dict)  # refs that ended
    intents: dict[str, Submit] = msgspec.field(default_factory=dict)  # by what they answered and for whom

    def intend(self, command: Submit) -> None:
        """Remember what a decision led to."""
        self.intents[intent(command.cause, command.key)] = command
        forget_oldest(self.intents, MAX_INTENTS)

    def count(self, b: Bracket, fill: OrderFilled) -> bool:
        """Enter an execution and its fee; false if it is entered already."""
        if fill.exec_id in self.executions:
            return False
        self.executions[fill.exec_id] = Booked(b.ref, fill.leg, b.side, fill.qty, fill.px)
        fee = self.fees_early.pop(fill.exec_id, None) if fill.fee_micros is None else fill.fee_micros
        if fee is None:
            b.n_fees_unknown += fill.qty
            self.fees_due[fill.exec_id] = Due(b.ref, fill.qty)
        else:
            b.fees_micros += fee
        return True

    def replace(self, new: str, old: str, booked: Booked) -> None:
        """Let an execution stand in the place of another; a fee that is due is due for the new one."""
        self.executions[old] = Booked(booked.ref, booked.leg, booked.side, 0, 0, new)  # told again, it counts for nothing
        self.executions[new] = booked
        if (due := self.fees_due.pop(old, None)) is not None:
            self.fees_due[new] = due

    def fee(self, exec_id: str, fee_micros: int) -> tuple[int, Key] | None:
        """Enter a commission that came after its execution, once; gives ref and key of a bracket that is over already."""
        while (known := self.executions.get(exec_id)) is not None and known.by:
            exec_id = known.by  # paid for what was corrected since
        due = self.fees_due.pop(exec_id, None)
        if due is None:
            if exec_id not in self.executions:
                self.fees_early[exec_id] = fee_micros
                forget_oldest(self.fees_early, MAX_EARLY)  # most are of foreign orders and never come due
            return None
        bracket = self.open.get(due.ref)
        if bracket is None:
            key = self.over.get(due.ref)
            return None if key is None else (due.ref, key)
        bracket.fees_micros += fee_micros
        bracket.n_fees_unknown -= due.qty
        return None

    def end(self, b: Bracket) -> None:
        """Take a bracket out: it is over."""
        self.over[b.ref] = b.key
        forget_oldest(self.over, MAX_OVER)
        forget_oldest(self.executions, MAX_OVER)
        del self.open[b.ref]


def intent(cause: Cause, key: Key) -> str:
    """Name what was wanted: the decision it comes of, and for whom.

    >>> intent(Cause(7, 0), Key("DUSIM1", 1, "vwap"))
    '7.0|DUSIM1|1|vwap'
    """
    return f"{cause.seq}.{cause.n}|{key.account}|{key.contract}|{key.strategy}"


def forget_oldest(held: dict[Any, Any], most: int) -> None:
    """Keep what was added last."""
    while len(held) > most:
        del held[next(iter(held))]
