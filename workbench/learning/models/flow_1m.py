"""The default recipe: where the price is in one minute, from order flow and short returns on 5 s bars. A value, no model of its own."""

from __future__ import annotations

from typing import Final

from workbench.domain.units import MINUTE
from workbench.learning.recipe import Recipe

RECIPE: Final = Recipe(
    name="flow_1m",
    model="scaled_logistic",
    features=(
        "ofi_5s",
        "ofi_ew_5s",
        "ret_1_5s",
        "ret_12_5s",
    ),
    horizon_ns=MINUTE,
    needs=("quotes", "prints"),
    on_drift="background",
)
