"""What must hold when it was calm for a minute: the program's books are the gateway's, everything is over or a person is asked to look.

=====  ===============================================================================================================
I5     own and foreign make up the broker's position
I6     executions on the disk are the broker's, each once, as corrected
I2     every command of which an order left is on the disk, as it was
I7     no position is left without a stop
I26    every bracket is over at both sides, or the state is HALTED and says why
I10    the program lives: it connected, and nothing but a broken disk ever broke it
=====  ===============================================================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.simulation.disaster.safety import Violation, _by_bracket
from workbench.domain.decisions import AnyFact, Issued, TradingState
from workbench.domain.events import Arrival, FillCorrected, FillEntered, OrderFilled
from workbench.domain.orders import Leg, Submit
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import runs
from workbench.venues.ib.book import read_ref

if TYPE_CHECKING:
    from tests.simulation.disaster.world import World


class End(NamedTuple):
    """How the program stood at the end: what it says itself, and what its log says."""

    state: TradingState
    latched: tuple[str, ...]
    causes: tuple[str, ...]
    fills: dict[str, tuple[int, Leg, int, int]]  # by execution id: ref, leg, qty, px
    submits: dict[int, Submit]  # as the disk has them
    open: dict[int, str]  # brackets that are not over in the engine, and their phase
    is_up: bool


def end_of(world: World) -> End:
    """Read how it ended: positions from the events on the disk, not from the engine."""
    assert world.ended is not None
    desk = world.ended.engine.desk
    breaker = desk.memory.breaker
    was_up = [news for _, news in world.news if news.stage.value in ("ready", "deciding", "reducing", "halted")]
    journals = [Folders(world.disk.folder).journal(each.run) for each in runs(world.disk.folder)]
    arrivals = (arrival for path in journals for arrival in entries.arrivals(path))
    return End(
        state=desk.breaker.state,
        latched=tuple(breaker.latched),
        causes=tuple(breaker.causes),
        fills=fills_of(arrivals),
        submits={each.ref: each for path in journals for _, fact in entries.facts(path) if isinstance(each := _command(fact), Submit)},
        open={ref: bracket.phase.value for ref, bracket in desk.memory.book.open.items()},
        is_up=bool(was_up),
    )


def _command(fact: AnyFact) -> object:
    return fact.command if isinstance(fact, Issued) else None


def fills_of(arrivals: Iterable[Arrival]) -> dict[str, tuple[int, Leg, int, int]]:
    """Add up what the log tells of executions: each id once, corrections in the place of what they correct."""
    found: dict[str, tuple[int, Leg, int, int]] = {}
    for arrival in arrivals:
        match arrival.event:
            case OrderFilled() | FillEntered() as event:
                found.setdefault(event.exec_id, (event.ref, event.leg, event.qty, event.px))
            case FillCorrected() as event:
                found.pop(event.replaces, None)
                if event.qty:
                    found[event.exec_id] = (event.ref, event.leg, event.qty, event.px)
            case _:
                pass
    return found


def executions_differ(world: World, end: End) -> list[str]:
    """I6."""
    assert world.broker is not None
    truth = {}
    for each in world.broker.executions():
        if (named := read_ref(each.order_ref)) is not None:
            truth[each.exec_id] = (named.ref, named.leg, each.qty, each.px)
    return [
        f"execution {exec_id}: the disk says {end.fills.get(exec_id)}, the broker {truth.get(exec_id)}"
        for exec_id in sorted(truth.keys() | end.fills.keys())
        if truth.get(exec_id) != end.fills.get(exec_id)
    ]


def intents_lost(world: World, end: End) -> list[str]:
    """I2."""
    left = sorted({asked.ref for asked in world.wire.ids.values()})
    return [f"an order of bracket {ref} left, and the disk has another command or none" for ref in left if _is_lost(world, end, ref)]


def _is_lost(world: World, end: End, ref: int) -> bool:
    return ref not in world.wire.commanded or end.submits.get(ref) != world.wire.commanded[ref]


def positions_differ(world: World, end: End) -> list[str]:
    """I5."""
    assert world.broker is not None
    contract, mine = world.contracts[0].id, 0
    for ref, leg, qty, _ in end.fills.values():
        commanded = world.wire.commanded.get(ref)
        if commanded is None:
            return [f"bracket {ref} filled and was never commanded"]
        mine += qty * (commanded.side if leg is Leg.ENTRY else -commanded.side)
    foreign = sum(each.side * each.qty for each in world.broker.executions() if read_ref(each.order_ref) is None)
    truth = world.broker.position("DUSIM1", contract).qty
    return [] if mine + foreign == truth else [f"{mine} own and {foreign} foreign, the broker has {truth}"]


def positions_unprotected(world: World, end: End) -> list[str]:
    """I7."""
    live, filled = _by_bracket(world)
    said = []
    for ref, counted in filled.items():
        held = counted[Leg.ENTRY] - counted[Leg.STOP] - counted[Leg.TARGET] - counted[Leg.EXIT]
        covered = sum(each.remaining for each in live.get(ref, []) if each.leg in (Leg.STOP, Leg.EXIT))
        held = min(held, world.safety.at_the_broker())
        if held > covered and not world.safety.hands:
            said.append(f"bracket {ref} holds {held} at the end, its stops and exits cover {covered}")
    return said


def brackets_in_limbo(world: World, end: End) -> list[str]:
    """I26: excused by a halt that says why."""
    if end.state is TradingState.HALTED and end.causes:
        return []
    live, _ = _by_bracket(world)
    said = [
        f"bracket {ref} is {phase} in the engine, and nothing of it lives at the broker"
        for ref, phase in end.open.items()
        if ref not in live
    ]
    said += [f"bracket {ref} is over in the engine and lives at the broker" for ref in live if ref not in end.open]
    twice = Counter((ref, each.leg) for ref, rows in live.items() for each in rows)
    return said + [f"bracket {ref} has {n} live {leg.name} orders" for (ref, leg), n in twice.items() if n > 1]


def never_came_back(world: World, end: End) -> list[str]:
    """I10: a program that is not connected a minute after the last fault manages nothing."""
    said = [] if end.is_up and world.news[-2][1].stage.value not in ("connecting", "connection lost") else ["it is not connected"]
    return said + [f"the run broke at {at_s:.2f} s: {text}" for at_s, text in world.broke if not world.disk.n_refused]


LAWS: Final[dict[str, Callable[[World, End], list[str]]]] = {
    "I2": intents_lost,
    "I5": positions_differ,
    "I6": executions_differ,
    "I7": positions_unprotected,
    "I26": brackets_in_limbo,
    "I10": never_came_back,
}


def judge(world: World) -> tuple[End | None, list[Violation]]:
    """Say what is wrong at the end; an empty list is proof."""
    said = [Violation("gateway", world.now_s, each) for each in world.gateway.mishaps]
    if world.ended is None:
        return None, [*said, Violation("I26", world.now_s, f"the program never came to rest: {world.lives[-3:]}")]
    end = end_of(world)
    return end, said + [Violation(law, world.now_s, text) for law, check in LAWS.items() for text in check(world, end)]
