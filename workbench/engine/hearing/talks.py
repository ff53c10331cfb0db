"""When the connection is back: what is not known is asked about, what may be said twice is said again. No I/O, no clock."""

from __future__ import annotations

from typing import Final

from workbench.domain.events import Answered, Known, OrderRejected, Unknown
from workbench.domain.orders import AnyCommand, Ask, Cancel, Cause, Leg, Modify
from workbench.engine.desk import ACCOUNT, Desk
from workbench.engine.hearing.account import ask_for_the_account
from workbench.engine.reports import report
from workbench.execution.lifecycle import Phase
from workbench.execution.supervisor import MAX_REPAIRS

BRACKET: Final = "bracket"  # the question about one whose outcome is not known


def resume_talks(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Ask about what is not known, and say again what may be said twice."""
    commands: list[AnyCommand] = []
    if isinstance(desk.memory.answers.get(ACCOUNT), Unknown):
        commands += ask_for_the_account(desk, now_ns, cause)
    again: list[AnyCommand] = []
    for b in desk.supervisor.brackets():
        if b.is_unknown:
            b.since_ns = now_ns
            again.append(Ask(b.ref, b.key, now_ns, cause, BRACKET, b.phase.value))
        elif b.phase is Phase.EXPOSED and b.n_repairs < MAX_REPAIRS:
            b.since_ns = now_ns  # nobody could confirm its stop meanwhile: it is repaired first, and left if that is in vain
        if b.cancelling and b.rest > 0:
            b.withdrawn_ns = now_ns
            again.append(Cancel(b.ref, b.key, now_ns, cause))
        elif b.phase is Phase.PROTECTED and b.told_stop_px not in (None, b.stop_px):
            again.append(Modify(b.ref, b.key, now_ns, cause, b.stop_px))
    return commands + desk.say(again)


def about_a_bracket(desk: Desk, event: Answered, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """What never reached the broker was rejected by nobody: the entry will not come, the exit has to be sent again."""
    b = desk.memory.book.open.get(event.ref)
    if b is None or not b.is_unknown or not isinstance(event.answer, Known):
        return []
    leg = Leg.ENTRY if b.phase is Phase.PENDING else Leg.EXIT
    if event.answer.value[leg.name.lower()]:
        return []
    return report(desk, OrderRejected(b.ref, leg, "it never reached the broker"), now_ns, cause)[1]
