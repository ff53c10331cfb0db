"""What the venue tells beyond the life of an order: its connection, what it delivers, numbered messages, money, answers. No order report.

Rules
-----
1. While the connection is away no silence counts: nobody could have answered. When it is back, everything whose outcome is not known is
   asked about before anything is sent again; what may be sent twice (a cancel, the same stop) is sent again.
2. A question about a bracket is answered with ``{"entry": bool, "exit": bool}``: whether an order of that leg ever reached the broker,
   after all reports about it were told. `Unknown` leaves the bracket as it is, and its contract to nobody else.
3. The broker's word on a position is the referee over our executions (`execution.reconcile`); what others trade is left to them.
4. A message that no table of codes knows lets nothing in until a person has read it.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.decisions import Issued, TradingState
from workbench.domain.events import (
    AccountTold,
    AccountValued,
    Answered,
    AnyEvent,
    BrokerSaid,
    ConnectionChanged,
    FeeReported,
    ForeignFilled,
    ForeignOrderSeen,
    Known,
    OperatorAction,
    OperatorSaid,
    OrderRejected,
    PositionTold,
    RunStarted,
    StreamChanged,
    Unknown,
)
from workbench.domain.orders import AnyCommand, Ask, Cancel, Cause, Key, Leg, Modify
from workbench.engine.desk import ACCOUNT, CONNECTION, Desk
from workbench.execution.lifecycle import Phase

BRACKET: Final = "bracket"  # the question about one whose outcome is not known
BASE: Final = "USD"  # the currency that limits are said in
WORTH: Final = "NetLiquidation"  # of an account, as IB calls it


def hear(desk: Desk, event: AnyEvent, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Take an event that is no order report; what nothing here depends on is kept in the log for its readers."""
    match event:
        case FeeReported():
            desk.fee(event)
        case AccountValued():
            desk.ledger.equity_micros[event.account] = event.equity_micros
        case AccountTold(currency=currency, values=values) if currency == BASE and WORTH in values:
            desk.ledger.equity_micros[event.account] = values[WORTH]
        case RunStarted():
            return _ask_for_the_account(desk, now_ns, cause)
        case Answered(question=question) if question == BRACKET:
            return _about_a_bracket(desk, event, now_ns, cause)
        case Answered():
            _answer(desk, event)
        case OperatorSaid():
            return _operator(desk, event, now_ns, cause)
        case ConnectionChanged(up=True):
            desk.breaker.clear(CONNECTION, desk.facts)
            return _resume_talks(desk, now_ns, cause)
        case ConnectionChanged(up=False):
            desk.breaker.trip(CONNECTION, TradingState.REDUCING, desk.facts)
        case BrokerSaid(kind="unknown", code=code, text=text):
            desk.breaker.trip(f"broker's message {code}, which nobody knows: {text}", TradingState.REDUCING, desk.facts, latched=True)
        case StreamChanged(contract=contract, stream=stream, state=state):
            desk.memory.streams.setdefault(contract, {})[stream] = state
            desk.see_what_is_delivered()
        case PositionTold(account=account, contract=contract) if account == desk.setup.account:
            has_orders = any(b.key.contract == contract for b in desk.supervisor.brackets())
            desk.memory.referee.told(event, own=desk.own(contract), has_orders=has_orders, now_ns=now_ns)
        case ForeignFilled(account=account) | ForeignOrderSeen(account=account) if account == desk.setup.account:
            desk.memory.referee.saw(event, now_ns)
        case _:
            pass
    return []


def _ask_for_the_account(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Ask what every entry depends on; until it is answered nothing is known."""
    desk.memory.answers[ACCOUNT] = Unknown("not answered yet")
    desk.ledger.equity_micros.pop(desk.setup.account, None)
    return _issued(desk, [Ask(0, Key(desk.setup.account, 0, ""), now_ns, cause, ACCOUNT, "")])


def _answer(desk: Desk, event: Answered) -> None:
    """Take an answer; one that is not known takes what was known before away."""
    desk.memory.answers[event.question] = event.answer
    if event.question == ACCOUNT:
        equity = desk.ledger.equity_micros
        equity.pop(desk.setup.account, None)
        if isinstance(event.answer, Known):
            equity[desk.setup.account] = int(event.answer.value["equity_micros"])


def _operator(desk: Desk, said: OperatorSaid, now_ns: int, cause: Cause) -> list[AnyCommand]:
    if said.action is OperatorAction.RESUME:
        desk.memory.referee.adopt(desk.own)
        desk.breaker.resume(said.why, desk.facts)
        return []
    flatten = said.action is OperatorAction.FLATTEN  # what still fills after the word is left as well
    desk.breaker.trip("operator", TradingState.HALTED, desk.facts, latched=True, flatten=flatten)
    return desk.leave_all(said.why, now_ns, cause) if flatten else []


def _resume_talks(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Ask about what is not known, and say again what may be said twice."""
    commands: list[AnyCommand] = []
    if isinstance(desk.memory.answers.get(ACCOUNT), Unknown):
        commands += _ask_for_the_account(desk, now_ns, cause)
    again: list[AnyCommand] = []
    for b in desk.supervisor.brackets():
        if b.is_unknown:
            b.since_ns = now_ns
            again.append(Ask(b.ref, b.key, now_ns, cause, BRACKET, b.phase.value))
        if b.cancelling and b.rest > 0:
            again.append(Cancel(b.ref, b.key, now_ns, cause))
        elif b.phase is Phase.PROTECTED and b.told_stop_px not in (None, b.stop_px):
            again.append(Modify(b.ref, b.key, now_ns, cause, b.stop_px))
    return commands + _issued(desk, again)


def _about_a_bracket(desk: Desk, event: Answered, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """What never reached the broker was rejected by nobody: the entry will not come, the exit has to be sent again."""
    b = desk.memory.book.open.get(event.ref)
    if b is None or not b.is_unknown or not isinstance(event.answer, Known):
        return []
    leg = Leg.ENTRY if b.phase is Phase.PENDING else Leg.EXIT
    if event.answer.value[leg.name.lower()]:
        return []
    return desk.report(OrderRejected(b.ref, leg, "it never reached the broker"), now_ns, cause)[1]


def _issued(desk: Desk, commands: list[AnyCommand]) -> list[AnyCommand]:
    desk.facts.extend(Issued(command) for command in commands)
    return commands
