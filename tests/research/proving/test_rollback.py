"""What was promoted is taken back when it trades worse than it did, and not before that can be told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.world import SESSION
from tests.research.conftest import Traded
from workbench.research.proving import Showing, fell, judge, should_roll_back, showing_of
from workbench.research.proving.thresholds import thresholds

pytestmark = pytest.mark.covers("S3-13")
BEFORE = Showing(0.90, {}, 4.0, 30, ())


@pytest.mark.parametrize(
    ("now", "n"),
    [
        ({"process_score": 0.85}, 0), ({"process_score": 0.8499}, 1), ({"drawdown_r": 4.8}, 0), ({"drawdown_r": 4.81}, 1),
        ({"process_score": 0.5, "drawdown_r": 9.0}, 2), ({"process_score": 0.5, "drawdown_r": 9.0, "n_trips": 9}, 0),
        ({"process_score": None}, 0), ({"process_score": 1.0, "drawdown_r": 0.0}, 0),
    ],
)  # fmt: skip
def test_by_more_than_five_hundredths_or_a_fifth(now: dict[str, Any], n: int) -> None:
    assert len(should_roll_back(BEFORE, BEFORE._replace(**now))) == n


def test_a_drawdown_of_nothing_is_held_at_one_full_loss() -> None:
    calm = BEFORE._replace(drawdown_r=0.0)
    assert should_roll_back(calm, calm._replace(drawdown_r=1.2)) == []
    assert should_roll_back(calm, calm._replace(drawdown_r=1.3)) == ["the worst drawdown is 1.3 R, it was 0.0 R: worse by more than 20 %"]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 20), st.floats(0, 20), st.integers(0, 60))
@settings(max_examples=60)
def test_who_trades_at_least_as_well_stays(score: float, better: float, drawdown: float, less: float, n: int) -> None:
    before = Showing(score, {}, drawdown, 30, ())
    assert should_roll_back(before, Showing(min(1.0, score + better), {}, max(0.0, drawdown - less), n, ())) == []


def test_the_figures_are_those_of_the_requirement() -> None:
    rules = thresholds().rollback
    assert (rules.process_score, rules.drawdown_frac) == (0.05, 0.20)


def test_it_is_looked_at_from_the_journals_since_the_promotion(traded: Traded) -> None:
    held = judge("strategy", "vwap_reversion", traded.data, generated=True).showing
    assert fell("strategy", "vwap_reversion", traded.data, held, SESSION, generated=True) == []
    n = thresholds().rollback.round_trips
    better = held._replace(process_score=1.1, n_trips=max(held.n_trips, n))
    reasons = fell("strategy", "vwap_reversion", traded.data, better, SESSION, generated=True)
    assert bool(reasons) is (held.n_trips >= n)
    assert fell("strategy", "vwap_reversion", traded.data, better, SESSION + 1, generated=True) == []


def test_what_was_kept_is_read_back(traded: Traded) -> None:
    verdict = judge("recipe", "flow_1m", traded.data, generated=True)
    back = showing_of(verdict.as_dict())
    assert back == verdict.showing
