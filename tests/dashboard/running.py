"""Runs for tests of the page: one that stops while it holds something, and what its journal says about it, counted by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from tests.replay.world import SESSION, World
from tests.runtime.folders import CutOffError
from workbench.domain.decisions import BracketMoved, RoundTripClosed
from workbench.domain.events import AccountValued, OrderFilled
from workbench.domain.orders import Leg
from workbench.runtime.paper import paper
from workbench.store.entries import read_journal
from workbench.store.folders import Folders
from workbench.store.manifest import runs


class Counted(NamedTuple):
    """What a journal tells, worked out without any class of the page."""

    realised_micros: int
    n_trips: int
    n_won: int
    fees_micros: int
    held: dict[int, int]  # contracts by bracket, those not zero
    protected: set[int]
    equity_micros: int | None
    n_entries: int


def count(data: Path) -> Counted:
    """Go through the journal of the only run."""
    [run] = runs(data)
    trips: list[RoundTripClosed] = []
    held: dict[int, int] = {}
    phase: dict[int, str] = {}
    equity, n = None, 0
    for entry in read_journal(Folders(data).journal(run.run)):
        n = entry.id
        for each in entry.content if isinstance(entry.content, tuple) else (entry.content,):
            match each:
                case RoundTripClosed():
                    trips.append(each)
                case OrderFilled(ref=ref, leg=leg, qty=qty):
                    held[ref] = held.get(ref, 0) + (qty if leg is Leg.ENTRY else -qty)
                case BracketMoved(ref=ref, new=new):
                    phase[ref] = new
                case AccountValued(equity_micros=micros):
                    equity = micros
                case _:
                    pass
    return Counted(
        sum(trip.pnl_micros for trip in trips),
        len(trips),
        sum(trip.pnl_micros > 0 for trip in trips),
        sum(trip.fees_micros for trip in trips),
        {ref: qty for ref, qty in held.items() if qty},
        {ref for ref, name in phase.items() if name == "protected"},
        equity,
        n,
    )


def stopped_with_a_position(data: Path, of: World, *, after_trips: int = 3) -> None:
    """Trade until some round trips are over and a position is protected; then stop as if killed."""
    seen = [0, 0]

    def look(_: int) -> None:
        [run] = runs(data)
        moved = False
        for entry in read_journal(Folders(data).journal(run.run), after=seen[0]):
            seen[0] = entry.id
            for each in entry.content if isinstance(entry.content, tuple) else ():
                seen[1] += type(each) is RoundTripClosed
                moved = moved or (type(each) is BracketMoved and each.new == "protected")
        if moved and seen[1] >= after_trips:
            raise CutOffError

    contracts = [terms.contract for terms in of.setup.terms]
    try:
        asyncio.run(paper(data, SESSION, contracts, of.records, of.setup, of.fills, progress=look, source="a small world"))
    except CutOffError:
        return
    raise AssertionError("the run ended without a position")
