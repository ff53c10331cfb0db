"""A position whose month leads no more is moved into the one that does, in two legs: out, then in again by the gate. No I/O, no clock.

Rules
-----
1. A roll is planned first: a fact says what it would cost, a person is told, and only after the law's notice (or at a person's word) the
   first order leaves. It moves while both months are quoted and open, data is fit, and the system is ACTIVE; else it waits.
2. First out, then in: an exit that is refused or fills in parts leaves a smaller position under its stop, never two positions. Where stop
   or target end the position first, there is nothing to move.
3. Over there it is a wish like any other: sized and limited by the gate, and never for more than was held. Refused, it stays flat.
4. Stop and target keep their distance from the market; what was left of its time goes over; each month has its own round trip.
5. What could not be moved is left by whatever else ends a position: the session's close before the cut-off, its time, its stop.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.bars import BAR_AT
from workbench.domain.decisions import Proposal, Reason, Refused, RollEnded, RollPlanned, TradingState
from workbench.domain.events import RollAsked
from workbench.domain.orders import AnyCommand, Ask, Cause, Exit, Leg, OrderType, Submit
from workbench.domain.records import ASK, BID
from workbench.domain.units import SECOND
from workbench.engine.desk import CONNECTION, Desk
from workbench.engine.gating import gate
from workbench.engine.memory import Place
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import Phase
from workbench.execution.rolling import Rolling, Step
from workbench.risk.standing import INF

ROLL: Final = "roll"  # why a bracket is left that is moved
ENTERS_NS: Final = 60 * SECOND  # what the second leg may wait for a quote; afterwards the position is simply flat
_HAS, _BID, _ASK, _QUALITY, _PHASE = (BAR_AT[name] for name in ("has", "bid", "ask", "quality", "phase"))


def move_on(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Plan what is due, and bring every roll a step on."""
    memory = desk.memory
    if not memory.rolls and (desk.setup.law.sessions.roll == "leave" or not memory.book.open):
        return []
    if desk.setup.law.sessions.roll == "move":
        notice_ns = round(desk.setup.law.sessions.roll_notice_s * SECOND)
        for b in list(desk.supervisor.brackets()):
            if _is_due(desk, b):
                plan(desk, b, now_ns + notice_ns)
    commands: list[AnyCommand] = []
    for rolling in list(memory.rolls.values()):
        commands += _step(desk, rolling, now_ns, cause)
    return commands


def asked(desk: Desk, event: RollAsked, now_ns: int) -> None:
    """Plan the rolls a person wants; the next barrier moves them."""
    for b in _movable(desk, event.root):
        plan(desk, b, now_ns)


def preview(desk: Desk, root: str) -> list[RollPlanned]:
    """Say what moving a root's positions would be and cost now; nothing is planned."""
    made = [_made(desk, b, 0) for b in _movable(desk, root)]
    return [each[1] for each in made if each is not None]


def _movable(desk: Desk, root: str) -> list[Bracket]:
    leads = desk.memory.fronts.get(root)
    mine = [b for b in desk.supervisor.brackets() if desk.contract(b.key).root == root and b.open > 0 and not b.by_hand]
    return [b for b in mine if leads in desk.places and leads != b.key.contract]


def _is_due(desk: Desk, b: Bracket) -> bool:
    """Tell whether a position is in a month that leads no more, and outlives its session."""
    if b.open <= 0 or b.by_hand or b.leaving or b.phase is not Phase.PROTECTED or b.ref in desk.memory.rolls:
        return False
    leads = desk.memory.fronts.get(desk.contract(b.key).root)
    return leads in desk.places and leads != b.key.contract and desk.setup.law.horizon_of(b.key.strategy) != "day"


