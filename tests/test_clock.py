"""What is shown never falls, and a jump is told once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.clock import ManualClock, ScaledClock, SystemClock
from workbench.domain.units import MS, SECOND


@given(st.lists(st.tuples(st.integers(-5 * SECOND, 5 * SECOND), st.integers(0, SECOND)), min_size=1, max_size=30))
def test_time_never_falls_and_every_jump_beyond_the_limit_is_told(jumps: list[tuple[int, int]]) -> None:
    wall, steady = [10**18], [0]
    for jump, passed in jumps:
        wall.append(wall[-1] + passed + jump)
        steady.append(steady[-1] + passed)
    clock = SystemClock(500 * MS, iter(wall).__next__, iter(steady).__next__)
    shown, told = [], []
    for _ in jumps:
        shown.append(clock.now_ns())
        told.append(clock.take_step_ns())
    assert shown == list(itertools.accumulate(wall, max))[1:]
    assert told == [jump if abs(jump) > 500 * MS else None for jump, _ in jumps]


def test_jumps_that_nobody_asked_about_add_up() -> None:
    clock = SystemClock(0, iter([0, 5, 25, 30]).__next__, iter([0, 0, 0, 0]).__next__)
    for _ in range(3):
        clock.now_ns()
    assert (clock.take_step_ns(), clock.take_step_ns()) == (30, None)


def test_the_machines_clock_tells_a_plausible_time() -> None:
    clock = SystemClock()
    now = clock.now_ns()
    assert now > 1_700_000_000 * SECOND
    assert 0 < clock.wait_s(now + 3600 * SECOND) <= 3600
    assert clock.wait_s(now - SECOND) == 0


def test_a_hurried_clock_runs_as_often_as_told() -> None:
    steady = iter([100, 100, 100 + SECOND, 100 + SECOND])
    clock = ScaledClock(5_000, 10.0, steady.__next__)
    assert (clock.now_ns(), clock.now_ns()) == (5_000, 5_000 + 10 * SECOND)
    assert clock.wait_s(5_000 + 30 * SECOND) == 2.0
    with pytest.raises(ValueError, match="forward"):
        ScaledClock(0, 0.0)


def test_a_clock_moved_by_hand_stays_where_it_is_put() -> None:
    clock = ManualClock(7)
    clock.advance_to(3)
    assert (clock.now_ns(), clock.wait_s(10**18), clock.take_step_ns()) == (7, 0.0, None)
