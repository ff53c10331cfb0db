"""SIGKILL of a live run at every named point, and at one after another: the gateway's books and the disk stay one, none is sent twice."""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tests.kill.lives import Death, Lives
from tests.kill.points import BEHIND_A_COMMIT, POINTS, TRADING
from tests.kill.tether import ChildLoop
from tests.simulation.disaster.running import IN_MEMORY
from workbench.domain.orders import AnyCommand, Submit
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.log import RunLog

pytestmark = [pytest.mark.covers("S2-08", "S3-37")]
EARLY = [point for point in POINTS if point not in TRADING]  # come in the first second of a life, or at each session's end
LATE = [point for point in POINTS if point in TRADING]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is such a place: to SIGKILL a disk is no other, and syncs of a real one cost most of a life."""
    is_there = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > 1 << 28
    folder = Path(tempfile.mkdtemp(prefix="killed-", dir=IN_MEMORY if is_there else tmp_path))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def killed(folder: Path, deaths: list[Death], seed: int = 0) -> Lives:
    """Let a run die so, take it up, and hold all laws against it."""
    data = folder / "data"
    try:
        made = Lives(data, deaths, seed=seed).run()
        made.must_be_whole()
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return made


def every_one(folder: Path, points: list[str]) -> Counter[str]:
    """Die at each of them: several in the lives of one world, and alone at those that its lives did not come to."""
    died: Counter[str] = Counter()
    for at in range(0, len(points), 3):
        died += killed(folder, [Death(point) for point in points[at : at + 3]]).died
    for point in set(points) - died.keys():
        died += killed(folder, [Death(point)]).died
    return died


def test_a_run_that_is_not_killed_trades_changes_and_passes_every_point(memory: Path) -> None:
    lives = killed(memory, [])
    assert len(lives.ends) == 1 and len(lives.sent) >= 3 and lives.n_orders >= 10
    assert set(POINTS) == lives.points.keys()


@pytest.mark.parametrize("half", [0, pytest.param(1, marks=pytest.mark.proof)])
def test_a_live_run_dies_at_every_named_point_and_is_taken_up(memory: Path, half: int) -> None:
    points = [point for pair in zip(EARLY, LATE, strict=False) for point in pair]
    points += [point for point in POINTS if point not in points]
    half_of_them = points[: len(points) // 2] if half else points[len(points) // 2 :]
    assert every_one(memory, half_of_them).keys() == set(half_of_them)


@pytest.mark.parametrize("again", ["a run begun", "the log played again", "executions asked for", "a command written, not sent"])
def test_a_run_that_dies_in_the_recovery_from_a_death_is_taken_up(memory: Path, again: str) -> None:
    lives = killed(memory, [Death("the entry of a bracket sent, no stop yet"), Death(again), Death(BEHIND_A_COMMIT[0], 3)])
    assert sum(lives.died.values()) == 3


def forget_to_commit(data: Path, loop: ChildLoop) -> None:
    """Plant a bug: a turn with a command is durable at the next second's sync, not before its bytes leave."""
    RunLog.commit = lambda self: None


def send_twice(data: Path, loop: ChildLoop) -> None:
    """Plant a bug: an entry leaves again in another bracket's name, as one would that lost its answer and was not asked about."""
    send, sent = IbEdge.send, list[Submit]()

    async def twice(self: IbEdge, command: AnyCommand) -> None:
        await send(self, command)
        if isinstance(command, Submit) and not sent:
            sent.append(command)
            await send(self, msgspec.structs.replace(command, ref=command.ref + 1_000))

    IbEdge.send = twice


@pytest.mark.parametrize(("bug", "law"), [(forget_to_commit, "I2"), (send_twice, "I1")])
def test_a_planted_bug_is_found(tmp_path: Path, bug: Callable[[Path, ChildLoop], None], law: str) -> None:
    lives = Lives(tmp_path, [Death("a run begun", 1, bug)])
    with suppress(Exception):  # a run with a bug may end anyhow
        lives.run()
    assert any(each.startswith(law) for each in lives.wrong), lives.wrong


@pytest.mark.proof
@pytest.mark.parametrize("seed", [2026, 2027, 2028, 2029])
def test_a_live_run_that_dies_at_sampled_pairs_of_points_is_taken_up(memory: Path, seed: int) -> None:
    rng = random.Random(seed)
    n_starts = n_worlds = 0
    while n_starts < 150:
        n_worlds += 1
        deaths = [Death(rng.choice(POINTS), rng.choice((1, 1, 2, 3, 5))) for _ in range(2)]
        n_starts += len(killed(memory, deaths, n_worlds).ends)
    assert n_worlds < 80


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(20))
def test_a_live_run_that_dies_at_any_pair_of_points_is_taken_up(memory: Path, part: int) -> None:
    for at, (first, second) in enumerate(itertools.product(POINTS, POINTS)):
        if at % 20 == part:
            killed(memory, [Death(first), Death(second)], at)
