"""The gateway's clock beside a loop's: speed, grain, and that nothing is woken for nothing."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.worlds import BEGIN_NS, small
from workbench.gateway.transports.drive import Drive
from workbench.simulation.virtual import VirtualLoop, run


@pytest.mark.parametrize("speed", [1.0, 5.0, 20.0])
def test_session_time_runs_so_many_times_as_fast(speed: float):
    async def main(loop: VirtualLoop) -> float:
        gateway, told = small(speed=speed)
        Drive(gateway, loop)
        await asyncio.sleep(10)
        assert told.n_records == pytest.approx(20 * speed, abs=2 + speed)
        return (gateway.now_ns - BEGIN_NS) / 1e9

    assert run(main) == pytest.approx(10 * speed, abs=speed)


def test_wake_ups_are_no_closer_than_the_grain_and_end_with_the_tape():
    async def main(loop: VirtualLoop) -> tuple[int, int]:
        gateway, told = small()
        told.times.clear()
        drive = Drive(gateway, loop, grain_s=2.0)
        await asyncio.sleep(100)
        n_awake = len(set(told.times))
        drive.stop()
        await asyncio.sleep(100)
        return n_awake, (gateway.now_ns - BEGIN_NS) // 10**9

    n_awake, reached_s = run(main)
    assert reached_s <= 100
    assert n_awake <= 100 / 2 * 9  # each wake-up walks in steps of a quarter of a second
