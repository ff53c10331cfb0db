"""The loop in virtual time: jumps, deadlocks, the horizon, seeds."""

from __future__ import annotations

import asyncio

import pytest

from workbench.simulation.virtual import DeadlockError, HorizonError, VirtualLoop, run


def test_a_year_of_sleep_takes_no_time():
    async def main(loop: VirtualLoop) -> float:
        await asyncio.sleep(365 * 86_400)
        return loop.time()

    assert run(main, horizon_s=1e9) == pytest.approx(365 * 86_400)


def test_the_wall_stands_at_the_epoch_when_time_is_zero():
    async def main(loop: VirtualLoop) -> int:
        await asyncio.sleep(2)
        return loop.wall_ns()

    assert abs(run(main, epoch_ns=10**18) - 10**18 - 2 * 10**9) < 100_000


def test_what_can_never_go_on_is_a_deadlock_that_names_who_waits():
    async def main(loop: VirtualLoop) -> None:
        await asyncio.gather(asyncio.create_task(asyncio.Event().wait(), name="the one who waits"))

    with pytest.raises(DeadlockError, match="the one who waits"):
        run(main)


def test_a_program_that_does_not_end_passes_the_horizon():
    async def main(loop: VirtualLoop) -> None:
        while True:
            await asyncio.sleep(1)

    with pytest.raises(HorizonError, match="horizon of 100 s"):
        run(main, horizon_s=100)


def test_a_timer_set_again_for_the_moment_it_finds_not_past_does_not_spin():
    async def main(loop: VirtualLoop) -> int:
        began, n, done = loop.time(), 0, asyncio.Event()

        def look() -> None:
            nonlocal n
            n += 1
            if loop.time() - began > 1:
                done.set()
            else:
                loop.call_at(began + 1, look)

        look()
        await done.wait()
        return n

    assert run(main) < 5


def test_an_executor_calls_on_this_thread_and_hands_errors_on():
    async def main(loop: VirtualLoop) -> int:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return await loop.run_in_executor(None, int, "7")

    assert run(main) == 7


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_same_seed_gives_the_same_order(shuffle: bool):
    async def main(loop: VirtualLoop) -> list[int]:
        order: list[int] = []

        async def step(n: int) -> None:
            await asyncio.sleep(0)
            order.append(n)

        await asyncio.gather(*(step(n) for n in range(20)))
        return order

    assert run(main, seed=3, shuffle=shuffle) == run(main, seed=3, shuffle=shuffle)
    assert (run(main, seed=3, shuffle=shuffle) == list(range(20))) is not shuffle


def test_timeouts_and_cancellation_work_in_virtual_time():
    async def main(loop: VirtualLoop) -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 3600)
        return loop.time()

    assert run(main) == pytest.approx(3600, abs=0.01)
