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

from workbench.domain.bars import BAR_AT
from workbench.domain.decisions import TradingState
from workbench.domain.records import ASK, BID
from workbench.domain.units import MICROS
from workbench.engine.desk import Desk
from workbench.execution.bracket import Bracket

_HAS, _BID, _ASK = (BAR_AT[name] for name in ("has", "bid", "ask"))
DAY_LOSS: Final = "day loss"
WEEK_LOSS: Final = "week loss"
MONTH_LOSS: Final = "month loss"


def open_pnl(desk: Desk, b: Bracket) -> int:
    """Value what was filled at the worse side of the last bar, in micros before costs; what is not priced counts at its stop."""
    place = desk.places[b.key.contract]
    far, at = (BID, _BID) if b.side > 0 else (ASK, _ASK)
    px = place.cells[at] if place.cells[_HAS] & far else b.stop_px
    return place.contract.value_micros(b.side * (b.out_value + (b.filled - b.out) * px - b.entry_value))


def if_left_now(desk: Desk) -> int:
    """Give what open brackets come to if all are left now, after all costs and the commissions still due of today, in micros."""
    total = 0
    for b in desk.memory.book.open.values():
        if b.filled:
            total += open_pnl(desk, b) - b.fees_micros - desk.places[b.key.contract].terms.fee(abs(b.filled - b.out))
    return total - _fees_due(desk) if desk.memory.book.fees_due else total


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


def day_loss(desk: Desk, left_micros: int | None = None) -> tuple[float, float]:
    """Give the day's loss in USD, everything counted, and the tighter of its bounds; `left_micros` is `if_left_now`, where it is known."""
    account, risk = desk.setup.account, desk.setup.law.risk
    loss = -(desk.ledger.day(account).realised_micros + (if_left_now(desk) if left_micros is None else left_micros)) / MICROS
    most = risk.max_loss_per_day_usd
    if risk.max_loss_per_day_frac and (equity := desk.ledger.equity(account)) is not None:
        most = min(most, risk.max_loss_per_day_frac * equity / MICROS)
    return loss, most


def watch_the_day(desk: Desk) -> None:
    """Halt when the loss of the day, the week or the month is above its limit."""
    account, risk, ledger = desk.setup.account, desk.setup.law.risk, desk.ledger
    now = if_left_now(desk)
    loss, most = desk.loss = day_loss(desk, now)
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
