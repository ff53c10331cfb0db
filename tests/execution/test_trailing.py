"""A stop that follows: where it belongs behind a price, and at which price it moves next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.execution.trailing import STEPS, next_level, stop_behind

SIDE = st.sampled_from([1, -1])
PX, AWAY, TICK = st.integers(-50_000, 50_000), st.integers(1, 500), st.sampled_from([1, 4, 25, 100])


@given(SIDE, PX, AWAY, TICK)
def test_a_stop_lies_on_the_tick_behind_its_price_by_its_distance_and_less_than_a_tick_more(
    side: int, px: int, away: int, tick: int
) -> None:
    stop = stop_behind(side, px, away, tick)
    assert stop % tick == 0 and away <= side * (px - stop) < away + tick


@given(SIDE, PX, AWAY, TICK, st.none() | PX)
def test_at_its_level_a_stop_comes_closer_by_a_step_at_least(side: int, at: int, away: int, tick: int, from_px: int | None) -> None:
    stop_px = at // tick * tick
    level = next_level(side, stop_px, away, from_px, tick)
    closer = side * (stop_behind(side, level, away, tick) - stop_px)
    assert closer >= tick and closer * STEPS >= away
    assert from_px is None or side * (level - from_px) >= 0
    if from_px is None:
        assert side * (level - stop_px) < away + away / STEPS + tick


@given(SIDE, PX, AWAY, TICK, st.lists(st.integers(-300, 300), max_size=40))
def test_along_any_path_it_only_comes_closer_and_never_stands_beyond_the_market(
    side: int, at: int, away: int, tick: int, path: list[int]
) -> None:
    stop_px = at // tick * tick
    px = stop_px + side * away
    for step in path:
        px += step
        if side * (px - next_level(side, stop_px, away, None, tick)) >= 0:
            moved = stop_behind(side, px, away, tick)
            assert side * (moved - stop_px) > 0 and side * (px - moved) >= away
            stop_px = moved
