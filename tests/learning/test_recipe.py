"""A recipe that cannot be meant is refused when it is written down."""

from __future__ import annotations

import msgspec
import pytest

from tests.learning.market import COLUMNS, RECIPE
from workbench.domain.errors import ConfigError
from workbench.domain.units import BAR_NS, SECOND
from workbench.learning.models import MODELS
from workbench.learning.models.base import build
from workbench.learning.recipe import MAX_WAITING, Recipe


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"every_ns": 7}, "every_ns"),
        ({"every_ns": 0}, "every_ns"),
        ({"horizon_ns": 0}, "horizon_ns"),
        ({"horizon_ns": 60 * SECOND, "every_ns": 45 * SECOND}, "horizon_ns"),
        ({"horizon_ns": (MAX_WAITING + 1) * BAR_NS}, "horizon_ns"),
        ({"features": ()}, "features"),
        ({"features": ("ofi_5s", "ofi_5s")}, "features"),
        ({"min_labels": -1}, "min_labels"),
        ({"min_outcomes": 0}, "min_outcomes"),
        ({"min_outcomes": 20_000}, "max_outcomes"),
        ({"min_share": 0.0}, "min_share"),
        ({"drift_delta": 1.0}, "drift_delta"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(change: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        msgspec.structs.replace(RECIPE, **change)


def test_an_unknown_column_names_the_nearest() -> None:
    recipe = msgspec.structs.replace(RECIPE, features=("ofi_5",))
    with pytest.raises(ConfigError, match=r"'ofi_5'; did you mean ofi_5s"):
        recipe.bind(COLUMNS)


def test_columns_are_bound_in_the_order_of_the_recipe() -> None:
    assert msgspec.structs.replace(RECIPE, features=("spread_5s", "ofi_5s")).bind(COLUMNS) == (4, 1)


def test_the_digest_tells_every_value_apart_and_nothing_else() -> None:
    assert RECIPE.digest == msgspec.structs.replace(RECIPE).digest
    assert RECIPE.digest != msgspec.structs.replace(RECIPE, min_share=0.8).digest
    assert (
        msgspec.structs.replace(RECIPE, params={"l2": 0.1, "learning_rate": 0.2}).digest
        == msgspec.structs.replace(RECIPE, params={"learning_rate": 0.2, "l2": 0.1}).digest
    )


def test_a_param_the_model_does_not_have_is_refused() -> None:
    recipe: Recipe = msgspec.structs.replace(RECIPE, params={"lerning_rate": 0.1})
    with pytest.raises(ConfigError, match="lerning_rate"):
        build(MODELS["scaled_logistic"], recipe)
