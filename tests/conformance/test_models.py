"""One suite over the whole catalogue: every recipe, on the model it names, keeps what a learner promises."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.learning.market import Bar, bars
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.decisions import AnyFact, Forecast, ForecastMade, LabelMatured, encode_facts
from workbench.domain.units import BAR_NS
from workbench.features import stays_none
from workbench.features.bank import FeatureBank
from workbench.learning.learner import Learner
from workbench.learning.models import DEFAULT, MODELS, RECIPES
from workbench.learning.models.base import Model, Row, build, p_up
from workbench.learning.recipe import Recipe
from workbench.learning.snapshot import load_pickle

pytestmark = pytest.mark.covers("S0-09", "S0-10")

N_BARS = 3_000
every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
every_model = pytest.mark.parametrize("name", MODELS)


def columns(recipe: Recipe) -> dict[str, int]:
    return {name: at for at, name in enumerate(recipe.features, start=1)}


def stream(recipe: Recipe, n: int, **market: object) -> Iterator[Bar]:
    """Give bars on the recipe's own cadence."""
    for bar in bars(n, columns=len(recipe.features) + 1, **market):
        yield bar._replace(t_end_ns=bar.t_end_ns // BAR_NS * recipe.every_ns)


def learner_of(recipe: Recipe) -> Learner:
    return Learner(recipe, 1, columns(recipe))


def play(learner: Learner, played: Iterator[Bar] | list[Bar]) -> tuple[list[Forecast | None], list[AnyFact]]:
    facts: list[AnyFact] = []
    return [learner.update(*bar, facts) for bar in played], facts


def test_every_model_of_the_catalogue_is_used_by_a_recipe_and_the_default_is_there() -> None:
    assert {recipe.model for recipe in RECIPES.values()} == set(MODELS)
    assert DEFAULT in RECIPES
    assert all(name == recipe.name for name, recipe in RECIPES.items())


@every_recipe
def test_its_features_are_shipped_and_enough_of_them_live_on_the_data_it_asks_for(recipe: Recipe) -> None:
    one = Contract(
        id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
        multiplier="50", price_quantum="0.25", order_increment="0.25",
    )  # fmt: skip
    recipe.bind(FeatureBank([one]).columns)
    silent = stays_none(recipe.needs)
    live = [name for name in recipe.features if name.rpartition("_")[0] not in silent]
    assert len(live) >= recipe.min_share * len(recipe.features)


@every_recipe
def test_it_speaks_and_what_it_says_is_a_chance(recipe: Recipe) -> None:
    forecasts, facts = play(learner_of(recipe), stream(recipe, N_BARS))
    said = [forecast for forecast in forecasts if forecast is not None]
    assert len(said) > N_BARS / 2
    assert all(0.0 <= forecast.p_up <= 1.0 and forecast.horizon_ns == recipe.horizon_ns for forecast in said)
    assert any(forecast.confidence is not None for forecast in said)
    assert sum(isinstance(fact, ForecastMade) for fact in facts) == len(said)


@every_recipe
def test_restored_it_goes_on_bit_for_bit(recipe: Recipe) -> None:
    played = list(stream(recipe, N_BARS, turns=(1_200,)))
    whole = learner_of(recipe)
    play(whole, played[:2_000])
    restored = learner_of(recipe)
    restored.restore(whole.snapshot())
    assert restored.digest() == whole.digest()
    assert play(restored, played[2_000:]) == play(whole, played[2_000:])
    assert restored.digest() == whole.digest()
    assert restored.model_digest == whole.model_digest


@every_recipe
def test_the_digest_is_reproducible_and_knows_every_label(recipe: Recipe) -> None:
    one, other, third = (learner_of(recipe) for _ in range(3))
    play(one, stream(recipe, 1_000))
    play(other, stream(recipe, 1_000))
    play(third, [bar._replace(mid2=48_000 + 2_000 * (-1) ** i) if 500 <= i < 510 else bar for i, bar in enumerate(stream(recipe, 1_000))])
    assert one.digest() == other.digest()
    assert one.model_digest == other.model_digest
    assert third.model_digest != one.model_digest


@every_recipe
def test_it_survives_any_missing_feature(recipe: Recipe) -> None:
    learner = learner_of(recipe)
    n_missing = len(recipe.features) - math.ceil(recipe.min_share * len(recipe.features))
    assert n_missing >= 1
    lost = itertools.cycle(itertools.combinations(range(1, len(recipe.features) + 1), n_missing))
    n_said = 0
    for i, (bar, at) in enumerate(zip(stream(recipe, N_BARS), lost, strict=False)):
        warm = bytearray(bar.warm)
        if i % 3 == 0:  # now one, now another, while learning as well as while speaking
            for k in at:
                warm[k] = 0
        n_said += learner.update(*bar._replace(warm=bytes(warm)), []) is not None
    assert n_said > N_BARS / 2


@every_recipe
def test_what_is_not_a_number_never_reaches_its_model(recipe: Recipe) -> None:
    learner = learner_of(recipe)
    play(learner, stream(recipe, 1_000))
    before = learner.model_digest
    for step, bad in enumerate((math.nan, math.inf, -math.inf, 1e308), start=1):
        learner.void([])
        row = [bad] * (len(recipe.features) + 1)
        facts: list[AnyFact] = []
        for k in range(3):
            t = (1_000 + 3 * step + k) * recipe.every_ns
            assert learner.update(t, row, b"\1" * len(row), 48_000 + k, False, facts) is None
        assert facts == []
    assert learner.model_digest == before


@every_model
@settings(derandomize=True, deadline=None, max_examples=15)
@given(data=st.data())
def test_finite_numbers_of_any_size_do_not_poison_it(name: str, data: st.DataObject) -> None:
    estimator = build(MODELS[name], msgspec.structs.replace(RECIPES[DEFAULT], model=name, params={}))
    numbers = st.floats(-1e12, 1e12, exclude_min=True, exclude_max=True) | st.sampled_from((0.0, -0.0, 5e-324, 1e-300, 9.99e11, -9.99e11))
    rows = data.draw(st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), st.booleans()), min_size=2, max_size=40))
    for values, up in rows * 5:
        estimator.learn_one(dict(zip("abc", values, strict=True)), up)
    said = estimator.predict_proba_one({"a": 0.5, "b": -0.5, "c": 0.0})
    assert all(math.isfinite(chance) for chance in said.values())


