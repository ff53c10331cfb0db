"""What every entry depends on: equity and margin left, asked for and answered, in whatever currency the account is. No I/O, no clock."""

from __future__ import annotations

from workbench.domain.events import AccountTold, AccountValued, Answered, Known, Unknown
from workbench.domain.orders import AnyCommand, Ask, Cause, Key
from workbench.engine.desk import ACCOUNT, Desk
from workbench.execution.purse import LAW, WORTH


def ask_for_the_account(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Ask what every entry depends on; until it is answered nothing is known."""
    desk.memory.answers[ACCOUNT] = Unknown("not answered yet")
    desk.ledger.equity_micros.pop(desk.setup.account, None)
    return desk.say([Ask(0, Key(desk.setup.account, 0, ""), now_ns, cause, ACCOUNT, "")])


def answered(desk: Desk, event: Answered) -> None:
    """Take an answer; one that is not known takes what was known before away."""
    desk.memory.answers[event.question] = event.answer
    if event.question == ACCOUNT:
        desk.ledger.equity_micros.pop(desk.setup.account, None)
        if isinstance(event.answer, Known):
            _set(desk, desk.setup.account, int(event.answer.value["equity_micros"]))


def valued(desk: Desk, event: AccountValued) -> None:
    """Take equity in the account's base currency."""
    _set(desk, event.account, event.equity_micros)


def told_of_money(desk: Desk, event: AccountTold) -> None:
    """Take what the broker says of one currency: which one is the base, what a dollar costs, what the whole is worth."""
    purse = desk.memory.purse
    if event.account != desk.setup.account:
        return
    before = (purse.base, purse.rate)
    purse.told(event.currency, event.values, event.rate)
    if event.currency == purse.base and WORTH in event.values:
        _set(desk, event.account, event.values[WORTH])
    elif purse.base != LAW and before != (purse.base, purse.rate):
        desk.ledger.equity_micros.pop(event.account, None)  # counted at a rate that holds no more; the next word on it counts anew


def _set(desk: Desk, account: str, base_micros: int) -> None:
    """Count equity in dollars; what cannot be counted is not known."""
    dollars = desk.memory.purse.in_dollars(base_micros) if account == desk.setup.account else base_micros
    if dollars is None:
        desk.ledger.equity_micros.pop(account, None)
    else:
        desk.ledger.equity_micros[account] = dollars
