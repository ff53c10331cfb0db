"""A card says what a model is."""

from __future__ import annotations

import msgspec

from tests.learning.market import COLUMNS, RECIPE, bars
from workbench.domain.units import BAR_NS
from workbench.learning.card import Card, card
from workbench.learning.learner import Learner


def test_the_card_of_an_untrained_model_claims_nothing() -> None:
    blank = card(Learner(RECIPE, 1, COLUMNS))
    assert (blank.span_ns, blank.n_learnt, blank.hit_rate, blank.brier, blank.ece) == (None, 0, None, None, None)


def test_a_card_tells_recipe_span_kinds_features_metrics_and_digest_and_survives_json() -> None:
    learner = Learner(RECIPE, 3, COLUMNS)
    for bar in bars(800):
        learner.update(*bar, [])
    made = card(learner)
    assert (made.recipe, made.contract, made.features, made.needs) == ("planted", 3, RECIPE.features, ("quotes", "prints"))
    assert made.span_ns is not None
    assert BAR_NS <= made.span_ns[0] < made.span_ns[1] <= 798 * BAR_NS
    assert made.n_learnt + made.n_tied + made.n_voided == 798
    assert made.brier is not None
    assert made.brier < 0.25
    assert made.digest == learner.model_digest
    assert msgspec.json.decode(msgspec.json.encode(made), type=Card) == made
