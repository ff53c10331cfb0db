"""The default recipe: where the mid is in one minute, from order flow and short returns on 5 s bars. A value, no model of its own."""

from __future__ import annotations

from typing import Final

from workbench.domain.units import MINUTE
from workbench.learning.recipe import Recipe

RECIPE: Final = Recipe(
    name="flow_1m",
    model="scaled_logistic",
    features=(
        "ret_1_5s",
        "ret_3_5s",
        "ret_12_5s",
        "ret_60_5s",
        "z_60_5s",
        "clv_5s",
        "vwap_offset_5s",
        "signed_volume_ratio_5s",
        "signed_volume_ew_5s",
        "ofi_5s",
        "ofi_ew_5s",
        "queue_imb_5s",
        "queue_imb_close_5s",
        "depth_imb_5s",  # with depth only
        "leader_ret_5s",  # with a leader only
        "leader_ret_before_5s",
    ),
    horizon_ns=MINUTE,
    # labels of a minute made each 5 s share eleven twelfths of their outcome, so steps are a thirtieth of the model's own
    params={"learning_rate": 0.0003, "l2": 0.001},
    needs=("quotes", "prints"),
    min_share=0.6,  # without depth, leader and a print in the bar 11 of 16 are left
    on_drift="background",
)
