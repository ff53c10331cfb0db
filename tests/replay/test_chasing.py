"""The promise once more, with entries that follow the market: replay moves the very same ones, however the log is cut."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from tests.replay.test_parity import stopped_and_taken_up
from tests.replay.world import World, closed_loop, played_back, random_chunks, same, world
from tests.simulation.drills.test_chasing import Chasing
from workbench.domain.orders import Reprice
from workbench.runtime.replay import Outcome, first_difference


@pytest.fixture(scope="module")
def case() -> tuple[World, Outcome]:
    made, change = world(("ES",), minutes=12), msgspec.structs.replace
    risk = change(made.setup.law.risk, max_friction_frac=10.0, min_seconds_between_entries=0.0, max_entries_per_hour=1_000)
    law = change(made.setup.law, risk=risk)
    made = made._replace(setup=made.setup._replace(law=law, strategies=((Chasing(1 << 62), (1,)),)))
    return made, closed_loop(made)


@pytest.mark.covers("S0-15", "S2-06")
def test_a_replay_moves_the_same_entries_and_a_process_that_takes_it_up_does_too(case: tuple[World, Outcome]) -> None:
    made, whole = case
    moves = Counter(command.ref for command in whole.commands if isinstance(command, Reprice))
    assert len(moves) > 5 and max(moves.values()) == 2
    again = played_back(made, whole, random_chunks(1))
    assert first_difference(whole.commands, again.commands) is None and same(whole, again)
    assert stopped_and_taken_up(made, whole, every=24) == 0
