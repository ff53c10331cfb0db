"""A recipe for accounts and imports that have bars only: where the price is in 15 minutes, from 1-minute bars. A value."""

from __future__ import annotations

from typing import Final

from workbench.domain.units import MINUTE
from workbench.learning.recipe import Recipe

RECIPE: Final = Recipe(
    name="bars_15m",
    model="scaled_logistic",
    features=(
        "ret_1_1m",
        "rsi_14_1m",
        "z_60_1m",
        "atr_14_1m",
    ),
    horizon_ns=15 * MINUTE,
    every_ns=MINUTE,
    needs=("bars",),
    on_drift="restart",
)
