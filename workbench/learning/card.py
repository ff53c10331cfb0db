"""The card: what a model is, for a registry and for people. A value made from a learner; it changes nothing."""

from __future__ import annotations

import msgspec

from workbench.learning.learner import Learner
from workbench.learning.recipe import Need
from workbench.learning.snapshot import python_version, river_version


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One model on one contract, as of the last bar its learner took.

    ``span_ns`` is when the first and the last learnt row was made, `None` if none was. The metrics are over the ``n_outcomes`` forecasts of
    the model that speaks now whose outcome is known, `None` without any: ``hit_rate``, ``brier`` and ``ece`` are shares of 1.
    ``digest`` hashes its learn log and its answers to fixed questions: equal digests, equal models.
    """

    recipe: str
    recipe_digest: str
    contract: int
    model: str
    features: tuple[str, ...]
    needs: tuple[Need, ...]
    horizon_ns: int
    every_ns: int
    span_ns: tuple[int, int] | None
    n_learnt: int
    n_tied: int
    n_voided: int
    n_drifts: int
    n_outcomes: int
    hit_rate: float | None
    brier: float | None
    ece: float | None
    digest: str
    river: str
    python: str


def card(learner: Learner) -> Card:
    """Write the card of a learner's present model."""
    recipe, labels, table = learner.recipe, learner.labels, learner.reliability
    return Card(
        recipe=recipe.name,
        recipe_digest=recipe.digest,
        contract=learner.contract,
        model=recipe.model,
        features=recipe.features,
        needs=recipe.needs,
        horizon_ns=recipe.horizon_ns,
        every_ns=recipe.every_ns,
        span_ns=learner.span_ns,
        n_learnt=learner.n_learnt,
        n_tied=labels.n_tied,
        n_voided=labels.n_voided,
        n_drifts=learner.n_drifts,
        n_outcomes=table.n,
        hit_rate=table.hit_rate,
        brier=table.brier,
        ece=table.ece,
        digest=learner.model_digest,
        river=river_version(),
        python=python_version(),
    )
