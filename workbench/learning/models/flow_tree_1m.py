"""The default recipe's features, and how lively the market is, under an adaptive tree: for what is not linear. A value."""

from __future__ import annotations

from typing import Final

import msgspec

from workbench.learning.models import flow_1m
from workbench.learning.recipe import Recipe

RECIPE: Final[Recipe] = msgspec.structs.replace(
    flow_1m.RECIPE,
    name="flow_tree_1m",
    model="adaptive_tree",
    features=(*flow_1m.RECIPE.features, "rv_ew_5s", "spread_5s", "volume_ratio_20_5s"),
    params={},
    on_drift="tell",  # it mends itself: each branch watches its own error
)
