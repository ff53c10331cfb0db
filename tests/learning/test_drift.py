"""Drift is an error that rose for good; the recipe's answer changes what the learner does, and helps."""

from __future__ import annotations

import random

import msgspec
import pytest

from tests.learning.market import COLUMNS, RECIPE, bars
from workbench.domain.decisions import AnyFact, DriftSeen, ForecastMade, LabelMatured
from workbench.domain.units import BAR_NS, MINUTE
from workbench.learning.drift import DriftWatch, Sign
from workbench.learning.learner import Learner
from workbench.learning.recipe import OnDrift

pytestmark = pytest.mark.covers("S0-11")

N_BEFORE, N_AFTER = 6_000, 1_500


def test_noise_is_no_drift() -> None:
    rng = random.Random(1)
    watch = DriftWatch(delta=0.002, warns=False)
    assert not any(watch.update(float(rng.random() < 0.45)) for _ in range(10_000))


def test_a_model_that_gets_better_is_left_alone() -> None:
    watch = DriftWatch(delta=0.002, warns=True)
    assert {watch.update(float(i % 2)) for i in range(1_000)} == {Sign.NONE}
    assert {watch.update(0.0) for _ in range(1_000)} == {Sign.NONE}


def test_a_warning_comes_before_the_drift() -> None:
    rng = random.Random(2)
    watch = DriftWatch(delta=0.002, warns=True)
    signs = [watch.update(float(rng.random() < 0.35)) for _ in range(3_000)]
    signs += [watch.update(float(rng.random() < 0.55)) for _ in range(3_000)]
    assert 3_000 < signs.index(Sign.WARNING) < signs.index(Sign.DRIFT) < 3_600


def run(on_drift: OnDrift, model: str = "scaled_logistic") -> tuple[Learner, list[AnyFact], int]:
    recipe = msgspec.structs.replace(RECIPE, on_drift=on_drift, model=model, min_labels=30, min_outcomes=50)
    learner = Learner(recipe, 1, COLUMNS)
    facts: list[AnyFact] = []
    for bar in bars(N_BEFORE + N_AFTER, turns=(N_BEFORE,)):
        learner.update(*bar, facts)
    turned_ns = N_BEFORE * BAR_NS
    return learner, facts, turned_ns


def wrong_after(facts: list[AnyFact], since_ns: int) -> int:
    """Count the forecasts made since then that turned out wrong."""
    told = [fact for fact in facts if isinstance(fact, LabelMatured) and fact.made_ns > since_ns and fact.p_up is not None]
    return sum((fact.p_up > 0.5) is not fact.up for fact in told if fact.p_up is not None)


@pytest.mark.parametrize("on_drift", ["restart", "background"])
def test_after_a_planted_change_the_recipes_answer_errs_less_than_none(on_drift: OnDrift) -> None:
    _, untouched, turned_ns = run("tell")
    learner, facts, _ = run(on_drift)
    at = next(i for i, fact in enumerate(facts) if isinstance(fact, DriftSeen))
    assert learner.n_drifts >= 1
    assert wrong_after(facts, turned_ns) < 0.9 * wrong_after(untouched, turned_ns)
    silent = next(fact for fact in facts[at:] if isinstance(fact, ForecastMade))
    assert silent.confidence is None  # calibrated anew: nothing is known of this model's errors


def test_a_restarted_learner_is_silent_until_it_has_learnt_enough() -> None:
    _, facts, _ = run("restart")
    at = next(i for i, fact in enumerate(facts) if isinstance(fact, DriftSeen))
    n_learnt = 0
    for fact in facts[at + 1 :]:
        if isinstance(fact, ForecastMade):
            break
        n_learnt += isinstance(fact, LabelMatured)
    assert n_learnt == 30


def test_outcomes_of_a_model_that_was_replaced_say_nothing_about_its_successor() -> None:
    recipe = msgspec.structs.replace(RECIPE, on_drift="restart", min_labels=0, horizon_ns=12 * BAR_NS)
    learner = Learner(recipe, 1, COLUMNS)
    facts: list[AnyFact] = []
    replaced_ns = None
    for bar in bars(6_000, turns=(3_000,), follow=0.95):
        n = learner.n_drifts
        learner.update(*bar, facts)
        if learner.n_drifts > n:
            replaced_ns = bar.t_end_ns
    assert replaced_ns is not None
    told = [fact for fact in facts if isinstance(fact, LabelMatured) and fact.p_up is not None]
    assert learner.reliability.n == sum(fact.made_ns >= replaced_ns for fact in told)


def test_a_replaced_model_no_longer_stands_by_its_last_forecast() -> None:
    # bars on the cadence and, a cadence later, 5 s beside it: there the outcome is known and no new forecast is made
    timed = {"every_ns": MINUTE, "horizon_ns": MINUTE, "params": {"intercept_lr": 0.01}}  # its features say nothing, its intercept learns
    recipe = msgspec.structs.replace(RECIPE, on_drift="restart", min_labels=30, **timed)
    learner = Learner(recipe, 1, COLUMNS)
    facts: list[AnyFact] = []
    row, warm, forecast = [1.0] * len(COLUMNS), b"\1" * len(COLUMNS), None
    for k in range(1_000):
        learner.update((2 * k + 2) * MINUTE, row, warm, 48_000, False, facts)
        forecast = learner.update((2 * k + 3) * MINUTE + BAR_NS, row, warm, 48_002 if k < 300 else 47_998, False, facts)
        if learner.n_drifts:
            break
        assert forecast is not None or k <= 30
    assert learner.n_drifts == 1
    assert forecast is None


def test_a_warning_that_nothing_confirms_is_dropped() -> None:
    recipe = msgspec.structs.replace(RECIPE, on_drift="background", min_labels=20, params={"intercept_lr": 0.01})
    learner = Learner(recipe, 1, COLUMNS)
    facts: list[AnyFact] = []
    had_background = []
    for bar in bars(3_000, turns=(1_000, 1_050)):
        learner.update(*bar, facts)
        had_background.append(learner.has_background)
    assert (learner.n_drifts, any(had_background), learner.has_background) == (0, True, False)
