"""What a journal says of the decision behind an order: what left, what came, verdict, proposal, strategy, forecast, recipe. No market."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from workbench.domain.contracts import Contract
from workbench.domain.decisions import Proposal
from workbench.domain.orders import Leg, OrderType
from workbench.domain.units import MICROS, SECOND
from workbench.learning.recipe import Recipe
from workbench.research.why.order import Order
from workbench.research.why.sources import Source
from workbench.research.why.story import Step
from workbench.research.words import count, points, usd
from workbench.risk.constitution import Constitution

NOT_KEPT: Final = "not in the journal"
SHORT: Final = 12  # letters of a digest that are shown


def clock(ns: int) -> str:
    """Write a moment, to the millisecond, UTC.

    >>> clock(1_795_098_600_123_000_000)
    '14:30:00.123'
    """
    return f"{datetime.fromtimestamp(ns // SECOND, UTC):%H:%M:%S}.{ns % SECOND // 1_000_000:03d}"


def sent(order: Order, of: Contract) -> Step:
    """Say what left."""
    sent = order.submit
    assert sent is not None
    side, kind = "buy" if sent.side > 0 else "sell", OrderType(sent.entry_type).name.lower()
    prices = {name: of.to_pts(getattr(sent, f"{name}_px")) for name in ("entry", "stop", "target")}
    at = f"{kind} (seen {points(prices['entry'])})" if sent.entry_type is OrderType.MARKET else f"{kind} {points(prices['entry'])}"
    said = f"{side} {sent.qty} {of.symbol} at {at}, stop {points(prices['stop'])}, target {points(prices['target'])}; decided"
    roll = f"; the second leg of the roll of bracket {order.roll}" if order.roll is not None else ""
    values = {"ref": order.ref, "side": sent.side, "qty": sent.qty, "symbol": of.symbol, "type": kind, "decided_ns": sent.decided_ns}
    pts = {f"{name}_pts": px for name, px in prices.items()}
    return Step("order", f"{said} {clock(sent.decided_ns)} UTC{roll}", {**values, **pts, "cause": list(sent.cause)})


def came(order: Order, of: Contract) -> Step:
    """Say what came of it."""
    sent = order.submit
    assert sent is not None
    first = [(ns, fill) for ns, fill in order.fills if fill.leg is Leg.ENTRY]
    values: dict[str, Any] = {"executions": [fill.exec_id for _, fill in order.fills], "why_over": order.why_over}
    if not first:
        return Step("what came", f"rejected: {order.rejected}" if order.rejected else "it never filled", values)
    qty = sum(fill.qty for _, fill in first)
    px = sum(of.to_pts(fill.px) * fill.qty for _, fill in first) / qty
    said = f"{qty} filled at {points(px)}, {(first[0][0] - sent.decided_ns) / 1e9:.3f} s after"
    if (closed := order.closed) is None:
        return Step("what came", f"{said}; still open when the journal ends", values)
    money = f"{usd(closed.pnl_micros / MICROS)} after {usd(closed.fees_micros / MICROS, signed=False)} of fees, {closed.r:+.2f} R"
    values |= {"pnl_usd": closed.pnl_micros / MICROS, "fees_usd": closed.fees_micros / MICROS, "r": closed.r}
    return Step("what came", f"{said}; over {clock(closed.closed_ns)} by {order.why_over} at {points(closed.exit_pts)}: {money}", values)


# ---------------------------------------------------------------------- the decision
def approved(order: Order, law: Constitution | None) -> Step:
    """Say what risk made of the wish."""
    if order.approved is None:
        return Step("approved", f"the verdict is {NOT_KEPT}", {}, is_known=False)
    verdict = order.approved
    risk = verdict.risk_micros / MICROS
    most = f" of at most {usd(law.risk.max_loss_per_trade_usd, signed=False)} a trade" if law is not None else ""
    said = f"{verdict.qty} of it, {usd(risk, signed=False)} at risk{most}; no limit objected, and none of the twelve rules"
    return Step("approved", said, {"qty": verdict.qty, "risk_usd": risk, "profile": order.run.profile})


def proposal(order: Order, of: Contract) -> Step:
    """Say what was wished for."""
    if order.approved is None:
        return Step("proposal", NOT_KEPT, {}, is_known=False)
    wish = order.approved.proposal
    away, reach = abs(wish.entry_px - wish.stop_px) // of.tick, abs(wish.target_px - wish.entry_px) // of.tick
    parts = [f"stop {away} ticks away, target {reach}", f"at most {wish.hold_ns / SECOND:g} s"]
    parts += [] if wish.confidence is None else [f"believed {wish.confidence:.3f}"]
    parts += [] if wish.thesis is None else [f"as long as {wish.thesis.forecast} gives its side {wish.thesis.floor:.2f}"]
    parts += [] if wish.breakeven_px is None else [f"breakeven from {points(of.to_pts(wish.breakeven_px))}"]
    parts += [] if wish.trail_px is None else [f"a stop that follows at {points(of.to_pts(wish.trail_px))}"]
    parts += [] if wish.chase is None else [f"an entry that follows to {points(of.to_pts(wish.worst_px))}"]
    return Step("proposal", ", ".join(parts), _plain(wish, away, reach))


def _plain(wish: Proposal, away: int, reach: int) -> dict[str, Any]:
    held = {"stop_ticks": away, "target_ticks": reach, "hold_s": wish.hold_ns / SECOND, "confidence": wish.confidence}
    return {**held, "thesis": None if wish.thesis is None else wish.thesis._asdict()}


def strategy(order: Order, found: Source, recipe: str) -> Step:
    """Say who wished, and where that is written."""
    assert order.submit is not None
    name = order.submit.key.strategy
    if found.problem:
        return Step("strategy", f"{name}: its source is not here ({found.problem})", {"name": name}, is_known=False)
    follows = f", follows {recipe}" if recipe else ", a plain rule"
    edited = [each for each, digest in found.digests.items() if order.run.digests.get(each) != digest]
    said = f"{name}{follows}: {found.where}{'; EDITED SINCE: ' + ', '.join(edited) if edited else ''}"
    return Step("strategy", said, {"name": name, "recipe": recipe, "where": found.where, "edited": edited})


def forecasts(order: Order, found: Source | None, recipe: str) -> list[Step]:
    """Say what was forecast, and by what recipe."""
    if found is None:
        return [Step("forecast", "none: a plain rule asks for none", {})]
    made, up = order.said.get(recipe), order.outcomes.get(recipe)
    if made is None:
        step = Step("forecast", f"{recipe} said nothing at that barrier, or that is {NOT_KEPT}", {}, is_known=False)
    else:
        came = "what came is not known" if up is None else f"the price {'rose' if up else 'fell'}"
        sure = "confidence not known yet" if made.confidence is None else f"confidence {made.confidence:.3f}"
        said = f"{recipe} at that barrier: {made.p_up:.3f} up within {made.horizon_ns / SECOND:g} s, {sure}; {came}"
        values = {"recipe": recipe, "p_up": made.p_up, "confidence": made.confidence, "horizon_s": made.horizon_ns / SECOND, "is_up": up}
        step = Step("forecast", said, values)
    if not isinstance(found.what, Recipe):
        return [step, Step("recipe", f"{recipe} is not here ({found.problem})", {"name": recipe}, is_known=False)]
    of = found.what
    said = f"{of.name}: {of.model} over {count(len(of.features), 'feature')}, digest {of.digest[:SHORT]}: {found.where}"
    return [step, Step("recipe", said, {"name": of.name, "model": of.model, "digest": of.digest, "where": found.where})]
