"""The default recipe's features under an adaptive tree, for what is not linear in them. A value, no model of its own."""

from __future__ import annotations

from typing import Final

import msgspec

from workbench.learning.models import flow_1m
from workbench.learning.recipe import Recipe

RECIPE: Final[Recipe] = msgspec.structs.replace(
    flow_1m.RECIPE,
    name="flow_tree_1m",
    model="adaptive_tree",
    on_drift="tell",  # it mends itself: each branch watches its own error
)
