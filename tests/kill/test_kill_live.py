"""SIGKILL while a live run trades with a broker that lives on: nothing is sent twice, what is taken up ends as its log says."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.kill.runs import POINTS, in_a_process
from tests.replay.world import SESSION, World, world
from tests.runtime.live.scripted import Broker, Played
from workbench.domain.orders import AnyCommand, Submit
from workbench.engine import Engine
from workbench.runtime import play
from workbench.runtime.live.line import Line
from workbench.runtime.log import RunLog
from workbench.runtime.logged import open_log
from workbench.runtime.recovery import Image
from workbench.store import checkpoints, entries
from workbench.store.folders import Folders
from workbench.store.manifest import run_folders

pytestmark = [pytest.mark.covers("S2-08", "S3-37")]


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES", "SPY"), minutes=30, activity=0.15)


class Lasting(Broker):
    """A broker whose truth lies outside of the process that is killed."""

    path: Path
    venue: Any = None

    def take(self, command: AnyCommand) -> None:
        super().take(command)
        self.keep()

    def move(self) -> None:
        super().move()
        self.keep()

    def keep(self) -> None:
        part = self.path.with_suffix(".part")
        at = (0, 0) if self.venue is None else (self.venue.at, self.venue.clock.now_ns())
        part.write_bytes(pickle.dumps((self.rng, self.orders, self.executions, self.sent, at)))
        part.replace(self.path)

    @classmethod
    def found(cls, path: Path, seed: int) -> tuple[Lasting, tuple[int, int]]:
        broker, at = cls(seed), (0, 0)
        broker.path = path
        if path.exists():
            broker.rng, broker.orders, broker.executions, broker.sent, at = pickle.loads(path.read_bytes())
        return broker, at


def trade(data: Path, of: World, seed: int) -> None:
    """Trade, or take up what a killed process left."""
    broker, (at, from_ns) = Lasting.found(data / "broker", seed)
    live = Played(data, of, broker, at=at, from_ns=from_ns)
    broker.venue = live.venue
    live.run()


def dying_at(data: Path, of: World, seed: int, nth: int) -> int:
    """Trade, and die at the n-th point of the log or of the line."""

    def work() -> None:
        seen = [0]

        def count() -> None:
            seen[0] += 1
            if seen[0] == nth:
                os.kill(os.getpid(), signal.SIGKILL)

        def deadly(kind: type[Any], name: str) -> None:
            whole = getattr(kind, name)

            def step(self: Any, *given: Any) -> Any:
                count()
                result = whole(self, *given)
                count()
                return result

            setattr(kind, name, step)

        for name in POINTS:
            deadly(RunLog, name)
        deadly(Lasting, "take")
        deadly(Line, "put_back")
        trade(data, of, seed)

    return in_a_process(work)[0]


def must_be_whole(data: Path, of: World, seed: int) -> None:
    """The log is one, its checkpoint is its end, and no bracket was sent twice."""
    [folder] = run_folders(data)
    logged = open_log(data, SESSION)
    assert logged.run.is_closed
    entries.verify(logged.journal, logged.run.journal_head)
    played = asyncio.run(play.play_back(logged, of.setup))
    assert played.difference is None
    found = checkpoints.latest(Folders(data).run(folder.name)).checkpoint
    assert found is not None
    engine = Engine(of.setup)
    engine.restore(msgspec.msgpack.decode(found.blob, type=Image).engine)
    assert engine.digest() == played.outcome.state_digest
    refs = [command.ref for command in Lasting.found(data / "broker", seed)[0].sent if isinstance(command, Submit)]
    assert len(refs) == len(set(refs))


def killed_and_taken_up(data: Path, of: World, seed: int, points: list[int]) -> None:
    data.mkdir(exist_ok=True)
    for nth in points:
        status = dying_at(data, of, seed, nth)
        assert os.WIFSIGNALED(status) or nth != points[0]
    if not all((folder / "checkpoints").exists() for folder in run_folders(data)) or not run_folders(data):
        status, _ = in_a_process(lambda: trade(data, of, seed))
        assert status == 0
    must_be_whole(data, of, seed)


@pytest.mark.parametrize("points", [[1], [4], [17], [60], [61], [250], [400, 30], [90, 5, 120]])
def test_a_live_run_that_dies_is_taken_up(tmp_path: Path, of: World, points: list[int]) -> None:
    killed_and_taken_up(tmp_path, of, sum(points), points)


@pytest.mark.proof
@pytest.mark.parametrize("first", range(0, 100, 10))
def test_live_runs_that_die_at_random_points_are_taken_up(tmp_path: Path, of: World, first: int) -> None:
    rng = np.random.default_rng([2026, first])
    for trial in range(first, first + 10):
        killed_and_taken_up(tmp_path / str(trial), of, trial, rng.integers(1, 500, rng.integers(1, 4)).tolist())
