"""What people do: halt, flatten, resume, and what the broker holds beside ours. No I/O, no clock."""

from __future__ import annotations

from workbench.domain.decisions import TradingState
from workbench.domain.events import OperatorAction, OperatorSaid, PositionTold
from workbench.domain.orders import AnyCommand, Cause
from workbench.engine.desk import Desk


def operator(desk: Desk, said: OperatorSaid, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Do what a person asks for."""
    if said.action is OperatorAction.RESUME:
        desk.memory.referee.adopt(desk.own)
        desk.breaker.resume(said.why, desk.facts)
        return []
    flatten = said.action is OperatorAction.FLATTEN  # what still fills after the word is left as well
    desk.breaker.trip("operator", TradingState.HALTED, desk.facts, latched=True, flatten=flatten)
    return desk.leave_all(said.why, now_ns, cause) if flatten else []


def told_a_position(desk: Desk, event: PositionTold, now_ns: int) -> None:
    """Let the referee hear what the broker holds."""
    has_orders = any(b.key.contract == event.contract for b in desk.supervisor.brackets())
    desk.memory.referee.told(event, own=desk.own(event.contract), has_orders=has_orders, now_ns=now_ns)
