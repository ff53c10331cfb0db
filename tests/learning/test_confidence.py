"""The reliability table says what happened, no more, and confidence follows it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.learning.confidence import EDGES, PRIOR_OUTCOMES, Reliability

pytestmark = pytest.mark.covers("S0-12", "S0-13")

outcomes = st.lists(st.tuples(st.floats(0.0, 1.0) | st.sampled_from(EDGES), st.booleans()), max_size=200)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(outcomes, st.floats(0.0, 1.0), st.sampled_from((60, 100_000)))
def test_the_table_agrees_with_a_plain_recomputation(outcomes: list[tuple[float, bool]], asked: float, limit: int) -> None:
    table = Reliability(min_outcomes=50, max_outcomes=limit)
    for p, up in outcomes:
        table.update(p, up)
    outcomes = [(round(p, 6), up) for p, up in outcomes[-limit:]]
    asked = round(asked, 6)

    ece, right = 0.0, None
    for row in table.table():
        inside = [(p, up) for p, up in outcomes if row.lo <= p < row.hi or (p == row.hi == 1.0)]
        assert row.n == len(inside)
        if inside:
            assert row.mean_p == pytest.approx(sum(p for p, _ in inside) / len(inside), abs=1e-12)
            assert row.freq == pytest.approx(sum(up for _, up in inside) / len(inside))
            assert row.mean_p is not None
            assert row.freq is not None
            ece += len(inside) / len(outcomes) * abs(row.mean_p - row.freq)
        if row.lo <= asked < row.hi or asked == row.hi == 1.0:
            up_chance = (sum(up for _, up in inside) + PRIOR_OUTCOMES / 2) / (len(inside) + PRIOR_OUTCOMES)
            right = up_chance if asked > 0.5 else 1.0 - up_chance
    if len(outcomes) < 50 or asked == 0.5:
        assert table.confidence(asked) is None
    else:
        assert table.confidence(asked) == pytest.approx(right)
    if outcomes:
        assert table.brier == pytest.approx(sum((p - up) ** 2 for p, up in outcomes) / len(outcomes))
        assert table.ece == pytest.approx(ece, abs=1e-9)
        assert table.hit_rate == pytest.approx(sum((p > 0.5) is up for p, up in outcomes if p != 0.5) / len(outcomes))
    else:
        assert (table.brier, table.ece, table.hit_rate) == (None, None, None)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(outcomes)
def test_confidence_is_a_chance_and_never_certain(outcomes: list[tuple[float, bool]]) -> None:
    table = Reliability(min_outcomes=1, max_outcomes=100_000)
    for p, up in outcomes:
        table.update(p, up)
    for asked in (0.0, 0.49, 0.51, 1.0):
        confidence = table.confidence(asked)
        assert confidence is None or 0.0 < confidence < 1.0


def test_a_model_that_boasts_is_not_believed() -> None:
    rng = random.Random(5)
    table = Reliability(min_outcomes=300, max_outcomes=100_000)
    for _ in range(4_000):
        up = rng.random() < 0.5
        table.update(0.95 if (rng.random() < 0.6) is up else 0.05, up)  # says 95 %, is right 60 % of the time
    assert table.confidence(0.95) == pytest.approx(0.6, abs=0.03)
    assert table.confidence(0.05) == pytest.approx(0.6, abs=0.03)
    assert table.ece == pytest.approx(0.35, abs=0.03)


def test_an_honest_model_is_believed_and_its_error_of_calibration_is_small() -> None:
    rng = random.Random(6)
    table = Reliability(min_outcomes=300, max_outcomes=100_000)
    for _ in range(20_000):
        p = rng.uniform(0.2, 0.8)
        table.update(p, rng.random() < p)
    for p in (0.25, 0.35, 0.65, 0.75):
        assert table.confidence(p) == pytest.approx(max(p, 1.0 - p), abs=0.03)
    assert table.ece is not None
    assert table.ece < 0.02


def test_an_empty_bin_is_a_coins_toss() -> None:
    table = Reliability(min_outcomes=1, max_outcomes=100_000)
    table.update(0.51, True)
    assert table.confidence(0.95) == 0.5


def test_a_table_restored_from_its_state_goes_on_alike() -> None:
    one, other = Reliability(min_outcomes=1, max_outcomes=100_000), Reliability(min_outcomes=1, max_outcomes=100_000)
    one.update(0.3, True)
    other.load(one.state())
    one.update(0.7, True)
    other.update(0.7, True)
    assert one.state() == other.state()
    assert one.table() == other.table()


def test_only_the_latest_outcomes_count() -> None:
    table, fresh = Reliability(min_outcomes=1, max_outcomes=100), Reliability(min_outcomes=1, max_outcomes=100)
    for i in range(500):
        table.update(0.123456789, i % 3 == 0)
    for i in range(100):
        table.update(0.7, i % 2 == 0)
        fresh.update(0.7, i % 2 == 0)
    assert table.n == 100
    assert (table.table(), table.brier, table.ece, table.hit_rate) == (fresh.table(), fresh.brier, fresh.ece, fresh.hit_rate)