@every_model
def test_its_pickle_holds_no_class_but_those_it_names(name: str) -> None:
    import pickle

    estimator = build(MODELS[name], msgspec.structs.replace(RECIPES[DEFAULT], model=name, params={}))
    for i, bar in enumerate(bars(4_000, turns=(1_000, 2_000, 3_000))):
        x: Row = {f"f{k}": value for k, value in enumerate(bar.row) if (i + k) % 7}
        estimator.learn_one(x, bar.row[1] > 0)
    again = load_pickle(pickle.dumps(estimator), MODELS[name].classes)
    assert p_up(again, {"f1": 0.5}) == p_up(estimator, {"f1": 0.5})


@every_recipe
def test_no_label_reaches_its_model_early(recipe: Recipe) -> None:
    learned: list[float] = []

    class Watched:
        def __init__(self) -> None:
            self.inner = build(MODELS[recipe.model], recipe)

        def learn_one(self, x: Row, y: bool) -> None:
            learned.append(x[recipe.features[0]])
            self.inner.learn_one(x, y)

        def predict_proba_one(self, x: Row) -> dict[bool, float]:
            return self.inner.predict_proba_one(x)

    watched = Model(Watched, MODELS[recipe.model].classes)
    learner = Learner(msgspec.structs.replace(recipe, params={}), 1, columns(recipe), {recipe.model: watched})
    made_at: dict[float, int] = {}
    for bar in stream(recipe, 1_500):
        n = len(learned)
        made_at[bar.row[1]] = bar.t_end_ns
        learner.update(*bar, [])
        for value in learned[n:]:
            assert made_at[value] + recipe.horizon_ns <= bar.t_end_ns
    assert len(learned) > 1_000


@every_recipe
def test_its_memory_is_bounded(recipe: Recipe) -> None:
    learner = learner_of(recipe)
    sizes = []
    facts: list[AnyFact] = []
    for i, bar in enumerate(stream(recipe, 20_000, turns=tuple(range(2_500, 20_000, 2_500)))):
        facts.clear()
        learner.update(*bar, facts)
        assert len(learner.labels) <= recipe.horizon_ns // recipe.every_ns
        if i % 5_000 == 4_999:
            sizes.append(len(learner.snapshot()))
    assert max(sizes) < 4_000_000
    assert sizes[-1] < 2 * max(sizes[:2])


SCRIPT = "from tests.conformance.test_models import digests; print(digests())"


def digests() -> dict[str, list[str]]:
    """Play a stream with every recipe; digests of the learners and of the facts they made."""
    made = {}
    for name, recipe in RECIPES.items():
        learner = learner_of(recipe)
        _, facts = play(learner, stream(recipe, 1_200, turns=(700,)))
        made[name] = [learner.digest(), learner.model_digest, sha256(encode_facts(facts)).hexdigest()]
    return made


@pytest.mark.proof
def test_another_process_with_another_hash_seed_arrives_at_the_same_model() -> None:
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    other = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == str(digests())


@every_recipe
def test_on_a_planted_relation_it_is_right_more_often_than_a_coin_and_knows_how_often(recipe: Recipe) -> None:
    near = msgspec.structs.replace(recipe, horizon_ns=2 * recipe.every_ns)
    learner = learner_of(near)
    forecasts, facts = play(learner, stream(near, 6_000, follow=0.75))
    outcomes = {fact.made_ns: fact.up for fact in facts if isinstance(fact, LabelMatured)}
    sure = [
        ((forecast.p_up > 0.5) is outcomes[bar.t_end_ns], forecast.confidence)
        for bar, forecast in zip(stream(near, 6_000, follow=0.75), forecasts, strict=True)
        if forecast is not None and forecast.confidence is not None and bar.t_end_ns in outcomes
    ]
    hit_rate = sum(right for right, _ in sure) / len(sure)
    assert hit_rate > 0.65
    believed = sum(confidence for _, confidence in sure) / len(sure)
    assert hit_rate - 0.08 < believed < hit_rate + 0.02  # about right, and rather too little than too much
    assert encode_facts(facts)
