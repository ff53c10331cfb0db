"""A learner takes bars and gives forecasts; what is not known, not finite or not due never reaches its model."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.learning.market import COLUMNS, FEATURES, RECIPE, bars
from workbench.domain.decisions import AnyFact, ForecastMade, LabelMatured, LabelsVoided, decode_facts, encode_facts
from workbench.domain.errors import ConfigError, InvariantError, StoreError
from workbench.domain.units import BAR_NS, MINUTE, SECOND
from workbench.learning.labels import LabelLedger
from workbench.learning.learner import FEATURE_LIMIT, Learner
from workbench.learning.models.base import Model, Row
from workbench.learning.recipe import Recipe

pytestmark = pytest.mark.covers("S0-10", "S0-12", "S0-32")

WARM = b"\1" * len(COLUMNS)


class Diary:
    """A model of a user's own: it keeps what it was taught, and always says the same."""

    def __init__(self, says: float = 0.6) -> None:
        self.says = says
        self.rows: list[tuple[Row, bool]] = []

    def learn_one(self, x: Row, y: bool) -> None:
        self.rows.append((x, y))

    def predict_proba_one(self, x: Row) -> dict[bool, float]:
        return {False: 1.0 - self.says, True: self.says}


def keep(recipe: Recipe, says: float = 0.6) -> tuple[Learner, Diary]:
    diary = Diary(says)
    build: Callable[[], Diary] = lambda: diary  # noqa: E731  typed
    return Learner(recipe, 1, COLUMNS, {recipe.model: Model(build, frozenset())}), diary


def recipe(**change: object) -> Recipe:
    return msgspec.structs.replace(RECIPE, min_labels=0, min_outcomes=1, **change)


def row(value: float = 1.0) -> list[float]:
    return [value] * len(COLUMNS)


def test_a_forecast_is_made_once_enough_labels_are_learnt_and_its_outcome_is_told() -> None:
    learner = Learner(msgspec.structs.replace(RECIPE, min_labels=5), 7, COLUMNS)
    facts: list[AnyFact] = []
    spoke = [learner.update(*bar, facts) is not None for bar in bars(60)]
    made = [fact for fact in facts if isinstance(fact, ForecastMade)]
    told = [fact for fact in facts if isinstance(fact, LabelMatured)]
    first = spoke.index(True)
    assert sum(isinstance(fact, LabelMatured) for fact in facts[: facts.index(made[0])]) == 5
    assert (made[0].contract, made[0].name, made[0].horizon_ns) == (7, "planted", 10 * SECOND)
    assert {fact.p_up is None for fact in told if fact.made_ns < (first + 1) * BAR_NS} == {True}
    assert {fact.p_up is None for fact in told if fact.made_ns >= (first + 1) * BAR_NS} == {False}
    assert decode_facts(encode_facts(facts)) == facts


def test_confidence_stays_unknown_until_enough_outcomes_and_then_is_learnt_from_them() -> None:
    learner = Learner(RECIPE, 1, COLUMNS)
    facts: list[AnyFact] = []
    forecasts = [learner.update(*bar, facts) for bar in bars(2_000)]
    known = [forecast.confidence is not None for forecast in forecasts if forecast]
    assert known == sorted(known)
    assert learner.reliability.hit_rate == pytest.approx(0.8, abs=0.05)
    sure = [f for f in forecasts[1_000:] if f and f.confidence is not None and (f.p_up > 0.7 or f.p_up < 0.3)]
    assert sum(f.confidence for f in sure if f.confidence) / len(sure) > 0.65


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((1, 1, 1, 2, 5, 40)),  # bars since the one before
            st.one_of(st.none(), st.integers(90, 110), st.integers(90, 110)),
            st.sampled_from((False,) * 7 + (True,)),
        ),
        max_size=80,
    ),
    st.integers(1, 12),
    st.sampled_from((1, 1, 3, 12)),
)
def test_no_label_is_ever_learnt_before_its_horizon(steps: list[tuple[int, int | None, bool]], horizon: int, every: int) -> None:
    learner, diary = keep(recipe(horizon_ns=horizon * every * BAR_NS, every_ns=every * BAR_NS))
    facts: list[AnyFact] = []
    mids: dict[int, int] = {}
    t = 0
    for gap, mid2, is_broken in steps:
        t += gap * BAR_NS
        n, n_facts = len(diary.rows), len(facts)
        learner.update(t, row(float(t)), WARM, mid2, is_broken, facts)
        for x, up in diary.rows[n:]:
            made_ns = int(x["ofi_5s"])
            assert made_ns + learner.recipe.horizon_ns <= t
            assert mid2 is not None
            assert up is (mid2 > mids[made_ns])
        assert sum(isinstance(fact, LabelMatured) for fact in facts[n_facts:]) == len(diary.rows) - n
        if is_broken or mid2 is None:
            assert len(learner.labels) == 0
        else:
            mids[t] = mid2
        assert len(learner.labels) <= horizon
    made = [int(x["ofi_5s"]) for x, _ in diary.rows]
    assert made == sorted(set(made))
    n_voided = sum(fact.n for fact in facts if isinstance(fact, LabelsVoided))
    assert n_voided == learner.labels.n_voided
    assert sum(isinstance(fact, ForecastMade) for fact in facts) == (
        learner.labels.n_matured + learner.labels.n_tied + n_voided + len(learner.labels)
    )


def test_a_ledger_that_gives_a_label_too_early_is_caught() -> None:
    learner, diary = keep(recipe())
    learner._labels = LabelLedger(horizon_ns=BAR_NS, every_ns=BAR_NS)  # the recipe says two bars
    learner.update(BAR_NS, row(), WARM, 100, False, [])
    with pytest.raises(InvariantError, match="before its horizon"):
        learner.update(2 * BAR_NS, row(), WARM, 102, False, [])
    assert diary.rows == []


