"""Execution quality: one score a bracket, and a mean of them that forgets and begins with a belief."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.execution.quality import WORST_TICKS, Marks, Quality, Scale, score
from workbench.risk.tables import EQS_WEIGHTS

pytestmark = pytest.mark.covers("S2-32")
LAW = Scale(EQS_WEIGHTS, assumed_ticks=1.0)
MARKS = st.builds(
    Marks,
    st.none() | st.floats(-50, 50),
    st.none() | st.floats(0, 1),
    st.none() | st.integers(0, 20),
    st.none() | st.integers(0, 100_000_000_000),
)


@given(MARKS)
def test_a_score_lies_between_nothing_and_all_or_is_not_known(marks: Marks) -> None:
    worth = score(marks, LAW)
    assert (worth is None) == all(part is None for part in marks)
    assert worth is None or 0 <= worth <= 1


@given(MARKS, st.floats(0, 10), st.integers(0, 5), st.integers(0, 10**10))
def test_worse_is_never_worth_more(marks: Marks, ticks: float, rejects: int, ns: int) -> None:
    worse = Marks(
        None if marks.slip_ticks is None else marks.slip_ticks + ticks,
        marks.fill_frac and marks.fill_frac / 2,
        None if marks.n_rejects is None else marks.n_rejects + rejects,
        None if marks.latency_ns is None else marks.latency_ns + ns,
    )
    before, after = score(marks, LAW), score(worse, LAW)
    assert (before is None and after is None) or (before is not None and after is not None and after <= before + 1e-12)


def test_slippage_that_the_law_assumes_is_no_fault_and_four_ticks_more_are_worth_nothing() -> None:
    assert [score(Marks(slip_ticks=ticks), LAW) for ticks in (-3.0, 0.0, 1.0, 3.0, 1.0 + WORST_TICKS, 99.0)] == [1, 1, 1, 0.5, 0, 0]


def test_what_is_not_known_weighs_nothing() -> None:
    assert score(Marks(fill_frac=0.5), LAW) == 0.5
    assert score(Marks(fill_frac=0.5), LAW._replace(weights={"slippage": 1.0})) is None


def test_a_contract_that_was_never_traded_is_worth_the_prior() -> None:
    assert Quality().value(1) == 1.0 and Quality(prior=0.8).value(1) == 0.8


@given(st.lists(st.floats(0, 1), max_size=60))
def test_the_quality_is_the_mean_of_prior_and_scores_each_weighing_less_with_every_one_behind_it(scores: list[float]) -> None:
    quality = Quality()
    for each in scores:
        quality.note(1, each, LAW)
    keeps = 0.5 ** (1 / LAW.halflife_n)
    weights = [keeps**n for n in range(len(scores))][::-1]
    total = LAW.prior * LAW.prior_n + sum(weight * each for weight, each in zip(weights, scores, strict=True))
    assert quality.value(1) == pytest.approx(total / (LAW.prior_n + sum(weights)), abs=1e-9)
    assert quality.value(2) == 1.0 and 0 <= quality.value(1) <= 1


def test_a_score_weighs_a_half_once_as_many_as_the_half_life_followed() -> None:
    bad_first = Quality()
    bad_first.note(1, 0.0, LAW)
    for _ in range(20):
        bad_first.note(1, 1.0, LAW)
    seen = bad_first.seen[1]
    assert seen.n == 21 and seen.weight - seen.total == pytest.approx(0.5)


def test_bad_executions_lead_through_all_three_tiers_and_good_ones_back() -> None:
    quality = Quality()
    tiers = [quality.note(1, 0.0, LAW) for _ in range(200)]
    n_bad = [next(n for n, value in enumerate(tiers, 1) if value < tier) for tier in (0.75, 0.60, 0.30)]
    assert n_bad == sorted(n_bad) and n_bad[0] >= 3  # no single bad fill shuts a contract
    back = [quality.note(1, 1.0, LAW) for _ in range(200)]
    assert next(n for n, value in enumerate(back, 1) if value >= 0.75) < 40


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 1)), max_size=30))
def test_it_is_the_same_to_the_last_bit_after_a_copy(told: list[tuple[int, float]]) -> None:
    quality = Quality()
    for contract, worth in told:
        quality.note(contract, worth, LAW)
        quality = msgspec.msgpack.decode(msgspec.msgpack.encode(quality), type=Quality)
    whole = Quality()
    for contract, worth in told:
        whole.note(contract, worth, LAW)
    assert whole == quality
