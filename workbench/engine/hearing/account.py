"""What every entry depends on: equity and margin left, asked for and answered. No I/O, no clock."""

from __future__ import annotations

from workbench.domain.events import Answered, Known, Unknown
from workbench.domain.orders import AnyCommand, Ask, Cause, Key
from workbench.engine.desk import ACCOUNT, Desk


def ask_for_the_account(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Ask what every entry depends on; until it is answered nothing is known."""
    desk.memory.answers[ACCOUNT] = Unknown("not answered yet")
    desk.ledger.equity_micros.pop(desk.setup.account, None)
    return desk.say([Ask(0, Key(desk.setup.account, 0, ""), now_ns, cause, ACCOUNT, "")])


def answered(desk: Desk, event: Answered) -> None:
    """Take an answer; one that is not known takes what was known before away."""
    desk.memory.answers[event.question] = event.answer
    if event.question == ACCOUNT:
        equity = desk.ledger.equity_micros
        equity.pop(desk.setup.account, None)
        if isinstance(event.answer, Known):
            equity[desk.setup.account] = int(event.answer.value["equity_micros"])
