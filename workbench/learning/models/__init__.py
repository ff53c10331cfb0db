"""The catalogue: models by name, recipes by name. A new one is a file and a line here; nothing imports River before it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.learning.models import adaptive_tree, bars_15m, flow_1m, flow_tree_1m, scaled_logistic
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe

MODELS: Final[Mapping[str, Model]] = {
    "scaled_logistic": scaled_logistic.MODEL,
    "adaptive_tree": adaptive_tree.MODEL,
}
RECIPES: Final[Mapping[str, Recipe]] = {recipe.name: recipe for recipe in (flow_1m.RECIPE, flow_tree_1m.RECIPE, bars_15m.RECIPE)}
DEFAULT: Final = flow_1m.RECIPE.name
