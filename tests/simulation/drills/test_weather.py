"""Seeded sweeps: a little of everything, and three of the catalogue's faults at once. A seed that fails is a finding: `test_findings`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.simulation.drills.drill import Drill, mixed_scenario, scenario_of
from tests.simulation.drills.truth import differences
from workbench.gateway.faults import shipped

N_QUICK, N_PROOF, N_NIGHT = 12, 240, 3_000
MIXED_QUICK, MIXED_PROOF, MIXED_NIGHT = 4, 100, 1_500
BLOCK = 60  # seeds of one nightly test
SILENT: Final = {"answers_muted", "open_orders_muted", "weekly_second_factor"}  # nothing happens behind them
NOT_MIXED: Final = SILENT | {"execution_busted"}  # which the position alone tells: `test_directed`


def seeds(quick: int, proof: int) -> list[object]:
    """Number the runs of two tiers."""
    return [pytest.param(seed, marks=[pytest.mark.proof] * (seed >= quick)) for seed in range(proof)]


def rough(place: Path, seed: int) -> None:
    drill = Drill(place, scenario_of("rough_weather", seed=seed), seed=seed).run()
    assert differences(drill) == [] and not drill.latched(), seed
    assert len(drill.filled()) >= 3


def mixed(place: Path, seed: int) -> None:
    drill = Drill(place, mixed_scenario(seed, [name for name in shipped() if name not in NOT_MIXED]), seed=seed, waits_s=240.0).run()
    assert differences(drill) == [] or drill.latched(), seed


@pytest.mark.parametrize("seed", seeds(N_QUICK, N_PROOF))
def test_rough_weather_leaves_the_ledger_equal_to_the_gateways_truth(place: Path, seed: int) -> None:
    rough(place, seed)


@pytest.mark.parametrize("seed", seeds(MIXED_QUICK, MIXED_PROOF))
def test_three_faults_at_once_leave_it_equal_or_have_a_person_look(place: Path, seed: int) -> None:
    mixed(place, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(N_PROOF, N_NIGHT, BLOCK))
def test_thousands_of_nights_of_rough_weather(place: Path, first: int) -> None:
    for seed in range(first, first + BLOCK):
        rough(place / str(seed), seed)


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(MIXED_PROOF, MIXED_NIGHT, BLOCK))
def test_thousands_of_mixtures(place: Path, first: int) -> None:
    for seed in range(first, first + BLOCK):
        mixed(place / str(seed), seed)


def test_the_same_seed_gives_the_same_run(place: Path) -> None:
    runs = [Drill(place / str(n), scenario_of("rough_weather", seed=5), seed=5, trades_s=90, waits_s=30).run() for n in (1, 2)]
    (one, other) = (each.ended for each in runs)
    assert one is not None and other is not None
    assert (one.commands_digest, one.state_digest, one.n_records) == (other.commands_digest, other.state_digest, other.n_records)
