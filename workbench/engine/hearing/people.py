"""What people do: halt, flatten, resume, hand a position over, enter a fill that the broker tells no more. No I/O, no clock.

A wish that a person may have refused is judged by a function of its own (``why_not_...``) before it becomes an event; what is in the log
was granted, and is done again by every replay.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.bars import BAR_AT
from workbench.domain.decisions import TradingState
from workbench.domain.events import FillEntered, OperatorAction, OperatorSaid, OrderFilled, PositionAdopted
from workbench.domain.orders import AnyCommand, Cause, Leg
from workbench.domain.records import ASK, BID
from workbench.engine.desk import Desk
from workbench.engine.reports import let_go, report
from workbench.execution import adoption
from workbench.execution.bracket import Bracket

WHO: Final = ("operator", "HALT file", "guardian", "notifier", "runner")  # how the reason of a halt begins that somebody asked for
ALONE: Final = "alone "  # a flatten whose reason begins so, behind who asks, is about one root: "operator: alone ES: rolled by hand"
_HAS, _BID, _ASK = (BAR_AT[name] for name in ("has", "bid", "ask"))


def operator(desk: Desk, said: OperatorSaid, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Do what a person asks for."""
    if said.action is OperatorAction.RESUME:
        desk.breaker.resume(said.why, desk.facts)
        desk.supervisor.try_anew()
        let_go(desk, now_ns)
        desk.memory.referee.adopt(desk.own)
        return []
    flatten, root = said.action is OperatorAction.FLATTEN, root_of(said.why)
    who = said.why if said.why.partition(":")[0] in WHO else "operator"
    # what still fills after the word is left as well, but where one root is meant
    desk.breaker.trip(who, TradingState.HALTED, desk.facts, latched=True, flatten=flatten and root is None)
    if root is None:
        return desk.leave_all(said.why, now_ns, cause) if flatten else []
    return _leave(desk, root, said.why, now_ns, cause)


def root_of(why: str) -> str | None:
    """Give the one root that a flatten is about, `None` for all.

    >>> root_of("operator: alone ES: rolled by hand"), root_of("operator: all of it")
    ('ES', None)
    """
    _, _, text = why.partition(": ")
    return text.removeprefix(ALONE).partition(":")[0] if text.startswith(ALONE) else None


def _leave(desk: Desk, root: str, why: str, now_ns: int, cause: Cause) -> list[AnyCommand]:
    made: list[AnyCommand | None] = []
    for b in list(desk.supervisor.brackets()):
        if desk.contract(b.key).root == root:
            leaves = b.held > 0
            made.append(
                desk.supervisor.leave(b, why, now_ns, cause, desk.facts, by_hand_after_ns=desk.answer_ns)
                if leaves
                else desk.supervisor.withdraw(b, now_ns, cause)
            )
    return desk.issue([command for command in made if command is not None])


# ---------------------------------------------------------------------- a foreign position becomes ours
def leaving_px(desk: Desk, contract: int, side: int) -> int | None:
    """Give where a position of this side can be left now, by the last bar; `None` without a quote."""
    cells = desk.places[contract].cells
    far, at = (BID, _BID) if side > 0 else (ASK, _ASK)
    return cells[at] if cells[_HAS] & far else None


def why_not_adopt(desk: Desk, event: PositionAdopted) -> str | None:
    """Say why a position may not be handed over so, `None` if it may: asked before the event is made, by whoever makes it."""
    if (why := _why_never(desk, event)) is not None:
        return why
    contract = desk.places[event.contract].contract
    if event.contract in desk.memory.referee.since_ns:
        return f"{contract.symbol}: the broker's position is not what we believe; wait, or resume first"
    foreign, px = desk.memory.referee.foreign.get(event.contract, 0), leaving_px(desk, event.contract, adoption.side_of(event.qty))
    return adoption.why_not(event, contract, foreign, px)


def _why_never(desk: Desk, event: PositionAdopted) -> str | None:
    """Say what does not hang on the market: a journal that is told again without one comes to the same."""
    place = desk.places.get(event.contract)
    if place is None:
        return f"this run does not know contract {event.contract}"
    if event.account != desk.setup.account:
        return f"this run is about account {desk.setup.account}, not {event.account}"
    if event.contract in desk.supervisor.owned:
        return f"{place.contract.symbol}: a bracket of ours is in it; one owner a contract"
    return None if event.qty else "nothing is handed over"


def adopted(desk: Desk, event: PositionAdopted, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Take a foreign position as ours, with a stop at the broker in the same turn."""
    if _why_never(desk, event) is not None:
        return []
    contract, today = desk.places[event.contract].contract, desk.ledger.day(event.account).day
    desk.memory.referee.count(event.contract, -event.qty)
    desk.memory.referee.by_hand.pop(event.contract, None)
    return desk.issue([adoption.adopt(desk.supervisor, event, contract, today, now_ns, cause, desk.facts)])


# ---------------------------------------------------------------------- an execution that the broker tells no more
def why_not_enter(desk: Desk, event: FillEntered) -> str | None:
    """Say why a fill does not fit the difference between the broker and our books, `None` if it does."""
    b, referee = desk.memory.book.open.get(event.ref), desk.memory.referee
    if event.exec_id in desk.memory.book.executions:
        return f"execution {event.exec_id} is booked already"
    if b is None:
        return f"bracket {event.ref} is not open: nothing of it can have filled"
    if event.qty <= 0 or event.qty > (b.rest if event.leg is Leg.ENTRY else b.open):
        what = f"{b.rest} of its entry may still fill" if event.leg is Leg.ENTRY else f"{b.open} of it are held"
        return f"bracket {event.ref}: {what}, {event.qty} cannot"
    contract = b.key.contract
    if contract not in referee.positions:
        return "the broker has not said what it holds of this contract"
    lacks = referee.positions[contract] - desk.own(contract) - referee.foreign.get(contract, 0) - b.side * _noted(desk, event)
    moved = _signed(b, event)
    if lacks * moved <= 0 or abs(moved) > abs(lacks):
        held = referee.positions[contract]
        return f"the broker holds {held}, our books {held - lacks}: a fill of {moved:+d} does not explain it"
    return None


def _signed(b: Bracket, event: FillEntered) -> int:
    return event.qty * (b.side if event.leg is Leg.ENTRY else -b.side)


def _noted(desk: Desk, event: FillEntered) -> int:
    """Count what a hand closed of a bracket and a resume took note of as foreign: a price may be entered for it all the same."""
    b, foreign = desk.memory.book.open[event.ref], desk.memory.referee.foreign
    return max(0, min(b.by_hand, event.qty, -b.side * foreign.get(b.key.contract, 0))) if event.leg is not Leg.ENTRY else 0


def entered(desk: Desk, event: FillEntered, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Book a fill that a person entered, like any other; whether it explains a difference was judged before the event was made."""
    fill = OrderFilled(event.ref, event.leg, event.qty, event.px, event.exec_id, event.fee_micros)
    is_news = event.exec_id not in desk.memory.book.executions
    if is_news and event.leg is not Leg.ENTRY and (b := desk.memory.book.open.get(event.ref)) is not None:
        desk.memory.referee.count(b.key.contract, b.side * _noted(desk, event))
        b.by_hand = max(0, b.by_hand - event.qty)
    return report(desk, fill, now_ns, cause)[1]
