"""What a venue must know of what earlier processes sent: under whose name, which orders may still live, which executions were booked.

A chain is a run and those that went on from its checkpoint: they count their brackets on, so one name marks all their orders at the
broker. A run that began with nothing begins a chain. Reads stores; sends nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.decisions import Issued
from workbench.domain.events import ForeignOrderSeen
from workbench.domain.orders import Cause, Leg, OrderType, Submit
from workbench.engine import Engine
from workbench.execution.adoption import ADOPTED
from workbench.execution.book import Booked
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import Phase
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, read_manifest

MAX_OVER: Final = 50  # brackets that are over and whose orders are still looked for: of some days


class Recalled(NamedTuple):
    """What was before.

    ``chain`` names the orders of ours; ``lives`` are the brackets that are not over: as they were sent, and where their stop was
    commanded to last (px); ``leaving`` are those of them that are being left; ``over`` are the newest that are over: what of them still
    lives at the broker must not. ``executions`` are what the books know of ours, by id, those that a correction replaced included;
    ``contracts`` is all that the run knows; ``by_hand`` is how much of a bracket somebody else has closed; ``held`` is what the broker was
    heard to hold last, by contract: what it names no more is flat, and nobody else says so. ``run`` is the run that begins. ``foreign`` are
    orders of others that worked when last they were told: what the broker shows no more is over, and nobody says so.
    """

    chain: str
    lives: tuple[tuple[Submit, int], ...]
    executions: Mapping[str, Booked]
    contracts: tuple[Contract, ...]
    by_hand: Mapping[int, int] = {}
    held: Mapping[int, int] = {}
    leaving: frozenset[int] = frozenset()
    over: tuple[Submit, ...] = ()
    run: RunManifest | None = None
    foreign: tuple[ForeignOrderSeen, ...] = ()


def recall(data: Path, run: RunManifest, engine: Engine) -> Recalled:
    """Look up, for an engine that stands at the end of a run's log, what may still be at the broker."""
    book = engine.desk.memory.book
    sent: dict[int, Submit] = {}
    name = run.run
    for each in _chain(data, run):
        name = each.run
        if book.open.keys() - sent.keys():
            sent.update({command.ref: command for command in _submits(data, each) if command.ref in book.open})
    sent.update({ref: _as_bought(b) for ref, b in book.open.items() if b.key.strategy == ADOPTED})
    hands: Counter[int] = Counter()
    executions: dict[str, Booked] = {}
    for exec_id, booked in book.executions.items():
        if booked.leg is Leg.EXIT and exec_id.partition("/")[0] in engine.desk.memory.referee.executions:
            hands[booked.ref] += booked.qty
        else:
            executions[exec_id] = booked
    return Recalled(
        chain=name,
        lives=tuple((sent[ref], book.open[ref].stop_px) for ref in sorted(sent)),
        executions=executions,
        contracts=tuple(run.contracts),
        by_hand=dict(hands),
        held=dict(engine.desk.memory.referee.positions),
        leaving=frozenset(ref for ref, b in book.open.items() if b.phase is Phase.CLOSING),
        over=tuple(each for each in book.intents.values() if each.ref in book.over)[-MAX_OVER:],
        run=run,
        foreign=_foreign(data, run, {perm_id for orders in engine.desk.memory.referee.orders.values() for perm_id in orders}),
    )


def _foreign(data: Path, run: RunManifest, perm_ids: set[int]) -> tuple[ForeignOrderSeen, ...]:
    """Find what was told last of orders of others."""
    found: dict[int, ForeignOrderSeen] = {}
    for each in _chain(data, run):
        missing = perm_ids - found.keys()
        journal = Folders(data).journal(each.run)
        if missing and journal.exists():
            told = (arrival.event for arrival in entries.arrivals(journal))
            found.update({event.perm_id: event for event in told if isinstance(event, ForeignOrderSeen) and event.perm_id in missing})
    return tuple(found.values())


def _as_bought(b: Bracket) -> Submit:
    """Give the entry that an adopted position would have had: nobody here ever sent one."""
    px = b.entry_value // b.filled
    return Submit(b.ref, b.key, b.opened_ns, Cause(0, 0), b.side, b.filled, OrderType.MARKET, px, b.stop_px, b.target_px)


def _chain(data: Path, run: RunManifest) -> Iterator[RunManifest]:
    """Go from a run back to the one that began with nothing."""
    at: RunManifest | None = run
    while at is not None:
        yield at
        at = read_manifest(Folders(data).run(at.starts_from)) if at.starts_from else None


def _submits(data: Path, run: RunManifest) -> Iterator[Submit]:
    journal = Folders(data).journal(run.run)
    if journal.exists():
        for _, fact in entries.facts(journal):
            if isinstance(fact, Issued) and isinstance(fact.command, Submit):
                yield fact.command
