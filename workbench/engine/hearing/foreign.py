"""What others hold and trade in our account, and what they do to positions of ours. No I/O, no clock.

Rules
-----
1. Own and foreign together are what the broker holds (`execution.reconcile`). What an owner has said about a contract decides: ``lock``
   keeps us out of it, ``ignore`` counts what is foreign apart and trades on, ``adopt`` keeps us out until a person hands it over.
2. Somebody who trades against a position of ours first closes what he holds himself, then ours, oldest bracket first: in an account that
   nets, there is nothing else it could be. Ours is booked at the price of that execution, its orders are cut or cancelled at once, and the
   contract is locked until a person resumes. Where foreign is ignored, what others trade is theirs alone.
3. Where no execution is told, a position that falls is the only word: the venue takes the exits back (``closed-by-hand``), the contract is
   locked, and the books keep it open until a person enters its price. A price is never guessed. What is left is protected and left as ever;
   of what the broker holds no more nothing is (`Bracket.by_hand`). A trade that the exchange took back looks the same.
4. More than was held has been closed: the position has turned round, which is nobody's plan. Halted.
"""

from __future__ import annotations

import msgspec

from workbench.domain.decisions import ClosedByHand, ForeignSeen, RoundTripClosed, TradingState
from workbench.domain.events import BrokerSaid, ForeignFilled, ForeignOrderSeen, OrderFilled, PositionTold
from workbench.domain.orders import AnyCommand, Cause, Leg, Protect
from workbench.engine.desk import CONNECTION, Desk
from workbench.engine.reports import report
from workbench.execution.bracket import Bracket
from workbench.execution.fills import cover

BY_HAND = "by hand"


def policy_of(desk: Desk, contract: int) -> str:
    """Give what the owner chose about others in a contract, and let the referee know."""
    place, ignored = desk.places.get(contract), desk.memory.referee.ignored
    policy = "lock" if place is None else str(desk.setup.law.foreign_of(place.contract.root))
    if (policy == "ignore") != (contract in ignored):
        ignored.remove(contract) if contract in ignored else ignored.append(contract)
    return policy


def told_a_position(desk: Desk, event: PositionTold, now_ns: int) -> None:
    """Let the referee hear what the broker holds, and say what of it is others'."""
    referee, contract = desk.memory.referee, event.contract
    before, policy = referee.foreign.get(contract, 0), policy_of(desk, contract)
    has_orders = any(b.key.contract == contract for b in desk.supervisor.brackets())
    referee.told(event, own=desk.own(contract), has_orders=has_orders, now_ns=now_ns)
    if any(b.by_hand for b in desk.supervisor.brackets() if b.key.contract == contract):
        _share(desk, contract, now_ns)
    held = referee.foreign.get(contract, 0)
    if held != before:
        desk.facts.append(ForeignSeen(contract, policy, held, "held before us"))


def saw_an_order(desk: Desk, event: ForeignOrderSeen, now_ns: int) -> None:
    """Take that somebody else has an order; the first one of a contract is told."""
    referee, contract = desk.memory.referee, event.contract
    is_first, policy = not referee.orders.get(contract), policy_of(desk, contract)
    referee.saw(event, now_ns)
    if is_first and referee.orders.get(contract):
        why = f"an order of somebody else: {event.order_type} {'buys' if event.side > 0 else 'sells'} {event.qty}"
        desk.facts.append(ForeignSeen(contract, policy, referee.foreign.get(contract, 0), why))


