"""From a seed to a verdict: the one entry for tests, for the command line, and for whoever plants a bug to see it caught."""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from tests.simulation.disaster.faults import draw
from tests.simulation.disaster.machine import Death
from tests.simulation.disaster.quiescence import judge
from tests.simulation.disaster.safety import Violation
from tests.simulation.disaster.schedule import Schedule
from tests.simulation.disaster.world import Life, World

CONNECTION: Final = "connection"  # the cause that every end by hand leaves
FIRST_RUNS: Final = 1  # after the first, all is imported and cached
MANY_RUNS: Final = 20
IN_MEMORY: Final = Path("/dev/shm")
Plant = Callable[[], AbstractContextManager[object]]


class Verdict(NamedTuple):
    """What came of one seed.

    ``digest`` is over every byte on the wire and every report, with their times; ``halted`` is why the end was a halt, if it was.
    """

    seed: int
    violations: tuple[Violation, ...]
    reached: Counter[str]
    passed: dict[str, int]
    n_crashes: int
    n_fills: int
    halted: str
    digest: str
    virtual_s: float
    wall_s: float
    struck: tuple[str, ...]
    died: Counter[str]  # points at which it died
    lives: tuple[Life, ...]

    @property
    def is_good(self) -> bool:
        return not self.violations

    def text(self) -> str:
        """Say what is wrong, and how to see it again."""
        said = [f"seed {self.seed}: python -m tests.simulation.disaster {self.seed}"]
        return "\n".join(said + [f"  {law} at {at_s:.2f} s: {text}" for law, at_s, text in self.violations])


def run_seed(seed: int, *, plant: Plant | None = None) -> Verdict:
    """Run the schedule of a seed.

    Parameters
    ----------
    plant
        Makes a context in which a bug is planted: entered before the world is made, left behind it.
    """
    return run_schedule(draw(seed), plant=plant)


def run_schedule(schedule: Schedule, *, plant: Plant | None = None) -> Verdict:
    """Run one schedule, and judge it."""
    with _quiet(), _place() as root, plant() if plant is not None else nullcontext():
        world = World(root, schedule)
        try:
            world.run()
        except Exception as error:  # noqa: BLE001  a world that cannot be run is a finding too: the harness's or a plant's
            return _verdict(world, [Violation("harness", 0.0, f"{type(error).__name__}: {error}")], "")
        end, said = judge(world)
        halted = "; ".join(cause for cause in end.causes if cause != CONNECTION) if end is not None else ""
        return _verdict(world, [*world.safety.violations, *said], halted)


def _verdict(world: World, said: list[Violation], halted: str) -> Verdict:
    return Verdict(
        seed=world.schedule.seed,
        violations=tuple(said),
        reached=world.safety.rare.reached,
        passed=world.passed,
        n_crashes=sum(life.how in tuple(Death) for life in world.lives),
        n_fills=len(world.safety.executions),
        halted=halted,
        digest=world.wire.digest,
        virtual_s=world.now_s,
        wall_s=world.wall_s,
        struck=tuple(world.struck),
        died=world.died,
        lives=tuple(world.lives),
    )


@contextmanager
def _place() -> Iterator[Path]:
    """Give a folder in memory where there is such a place: what a disk does is modelled, not waited for."""
    in_memory = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > 1 << 28
    root = Path(tempfile.mkdtemp(prefix="disaster-", dir=IN_MEMORY if in_memory else None))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


_runs = count()


def _collect() -> None:
    """Leave what was imported out of the collector's sight, once; clear away the dead of former worlds now and then."""
    n = next(_runs)
    if n == FIRST_RUNS:
        gc.collect()
        gc.freeze()
    elif n % MANY_RUNS == 0:
        gc.collect()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep libraries from telling what is long and known, and the collector from walking all that was imported."""
    loggers = [logging.getLogger(name) for name in ("ib_async", "asyncio")]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    _collect()
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
