"""Holds a drill's ledger against the gateway's truth, and its log against itself. Says what differs, in words; an empty list is proof."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.simulation.drills.drill import ACCOUNT, Drill
from workbench.domain.events import PositionTold
from workbench.domain.orders import Leg
from workbench.execution.supervisor import Booked
from workbench.runtime import play
from workbench.simulation.broker.reports import Execution
from workbench.store import entries
from workbench.venues.ib.book import read_ref

NAKED_S = 20.0  # the law covers or leaves within 15 s, and an order takes its time


def own(drill: Drill) -> list[Execution]:
    """Executions of ours that stand at the broker."""
    assert drill.broker is not None
    return [each for each in drill.broker.executions() if read_ref(each.order_ref) is not None]


def executions_differ(drill: Drill) -> list[str]:
    """Each execution once, with its leg, quantity and price as corrected."""
    assert drill.ended is not None
    ours = {
        exec_id: (each.ref, each.leg, each.qty, each.px)
        for exec_id, each in drill.ended.engine.desk.memory.book.executions.items()
        if each.qty
    }
    theirs = {}
    for each in own(drill):
        named = read_ref(each.order_ref)
        assert named is not None
        theirs[each.exec_id] = (named.ref, named.leg, each.qty, each.px)
    said = [f"execution {exec_id} is the broker's only: {theirs[exec_id]}" for exec_id in theirs.keys() - ours.keys()]
    said += [f"execution {exec_id} is ours only: {ours[exec_id]}" for exec_id in ours.keys() - theirs.keys()]
    both = ours.keys() & theirs.keys()
    return said + [f"execution {each} is {ours[each]}, the broker's {theirs[each]}" for each in both if ours[each] != theirs[each]]


def signed(booked: Booked, sides: dict[int, int]) -> int:
    """Contracts that an execution bought, less what it sold."""
    side = sides[booked.ref]
    return booked.qty * (side if booked.leg is Leg.ENTRY else -side)


def foreign(drill: Drill, contract: int) -> int:
    """Contracts that others bought in our account, less what they sold, by the broker's executions."""
    assert drill.broker is not None
    return sum(each.side * each.qty for each in drill.broker.executions() if each.contract == contract and read_ref(each.order_ref) is None)


def positions_differ(drill: Drill) -> list[str]:
    """Own and foreign make up the broker's position, and the last word on it is the broker's."""
    assert drill.ended is not None and drill.broker is not None
    book, said = drill.ended.engine.desk.memory.book, list[str]()
    sides = {ref: command.side for ref, command in drill.submitted().items()}
    told = {event.contract: event.qty for event in drill.of(PositionTold)}
    for contract in drill.contracts:
        truth, others = drill.broker.position(ACCOUNT, contract.id).qty, foreign(drill, contract.id)
        mine = sum(signed(each, sides) for each in book.executions.values() if each.qty)
        if mine + others != truth:
            said.append(f"position of {contract.symbol}: {mine} own and {others} foreign, the broker has {truth}")
        if told.get(contract.id, 0) != truth:
            said.append(f"position of {contract.symbol} was told last as {told.get(contract.id)}, it is {truth}")
    return said


def orders_differ(drill: Drill) -> list[str]:
    """What lives at the broker is what we believe to live, and nothing we believe in lives on its own."""
    assert drill.ended is not None and drill.broker is not None
    theirs = Counter(named[1:] for state in drill.broker.orders() if (named := read_ref(state.order.order_ref)) is not None)
    lives = drill.venue.book.lives.values()
    ours = Counter((life.submit.ref, part.leg) for life in lives for part in life.parts if not part.is_over)
    said = [f"order {ref} {leg.name} lives at the broker {n} times" for (ref, leg), n in (theirs - ours).items()]
    said += [f"order {ref} {leg.name} lives in our book alone" for ref, leg in (ours - theirs)]
    book = drill.ended.engine.desk.memory.book
    said += [
        f"bracket {ref} is {bracket.phase} in the engine: {bracket.open} open, {bracket.rest} may fill; nothing of it is at the broker"
        for ref, bracket in book.open.items()
        if not any(each == ref for each, _ in theirs)
    ]
    return said + [f"bracket {ref} is over in the engine and lives at the broker" for ref in {ref for ref, _ in theirs} - book.open.keys()]


def money_differs(drill: Drill) -> list[str]:
    """Realised money after fees is what the broker's executions and commissions make, once all is closed."""
    assert drill.ended is not None and drill.broker is not None
    memory = drill.ended.engine.desk.memory
    if memory.book.open:
        return []
    left = Counter[str]()
    for each in own(drill):
        left[each.order_ref[:-2]] += each.side * each.qty
    if any(left.values()):  # what it earned is not known before it is closed
        return [f"{ref} is over in the engine, its executions leave {qty} open" for ref, qty in left.items() if qty]
    contracts = {contract.id: contract for contract in drill.contracts}
    truth = sum(
        contracts[each.contract].value_micros(-each.side * each.qty * each.px) - drill.broker.commission_of(each).fee_micros
        for each in own(drill)
    )
    ours = memory.ledger.realised_micros.get(ACCOUNT, 0)
    said = [] if ours == truth else [f"realised {ours / 1e6:.2f} USD, the broker's executions make {truth / 1e6:.2f}"]
    return said + [f"the fee of {exec_id} is still due" for exec_id in memory.book.fees_due]


def orders_twice(drill: Drill) -> list[str]:
    """Never two live entries with one orderRef, never more filled than was commanded, no number used twice."""
    assert drill.broker is not None
    said = sorted({f"{ref} bore two live entries" for each in drill.sampled for ref in each.twice})
    commanded = drill.submitted()
    said += [f"bracket {ref} filled {n} of {commanded[ref].qty}" for ref, n in drill.filled().items() if n > commanded[ref].qty]
    used = Counter(state.order.order_id for state in drill.all_orders())
    return said + [f"order id {order_id} was used {n} times" for order_id, n in used.items() if n > 1]


def unprotected(drill: Drill) -> list[str]:
    """No position of ours is long without a stop or an exit at work, unless the run had said that it is away, reducing or halted."""
    said, since = list[str](), None
    for each in drill.sampled:
        is_naked = each.naked > 0 and each.stage == "deciding"
        since = (since if since is not None else each.at_s) if is_naked else None
        if since is not None and each.at_s - since > NAKED_S:
            return [f"{each.naked} contracts had no stop at {each.at_s:.1f} s, for more than {NAKED_S:g} s, and nobody reacted"]
    return said


def log_differs(drill: Drill) -> list[str]:
    """The log gives the very commands and the very state at the end."""
    assert drill.ended is not None
    logged, ended = drill.logged(), drill.ended
    played = asyncio.run(play.play_back(logged, drill.setup))
    said = [] if played.difference is None else [f"the replay commands otherwise: {played.difference}"]
    if played.outcome.commands_digest != ended.commands_digest:
        said.append("the replay's commands are others")
    if played.outcome.state_digest != ended.state_digest:
        said.append("the replay ends in another state")
    entries.verify(logged.journal, ended.run.journal_head)
    return said


CHECKS = (executions_differ, positions_differ, orders_differ, money_differs, orders_twice, unprotected, log_differs)


def differences(drill: Drill) -> list[str]:
    """All of it."""
    said = [f"the gateway failed: {each}" for each in drill.gateway.mishaps]
    return said + [each for check in CHECKS for each in check(drill)]
