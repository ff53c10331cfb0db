"""A foreign position handed over by a person: why it may not be taken, and the bracket that takes it. Pure; no market, no clock.

Rules
-----
1. It is taken whole or in part, never more than is foreign, and in its own direction.
2. It has a real stop before anything else: the bracket begins as a position that nothing covers, and the same turn commands its protection.
3. What it cost is what the broker says that it cost; what is at risk counts from there to the stop, like any other bracket's.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.decisions import Adopted, AnyFact, BracketMoved
from workbench.domain.events import PositionAdopted
from workbench.domain.orders import Cause, Key, Protect
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import On, Phase, after
from workbench.execution.supervisor import Supervisor

ADOPTED: Final = "adopted"  # the strategy whose positions were others'


def side_of(qty: int) -> int:
    """Give the side of a signed quantity."""
    return 1 if qty > 0 else -1


def why_not(event: PositionAdopted, contract: Contract, foreign: int, market_px: int | None) -> str | None:
    """Say why a position may not be adopted so, `None` if it may.

    Parameters
    ----------
    foreign
        What others hold of it, bought above 0.
    market_px
        Where it could be left now, in quanta; `None` while there is no quote.
    """
    if not event.qty or foreign * event.qty <= 0 or abs(event.qty) > abs(foreign):
        return f"others hold {foreign} {contract.symbol}, not {event.qty}"
    side = side_of(event.qty)
    if event.stop_px % contract.tick or event.target_px % contract.tick:
        return f"stop and target lie on steps of {contract.order_increment}"
    if event.hold_ns <= 0:
        return "it needs a time to be held for"
    if market_px is None:
        return f"{contract.symbol} has no quote: nobody can say which side of the market its stop is on"
    if side * (market_px - event.stop_px) <= 0:
        return f"a stop at {contract.to_pts(event.stop_px)} would go off at once: it can be left at {contract.to_pts(market_px)}"
    if side * (event.target_px - market_px) <= 0:
        return f"a target at {contract.to_pts(event.target_px)} would fill at once: it can be left at {contract.to_pts(market_px)}"
    return None


def adopt(
    supervisor: Supervisor, event: PositionAdopted, contract: Contract, day: int, now_ns: int, cause: Cause, facts: list[AnyFact]
) -> Protect:
    """Make a bracket of a position that is held already; give the command that protects it."""
    book, side, qty = supervisor.book, side_of(event.qty), abs(event.qty)
    ref, key = book.next_ref, Key(event.account, event.contract, ADOPTED)
    book.next_ref += 1
    risk_micros = contract.cost_micros(max(contract.tick, side * (event.px - event.stop_px)) * qty)
    held = Bracket(
        ref=ref,
        key=key,
        side=side,
        qty=qty,
        stop_px=event.stop_px,
        target_px=event.target_px,
        hold_ns=event.hold_ns,
        thesis=None,
        risk_micros=risk_micros,
        sent_ns=now_ns,
        since_ns=now_ns,
        opened_ns=now_ns,
        filled=qty,
        entry_value=qty * event.px,
        day=day,
    )
    held.phase = after(Phase.PENDING, On.FILLED)
    book.open[ref] = held
    supervisor.take_over(book)
    facts.append(Adopted(ref, key, event.qty))
    facts.append(BracketMoved(ref, Phase.PENDING.value, On.FILLED.value, held.phase.value))
    return Protect(ref, key, now_ns, cause, qty, event.stop_px, event.target_px)
