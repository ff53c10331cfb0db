"""What holds of the guardian's step whatever it sees: any order of answers, silences, fills, hands and refusals."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.orders import Leg
from workbench.domain.units import SECOND
from workbench.runtime.guardian.core import begun, step
from workbench.runtime.guardian.values import (
    Alarm,
    Cancel,
    CancelEverything,
    Close,
    Closing,
    Goal,
    Halt,
    Held,
    LetGo,
    Limits,
    Live,
    Observation,
    Reach,
    Runner,
    TakeOver,
    Truth,
)

pytestmark = [pytest.mark.covers("S2-32")]
LIMITS = Limits(10 * SECOND, 15 * SECOND, 120 * SECOND)
refs, contracts, sizes = st.integers(1, 3), st.integers(1, 2), st.integers(1, 3)
live = st.builds(Live, st.integers(1, 40), refs, st.sampled_from(Leg), contracts, sizes, st.booleans(), st.booleans())
held = st.builds(Held, refs, contracts, st.integers(-3, 3).filter(bool))
truths = st.builds(
    Truth,
    st.just(0),
    st.lists(live, max_size=4).map(tuple),
    st.lists(held, max_size=3, unique_by=lambda each: each.ref).map(tuple),
    st.dictionaries(contracts, st.integers(-4, 4)),
)
looks = st.tuples(
    st.integers(1, 30),  # seconds since the last one
    st.booleans(),  # the runner spoke
    st.booleans(),  # and was ready
    st.one_of(st.none(), truths),
    st.integers(0, 3),  # how old the answer is, in seconds
    st.booleans(),  # no answer, where there is none
    st.sampled_from(Reach),
    st.lists(st.builds(Closing, refs, st.just(0), st.booleans(), st.booleans()), max_size=2).map(tuple),
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(looks, max_size=25), st.booleans())
def test_whatever_it_sees_it_never_does_what_it_must_not(story: list[tuple], dedicated: bool) -> None:
    limits = LIMITS._replace(is_dedicated=dedicated)
    state, now_ns, said_ns, changed_ns = begun(0), 0, 0, 0
    for passed_s, speaks, is_ready, truth, age_s, is_blind, reach, closing in story:
        now_ns += passed_s * SECOND
        if speaks:
            said_ns, changed_ns = now_ns, now_ns if state.has_looked else changed_ns
        told = None if truth is None else truth._replace(asked_ns=now_ns - age_s * SECOND)
        trouble = "no answer" if told is None and is_blind else ""
        before = state
        state, actions = step(state, Observation(now_ns, Runner(said_ns, is_ready), told, trouble, reach, closing), limits)
        kinds = Counter(type(each) for each in actions)
        touches = kinds[Cancel] + kinds[CancelEverything] + kinds[Close]
        if told is None or told.asked_ns <= before.acted_ns:
            assert not touches  # no answer, or an old one
        if before.goal is Goal.WATCH and now_ns - changed_ns < limits.silent_ns and speaks and is_ready:
            assert set(kinds) <= {Alarm}  # a runner at work is left alone
        if touches and not dedicated:
            assert reach is Reach.TAKEN
        if reach is not Reach.TAKEN:
            assert not kinds[Cancel]
        if kinds[CancelEverything]:
            assert dedicated and reach is not Reach.TAKEN and state.goal is Goal.FLAT
        if kinds[Close]:
            assert told is not None and state.goal is Goal.FLAT and all(each.is_mine for each in told.live)
            must_only_shrink(told, [each for each in actions if isinstance(each, Close)])
        if kinds[LetGo]:
            assert state.goal is Goal.WATCH and not touches
        if before.goal is Goal.WATCH and state.goal is not Goal.WATCH:
            assert isinstance(actions[0], Halt)
        if kinds[TakeOver]:
            assert reach is not Reach.TAKEN


def must_only_shrink(truth: Truth, closes: list[Close]) -> None:
    """What is closed is ours, and leaves every position where it was or nearer to flat."""
    own = {each.ref: each for each in truth.held}
    for each in closes:
        mine = own[each.ref]
        assert each.contract == mine.contract and each.qty * mine.qty > 0 and abs(each.qty) <= abs(mine.qty)
    for contract in {each.contract for each in closes}:
        there = truth.positions.get(contract, 0)
        left = there - sum(each.qty for each in closes if each.contract == contract)
        assert there * left >= 0 and abs(left) <= abs(there)
