"""A position whose stop is gone or of another size: the venue is told what must stand, at once, or the position is left. No I/O, no clock.

Rules
-----
1. The report that uncovers a position is answered in its own turn: nobody waits for a barrier.
2. A barrier looks again. A stop that has only just begun to be wrong is not: its word may be under way.
3. A stop whose level the market has passed already would go off at once and at any price: the position is left instead.
4. What fills of an entry behind its own stop or target is covered anew: its children are gone at the broker, or about to be.
5. While the venue is away nothing is repaired: what it tells comes in any order (a cancelled stop before the target that filled).
6. An exit that is refused behind the end of its stop leaves the position bare: the first is sent again in the same turn, further ones at
   barriers, for what refuses at once would refuse all of them in a moment.
7. What was said in vain `MAX_REPAIRS` times is left: an uncovered position by `execution.cover_seconds`, a stop that is too large at once.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.bars import BAR_AT
from workbench.domain.events import OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Cause, Leg
from workbench.domain.records import ASK, BID
from workbench.domain.units import SECOND
from workbench.engine.desk import CONNECTION, Desk
from workbench.execution.bracket import Bracket
from workbench.execution.supervisor import MAX_REPAIRS, Report

PATIENCE_NS: Final = SECOND  # what a stop may take to be confirmed that grows with its entry
_HAS, _BID, _ASK = (BAR_AT[name] for name in ("has", "bid", "ask"))


def after_report(desk: Desk, b: Bracket, told: Report, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Answer a report that leaves a position without its stop, or without the exit that stood in for it."""
    if _bares(b, told):
        again = desk.supervisor.leave(b, b.leaving, now_ns, cause, desk.facts)
        return [] if again is None else [again]
    if not _uncovers(b, told) or not b.is_wrong or b.leaving:
        return []
    command = _mend(desk, b, now_ns, cause)
    return [] if command is None else [command]


def at_barrier(desk: Desk, b: Bracket, now_ns: int, cause: Cause) -> AnyCommand | None:
    """Look whether what is held is covered by what should cover it."""
    if not b.is_wrong:
        b.wrong_ns = None
        return None
    if b.wrong_ns is None:
        b.wrong_ns = now_ns
    since_ns = b.wrong_ns if b.covered > b.held else b.since_ns
    return _mend(desk, b, now_ns, cause) if now_ns - since_ns >= PATIENCE_NS else None


def _uncovers(b: Bracket, told: Report) -> bool:
    match told:
        case OrderCancelled(leg=Leg.STOP):
            return True
        case OrderRejected(leg=Leg.STOP):
            return not b.is_moving  # of a stop that was to be moved: where it stands comes next
        case OrderFilled(leg=Leg.ENTRY):
            return b.out > 0
        case _:
            return False


def _bares(b: Bracket, told: Report) -> bool:
    """Whether the first exit was refused, and no stop stands over what is held."""
    is_refused = isinstance(told, OrderRejected) and told.leg is Leg.EXIT and told.was_sent
    return is_refused and bool(b.leaving) and b.n_exits == 1 and b.covered < b.held


def _mend(desk: Desk, b: Bracket, now_ns: int, cause: Cause) -> AnyCommand | None:
    if CONNECTION in desk.breaker.causes:
        return None
    if _is_through(desk, b):
        return desk.supervisor.leave(b, "stop passed", now_ns, cause, desk.facts)
    if b.covered > b.held and b.n_repairs >= MAX_REPAIRS:
        return desk.supervisor.leave(b, "stop too large", now_ns, cause, desk.facts)
    return desk.supervisor.repair(b, now_ns, cause, desk.facts)


def _is_through(desk: Desk, b: Bracket) -> bool:
    """Whether the market is beyond the stop, as far as is known: by the last bar, or by the stop having filled."""
    if b.covered >= b.held:
        return False  # one that stands is the broker's to set off
    if b.out and b.last_leg is Leg.STOP:
        return True
    cells = desk.places[b.key.contract].cells
    far, at = (BID, _BID) if b.side > 0 else (ASK, _ASK)
    return bool(cells[_HAS] & far) and b.side * (cells[at] - b.stop_px) <= 0
