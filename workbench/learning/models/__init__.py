"""The catalogue: models by name, recipes by name. A new one is a file and a line here; nothing imports River before it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.learning.models import adaptive_tree, scaled_logistic
from workbench.learning.models.base import Model

MODELS: Final[Mapping[str, Model]] = {
    "scaled_logistic": scaled_logistic.MODEL,
    "adaptive_tree": adaptive_tree.MODEL,
}
