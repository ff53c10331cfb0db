"""Why there is no order in a contract now, in one line: the first of the things that stand in the way, in the order the engine meets them.

state > phase > data quality > a position or an order of its own > no forecast yet > confidence > the last refusal > nothing was proposed.
Pure; the numbers are those of the journal, the market and the law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from workbench.dashboard.feed import Seen
from workbench.dashboard.picture import Why
from workbench.dashboard.words import clock, pct, usd
from workbench.domain.decisions import Reason, TradingState
from workbench.domain.records import Phase
from workbench.domain.units import BAR_NS
from workbench.execution.bracket import Bracket
from workbench.learning.recipe import Recipe
from workbench.research.board import Board
from workbench.research.tallies import Said, Turned
from workbench.risk.constitution import Constitution

STALE_CADENCES: Final = 3  # a forecast this many cadences old does not stand any more
PHASES: Final = {
    Phase.CLOSED: "closed",
    Phase.MAINTENANCE: "maintenance",
    Phase.PREOPEN: "pre-open auction",
    Phase.ETH: "outside regular hours",
    Phase.RTH: "regular hours",
}


class Around(NamedTuple):
    """What is known about one contract besides its market: who trades it by which law, and until when its phase lasts."""

    law: Constitution | None
    recipes: Sequence[Recipe]  # those that strategies follow here
    bracket: Bracket | None
    features: Mapping[str, float | None]
    until_ns: int | None
    zone: str


def why(seen: Seen, board: Board, around: Around) -> Why:
    """Say why no order goes out in this contract now."""
    if board.state is not TradingState.ACTIVE:
        return Why("state", f"Trading is {board.state.value}: {board.why}")
    law, phase = around.law, seen.phase
    open_phases = law.open_phases if law is not None else frozenset((Phase.ETH, Phase.RTH))
    if phase is not None and phase not in open_phases:
        until = f" until {clock(around.until_ns, around.zone)}" if around.until_ns else ""
        return Why("phase", f"The market is in {PHASES[phase]}{until}" if phase is not Phase.CLOSED else f"The market is closed{until}")
    if law is not None and seen.quality_frac is not None and seen.quality_frac < law.data.entry_quality:
        return Why("quality", f"Data quality {seen.quality_frac:.2f} is under {law.data.entry_quality:.2f}")
    if around.bracket is not None:
        return Why("owned", _owned(around.bracket))
    if (cold := _cold(seen, board, around)) is not None:
        return Why("cold", cold)
    if (unsure := _unsure(seen, board, around)) is not None:
        return Why("confidence", unsure)
    turned = board.last_refused.get(seen.contract.id)
    if turned is not None and seen.last_bar_ns is not None and turned.now_ns >= seen.last_bar_ns:
        return Why("refused", f"{turned.strategy} was refused: {refusal(turned, law)}")
    since = f"; last refused {clock(turned.now_ns, around.zone)}: {refusal(turned, law)}" if turned is not None else ""
    return Why("quiet", f"Nothing proposed{since}")


def _owned(b: Bracket) -> str:
    side = "long" if b.side > 0 else "short"
    if b.leaving:
        return f"Leaving its position: {b.leaving}"
    if b.open > 0:
        return f"Holds a position, {side}: one bracket a contract"
    return f"Its entry works, {side} {b.rest}: one bracket a contract"


def stands(said: Said | None, seen: Seen, recipe: Recipe) -> bool:
    """Whether a forecast was made at one of the last cadences."""
    if said is None or seen.last_bar_ns is None:
        return False
    return seen.last_bar_ns - said.now_ns <= STALE_CADENCES * max(recipe.every_ns, BAR_NS)


def _cold(seen: Seen, board: Board, around: Around) -> str | None:
    for recipe in around.recipes:
        at = seen.contract.id, recipe.name
        if stands(board.forecasts.get(at), seen, recipe):
            continue
        there = [name for name in recipe.features if around.features.get(name) is not None]
        needed = -int(-recipe.min_share * len(recipe.features) // 1)
        if len(there) < needed:
            missing = [name for name in recipe.features if name not in there]
            more = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
            return f"No forecast yet: {recipe.name} has {len(there)} of {needed} features; not warm: {', '.join(missing[:2])}{more}"
        if (n := board.n_labels[at]) < recipe.min_labels:
            return f"No forecast yet: {recipe.name} has learnt {n} of {recipe.min_labels} outcomes"
        return f"No forecast now: {_silence(seen, board.forecasts.get(at), around.zone)}"
    return None


def _silence(seen: Seen, said: Said | None, zone: str) -> str:
    if seen.is_broken:
        return "an opening or a gap lies in the last bar"
    if seen.spread_ticks is None:
        return "there is no two-sided quote"
    return f"the last one is of {clock(said.now_ns, zone)}" if said is not None else "the one that stood is void"


def _unsure(seen: Seen, board: Board, around: Around) -> str | None:
    if around.law is None:
        return None
    floor = around.law.execution.min_confidence
    said = [board.forecasts.get((seen.contract.id, recipe.name)) for recipe in around.recipes]
    known = [each.confidence for each in said if each is not None and each.confidence is not None]
    if not known or max(known) >= floor or len(known) < len(said):
        return None
    return f"Confidence {pct(max(known), 1)} is under {pct(floor)}"


def refusal(turned: Turned, law: Constitution | None) -> str:
    """Write what was held against what, as the limit means it.

    >>> refusal(Turned(0, 1, "learned", 1, "friction", 0.41, 0.30), None)
    'costs 41% of the move, at most 30%'
    """
    value, most = turned.value, turned.threshold
    match turned.reason:
        case Reason.QUALITY:
            return f"data quality {1 - value:.2f}, at least {1 - most:.2f}"
        case Reason.CONFIDENCE:
            return f"confidence {pct(1 - value, 1)}, at least {pct(1 - most)}"
        case Reason.SPREAD:
            return f"spread {value:g} ticks, at most {most:g}" if value < float("inf") else "no two-sided quote"
        case Reason.STOP_DISTANCE:
            return f"stop {abs(value):g} tick{'s' if abs(value) != 1 else ''} away, at {'least' if most < 0 else 'most'} {abs(most):g}"
        case Reason.FRICTION:
            return f"costs {pct(value)} of the move, at most {pct(most)}"
        case Reason.HEAT | Reason.MARGIN:
            return f"{turned.reason} {pct(value, 1)} of equity, at most {pct(most)}"
        case Reason.DAY_LOSS | Reason.NOTIONAL:
            return f"{turned.reason} {usd(value)} USD, at most {usd(most)}"
        case Reason.SIZE:  # the sizing keeps to the most contracts of an order by itself, so it is one contract that is too much
            return f"one contract risks {usd(value)} USD, at most {usd(most)}"
        case Reason.N_DAY:
            is_hour = law is not None and most == law.risk.max_entries_per_hour
            return f"entry {value:g} of {'the hour' if is_hour else 'the day'}, at most {most:g}"
        case Reason.WINDOW:
            is_pause = law is None or -most == law.risk.min_seconds_between_entries
            return f"{max(-value, 0):.0f} s {'since the last entry' if is_pause else 'to the close'}, at least {-most:.0f}"
        case Reason.LOSSES_IN_ROW:
            return f"{value:g} losses in a row, at most {most:g}"
        case Reason.POSITION | Reason.N_OPEN | Reason.RATE:
            return f"{turned.reason} {value:g}, at most {most:g}"
        case Reason.OUTRANKED:
            return f"a stronger wish: {pct(most)} against {pct(value)}"
        case Reason.UNKNOWN:
            return "the venue has not said the equity"
        case _:
            return turned.reason