def test_time_that_does_not_rise_is_a_broken_invariant() -> None:
    learner, _ = keep(recipe())
    learner.update(BAR_NS, row(), WARM, 100, False, [])
    with pytest.raises(InvariantError, match="after one at"):
        learner.update(BAR_NS, row(), WARM, 100, False, [])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308, 2 * FEATURE_LIMIT, -2 * FEATURE_LIMIT])
def test_a_number_that_is_none_is_left_out_of_what_is_learnt(bad: float) -> None:
    learner, diary = keep(recipe())
    values = row()
    values[COLUMNS["imb_5s"]] = bad
    learner.update(BAR_NS, values, WARM, 100, False, [])
    learner.update(3 * BAR_NS, row(), WARM, 102, False, [])
    assert [set(x) for x, _ in diary.rows] == [set(FEATURES) - {"imb_5s"}]


def test_a_feature_that_is_not_warm_is_left_out() -> None:
    learner, diary = keep(recipe())
    warm = bytearray(WARM)
    warm[COLUMNS["ret_1_5s"]] = 0
    learner.update(BAR_NS, row(), bytes(warm), 100, False, [])
    learner.update(3 * BAR_NS, row(), WARM, 102, False, [])
    assert [set(x) for x, _ in diary.rows] == [set(FEATURES) - {"ret_1_5s"}]


def test_with_too_few_features_nothing_is_forecast_and_nothing_learnt() -> None:
    learner, diary = keep(recipe(min_share=0.75))
    facts: list[AnyFact] = []
    assert learner.update(BAR_NS, row(), WARM, 100, False, facts) is not None
    learner.void(facts)
    values = row()
    values[COLUMNS["imb_5s"]] = values[COLUMNS["spread_5s"]] = math.nan
    assert learner.update(2 * BAR_NS, values, WARM, 100, False, facts) is None
    learner.update(4 * BAR_NS, row(), WARM, 102, False, facts)
    assert diary.rows == []


@pytest.mark.parametrize("says", [math.nan, -0.1, 1.1, math.inf])
def test_a_model_that_answers_nonsense_is_not_heard(says: float) -> None:
    learner, _ = keep(recipe(), says)
    facts: list[AnyFact] = []
    assert learner.update(BAR_NS, row(), WARM, 100, False, facts) is None
    assert facts == []


def test_between_two_cadences_the_last_forecast_stands_and_a_gap_ends_it() -> None:
    learner, _ = keep(recipe(every_ns=MINUTE, horizon_ns=MINUTE))
    facts: list[AnyFact] = []
    assert learner.update(MINUTE - BAR_NS, row(), WARM, 100, False, facts) is None
    made = learner.update(MINUTE, row(), WARM, 100, False, facts)
    assert made is not None
    assert learner.update(MINUTE + BAR_NS, row(), WARM, 100, False, facts) is made
    assert learner.update(MINUTE + 2 * BAR_NS, row(), WARM, 100, True, facts) is None
    assert learner.update(MINUTE + 3 * BAR_NS, row(), WARM, 100, False, facts) is None
    assert facts == [ForecastMade(1, "planted", 0.6, None, MINUTE), LabelsVoided(1, "planted", 1)]


def test_a_session_that_ends_voids_what_waits_and_says_so_once() -> None:
    learner, _ = keep(recipe())
    facts: list[AnyFact] = []
    learner.update(BAR_NS, row(), WARM, 100, False, facts)
    learner.void(facts)
    learner.void(facts)
    assert [fact for fact in facts if isinstance(fact, LabelsVoided)] == [LabelsVoided(1, "planted", 1)]


def test_a_recipe_may_read_a_single_feature() -> None:
    learner, diary = keep(recipe(features=("imb_5s",)))
    learner.update(BAR_NS, row(2.0), WARM, 100, False, [])
    learner.update(3 * BAR_NS, row(), WARM, 98, False, [])
    assert diary.rows == [({"imb_5s": 2.0}, False)]


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no model 'forest'; there are scaled_logistic, adaptive_tree"):
        Learner(recipe(model="forest"), 1, COLUMNS)


def test_a_snapshot_of_another_recipe_or_contract_is_refused_and_changes_nothing() -> None:
    learner = Learner(RECIPE, 1, COLUMNS)
    for bar in bars(50):
        learner.update(*bar, [])
    before = learner.digest()
    for other in (Learner(RECIPE, 2, COLUMNS), Learner(msgspec.structs.replace(RECIPE, min_share=0.5), 1, COLUMNS)):
        with pytest.raises(StoreError):
            learner.restore(other.snapshot())
    assert learner.digest() == before


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 400), st.sampled_from(("tell", "restart", "background")))
def test_a_snapshot_at_any_bar_changes_nothing(at: int, on_drift: str) -> None:
    planted = msgspec.structs.replace(RECIPE, on_drift=on_drift, drift_delta=0.2)
    stream = list(bars(420, turns=(150, 260)))
    whole, cut = Learner(planted, 1, COLUMNS), Learner(planted, 1, COLUMNS)
    facts: list[AnyFact] = []
    cut_facts: list[AnyFact] = []
    for i, bar in enumerate(stream):
        if i == at:
            blob = cut.snapshot()
            cut = Learner(planted, 1, COLUMNS)
            cut.restore(blob)
            assert cut.digest() == whole.digest()
        assert cut.update(*bar, cut_facts) == whole.update(*bar, facts)
    assert cut_facts == facts
    assert cut.digest() == whole.digest()