def plan(desk: Desk, b: Bracket, due_ns: int) -> None:
    """Begin a roll by saying what it would be; nothing while one of the months is not quoted."""
    held = desk.memory.rolls.get(b.ref)
    if (held is None or held.step is Step.PLANNED) and (made := _made(desk, b, due_ns)) is not None:
        desk.memory.rolls[b.ref] = made[0]
        desk.facts.append(made[1])


def _made(desk: Desk, b: Bracket, due_ns: int) -> tuple[Rolling, RollPlanned] | None:
    near = desk.places[b.key.contract]
    far = desk.places[desk.memory.fronts[near.contract.root]]
    near_px, far_px = _px(near, -b.side), _px(far, b.side)
    if near_px is None or far_px is None:
        return None
    stop_away, target_away = b.side * (near_px - b.stop_px), b.side * (b.target_px - near_px)
    if stop_away <= 0 or target_away <= 0:
        return None  # the market is beyond one of them: the position is about to end by itself
    rolling = _rolling(desk, b, far.contract.id, near_px, stop_away, due_ns)
    spreads = near.contract.value_micros(_spread(near) * b.open) + far.contract.value_micros(_spread(far) * b.open)
    cost = spreads + near.terms.fee(b.open) + 2 * far.terms.fee(b.open)
    stop_px = far_px - b.side * stop_away
    return rolling, RollPlanned(b.ref, far.contract.id, b.open, near_px, far_px, stop_px, cost, due_ns)


def _rolling(desk: Desk, b: Bracket, to_contract: int, near_px: int, stop_away: int, due_ns: int) -> Rolling:
    """Remember of a bracket what goes over, as distances from where it could be left."""
    target_away = b.side * (b.target_px - near_px)
    rolling = Rolling(b.ref, b.key, to_contract, b.side, b.open, stop_away, target_away, b.hold_ns, b.thesis, b.opened_ns, due_ns)
    tended = desk.memory.care.tended.get(b.ref)
    rolling.trail_px = tended.trail.away_px if tended is not None and tended.trail is not None else None
    rolling.breakeven_away = None if b.breakeven_px is None else b.side * (b.breakeven_px - near_px)
    return rolling


def told_again(desk: Desk, fact: RollPlanned | RollEnded | Exit) -> None:
    """Take from a journal how far a roll has come: planned, its exit sent, over."""
    rolls, b = desk.memory.rolls, desk.memory.book.open.get(fact.ref)
    match fact:
        case RollPlanned() if b is not None:
            stop_away = b.side * (fact.far_px - fact.stop_px)
            rolls[b.ref] = _rolling(desk, b, fact.to_contract, fact.near_px, stop_away, fact.due_ns)
        case RollEnded():
            rolls.pop(fact.ref, None)
        case Exit(why=why) if why == ROLL and b is not None and b.ref in rolls and rolls[b.ref].step is Step.PLANNED:
            rolls[b.ref].step, rolls[b.ref].qty = Step.LEAVING, b.open
        case _:
            pass


def _step(desk: Desk, rolling: Rolling, now_ns: int, cause: Cause) -> list[AnyCommand]:
    b = desk.memory.book.open.get(rolling.ref)
    if rolling.step is Step.PLANNED:
        if b is None or b.open <= 0 or b.leaving:
            return _end(desk, rolling, None, "the position ended before it was moved")
        if now_ns < rolling.due_ns or not _may_move(desk, rolling):
            return []
        exit_ = desk.supervisor.leave(b, ROLL, now_ns, cause, desk.facts)
        if exit_ is None:
            return []
        rolling.step, rolling.qty = Step.LEAVING, b.open
        return desk.issue([exit_])
    if rolling.step is Step.LEAVING:
        if b is not None:
            return []  # refused exits are sent again by care, parts fill
        rolling.step, rolling.flat_ns = Step.FLAT, now_ns
    return _enter(desk, rolling, now_ns, cause)


