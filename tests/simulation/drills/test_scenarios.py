"""Every shipped scenario against a live run: our ledger is the gateway's truth at the end, and each row does what the catalogue asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.simulation.drills.drill import WAITS_S, Drill, scenario_of
from tests.simulation.drills.rows import CLAIMS
from tests.simulation.drills.truth import differences
from workbench.gateway.faults import shipped

QUICK: Final = {  # one of each group, and those that drills have found something with
    "1100_1101_data_lost", "1100_1102_data_kept", "1100_1102_reports_lost", "326_id_held", "504_not_connected", "half_open",
    "507_half_frame",
    "daily_restart_ids_rolled_back", "answers_muted", "321_validation", "2103_farm_broken", "10197_competing_session", "10167_delayed",
    "10190_tick_by_tick_full", "2107_2108_farm_inactive", "malformed_message", "10349_tif_preset", "10147_cancel_not_found",
    "103_duplicate_id", "105_modify_mismatch", "201_rejected_margin", "201_stop_rejected", "321_read_only_api", "order_lost",
    "late_visibility", "execution_corrected", "duplicate_executions", "no_filled_status", "commission_early", "manual_order",
    "foreign_order",
}  # fmt: skip
LONG_S: Final = {"weekly_second_factor": 330.0}  # how long until it is over, and a while
STAYS_OPEN: Final = {
    "order_lost": ("order 1 ", "bracket 1 "),  # halted: a person settles what is left of it
    "execution_busted": ("execution ", "position of ESZ6: 4 own", "bracket 1 "),  # the position alone tells: halted, the same
    "foreign_order": ("bracket 1 ",),  # a hand closed one of it, and no execution is told: halted, a person enters it
}


def marked(name: str) -> Any:
    return pytest.param(name, marks=[] if name in QUICK else [pytest.mark.proof])


@pytest.mark.parametrize("name", [marked(name) for name in shipped()])
def test_the_ledger_is_the_gateways_truth_and_the_row_does_what_it_must(place: Path, name: str) -> None:
    drill = Drill(place, scenario_of(name), waits_s=LONG_S.get(name, WAITS_S)).run()
    said = differences(drill)
    assert [each for each in said if not each.startswith(STAYS_OPEN.get(name, "-"))] == []
    if name in CLAIMS:
        CLAIMS[name](drill)
