"""What the day has cost and may still cost: open P&L, what is at stake at the stops, the limit. No I/O, no clock."""

from __future__ import annotations

from typing import Final

from workbench.domain.bars import BAR_AT
from workbench.domain.decisions import TradingState
from workbench.domain.records import ASK, BID
from workbench.engine.desk import Desk
from workbench.execution.bracket import Bracket

_HAS, _BID, _ASK = (BAR_AT[name] for name in ("has", "bid", "ask"))
DAY_LOSS: Final = "day loss"


def open_pnl(desk: Desk, b: Bracket) -> int:
    """Value what is open at the worse side of the last bar, in micros before costs; what is not priced counts at its stop."""
    if not b.filled:
        return 0
    place = desk.places[b.key.contract]
    far, at = (BID, _BID) if b.side > 0 else (ASK, _ASK)
    px = place.cells[at] if place.cells[_HAS] & far else b.stop_px
    return place.contract.value_micros(b.side * (b.out_value + (b.filled - b.out) * px - b.entry_value))


def watch_the_day(desk: Desk) -> None:
    """Halt when the day's loss, everything counted as if all were left now, is above the limit."""
    account = desk.setup.account
    total = desk.ledger.day(account).realised_micros
    for b in desk.supervisor.brackets():
        if b.filled:
            terms = desk.places[b.key.contract].terms
            total += open_pnl(desk, b) - b.fees_micros - terms.fee(abs(b.open) + b.n_fees_unknown)
    if -total > desk.day_limit_micros:
        desk.breaker.trip(f"{DAY_LOSS} of {account}", TradingState.HALTED, desk.facts, latched=True, flatten=True)


def at_stake(desk: Desk, b: Bracket) -> int:
    """What a bracket loses if all of it still fills and is stopped out, in micros; never below zero."""
    value = desk.contract(b.key).value_micros
    held = -value(b.side * (b.out_value + b.open * b.stop_px - b.entry_value)) if b.filled else 0
    return max(0, held) + b.risk_micros * b.rest // b.qty
