"""Drawings hold the figures they are given: ends, zero line, gains up and losses down; too little to draw says so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.dashboard.drawings import HEIGHT, WIDTH, calibration, steps, trips, worth
from workbench.domain.units import HOUR, MINUTE
from workbench.learning.confidence import Row

pytestmark = pytest.mark.covers("S0-19")
START = 1_795_100_400 * 10**9
amounts = st.integers(-(10**12), 10**12)


@given(st.floats(-1e9, 1e9), st.floats(0.01, 1e9))
def test_steps_are_round_even_and_reach_over_both_ends(low: float, span: float) -> None:
    found = steps(low, low + span)
    assert found[0] <= low + 1e-6 * span and found[-1] >= low + span - 1e-6 * span
    assert 2 <= len(found) <= 8


@given(st.lists(amounts, min_size=2, max_size=900))
def test_the_line_stays_within_its_drawing_and_ends_at_the_last_figure(values: list[int]) -> None:
    drawn = worth([(START + n * MINUTE, micros) for n, micros in enumerate(values)], "UTC")
    path = re.search(r'class="path" d="M([^"]+)"', drawn)
    assert path is not None
    points = [tuple(map(float, point.split(","))) for point in path.group(1).split("L")]
    assert points[0][0] == 0 and points[-1][0] == WIDTH and len(points) <= 401
    assert all(-0.1 <= y <= HEIGHT + 0.1 for _, y in points)
    heard = re.search(r'data-values="([^"]+)"', drawn)
    assert heard is not None and float(heard.group(1).split(",")[-1]) == pytest.approx(values[-1] / 1e6, abs=0.51)


def test_one_point_is_no_line() -> None:
    assert "begins with the first whole minute" in worth([(START, 0)], "UTC")


def test_hours_are_those_of_the_zone() -> None:
    line = [(START + n * HOUR, n) for n in range(12)]
    hours = {zone: re.findall(r'class="x"[^>]*>(\d\d:\d\d)<', worth(line, zone)) for zone in ("UTC", "America/New_York")}
    assert hours["UTC"] and hours["America/New_York"] and hours["UTC"] != hours["America/New_York"]
    assert all(text.endswith(":00") for texts in hours.values() for text in texts)


def test_gains_go_up_and_losses_down() -> None:
    drawn = trips([(START + 1, 5_000_000), (START + 2, -2_500_000)], START, START + 3)
    up, down = re.findall(r'class="(up|down)".*?y2="([\d.]+)"', drawn)
    assert up[0] == "up" and float(up[1]) == 1.0 and down[0] == "down" and float(down[1]) == 29.5
    assert trips([], START, START + 3) == ""


def test_a_calibration_draws_bins_with_enough_outcomes_alone() -> None:
    few, many = Row(0.4, 0.45, 29, 0.43, 0.5), Row(0.5, 0.525, 30, 0.51, 0.53)
    assert calibration([few, many]).count("<circle") == 1
    assert "<svg" not in calibration([few])
