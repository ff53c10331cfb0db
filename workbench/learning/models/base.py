"""What a model is to a learner: two verbs, a builder, and the classes its pickle may hold. No model itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from workbench.domain.errors import ConfigError
from workbench.learning.recipe import Recipe

Row = dict[str, float]  # features by name, those that are there; finite


class Estimator(Protocol):
    """River's face of a binary classifier."""

    def learn_one(self, x: Row, y: bool) -> None:
        """Learn from one row and its outcome."""

    def predict_proba_one(self, x: Row) -> dict[bool, float]:
        """Give the chance of each outcome seen so far; ``{}`` before the first."""


class Model(NamedTuple):
    """An entry of the catalogue.

    ``build`` makes a fresh estimator from a recipe's params (keywords, all with defaults); it must pickle, seed whatever it draws, and
    bear a row in which features are missing. ``classes`` names, as ``module.class``, everything its pickle may hold: nothing else is
    ever loaded.
    """

    build: Callable[..., Estimator]
    classes: frozenset[str]


def build(model: Model, recipe: Recipe) -> Estimator:
    """Make a fresh estimator; `ConfigError` if the recipe's params are none of its builder's."""
    try:
        return model.build(**recipe.params)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"recipe {recipe.name}: model {recipe.model} cannot be built with {recipe.params}: {error}") from error


def p_up(estimator: Estimator, x: Row) -> float | None:
    """Give the chance of *up*, 0 to 1; `None` from a model that cannot say (untrained, without votes, not finite).

    Examples
    --------
    >>> from river import tree
    >>> p_up(tree.HoeffdingTreeClassifier(), {"a": 1.0}) is None
    True
    """
    votes = estimator.predict_proba_one(x)
    up, down = votes.get(True, 0.0), votes.get(False, 0.0)
    if 0.0 <= up <= 1.0 and 0.999999 < up + down < 1.000001:  # a nan fails both
        return up
    return None
