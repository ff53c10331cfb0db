"""What the venue reports of orders: the bracket it moves, what must be sent, what it earned. No I/O, no clock.

Of an entry that was refused for want of margin the limits knew less than the broker: nothing is entered until a person has read its words.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.decisions import FeeCharged, TradingState
from workbench.domain.events import FeeReported, FillCorrected, OrderRejected
from workbench.domain.orders import AnyCommand, Cause, Leg
from workbench.engine.desk import Desk
from workbench.engine.money import watch_the_day
from workbench.engine.repairs import after_report
from workbench.engine.rolling import left
from workbench.execution.bracket import Bracket, closed
from workbench.execution.supervisor import Report

MARGIN_WORDS: Final = ("margin", "equity with loan value", "available funds")  # as IB puts it behind 201


def report(desk: Desk, report: Report, now_ns: int, cause: Cause) -> tuple[Bracket | None, list[AnyCommand]]:
    """Take a report; give the bracket it moved and what must be sent."""
    bracket, commands, trouble, corrected = desk.supervisor.on_report(report, now_ns, cause, desk.facts)
    if isinstance(report, FillCorrected) and (early := desk.memory.book.fees_early.pop(report.exec_id, None)) is not None:
        charge(desk, FeeReported(report.exec_id, early))  # it came before the execution that it is for
    if corrected is not None:
        key, earned = corrected
        if key.contract in desk.places:
            desk.ledger.correct(key, desk.contract(key).value_micros(earned))
        else:
            trouble = trouble or f"a price of bracket {report.ref} was corrected, in a contract that this run does not know"
    if trouble:
        desk.breaker.trip(trouble, TradingState.HALTED, desk.facts, latched=True)
    desk.forget_view(report.ref)
    if bracket is not None and bracket.ref not in desk.memory.book.open:
        _close(desk, bracket, now_ns)
        left(desk, bracket)
    elif bracket is not None:
        commands = [*after_report(desk, bracket, report, now_ns, cause), *commands]  # what protects leaves first
    if isinstance(report, OrderRejected) and report.leg is Leg.ENTRY and lacks_margin(report.text):
        desk.breaker.trip(f"margin: {report.text}", TradingState.REDUCING, desk.facts, latched=True)
    if commands:
        desk.issue(commands)
    return bracket, commands


def lacks_margin(text: str) -> bool:
    """Tell whether a refusal is about money.

    >>> lacks_margin("201: Order rejected - reason:THE INITIAL MARGIN"), lacks_margin("201: Order rejected - reason:outside hours")
    (True, False)
    """
    return text.startswith("201") and any(word in text.casefold() for word in MARGIN_WORDS)


def charge(desk: Desk, event: FeeReported) -> None:
    """Book a commission that came after its execution."""
    late = desk.supervisor.fee(event.exec_id, event.fee_micros)
    if late is not None:
        ref, key = late
        desk.ledger.charge(key, event.fee_micros)
        desk.facts.append(FeeCharged(ref, key, event.fee_micros))


def let_go(desk: Desk, now_ns: int) -> None:
    """End the brackets that turned round: a person has looked, and what they closed beyond what they held is not ours."""
    for b in list(desk.supervisor.brackets()):
        if desk.supervisor.let_go(b, desk.facts, now_ns):
            desk.forget_view(b.ref)
            _close(desk, b, now_ns)
            left(desk, b)


def _close(desk: Desk, b: Bracket, now_ns: int) -> None:
    if not b.filled:
        today = desk.ledger.day(b.key.account)
        if b.day == today.day:
            today.n_entries -= 1
        return
    contract = desk.contract(b.key)
    pnl = b.side * (b.out_value - b.entry_value)
    pnl_micros = contract.value_micros(pnl) - b.fees_micros
    desk.ledger.close(b.key, pnl_micros=pnl_micros, fees_micros=b.fees_micros)
    watch_the_day(desk)
    desk.facts.append(closed(b, contract, pnl, pnl_micros, now_ns))
