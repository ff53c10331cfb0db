"""When a position must end although neither stop nor target was touched."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.sight import sight
from workbench.domain.decisions import Forecast, Thesis
from workbench.execution.exits import why_leave


class Held(NamedTuple):
    """What a position was opened with."""

    side: int = 1
    opened_ns: int = 100
    hold_ns: int = 50
    thesis: Thesis | None = None


@pytest.mark.covers("S2-11")
def test_time_is_over_exactly_when_it_is() -> None:
    said = [why_leave(sight(now_ns=now), Held()) for now in (100, 149, 150, 10_000)]
    assert said == [None, None, "time", "time"]


def test_a_position_that_was_never_opened_has_no_time() -> None:
    assert why_leave(sight(now_ns=10_000), Held(opened_ns=0)) is None


@pytest.mark.covers("S2-10")
@given(st.sampled_from([1, -1]), st.floats(0, 1), st.floats(0, 1))
def test_a_thesis_is_gone_when_the_belief_in_its_direction_falls_under_its_floor(side: int, p_up: float, floor: float) -> None:
    seen = sight(now_ns=101, forecasts={"f": Forecast(p_up, None, 1)})
    belief = p_up if side > 0 else 1 - p_up
    assert why_leave(seen, Held(side, thesis=Thesis("f", floor))) == ("thesis" if belief < floor else None)


def test_a_forecast_nobody_made_ends_nothing_and_time_comes_before_thesis() -> None:
    held = Held(thesis=Thesis("f", 1.0))
    assert why_leave(sight(now_ns=101), held) is None
    assert why_leave(sight(now_ns=150, forecasts={"f": Forecast(0.0, None, 1)}), held) == "time"
