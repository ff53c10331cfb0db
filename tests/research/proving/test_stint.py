"""What a journal says of something on trial is what its facts say; one intent that became two orders is found."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.world import SESSION
from tests.research.conftest import Traded
from workbench.domain.decisions import Approved, Refused
from workbench.domain.events import FillCorrected, OrderFilled
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.learning.models import DEFAULT
from workbench.research.evaluate import summarise
from workbench.research.proving.stint import Twice, Whose, read_stint
from workbench.runtime.logged import open_log

KEY = Key("DU1", 1, "mine")


def submit(ref: int, *, seq: int = 0, qty: int = 1) -> Submit:
    return Submit(ref, KEY, seq, Cause(seq or ref, 0), 1, qty, OrderType.MARKET, 100, 98, 104)


def filled(ref: int, qty: int, id_: str) -> OrderFilled:
    return OrderFilled(ref, Leg.ENTRY, qty, 100, id_, 0)


def test_it_counts_what_the_facts_say(traded: Traded) -> None:
    logged = open_log(traded.data, SESSION)
    facts = list(logged.facts())
    seen = read_stint(SESSION, logged.run, logged.journal, "paper", Whose(frozenset({"learned"}), frozenset({DEFAULT})))
    mine = [fact for fact in facts if isinstance(fact, Approved | Refused) and fact.key.strategy == "learned"]
    assert seen.n_decisions == len(mine) > 0 and seen.n_approved == sum(isinstance(fact, Approved) for fact in mine)
    both = read_stint(SESSION, logged.run, logged.journal, "paper", Whose(frozenset({"learned", "vwap_reversion"}), frozenset({DEFAULT})))
    summary = summarise(facts)
    assert len(both.trips) == summary.n_trips > 0 and both.n_commands == summary.n_commands
    assert sum(trip.closed.pnl_micros for trip in both.trips) == summary.pnl_micros
    assert len(both.outcomes) == summary.forecasts[0].n_known > 0
    assert both.duplicates == () and both.breaks == () and both.n_restarts == 0 and not both.is_halted


@pytest.mark.covers("S2-03", "S2-48")
def test_two_orders_of_one_intent_are_found() -> None:
    cases = {
        "Submit of bracket 1 was commanded twice": [submit(1), submit(1)],
        "two entries have the reference 1": [submit(1), submit(1, seq=9)],
        "mine entered contract 1 twice for one cause, as 2": [submit(1, seq=5), submit(2, seq=5)],
    }
    for said, commands in cases.items():
        twice = Twice()
        for command in commands:
            twice.command(command)
        assert twice.found() == (said,)


@pytest.mark.covers("S2-48")
def test_more_filled_than_ordered_is_found_told_twice_is_not_and_corrected_is_not() -> None:
    twice = Twice()
    twice.command(submit(1, qty=2))
    for id_ in ("a", "b", "a"):
        twice.event(filled(1, 1, id_))
    assert twice.found() == ()
    twice.event(filled(1, 1, "c"))
    assert twice.found() == ("bracket 1: 3 filled of 2 ordered",)
    twice.event(FillCorrected(1, Leg.ENTRY, 0, 100, "d", "c"))
    assert twice.found() == ()


@given(st.lists(st.integers(1, 30), max_size=20))
@settings(max_examples=25)
def test_a_repetition_is_found_wherever_it_stands(refs: list[int]) -> None:
    twice = Twice()
    for ref in refs:
        twice.command(submit(ref))
    assert len(twice.found()) == len(refs) - len(set(refs)) and twice.n == len(refs)


def test_a_run_that_was_taken_up_counts_its_restarts(traded: Traded) -> None:
    logged = open_log(traded.data, SESSION)
    whose = Whose(frozenset(), frozenset())
    seen = read_stint(SESSION, msgspec.structs.replace(logged.run, run="x"), logged.journal, "paper", whose)
    assert (seen.n_decisions, seen.trips, seen.outcomes, seen.n_sent) == (0, (), (), 0) and seen.run.run == "x"
