"""Modules that read the wall clock themselves, in virtual time."""

from __future__ import annotations

import asyncio
import datetime
import time
import types

from workbench.simulation.virtual import VirtualLoop, run, wall_clock_of


def test_a_module_sees_the_loops_wall_and_gets_its_own_clock_back():
    module = types.ModuleType("reads_the_clock")
    module.time, module.datetime, module.dt = time, datetime, datetime.datetime

    async def main(loop: VirtualLoop) -> tuple[float, float, int, float]:
        with wall_clock_of(loop, [module]):
            first = module.time.time()
            await asyncio.sleep(3_600)
            seen = module.dt.now(datetime.UTC)
            assert module.datetime.datetime.now(datetime.UTC) == seen
            return first, module.time.time() - first, seen.year, module.time.monotonic()

    first, passed, year, monotonic = run(main, epoch_ns=10**18)
    assert (round(first), round(passed), year, round(monotonic)) == (10**9, 3_600, 2001, 3_600)
    assert (module.time, module.datetime, module.dt) == (time, datetime, datetime.datetime)
    assert time.time() > 1.7e9


def test_a_skewed_wall_does_not_move_the_loops_time():
    async def main(loop: VirtualLoop) -> tuple[int, float]:
        loop.skew_ns = -5_000_000_000
        return loop.wall_ns(), loop.time()

    wall, now = run(main, epoch_ns=10**18)
    assert 10**18 - wall > 4_900_000_000
    assert now < 1