def left(desk: Desk, b: Bracket) -> None:
    """Hear that a bracket is over: what its stop, its target or a hand ended while its exit was on its way is not moved."""
    rolling = desk.memory.rolls.get(b.ref)
    if rolling is None or rolling.step is not Step.LEAVING:
        return
    hands = desk.memory.referee.executions
    mine = [each for id_, each in desk.memory.book.executions.items() if each.ref == b.ref and id_.partition("/")[0] not in hands]
    rolling.qty = min(rolling.qty, sum(each.qty for each in mine if each.leg is Leg.EXIT))
    if not rolling.qty:
        how = b.last_leg.name.lower()
        _end(desk, rolling, None, "a hand ended it first" if how == "exit" else f"its {how} ended it first")


def _enter(desk: Desk, rolling: Rolling, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Wish for the position over there."""
    far = desk.places[rolling.to_contract]
    px = _px(far, rolling.side)
    is_late = now_ns - rolling.flat_ns >= ENTERS_NS
    if px is None or not _is_open(desk, far):
        return _end(desk, rolling, None, "the other month had no quote") if is_late else []
    if CONNECTION in desk.breaker.causes and not is_late:
        return []  # away for a moment: nothing could leave now
    left_ns = rolling.hold_ns - (now_ns - rolling.opened_ns)
    if left_ns <= 0:
        return _end(desk, rolling, None, "its time was over")
    wish = _wish(rolling, px, far.contract.tick, left_ns)
    command = gate(desk, rolling.key._replace(contract=rolling.to_contract), wish, now_ns, cause, at_most=rolling.qty)
    if isinstance(command, Ask):
        return [command]  # what it would bind is asked first; the next barrier wishes again
    if command is None:
        refused = desk.facts[-1]
        if isinstance(refused, Refused) and refused.reason is Reason.MARGIN and refused.value == INF and not is_late:
            return []  # asked, and not answered yet
        return _end(desk, rolling, None, f"refused: {refused.reason.value}" if isinstance(refused, Refused) else "refused")
    assert isinstance(command, Submit)
    _end(desk, rolling, command.ref, ROLL)
    return [command]


def _wish(rolling: Rolling, px: int, tick: int, left_ns: int) -> Proposal:
    """Put stop, target and the rest of the plan as far from the other month's market as they were from this one's."""
    side = rolling.side
    breakeven = rolling.breakeven_away
    return Proposal(
        side,
        OrderType.MARKET,
        px,
        stop_px=side * (side * (px - side * rolling.stop_away) // tick) * tick,  # the losing side of the grid
        target_px=px + side * -(-rolling.target_away // tick) * tick,
        hold_ns=left_ns,
        thesis=rolling.thesis,
        breakeven_px=None if breakeven is None or breakeven <= 0 else px + side * -(-breakeven // tick) * tick,
        trail_px=rolling.trail_px,
    )


def _end(desk: Desk, rolling: Rolling, to_ref: int | None, why: str) -> list[AnyCommand]:
    desk.memory.rolls.pop(rolling.ref, None)
    desk.facts.append(RollEnded(rolling.ref, to_ref, why))
    return []


def _may_move(desk: Desk, rolling: Rolling) -> bool:
    near, far = desk.places[rolling.key.contract], desk.places[rolling.to_contract]
    if desk.breaker.state is not TradingState.ACTIVE:
        return False
    return all(_is_open(desk, each) and _px(each, 1) is not None and _px(each, -1) is not None for each in (near, far))


def _is_open(desk: Desk, place: Place) -> bool:
    return place.cells[_PHASE] in desk.setup.law.open_phases and place.cells[_QUALITY] >= desk.hold_quality


def _px(place: Place, side: int) -> int | None:
    """Give the price of the far side of the quote for who buys (+1) or sells (-1); `None` where nobody says one."""
    flag, at = (ASK, _ASK) if side > 0 else (BID, _BID)
    return place.cells[at] if place.cells[_HAS] & flag else None


def _spread(place: Place) -> int:
    return max(0, place.cells[_ASK] - place.cells[_BID])
