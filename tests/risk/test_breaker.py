"""The breaker fails closed: the worst cause decides, and what is latched only a person lifts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.decisions import AnyFact, Latched, StateChanged, TradingState
from workbench.risk.breaker import Breaker

pytestmark = pytest.mark.covers("S0-16", "S1-29", "S2-47")
ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
WORSE = {ACTIVE: 0, REDUCING: 1, HALTED: 2}
causes = st.sampled_from("ab")
acts = st.one_of(
    st.tuples(st.just("trip"), causes, st.sampled_from([REDUCING, HALTED]), st.booleans()),
    st.tuples(st.just("clear"), causes, st.none(), st.none()),
    st.tuples(st.just("resume"), st.none(), st.none(), st.none()),
)


def act(breaker: Breaker, what: str, cause: str, state: TradingState, latched: bool, facts: list[AnyFact]) -> None:
    if what == "trip":
        breaker.trip(cause, state, facts, latched=latched)
    elif what == "clear":
        breaker.clear(cause, facts)
    else:
        breaker.resume("a person", facts)


def test_the_worst_cause_that_stands_decides() -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    breaker.trip("connection", REDUCING, facts)
    breaker.trip("margin", HALTED, facts)
    assert breaker.state is HALTED
    breaker.clear("margin", facts)
    assert breaker.state is REDUCING
    breaker.clear("connection", facts)
    assert breaker.state is ACTIVE
    told = [(fact.state, fact.why) for fact in facts if isinstance(fact, StateChanged)]
    assert told == [(REDUCING, "connection"), (HALTED, "margin"), (REDUCING, "margin is over"), (ACTIVE, "connection is over")]


def test_a_cause_that_stands_already_is_not_told_again() -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    for _ in range(3):
        breaker.trip("connection", REDUCING, facts)
    breaker.trip("clock", REDUCING, facts)
    assert len(facts) == 1


def test_clearing_what_does_not_stand_changes_nothing() -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    breaker.clear("nothing", facts)
    assert facts == [] and breaker == Breaker()


def test_a_person_lifts_what_is_latched_and_leaves_what_stands_by_itself() -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    breaker.trip("loss", HALTED, facts, latched=True)
    breaker.trip("connection", REDUCING, facts)
    breaker.resume("a person", facts)
    assert breaker.state is REDUCING and breaker.latched == []
    breaker.trip("loss", HALTED, facts, latched=True)  # it still holds, so it comes again
    assert breaker.state is HALTED


def test_a_latched_cause_is_never_softened_by_the_same_cause() -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    breaker.trip("loss", HALTED, facts, latched=True)
    breaker.trip("loss", REDUCING, facts)
    assert breaker.state is HALTED


def test_a_cause_that_stands_can_still_be_latched() -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    breaker.trip("loss", HALTED, facts)
    breaker.trip("loss", HALTED, facts, latched=True)
    breaker.clear("loss", facts)
    assert breaker.state is HALTED


@settings(max_examples=400)
@given(st.lists(acts, max_size=20))
def test_the_state_softens_only_when_a_cause_is_cleared_or_a_person_resumes(story: list[tuple[str, str, TradingState, bool]]) -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    for what, cause, state, latched in story:
        before, held = breaker.state, {name: breaker.causes[name] for name in breaker.latched}
        n = len(facts)
        act(breaker, what, cause, state, latched, facts)
        assert breaker.state is max(breaker.causes.values(), key=WORSE.__getitem__, default=ACTIVE)
        moved = [fact for fact in facts[n:] if isinstance(fact, StateChanged)]
        assert bool(moved) == (breaker.state is not before)  # a change is a fact, and nothing else is
        if what == "trip" and cause in held:
            assert WORSE[breaker.state] >= WORSE[before]
        if what != "resume":
            assert all(WORSE[breaker.causes[name]] >= WORSE[was] for name, was in held.items())


@settings(max_examples=400)
@given(st.lists(acts, max_size=20))
def test_what_is_latched_is_told_by_facts_of_its_own_and_each_of_them_says_something_new(
    story: list[tuple[str, str, TradingState, bool]],
) -> None:
    breaker, told = Breaker(), dict[str, Latched]()
    for what, cause, state, latched in story:
        facts = list[AnyFact]()
        act(breaker, what, cause, state, latched, facts)
        if what == "resume":
            told.clear()
        for fact in facts:
            if isinstance(fact, Latched):
                assert told.get(fact.cause) != fact
                told[fact.cause] = fact
    assert told == {cause: Latched(cause, breaker.causes[cause], cause in breaker.flattening) for cause in breaker.latched}


def test_a_cause_that_is_latched_beside_another_one_is_told_once_and_once_more_when_it_has_all_left() -> None:
    breaker, facts = Breaker(), list[AnyFact]()
    breaker.trip("operator", HALTED, facts, latched=True)
    for _ in range(3):
        breaker.trip("week loss", HALTED, facts, latched=True, flatten=True)
        breaker.trip("margin", REDUCING, facts, latched=True)
    breaker.trip("operator", HALTED, facts, latched=True, flatten=True)
    assert facts == [
        StateChanged(HALTED, "operator"), Latched("operator", HALTED, flattens=False), Latched("week loss", HALTED, flattens=True),
        Latched("margin", REDUCING, flattens=False), Latched("operator", HALTED, flattens=True),
    ]  # fmt: skip


@given(st.lists(acts, max_size=12))
def test_a_breaker_written_down_and_read_back_is_the_same(story: list[tuple[str, str, TradingState, bool]]) -> None:
    breaker = Breaker()
    for each in story:
        act(breaker, *each, [])
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(breaker), type=Breaker)
    assert again == breaker and again.state is breaker.state
