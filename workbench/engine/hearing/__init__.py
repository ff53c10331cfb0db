"""What the venue tells beyond the life of an order: its connection, what it delivers, numbered messages, money, answers. No order report.

Rules
-----
1. While the connection is away no silence counts: nobody could have answered. When it is back, everything whose outcome is not known is
   asked about before anything is sent again; what may be sent twice (a cancel, the same stop) is sent again.
2. A question about a bracket is answered with ``{"entry": bool, "exit": bool}``: whether an order of that leg ever reached the broker,
   after all reports about it were told. `Unknown` leaves the bracket as it is, and its contract to nobody else.
3. The broker's word on a position is the referee over our executions (`execution.reconcile`); what others trade is in `hearing.foreign`.
4. A message that no table of codes knows lets nothing in until a person has read it.
"""

from __future__ import annotations

from workbench.domain.decisions import TradingState
from workbench.domain.events import (
    AccountTold,
    AccountValued,
    Answered,
    AnyEvent,
    BrokerSaid,
    ClockCompared,
    ConnectionChanged,
    ContractTold,
    FeeReported,
    FillEntered,
    ForeignFilled,
    ForeignOrderSeen,
    FrontChanged,
    OperatorSaid,
    PositionAdopted,
    PositionTold,
    RollAsked,
    RunStarted,
    StreamChanged,
    TradingPaused,
)
from workbench.domain.orders import AnyCommand, Cause
from workbench.engine.desk import CONNECTION, Desk
from workbench.engine.hearing.account import answered, ask_for_the_account, told_of_money, valued
from workbench.engine.hearing.foreign import count_what_waited, saw_a_fill, saw_an_order, told_a_position, told_without_a_price
from workbench.engine.hearing.machine import compared, forget_the_pause, lost_the_line, paused, told_of_a_contract
from workbench.engine.hearing.people import adopted, entered, operator
from workbench.engine.hearing.talks import BRACKET, about_a_bracket, resume_talks
from workbench.engine.margin import MARGIN
from workbench.engine.margin import answered as told_a_margin
from workbench.engine.reports import charge
from workbench.engine.rolling import asked


def hear(desk: Desk, event: AnyEvent, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Take an event that is no order report; what nothing here depends on is kept in the log for its readers."""
    match event:
        case FeeReported():
            charge(desk, event)
        case AccountValued():
            valued(desk, event)
        case AccountTold():
            told_of_money(desk, event)
        case RunStarted():
            return ask_for_the_account(desk, now_ns, cause)
        case Answered(question=question) if question == BRACKET:
            return about_a_bracket(desk, event, now_ns, cause)
        case Answered(question=question) if question == MARGIN:
            told_a_margin(desk, event)
        case Answered():
            answered(desk, event)
        case ConnectionChanged(up=True):
            desk.breaker.clear(CONNECTION, desk.facts)
            return count_what_waited(desk, now_ns, cause) + resume_talks(desk, now_ns, cause)
        case ConnectionChanged(up=False):
            desk.breaker.trip(CONNECTION, TradingState.REDUCING, desk.facts)
            lost_the_line(desk, event)
        case BrokerSaid(kind="unknown", code=code, text=text):
            desk.breaker.trip(f"broker's message {code}, which nobody knows: {text}", TradingState.REDUCING, desk.facts, latched=True)
        case BrokerSaid(kind="closed-by-hand"):
            told_without_a_price(desk, event, now_ns)
        case StreamChanged(contract=contract, stream=stream, state=state):
            desk.memory.streams.setdefault(contract, {})[stream] = state
            desk.see_what_is_delivered()
            forget_the_pause(desk, event)
        case PositionTold() | ForeignFilled() | ForeignOrderSeen():
            return _of_others(desk, event, now_ns, cause) if event.account == desk.setup.account else []
        case OperatorSaid() | PositionAdopted() | FillEntered():
            return _of_people(desk, event, now_ns, cause)
        case ClockCompared():
            compared(desk, event)
        case TradingPaused():
            paused(desk, event)
        case ContractTold():
            told_of_a_contract(desk, event)
        case FrontChanged(root=root, contract=contract):
            desk.memory.fronts[root] = contract
        case RollAsked():
            asked(desk, event, now_ns)
        case _:
            pass
    return []


def _of_others(desk: Desk, event: PositionTold | ForeignFilled | ForeignOrderSeen, now_ns: int, cause: Cause) -> list[AnyCommand]:
    match event:
        case PositionTold():
            told_a_position(desk, event, now_ns)
        case ForeignOrderSeen():
            saw_an_order(desk, event, now_ns)
        case ForeignFilled():
            return saw_a_fill(desk, event, now_ns, cause)
    return []


def _of_people(desk: Desk, event: OperatorSaid | PositionAdopted | FillEntered, now_ns: int, cause: Cause) -> list[AnyCommand]:
    match event:
        case OperatorSaid():
            return operator(desk, event, now_ns, cause)
        case PositionAdopted():
            return adopted(desk, event, now_ns, cause)
        case FillEntered():
            return entered(desk, event, now_ns, cause)
