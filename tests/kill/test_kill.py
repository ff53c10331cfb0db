"""SIGKILL while a run records and trades: nothing that reached the tail is lost, nothing is doubled, the commands stay what they were."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.kill.runs import Written, dying_after, dying_at, has_ended, in_a_process, trade
from tests.replay.world import SESSION, World, world
from tests.store.cuts import cut_power
from workbench.domain.decisions import Issued
from workbench.store import entries
from workbench.store.log import read_log
from workbench.store.manifest import run_folders
from workbench.store.sealer import seal

pytestmark = [pytest.mark.covers("S2-08", "S3-37")]


@pytest.fixture(scope="module")
def of() -> World:
    """Twenty-five minutes of two contracts."""
    return world(("ES", "SPY"), minutes=25, activity=0.15)


@pytest.fixture(scope="module")
def whole(of: World, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """What an uninterrupted run writes."""
    data = tmp_path_factory.mktemp("whole")
    status, _ = in_a_process(lambda: trade(data, of))
    assert status == 0
    return Written(data)


def check(data: Path, of: World, whole: Written) -> None:
    """Take up what was killed, and hold everything against the uninterrupted run. A kill may come after the end of all work."""
    if not has_ended(data):
        status, _ = in_a_process(lambda: trade(data, of))
        assert status == 0
    now = Written(data)
    assert now.same_market(of.records)
    assert now.story() == whole.story()
    entries.verify(now.journal)
    assert now.run.is_closed


def test_an_uninterrupted_run_trades(whole: Written, of: World) -> None:
    assert sum(isinstance(fact, Issued) for fact in whole.facts) > 10
    assert whole.same_market(of.records)


@pytest.mark.parametrize("nth", [1, 2, 9, 40, 111, 250, 251, 600])
def test_a_run_that_dies_at_a_point_of_its_log_is_taken_up(tmp_path: Path, of: World, whole: Written, nth: int) -> None:
    status = dying_at(tmp_path, of, nth)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    check(tmp_path, of, whole)


def test_a_run_that_dies_three_times_is_taken_up(tmp_path: Path, of: World, whole: Written) -> None:
    for nth in (300, 500, 700):
        dying_at(tmp_path, of, nth)
    check(tmp_path, of, whole)


def test_what_was_killed_and_taken_up_is_sealed_once(tmp_path: Path, of: World, whole: Written) -> None:
    dying_at(tmp_path, of, 300)
    seal(tmp_path)
    before = read_log(tmp_path, SESSION)
    assert len(before) and np.array_equal(before["recv_ns"], of.records["recv_ns"][: len(before)])


def cut(data: Path, of: World, whole: Written, nth: int, seed: int) -> int:
    """Kill a run, cut the power, take up what is left; give how many records its journal carried."""
    dying_at(data, of, nth)
    carried = sum(len(entries.ahead_bodies(folder / "journal.db")) for folder in run_folders(data) if (folder / "journal.db").exists())
    cut_power(data, random.Random(seed))
    check(data, of, whole)
    return carried


def test_a_run_is_taken_up_after_a_power_cut(tmp_path: Path, of: World, whole: Written) -> None:
    carried = [cut(tmp_path / str(nth), of, whole, nth, nth) for nth in (9, 251, 400, 601)]
    assert max(carried) > 3


@pytest.mark.proof
def test_a_hundred_power_cuts_at_random_points_change_nothing(tmp_path: Path, of: World, whole: Written) -> None:
    rng = np.random.default_rng(2027)
    for trial in range(100):
        cut(tmp_path / str(trial), of, whole, int(rng.integers(1, 900)), trial)


@pytest.mark.proof
def test_two_hundred_kills_at_random_points_change_nothing(tmp_path: Path, of: World, whole: Written) -> None:
    rng = np.random.default_rng(2026)
    for trial in range(200):
        data = tmp_path / str(trial)
        dying_at(data, of, int(rng.integers(1, 900)))
        check(data, of, whole)


@pytest.mark.nightly
def test_a_hundred_kills_at_moments_nobody_chose_change_nothing(tmp_path: Path, of: World, whole: Written) -> None:
    rng = np.random.default_rng(2026)
    seconds = in_a_process(lambda: trade(tmp_path / "timed", of))[1]
    for trial in range(100):
        data = tmp_path / str(trial)
        dying_after(data, of, float(rng.uniform(0.0, seconds)))
        check(data, of, whole)


COLD = """
import sys
from pathlib import Path
from tests.kill.runs import trade
from tests.replay.world import world
trade(Path(sys.argv[1]), world(("ES", "SPY"), minutes=25, activity=0.15))
"""


@pytest.mark.proof
def test_ten_cold_starts_after_kills_change_nothing(tmp_path: Path, of: World, whole: Written) -> None:
    for trial in range(10):
        data = tmp_path / str(trial)
        dying_at(data, of, 80 * trial + 7)
        subprocess.run([sys.executable, "-c", COLD, str(data)], check=True)
        now = Written(data)
        assert now.same_market(of.records) and now.story() == whole.story()
