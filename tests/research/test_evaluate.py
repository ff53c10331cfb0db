"""A session at a glance: every number is held against a plain recomputation from the same facts."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.world import world
from workbench.domain.decisions import (
    AnyFact,
    At,
    DriftSeen,
    ForecastMade,
    Issued,
    LabelMatured,
    LabelsVoided,
    Proposal,
    Reason,
    Refused,
    RoundTripClosed,
    StateChanged,
    TradingState,
)
from workbench.domain.orders import Cancel, Cause, Key, OrderType
from workbench.domain.units import MINUTE
from workbench.learning.confidence import EDGES
from workbench.research.evaluate import Forecasts, Summary, Trips, summarise
from workbench.runtime.replay import simulate

pytestmark = pytest.mark.covers("S2-15", "S2-16", "S0-13", "S3-39", "S3-43", "S3-18")
WISH = Proposal(1, OrderType.MARKET, 100, 98, 104, 1)
names, contracts = st.sampled_from(["f", "g"]), st.integers(1, 2)
money = st.integers(-(10**9), 10**9)


def trip(contract: int, strategy: str, pnl: int, fees: int, minutes: int, r: float) -> RoundTripClosed:
    key = Key("DUSIM1", contract, strategy)
    return RoundTripClosed(1, key, 1, 1, 1.0, 2.0, 7 * MINUTE, (7 + minutes) * MINUTE, 4, fees, pnl, r, "stop")


facts_drawn = st.lists(
    st.one_of(
        st.builds(trip, contracts, names, money, st.integers(0, 10**7), st.integers(0, 500), st.floats(-5, 5)),
        st.builds(lambda c, reason: Refused(Key("DUSIM1", c, "f"), WISH, reason, 1.0, 0.0), contracts, st.sampled_from(Reason)),
        st.builds(lambda c, name, p: ForecastMade(c, name, p, None, MINUTE), contracts, names, st.floats(0, 1)),
        st.builds(lambda c, name, p, up: LabelMatured(c, name, 1, p, up), contracts, names, st.none() | st.floats(0, 1), st.booleans()),
        st.builds(LabelsVoided, contracts, names, st.integers(1, 9)),
        st.builds(DriftSeen, contracts, names),
        st.builds(StateChanged, st.sampled_from(TradingState), st.sampled_from(["a", "b"])),
        st.just(Issued(Cancel(1, Key("DUSIM1", 1, "f"), 1, Cause(1, 0)))),
        st.just(At(1, Cause(1, 0))),
    ),
    max_size=60,
)


def of(kind: type, facts: list[AnyFact]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]


def n_apart(facts: list[AnyFact], name: str) -> int:
    """Count outcomes of which no two overlap, contract by contract."""
    horizon_ns, until, n = 0, {}, 0
    for fact in facts:
        if isinstance(fact, ForecastMade) and fact.name == name:
            horizon_ns = fact.horizon_ns
        is_known = isinstance(fact, LabelMatured) and fact.name == name and fact.p_up is not None
        if is_known and fact.made_ns >= until.get(fact.contract, fact.made_ns):
            until[fact.contract] = fact.made_ns + horizon_ns
            n += 1
    return n


def plain_forecasts(facts: list[AnyFact], each: Forecasts) -> None:
    """Hold one recipe's line against sums made here."""
    assert each.n_made == sum(fact.name == each.name for fact in of(ForecastMade, facts))
    assert each.n_void == sum(fact.n for fact in of(LabelsVoided, facts) if fact.name == each.name)
    assert each.n_drifts == sum(fact.name == each.name for fact in of(DriftSeen, facts))
    known = [(fact.p_up, fact.up) for fact in of(LabelMatured, facts) if fact.name == each.name and fact.p_up is not None]
    assert each.n_known == len(known)
    if not known:
        assert (each.hit_frac, each.margin, each.brier, each.ece, each.bins) == (None, None, None, None, ())
        return
    n, known = len(known), [(round(p, 6), up) for p, up in known]
    hit = sum(p != 0.5 and (p > 0.5) == up for p, up in known) / n
    assert each.hit_frac == pytest.approx(hit)
    assert each.margin == pytest.approx(1.96 * math.sqrt(hit * (1 - hit) / n_apart(facts, each.name)))
    assert each.brier == pytest.approx(sum((p - up) ** 2 for p, up in known) / n, abs=1e-9)
    error, rows = 0.0, []
    for lo, hi in pairwise(EDGES):
        inside = [(p, up) for p, up in known if lo <= p < hi or (hi == 1.0 and p == 1.0)]
        if inside:
            mean_p, freq = sum(p for p, _ in inside) / len(inside), sum(up for _, up in inside) / len(inside)
            error += len(inside) / n * abs(mean_p - freq)
            rows.append((lo, hi, len(inside), pytest.approx(mean_p), pytest.approx(freq)))
    assert each.ece == pytest.approx(error, abs=1e-9)
    assert [tuple(row) for row in each.bins] == rows


