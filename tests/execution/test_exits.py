"""When a position must end although neither stop nor target was touched."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.sight import sight
from workbench.domain.decisions import Forecast, Thesis
from workbench.domain.units import HOUR
from workbench.execution.exits import RANGE, TradeState, days_between, is_wild, range_of, trade_state, why_at_close, why_leave
from workbench.execution.lifecycle import Phase


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


@pytest.mark.covers("S2-12")
@given(st.none() | st.floats(0, 100), st.none() | st.floats(0, 100), st.floats(0, 10))
def test_a_market_is_wild_when_its_range_is_above_a_multiple_and_never_when_one_of_both_is_not_known(
    now: float | None, then: float | None, times: float
) -> None:
    known = now is not None and then is not None and then > 0 and times > 0
    assert is_wild(now, then, times) == (known and now > times * then)


def test_a_range_that_is_not_warm_or_that_nobody_computes_is_none() -> None:
    assert range_of(sight()) is None and range_of(sight(features={RANGE: None})) is None
    assert range_of(sight(features={RANGE: 2.5})) == 2.5


NIGHT = {"night_ns": 24 * HOUR, "days_left": 30, "cutoff_days": 7}


@pytest.mark.covers("S3-33")
def test_a_day_ends_with_its_session_a_swing_before_a_weekend_or_a_roll_and_a_hold_with_neither() -> None:
    friday, rolls, unknown = NIGHT | {"night_ns": 72 * HOUR}, NIGHT | {"days_left": 8}, NIGHT | {"night_ns": None}
    said = [[why_at_close(horizon, **at) for at in (NIGHT, friday, rolls, unknown)] for horizon in ("day", "swing", "hold")]
    assert said == [["close"] * 4, [None, "weekend", "roll", "weekend"], [None] * 4]


def test_a_swing_in_what_never_expires_knows_no_roll() -> None:
    assert why_at_close("swing", night_ns=24 * HOUR, days_left=None, cutoff_days=7) is None
    assert days_between(20261119, "2026-11-26") == 7 and days_between(0, "2026-11-26") is None


@pytest.mark.covers("S2-09")
def test_a_trade_is_open_until_its_stop_stands_then_managed_then_exited() -> None:
    said = {phase.value: trade_state(phase) for phase in Phase}
    assert said == {
        "pending": None, "working": None, "exposed": TradeState.OPEN, "protected": TradeState.MANAGED, "closing": TradeState.MANAGED,
        "closed": TradeState.EXITED, "void": None,
    }  # fmt: skip
    assert trade_state(Phase.CLOSING, filled=0) is None
