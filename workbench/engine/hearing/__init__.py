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

from workbench.domain.decisions import TradingState
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
    OperatorSaid,
    PositionTold,
    RunStarted,
    StreamChanged,
)
from workbench.domain.orders import AnyCommand, Cause
from workbench.engine.desk import CONNECTION, Desk
from workbench.engine.hearing.account import answered, ask_for_the_account
from workbench.engine.hearing.people import operator, told_a_position
from workbench.engine.hearing.talks import BRACKET, about_a_bracket, resume_talks
from workbench.engine.reports import charge

BASE: Final = "USD"  # the currency that limits are said in
WORTH: Final = "NetLiquidation"  # of an account, as IB calls it


def hear(desk: Desk, event: AnyEvent, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Take an event that is no order report; what nothing here depends on is kept in the log for its readers."""
    match event:
        case FeeReported():
            charge(desk, event)
        case AccountValued():
            desk.ledger.equity_micros[event.account] = event.equity_micros
        case AccountTold(currency=currency, values=values) if currency == BASE and WORTH in values:
            desk.ledger.equity_micros[event.account] = values[WORTH]
        case RunStarted():
            return ask_for_the_account(desk, now_ns, cause)
        case Answered(question=question) if question == BRACKET:
            return about_a_bracket(desk, event, now_ns, cause)
        case Answered():
            answered(desk, event)
        case OperatorSaid():
            return operator(desk, event, now_ns, cause)
        case ConnectionChanged(up=True):
            desk.breaker.clear(CONNECTION, desk.facts)
            return resume_talks(desk, now_ns, cause)
        case ConnectionChanged(up=False):
            desk.breaker.trip(CONNECTION, TradingState.REDUCING, desk.facts)
        case BrokerSaid(kind="unknown", code=code, text=text):
            desk.breaker.trip(f"broker's message {code}, which nobody knows: {text}", TradingState.REDUCING, desk.facts, latched=True)
        case StreamChanged(contract=contract, stream=stream, state=state):
            desk.memory.streams.setdefault(contract, {})[stream] = state
            desk.see_what_is_delivered()
        case PositionTold(account=account) if account == desk.setup.account:
            told_a_position(desk, event, now_ns)
        case ForeignFilled(account=account) | ForeignOrderSeen(account=account) if account == desk.setup.account:
            desk.memory.referee.saw(event, now_ns)
        case _:
            pass
    return []
