"""What an order would bind, asked of the broker before the first one of a contract, side and size. No I/O, no clock.

Rules
-----
1. Until the answer is there, and where the broker cannot say, the order is refused (`Reason.MARGIN`): unanswered is unknown.
2. A question stands by itself: it carries a number of its own, below 0, and its answer names it. Silence is asked again after as long as an
   answer may take; a late answer to the first question is as good.
3. What was said holds for the account day it was said on.
4. Answers are events, so a replay knows what was known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.domain.decisions import Reason, Refused
from workbench.domain.events import Answered, Known
from workbench.domain.orders import AnyCommand, Ask, Cause, Key
from workbench.engine.desk import Desk
from workbench.risk.standing import INF

MARGIN: Final = "margin"  # the question; its detail is a signed size, "+2"


def known(desk: Desk, contract: int) -> Mapping[str, int] | None:
    """Give what the broker said that orders of a contract bind, by signed size; `None` where the law asks nobody."""
    if not desk.setup.law.risk.ask_margin:
        return None
    margins = desk.memory.tally.margins
    margins.begin_day(desk.ledger.day(desk.setup.account).day)
    return margins.told.get(contract, {})


def ask(desk: Desk, refused: Refused, now_ns: int, cause: Cause) -> AnyCommand | None:
    """Ask what a wish would bind that was refused for nothing else; `None`: that was not it, or an answer is still awaited."""
    if refused.reason is not Reason.MARGIN or refused.value != INF:
        return None
    margins, contract = desk.memory.tally.margins, refused.key.contract
    detail = f"{refused.proposal.side * desk.gate.qty(refused.key):+d}"
    about = f"{contract} {detail}"
    if now_ns - margins.asked_ns.get(about, -desk.answer_ns) < desk.answer_ns:
        return None
    margins.n_asked += 1
    margins.asked_ns[about], margins.asked[-margins.n_asked] = now_ns, about
    [command] = desk.say([Ask(-margins.n_asked, Key(refused.key.account, contract, ""), now_ns, cause, MARGIN, detail)])
    return command


def answered(desk: Desk, event: Answered) -> None:
    """Take an answer, once; one to a question of another day is nobody's."""
    margins = desk.memory.tally.margins
    about = margins.asked.pop(event.ref, None)
    if about is None:
        return
    contract, _, detail = about.partition(" ")
    if isinstance(event.answer, Known):
        margins.told.setdefault(int(contract), {})[detail] = int(event.answer.value["initial_micros"])
        margins.refused.pop(about, None)
    else:
        margins.refused[about] = event.answer.reason
