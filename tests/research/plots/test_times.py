"""Moments on the clock of a plot: right on both sides of a change of the clocks, and never run together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.errors import ConfigError
from workbench.research.plots.times import Wall, span, wall

ZONES = ["UTC", "America/New_York", "America/Chicago", "Europe/Zurich", "Australia/Lord_Howe", "Asia/Kolkata"]


def moments(*texts: str) -> pl.Series:
    return pl.Series([datetime.fromisoformat(text).astimezone(UTC) for text in texts]).cast(pl.Datetime("ns", "UTC"))


def shown(clock: Wall, at: pl.Series) -> list[str]:
    return [str(each)[:16] for each in clock.times(at)]


def test_times_are_those_of_the_zone_on_both_sides_of_a_change() -> None:
    at = moments("2026-10-30T13:30Z", "2026-11-02T14:30Z")  # the US clocks go back on 1 November, on a Sunday without a market
    clock = wall(at, "America/New_York")
    assert shown(clock, at) == ["2026-10-30T09:30", "2026-11-02T09:30"]
    assert clock.label == "time in America/New_York (EDT, later EST)"


def test_spring_leaves_an_hour_out() -> None:
    at = moments("2026-03-08T06:59Z", "2026-03-08T07:00Z")
    assert shown(wall(at, "America/New_York"), at) == ["2026-03-08T01:59", "2026-03-08T03:00"]


def test_an_hour_that_comes_twice_does_not_run_together() -> None:
    at = moments(
        "2026-11-01T05:30Z", "2026-11-01T06:10Z", "2026-11-01T07:00Z"
    )  # a market that never closes: 01:30 EDT, 01:10 EST, 02:00 EST
    clock = wall(at, "America/New_York")
    assert shown(clock, at) == ["2026-11-01T01:30", "2026-11-01T02:10", "2026-11-01T03:00"]
    assert clock.label == "time in America/New_York (EDT throughout: the clocks went back meanwhile)"
    assert clock.text(at[2]) == "03:00"


@pytest.mark.parametrize(("zone", "label"), [("UTC", "time, UTC"), ("America/Chicago", "time in America/Chicago (CST)")])
def test_the_axis_says_whose_time_it_is(zone: str, label: str) -> None:
    assert wall(moments("2026-11-19T14:30Z"), zone).label == label


def test_nothing_has_a_clock_too() -> None:
    none = pl.Series([], dtype=pl.Datetime("ns", "UTC"))
    assert wall(none, "Europe/Zurich").label == "time in Europe/Zurich" and len(wall(none, "UTC").times(none)) == 0


@settings(max_examples=150, derandomize=True)
@given(
    st.lists(st.integers(0, 800 * 24 * 60), min_size=1, max_size=40),
    st.sampled_from(ZONES),
    st.sampled_from(["UTC", "America/New_York"]),
)
def test_shown_times_rise_with_the_moments_and_are_the_zones_own(minutes: list[int], zone: str, read_in: str) -> None:
    start = datetime(2025, 12, 1, tzinfo=UTC)
    given_ = [start + timedelta(minutes=each) for each in sorted(minutes)]
    at = pl.Series(given_).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone(read_in)
    clock = wall(at, zone)
    times = clock.times(at)
    assert bool(np.all(np.diff(times) >= np.timedelta64(0)))
    own = [np.datetime64(each.astimezone(ZoneInfo(zone)).replace(tzinfo=None), "ns") for each in given_]
    if clock.offset is None:
        assert times.tolist() == np.array(own).tolist()
    else:
        assert any(later < earlier for earlier, later in pairwise(own))
        assert times[0] == own[0]
    assert clock.text(at[-1]) == str(times[-1])[11:16] == clock.text(int(at.dt.epoch("ns")[-1]))


def test_from_when_to_when_is_by_the_clock_of_the_plot() -> None:
    assert span(None, "UTC") is None
    assert span(("2026-11-19 09:30", "2026-11-19 10:00"), "America/New_York") == span(("2026-11-19T14:30Z", "2026-11-19T15:00Z"), "UTC")


@pytest.mark.parametrize("between", [("2026-11-19 10:00", "2026-11-19 09:00"), ("2026-11-19 10:00", "2026-11-19 10:00"), ("noon", "night")])
def test_what_is_no_span_is_refused(between: tuple[str, str]) -> None:
    with pytest.raises(ConfigError):
        span(between, "UTC")


def test_a_zone_that_does_not_exist_is_refused_with_some_that_do() -> None:
    with pytest.raises(ConfigError, match=r"Mars/Olympus.*America/New_York"):
        wall(moments("2026-11-19T14:30Z"), "Mars/Olympus")
    with pytest.raises(ConfigError, match="Mars/Olympus"):
        span(("2026-11-19 09:30", "2026-11-19 10:00"), "Mars/Olympus")
