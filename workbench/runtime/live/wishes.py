"""What a request means to an engine, as events, and what the engine made of it, in words. Decides nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.decisions import RollPlanned, TradingState
from workbench.domain.errors import DataError, WorkbenchError
from workbench.domain.events import AnyEvent, FillEntered, OperatorAction, OperatorSaid, PositionAdopted, RollAsked, encode_event
from workbench.domain.orders import Leg
from workbench.domain.units import MICROS, SECOND
from workbench.engine.desk import Desk
from workbench.engine.hearing.people import ALONE, leaving_px, why_not_adopt, why_not_enter
from workbench.engine.rolling import preview
from workbench.execution.adoption import ADOPTED, side_of
from workbench.store.requests import Request

LOSS_WORDS: Final = "resume after a loss"  # what a person must type where money was lost up to a limit
HOLD_S: Final = 86_400.0  # an adopted position ends by time after this, unless another is given
LONGEST_S: Final = 366 * 86_400.0  # a hold beyond is a typing error
MOST_FEE: Final = 1_000_000  # of one execution, in its contract's currency; the same
FAR_OFF, NEAR_0 = 10, 1_000  # times the market's price, and steps beside: no price of its contract is further away
FAR: Final = 2  # without a target one stands so many times as far from the market as the stop


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fill to enter, as a request brings it: price in points, fee in the contract's currency."""

    ref: int
    leg: str
    qty: int
    px: str
    exec_id: str
    fee: str | None = None
    con_id: str = ""  # as the statement has it, if it does


class RefusalError(WorkbenchError):
    """A request that the run does not take; its text is the answer."""


def events_of(desk: Desk, request: Request, halted: str | None) -> list[AnyEvent]:
    """Give the events that a request is, to be taken one after the other.

    Raises
    ------
    RefusalError
        Saying why it is none.
    """
    try:
        made = _events_of(desk, request, halted)
        for event in made:
            encode_event(event)  # what has no wire form can stand in no log
    except KeyError as error:
        raise RefusalError(f"the request does not say its {error.args[0]}") from None
    except (DataError, msgspec.MsgspecError, ValueError, ArithmeticError) as error:
        raise RefusalError(str(error)) from None
    return made


def _events_of(desk: Desk, request: Request, halted: str | None) -> list[AnyEvent]:
    why = f"{request.by}: {request.why}"
    match request.action:
        case "flatten":
            return [OperatorSaid(OperatorAction.FLATTEN, _flatten(desk, request))]
        case "resume":
            return [OperatorSaid(OperatorAction.RESUME, _resume(desk, request.details, why, halted))]
        case "adopt":
            return [_adopted(desk, request.details, why)]
        case "enter":
            return [_entered(desk, row, why) for row in msgspec.json.decode(request.details["rows"], type=list[Row])]
        case "roll":
            return [RollAsked(_rolled(desk, request.details["root"]), why)]


def told_only(desk: Desk, request: Request) -> str | None:
    """Answer a request that asks for words alone, `None` for any other: what a roll would be."""
    if request.action != "roll" or "preview" not in request.details:
        return None
    plans = preview(desk, _rolled(desk, request.details["root"]))
    return "\n".join(_plan(desk, each) for each in plans) or "a month has no quote now, or the market is beyond a stop: ask again"


def _rolled(desk: Desk, root: str) -> str:
    """Check that there is something to move."""
    held = [b for b in desk.supervisor.brackets() if desk.contract(b.key).root == root and b.open > 0]
    if not held:
        raise RefusalError(f"nothing of ours is held in {root}")
    leads = desk.memory.fronts.get(root)
    if leads is None or leads not in desk.places:
        raise RefusalError(f"no month of {root} leads that this run streams: a new session takes it in")
    if all(b.key.contract == leads for b in held):
        raise RefusalError(f"{desk.places[leads].contract.symbol} is held, and it leads")
    return root


def _plan(desk: Desk, plan: RollPlanned) -> str:
    near, far = desk.contract(desk.memory.book.open[plan.ref].key), desk.places[plan.to_contract].contract
    prices = f"out of {near.symbol} at about {near.to_pts(plan.near_px):g}, into {far.symbol} at about {far.to_pts(plan.far_px):g}"
    cost = plan.cost_micros / MICROS
    return f"bracket {plan.ref}: {plan.qty} {prices}, stop {far.to_pts(plan.stop_px):g}; costs about {cost:,.2f} {far.currency}"


def objection(desk: Desk, event: AnyEvent) -> str | None:
    """Say what the engine has against an event, `None` if nothing: judged a moment before it is made, on the very state that takes it."""
    match event:
        case PositionAdopted():
            return why_not_adopt(desk, event)
        case FillEntered():
            return why_not_enter(desk, event)
        case _:
            return None


