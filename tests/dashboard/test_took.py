"""Durations and memory stand beside what may be used, in one drawing, whatever their ratio."""

from __future__ import annotations

import re

import pytest

from tests.dashboard.test_trading import Tags
from workbench.dashboard.took import Point, memory, seconds
from workbench.domain.units import DAY

DAYS = [Point(n * DAY, 10.0 + n, "ok") for n in range(10)]


def heights(html: str) -> list[float]:
    return [float(y) for y in re.findall(r"M[\d.]+,([\d.-]+)h0", html)]


def test_the_budget_is_a_line_above_what_is_used() -> None:
    html = seconds(DAYS, 900, "UTC")
    line = re.search(r'class="budget" x1="0" x2="\d+" y1="([\d.]+)"', html)
    assert line is not None and 0 < float(line[1]) < min(heights(html)) and "budget 15 min" in html
    assert heights(html) == sorted(heights(html), reverse=True) and "10 s" in html and "1 min" in html
    assert Tags(html).open == []


def test_a_run_beyond_its_budget_stands_above_the_line() -> None:
    html = memory([Point(0, 300.0, "ok"), Point(DAY, 5_000.0, "failed")], 4_096, "UTC")
    line = re.search(r'class="budget" x1="0" x2="\d+" y1="([\d.]+)"', html)
    assert line is not None and min(heights(html)) < float(line[1]) < max(heights(html)) and "4,096 MB" in html


@pytest.mark.parametrize("points", [DAYS[:1], [Point(5, 0.004, "hand")], [Point(5, 80_000.0, "failed")] * 3, DAYS * 2])
@pytest.mark.parametrize("budget", [None, 1, 900, 86_400])
def test_every_point_lies_in_the_drawing(points: list[Point], budget: float | None) -> None:
    html = seconds(points, budget, "America/New_York")
    places = re.findall(r"M([\d.]+),([\d.]+)h0", html)
    assert len(places) >= len(points) and all(0 <= float(x) <= 1_000 and 0 <= float(y) <= 200 for x, y in places)
    assert "nan" not in html and ("budget" in html) == (budget is not None)


def test_how_a_run_came_and_went_is_told_by_shape() -> None:
    html = seconds([Point(0, 1.0, "ok"), Point(1, 1.0, "hand"), Point(2, 1.0, "failed")], None, "UTC")
    assert all(f'class="dot {kind}"' in html for kind in ("ok", "hand", "failed")) and html.count("inside") == 1


def test_what_is_not_known_is_not_drawn() -> None:
    assert "not known" in seconds([], 900, "UTC") and "not known" in memory([Point(1, 0.0, "ok")], 900, "UTC")
