"""A recipe for accounts and imports that have bars only: where the close is in 15 minutes, from 1-minute bars. A value."""

from __future__ import annotations

from typing import Final

from workbench.domain.units import MINUTE
from workbench.learning.recipe import Recipe

RECIPE: Final = Recipe(
    name="bars_15m",
    model="scaled_logistic",
    features=(
        "ret_1_1m",
        "ret_3_1m",
        "ret_12_1m",
        "ret_60_1m",
        "rsi_14_1m",
        "z_60_1m",
        "ema_gap_9_21_1m",
        "macd_hist_12_26_9_1m",
        "bb_place_20_2_1m",
        "atr_14_1m",
        "clv_1m",
        "vwap_offset_1m",
        "volume_ratio_20_1m",
    ),
    horizon_ns=15 * MINUTE,
    # labels of a quarter of an hour made each minute share most of their outcome, so steps are a tenth of the model's own
    params={"learning_rate": 0.001, "l2": 0.001},
    every_ns=MINUTE,
    needs=("bars",),
    max_outcomes=2_000,  # about a week of regular hours
    on_drift="restart",
)
