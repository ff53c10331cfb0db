"""A market that waits for its time decides the very same; it only takes as long as it says."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.replay.world import SESSION, World, world
from tests.runtime.folders import cut_off, trade
from workbench.clock import ManualClock
from workbench.domain.records import empty
from workbench.domain.units import MINUTE, SECOND
from workbench.runtime.pace import Pace
from workbench.runtime.paper import paper

SPEED = 1_000.0


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=25, activity=0.1)


def test_a_paced_run_writes_the_log_of_one_in_a_hurry(tmp_path: Path, of: World) -> None:
    contracts = [terms.contract for terms in of.setup.terms]
    began = time.monotonic()
    paced = asyncio.run(paper(tmp_path / "paced", SESSION, contracts, of.records, of.setup, of.fills, speed=SPEED))
    took_s = time.monotonic() - began
    hurried = trade(tmp_path / "hurried", of)
    assert (paced.commands_digest, paced.state_digest) == (hurried.commands_digest, hurried.state_digest)
    assert paced.n_commands > 10
    assert took_s >= (25 * MINUTE - SECOND) / SECOND / SPEED  # a bound from below only: this machine may be slow


def test_a_run_that_is_taken_up_waits_only_for_what_is_new(tmp_path: Path, of: World) -> None:
    contracts = [terms.contract for terms in of.setup.terms]
    cut_off(tmp_path, of, 60)
    done = asyncio.run(paper(tmp_path, SESSION, contracts, of.records, of.setup, of.fills, speed=SPEED))
    assert done.run.is_closed and done.n_commands == trade(tmp_path / "whole", of).n_commands


def test_what_is_due_is_what_the_clock_has_reached() -> None:
    records = empty(4)
    records["recv_ns"] = (10, 20, 20, 30)
    clock = ManualClock(9)
    pace = Pace(records, clock)
    assert pace.n_due(0) == 0
    clock.advance_to(20)
    assert [pace.n_due(at) for at in range(5)] == [3, 2, 1, 0, 0]


def test_past_the_end_nothing_is_waited_for() -> None:
    asyncio.run(Pace(empty(0), ManualClock(0)).until_due(0))