def result(desk: Desk, event: AnyEvent, latched: Sequence[str] = ()) -> str:
    """Say what an engine that has just taken an event made of it; `latched` is what had waited for a person before."""
    match event:
        case OperatorSaid(action=OperatorAction.FLATTEN):
            n = sum(bool(b.leaving) for b in desk.supervisor.brackets())
            return (
                f"halted; {n} positions are being left, entries that rest are withdrawn. See that they end: workbench resume lifts the halt"
            )
        case OperatorSaid(action=OperatorAction.RESUME):
            state, causes = desk.breaker.state, "; ".join(sorted(desk.breaker.causes))
            lifted = f"; lifted: {'; '.join(latched)}" if len(latched) > 1 else ""  # he may have meant one of them
            return ("resumed: active" if state is TradingState.ACTIVE else f"resumed, and still {state.value}: {causes}") + lifted
        case PositionAdopted(contract=contract):
            b = next(each for each in desk.supervisor.brackets() if each.key.contract == contract and each.key.strategy == ADOPTED)
            of = desk.contract(b.key)
            held = f"{'long' if b.side > 0 else 'short'} {b.open} {of.symbol} from {of.to_pts(event.px):g}"
            return (
                f"adopted as bracket {b.ref}: {held}; stop {of.to_pts(b.stop_px):g} and target {of.to_pts(b.target_px):g} are on their way"
            )
        case RollAsked(root=root):
            return f"{root} is moved at the next barrier that lets it: out first, then in through the limits"
        case FillEntered():
            return f"booked: bracket {event.ref} {event.leg.name.lower()} {event.qty} ({event.exec_id})"
        case _:
            return "taken"


def contract_of(desk: Desk, name: str) -> Contract:
    """Find the contract of this run that a person calls so: by its symbol, or by its root where there is one alone."""
    known = [place.contract for place in desk.places.values()]
    found = [each for each in known if each.symbol == name] or [each for each in known if each.root == name]
    if len(found) != 1:
        raise RefusalError(
            f"{name}: {'no contract' if not found else 'several contracts'} of this run; it knows " + ", ".join(x.symbol for x in known)
        )
    return found[0]


def _flatten(desk: Desk, request: Request) -> str:
    root = request.details.get("root")
    if root is None:
        return f"{request.by}: {request.why}"
    if all(place.contract.root != root for place in desk.places.values()):
        raise RefusalError(f"this run trades no {root}")
    return f"{request.by}: {ALONE}{root}: {request.why}"


def _resume(desk: Desk, details: Mapping[str, str], why: str, halted: str | None) -> str:
    if halted is not None:
        raise RefusalError(f"the HALT file lies there ({halted}): take it away first, workbench resume --lift does both")
    lost = [cause for cause in desk.breaker.latched if "loss" in cause]
    if lost and details.get("words", "").strip() != LOSS_WORDS:
        raise RefusalError(f'{"; ".join(lost)}: to go on a person types --words "{LOSS_WORDS}"')
    return why


def _adopted(desk: Desk, details: Mapping[str, str], why: str) -> PositionAdopted:
    contract, referee = contract_of(desk, details["root"]), desk.memory.referee
    foreign = referee.foreign.get(contract.id, 0)
    if not foreign:
        raise RefusalError(f"nothing foreign is held in {contract.symbol}")
    side, qty = side_of(foreign), abs(int(details.get("qty", abs(foreign))))
    market_px = leaving_px(desk, contract.id, side)
    if market_px is None:
        raise RefusalError(f"{contract.symbol} has no quote: nobody can say which side of the market its stop is on")
    stop_px = _px(contract, details["stop"], market_px)
    far_px = market_px + side * FAR * abs(market_px - stop_px) // contract.tick * contract.tick
    target_px = _px(contract, details["target"], market_px) if "target" in details else far_px
    px = _average_px(contract, referee.positions.get(contract.id, 0), referee.costs.get(contract.id, 0))
    hold_s = float(details.get("hold_s", HOLD_S))
    if not 0 < hold_s <= LONGEST_S:
        raise RefusalError(f"it can be held for {LONGEST_S:,.0f} s at most, not {hold_s:g}")
    hold_ns = round(hold_s * SECOND)
    return PositionAdopted(desk.setup.account, contract.id, side * qty, px, stop_px, target_px, hold_ns, why)


def _average_px(contract: Contract, qty: int, cost_micros: int) -> int:
    """Give what a position cost on average, in quanta, to the nearest; the broker's average counts its commission in."""
    if not qty:
        raise RefusalError(f"the broker says that nothing is held in {contract.symbol}")
    return round(Fraction(cost_micros) / (qty * contract.quantum_value * MICROS))


def _entered(desk: Desk, row: Row, why: str) -> FillEntered:
    b = desk.memory.book.open.get(row.ref)
    if b is None:
        raise RefusalError(f"bracket {row.ref} is not open: nothing of it can have filled")
    con_id = desk.contract(b.key).venue_ids.get("ib", "")
    if row.con_id and con_id and row.con_id != con_id:
        raise RefusalError(f"bracket {row.ref} is in {desk.contract(b.key).symbol}, conId {con_id}; the statement says {row.con_id}")
    if row.leg.upper() not in Leg.__members__:
        raise RefusalError(f"leg {row.leg!r}: one of {', '.join(name.lower() for name in Leg.__members__)}")
    fee = None if row.fee is None else abs(Fraction(row.fee))
    if fee is not None and fee > MOST_FEE:
        raise RefusalError(f"a fee of {row.fee} is none")
    px = _px(desk.contract(b.key), row.px, b.stop_px)
    return FillEntered(row.ref, Leg[row.leg.upper()], row.qty, px, row.exec_id, None if fee is None else round(fee * MICROS), why)


def _px(contract: Contract, text: str, about_px: int) -> int:
    """Read a price; one far off all that the contract was ever traded at is a typing error."""
    px = contract.to_px(text)
    if abs(px) > FAR_OFF * abs(about_px) + NEAR_0 * contract.tick:
        raise RefusalError(f"{contract.symbol}: {text[:40]} is no price, where {contract.to_pts(about_px):g} is one")
    return px
