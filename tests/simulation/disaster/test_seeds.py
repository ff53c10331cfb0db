"""Sweeps: seeds of faults and crashes, and nothing that was not looked at yet. A seed that fails prints its command, shrunk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.disaster.faults import draw
from tests.simulation.disaster.running import run_schedule, run_seed
from tests.simulation.disaster.shrinking import shrink
from tests.simulation.disaster.steering import TOWARDS, towards
from tests.simulation.disaster.sweeping import Sweep

N_TEST, N_PROOF, N_NIGHT = 200, 3_000, 200_000
BLOCK, NIGHT_BLOCK = 25, 1_000  # seeds of one test: small enough to be spread over the processors
MOST_TRIES: Final = 25  # schedules drawn towards a rare state until it must have been reached
TREE: Final = Path(__file__).parents[3]
HASHES: Final = "from tests.simulation.disaster.running import run_seed\nfor seed in range({n}): print(seed, run_seed(seed).digest)"


def sweep(first: int, n: int) -> None:
    """Run seeds; fail with the smallest schedule of the first that shows something new."""
    swept = Sweep()
    for seed in range(first, first + n):
        swept.run(seed)
    assert swept.n_crashes and swept.n_fills
    if swept.new:
        pytest.fail("\n\n".join(shrink(draw(each.seed), each).text() for each in swept.new[:2]) + f"\n\n{len(swept.new)} seeds in all")


def blocks(quick: int, proof: int) -> list[object]:
    """Number the blocks of two tiers."""
    return [*range(0, quick, BLOCK), *(pytest.param(first, marks=pytest.mark.proof) for first in range(quick, proof, BLOCK))]


@pytest.mark.parametrize("first", blocks(N_TEST, N_PROOF))
def test_no_disaster_breaks_a_law(first: int) -> None:
    sweep(first, BLOCK)


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(N_PROOF, N_NIGHT, NIGHT_BLOCK))
def test_a_night_of_disasters(first: int) -> None:
    sweep(first, NIGHT_BLOCK)


@pytest.mark.parametrize("state", TOWARDS)
def test_every_rare_state_is_reached(state: str) -> None:
    for seed in range(MOST_TRIES):
        if run_schedule(towards(state, seed)).reached[state]:
            return
    pytest.fail(f"{MOST_TRIES} schedules drawn towards it never reached: {state}")


def hashes(n: int, hash_seed: int) -> str:
    """Run seeds in a process of its own, under another seed of Python's hashes."""
    environment = {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(TREE), "PATH": ""}
    ran = subprocess.run([sys.executable, "-c", HASHES.format(n=n)], cwd=TREE, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout


@pytest.mark.parametrize("n", [3, pytest.param(20, marks=pytest.mark.proof)])
def test_a_seed_gives_the_same_bytes_whatever_pythons_hashes_are(n: int) -> None:
    said = [hashes(n, hash_seed) for hash_seed in (0, 1, 2)]
    assert len(said[0].splitlines()) == n and said[0] == said[1] == said[2]


def test_a_seed_gives_the_same_bytes_again() -> None:
    assert run_seed(7).digest == run_seed(7).digest != run_seed(8).digest