def plain_trips(facts: list[AnyFact], made: Summary) -> None:
    groups = defaultdict(list)
    for fact in of(RoundTripClosed, facts):
        groups[fact.key.contract, fact.key.strategy].append(fact)
    assert [(each.contract, each.strategy) for each in made.trips] == sorted(groups)
    for each in made.trips:
        own = groups[each.contract, each.strategy]
        pnl = [fact.pnl_micros for fact in own]
        assert (each.n, each.n_won, each.pnl_micros, each.worst_micros) == (len(own), sum(x > 0 for x in pnl), sum(pnl), min(pnl))
        assert each.fees_micros == sum(fact.fees_micros for fact in own)
        assert each.mean_r == pytest.approx(sum(fact.r for fact in own) / len(own))
        assert each.mean_minutes == pytest.approx(sum(fact.closed_ns - fact.opened_ns for fact in own) / len(own) / MINUTE)
    every = of(RoundTripClosed, facts)
    assert made.n_trips == len(every) and made.pnl_micros == sum(fact.pnl_micros for fact in every)
    assert made.fees_micros == sum(fact.fees_micros for fact in every)


def check(facts: list[AnyFact]) -> Summary:
    made = summarise(iter(facts))
    plain_trips(facts, made)
    assert dict(made.refusals) == Counter(fact.reason.value for fact in of(Refused, facts))
    assert [n for _, n in made.refusals] == sorted((n for _, n in made.refusals), reverse=True)
    assert made.states == tuple((fact.state.value, fact.why) for fact in of(StateChanged, facts))
    assert made.n_commands == len(of(Issued, facts))
    for each in made.forecasts:
        plain_forecasts(facts, each)
    return made


@settings(max_examples=150)
@given(facts_drawn)
def test_every_number_is_that_of_a_plain_recomputation(facts: list[AnyFact]) -> None:
    made = check(facts)
    spoken = {fact.name for fact in facts if isinstance(fact, ForecastMade | LabelsVoided | DriftSeen)}
    assert [each.name for each in made.forecasts] == sorted(spoken | {e.name for e in made.forecasts})


@pytest.mark.covers("S0-22")
def test_the_numbers_of_a_traded_session_are_those_of_its_facts() -> None:
    of_, more = world(("ES", "SPY"), minutes=25, activity=0.15), 5
    facts = asyncio.run(simulate(of_.setup, of_.records, of_.fills)).facts
    made = check(facts)
    assert made.n_trips > more and made.forecasts[0].n_known > 100


def test_nothing_gives_nothing() -> None:
    made = summarise([])
    assert made == Summary((), (), (), (), 0) and (made.n_trips, made.pnl_micros, made.fees_micros) == (0, 0, 0)


def test_a_recipe_whose_forecasts_have_no_outcome_yet_claims_nothing() -> None:
    [each] = summarise([ForecastMade(1, "f", 0.6, None, MINUTE), LabelMatured(1, "f", 1, None, True)]).forecasts
    assert each == Forecasts("f", 1, 0, 0, None, None, None, None, (), 0)


def test_a_recipe_of_which_only_outcomes_are_there_is_not_left_out() -> None:
    """The facts of a second half of a session: what was forecast before lies outside."""
    assert [each.name for each in summarise([LabelMatured(1, "f", 1, 0.6, True)]).forecasts] == ["f"]


def test_a_trade_that_came_out_even_is_not_won() -> None:
    [each] = summarise([trip(1, "f", 0, 5, 2, 0.0)]).trips
    assert each == Trips(1, "f", 1, 0, 0, 5, 0.0, 0, 2.0)
