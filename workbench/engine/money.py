"""What the day, the week and the month have cost and may still cost: open P&L, what is at stake at the stops, the limits. No I/O, no clock.

Rules
-----
1. Afterwards everything counts, as if all were left now: realised P&L, what is open at the worse side of the last quote, commissions, the
   cost of closing. A commission that is not known yet counts at what settings assume, in a bracket that is over as well.
2. Of two bounds, dollars and a share of equity, the tighter counts, and is named.
3. A loss limit is latched: only a person resumes, and what it was about is over with its day, week or month.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.decisions import TradingState
from workbench.domain.units import MICROS
from workbench.engine.books import ASK_SIDE, BID_SIDE, Books, Held
from workbench.engine.desk import Desk
from workbench.engine.memory import Place
from workbench.execution.bracket import Bracket

DAY_LOSS: Final = "day loss"
WEEK_LOSS: Final = "week loss"
MONTH_LOSS: Final = "month loss"


def look_at_books(desk: Desk) -> Books:
    """Read them as they are."""
    account, risk = desk.setup.account, desk.setup.law.risk
    most = risk.max_loss_per_day_usd
    if risk.max_loss_per_day_frac and (equity := desk.ledger.equity(account)) is not None:
        most = min(most, risk.max_loss_per_day_frac * equity / MICROS)
    held = [_held(desk.places[b.key.contract], b) for b in desk.memory.book.open.values() if b.filled]
    return Books(held, _fees_due(desk), desk.ledger.day(account).realised_micros, most)


def open_pnl(desk: Desk, b: Bracket) -> int:
    """Value what was filled at the worse side of the last bar, in micros before costs; what is not priced counts at its stop."""
    held = _held(desk.places[b.key.contract], b)._replace(costs_micros=0)
    return Books([held], due_micros=0, realised_micros=0, most_usd=0).if_left_now()


def _held(place: Place, b: Bracket) -> Held:
    far, at = BID_SIDE if b.side > 0 else ASK_SIDE
    costs_micros = b.fees_micros + place.terms.fee(abs(b.open))
    earned = b.side * (b.out_value - b.entry_value)
    return Held(place.cells, far, at, b.stop_px, b.side * b.open, earned, place.contract.worth, costs_micros)


def _fees_due(desk: Desk) -> int:
    """Count commissions nobody has told yet at what settings assume: of brackets that are open, and of those opened today that are over."""
    book, total = desk.memory.book, 0
    first = desk.memory.tally.first_ref
    for due in book.fees_due.values():
        b = book.open.get(due.ref)
        key = b.key if b is not None else book.over.get(due.ref) if due.ref >= first else None
        if key is not None and key.contract in desk.places:
            total += desk.places[key.contract].terms.fee(due.qty)
    return total


def day_loss(desk: Desk) -> tuple[float, float]:
    """Give the day's loss in USD, everything counted, and the tighter of its bounds."""
    books = look_at_books(desk)
    return -(books.realised_micros + books.if_left_now()) / MICROS, books.most_usd


def watch_the_day(desk: Desk) -> None:
    """Halt when the loss of the day, the week or the month is above its limit."""
    account, risk, ledger = desk.setup.account, desk.setup.law.risk, desk.ledger
    books = look_at_books(desk) if desk.is_stirred or desk.books is None else desk.books
    now, most = books.if_left_now(), books.most_usd
    loss = -(books.realised_micros + now) / MICROS
    desk.loss = loss, most
    over = [DAY_LOSS] if loss > most else []
    if 0 < risk.max_loss_per_week_usd < -(ledger.week_micros(account) + now) / MICROS:
        over.append(WEEK_LOSS)
    if 0 < risk.max_loss_per_month_usd < -(ledger.month_micros(account) + now) / MICROS:
        over.append(MONTH_LOSS)
    for name in over:
        desk.breaker.trip(f"{name} of {account}", TradingState.HALTED, desk.facts, latched=True, flatten=True)


def at_stake(desk: Desk, b: Bracket) -> int:
    """What a bracket loses if all of it still fills and is stopped out, in micros; never below zero."""
    value = desk.contract(b.key).value_micros
    held = -value(b.side * (b.out_value + b.open * b.stop_px - b.entry_value)) if b.filled else 0
    return max(0, held) + b.risk_micros * b.rest // b.qty
