"""Seeded sweeps: a little of everything, and three of the catalogue's faults at once. A seed that fails is a finding: `test_findings`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.simulation.drills.drill import Drill, mixed_scenario, scenario_of
from tests.simulation.drills.truth import differences
from workbench.gateway.faults import shipped

N_QUICK, N_PROOF, N_NIGHT = 24, 240, 3_000
MIXED_QUICK, MIXED_PROOF, MIXED_NIGHT = 8, 100, 1_500
NOT_MIXED: Final = {"answers_muted", "open_orders_muted", "weekly_second_factor"}  # nothing happens behind them


def seeds(quick: int, proof: int, night: int) -> list[object]:
    """Number the runs of the three tiers."""
    return [
        *range(quick),
        *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(quick, proof)),
        *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(proof, night)),
    ]


@pytest.mark.parametrize("seed", seeds(N_QUICK, N_PROOF, N_NIGHT))
def test_rough_weather_leaves_the_ledger_equal_to_the_gateways_truth(place: Path, seed: int) -> None:
    drill = Drill(place, scenario_of("rough_weather", seed=seed), seed=seed).run()
    assert differences(drill) == [] and not drill.latched()
    assert len(drill.filled()) >= 3


@pytest.mark.parametrize("seed", seeds(MIXED_QUICK, MIXED_PROOF, MIXED_NIGHT))
def test_three_faults_at_once_leave_it_equal_or_have_a_person_look(place: Path, seed: int) -> None:
    drill = Drill(place, mixed_scenario(seed, [name for name in shipped() if name not in NOT_MIXED]), seed=seed, waits_s=240.0).run()
    assert differences(drill) == [] or drill.latched()


def test_the_same_seed_gives_the_same_run(place: Path) -> None:
    runs = [Drill(place / str(n), scenario_of("rough_weather", seed=5), seed=5, trades_s=90, waits_s=30).run() for n in (1, 2)]
    (one, other) = (each.ended for each in runs)
    assert one is not None and other is not None
    assert (one.commands_digest, one.state_digest, one.n_records) == (other.commands_digest, other.state_digest, other.n_records)