def saw_a_fill(desk: Desk, event: ForeignFilled, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Take an execution of somebody else, once; while the broker is away it waits."""
    referee = desk.memory.referee
    if not referee.is_news(event, now_ns):
        return []
    if CONNECTION in desk.breaker.causes:
        referee.hold_back(event)
        return []
    return _count(desk, event, now_ns, cause)


def count_what_waited(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """The broker is back: take what others traded meanwhile."""
    return [command for event in desk.memory.referee.lacking(desk.own) for command in _count(desk, event, now_ns, cause)]


def told_without_a_price(desk: Desk, event: BrokerSaid, now_ns: int) -> None:
    """Lock a contract of which somebody closed something that no execution was told of."""
    if event.contract is None or event.contract not in desk.places:
        return
    policy, referee = policy_of(desk, event.contract), desk.memory.referee
    referee.by_hand[event.contract] = event.text
    _share(desk, event.contract, now_ns)
    why = f"{event.text}; its price is not known: workbench fills type {event.ref} exit QUANTITY PRICE"
    desk.facts.append(ForeignSeen(event.contract, policy, referee.foreign.get(event.contract, 0), why))


def _share(desk: Desk, contract: int, now_ns: int) -> None:
    """Share what the broker holds among our brackets of a contract as the venue does: the newest keep first."""
    mine, held = [b for b in desk.supervisor.brackets() if b.key.contract == contract and b.open > 0], desk.memory.referee.positions
    if not mine or contract not in held:
        return
    room = max(0, mine[0].side * held[contract])
    for b in reversed(mine):
        b.by_hand, room = max(0, b.open - room), max(0, room - b.open)
        cover(b, desk.facts, now_ns)
        desk.forget_view(b.ref)


def _count(desk: Desk, event: ForeignFilled, now_ns: int, cause: Cause) -> list[AnyCommand]:
    referee, contract, moved = desk.memory.referee, event.contract, event.side * event.qty
    policy, theirs, commands = policy_of(desk, contract), referee.foreign.get(contract, 0), list[AnyCommand]()
    if policy != "ignore" and theirs * moved < 0:  # what is theirs goes first
        own_back = event.side * min(abs(theirs), abs(moved))
        referee.count(contract, own_back)
        moved -= own_back
    closed = 0
    if policy != "ignore" and moved:
        for b in [each for each in desk.supervisor.brackets() if each.key.contract == contract and each.side * moved < 0 < each.open]:
            qty = min(b.open, abs(moved) - closed)
            if qty > 0:
                commands += _close(desk, b, event, qty, closed, now_ns, cause)
                closed += qty
    rest = moved - event.side * closed
    referee.count(contract, rest)
    if closed:
        _lock(desk, event, closed, rest, policy)
    else:
        word = f"somebody else {'bought' if event.side > 0 else 'sold'} {event.qty}"
        desk.facts.append(ForeignSeen(contract, policy, referee.foreign.get(contract, 0), word))
    return commands


def _close(desk: Desk, b: Bracket, event: ForeignFilled, qty: int, before: int, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Book what a hand closed of a bracket at that execution's price, and have its orders cut to what is left of it.

    Its commission is told to nobody: the constitution's stands in for it, as for every one that is missing.
    """
    fee_micros = desk.places[b.key.contract].terms.fee(qty)
    exec_id = f"{event.exec_id}/{before}" if before else event.exec_id
    fill = OrderFilled(b.ref, Leg.EXIT, qty, event.px, exec_id, fee_micros)
    key, stop_px, target_px, b.by_hand = b.key, b.stop_px, b.target_px, max(0, b.by_hand - qty)
    desk.facts.append(ClosedByHand(b.ref, qty, event.px, exec_id, fee_micros))
    _, commands = report(desk, fill, now_ns, cause)
    for n, fact in enumerate(desk.facts):
        if isinstance(fact, RoundTripClosed) and fact.ref == b.ref:
            desk.facts[n] = msgspec.structs.replace(fact, how=BY_HAND)
    return commands + desk.issue([Protect(b.ref, key, now_ns, cause, b.held, stop_px, target_px)])


def _lock(desk: Desk, event: ForeignFilled, closed: int, rest: int, policy: str) -> None:
    """Let nobody in until a person has looked; one who closed more than was held has turned the position round."""
    symbol = desk.places[event.contract].contract.symbol
    why = f"{closed} of ours in {symbol} closed by hand"
    desk.memory.referee.by_hand[event.contract] = why
    desk.facts.append(ForeignSeen(event.contract, policy, rest, why))
    if rest:
        desk.breaker.trip(f"{why}, and {rest:+d} more: the position has turned round", TradingState.HALTED, desk.facts, latched=True)
