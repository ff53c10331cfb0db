"""As-of joins: the last that was known, never the next; the same as pandas finds; old news can be refused."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.research.leadlag.made import OPENING, frame
from workbench.domain.errors import DataError
from workbench.domain.units import SECOND
from workbench.research.leadlag import as_of
from workbench.research.leadlag.asof import last_known

ticks = st.lists(st.integers(0, 50), max_size=30).map(sorted)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(ticks, ticks)
@pytest.mark.covers("S1-19")
def test_it_is_the_last_known_and_never_the_next(at: list[int], known: list[int]) -> None:
    left, right = (frame([OPENING + k * SECOND for k in each]) for each in (at, known))
    joined = as_of(left, right.with_columns(pl.Series("row", range(len(known)), dtype=pl.Int64)))
    wanted = [max((k for k, t in enumerate(known) if t <= moment), default=None) for moment in at]
    assert joined["row"].to_list() == wanted
    assert joined["age_s"].to_list() == [None if row is None else at[k] - known[row] for k, row in enumerate(wanted)]
    places = last_known(np.array(known, np.int64), np.array(at, np.int64)).tolist()
    assert [None if place < 0 else place for place in places] == wanted


@pytest.mark.covers("S1-19")
def test_it_is_what_pandas_finds() -> None:
    rng = np.random.default_rng(1)
    at, known = (OPENING + np.sort(rng.integers(0, 10**12, n)) for n in (2_000, 9_000))
    mid = rng.normal(size=9_000)
    found = as_of(frame(at), frame(known, mid=mid), most_age_s=0.2)["mid"]
    wanted = pd.merge_asof(pd.DataFrame({"time": at}), pd.DataFrame({"time": known, "mid": mid}), on="time", tolerance=int(0.2 * SECOND))
    assert found.to_list() == [None if np.isnan(each) else each for each in wanted["mid"]] and 0 < found.null_count() < 2_000


def test_a_nanosecond_decides_and_zones_and_units_do_not() -> None:
    quote = frame([OPENING + 1], mid=[1.0])
    assert as_of(frame([OPENING]), quote)["mid"].to_list() == [None]
    coarse = pl.DataFrame({"time": [datetime.fromtimestamp(OPENING / SECOND, UTC)]}).with_columns(
        pl.col("time").cast(pl.Datetime("us", "UTC"))
    )
    assert as_of(coarse, quote)["mid"].to_list() == [None]  # rounded to microseconds the quote would be known
    there = quote.with_columns(pl.col("time").dt.convert_time_zone("Asia/Tokyo"))
    joined = as_of(frame([OPENING + 1]), there)
    assert joined["mid"].to_list() == [1.0] and joined["time"].dtype == pl.Datetime("ns", "UTC")


def test_of_several_of_one_moment_the_last_counts_and_names_that_both_have_are_kept_apart() -> None:
    joined = as_of(frame([OPENING], symbol=["ESZ6"]), frame([OPENING, OPENING], symbol=["SPY", "SPY"], mid=[1.0, 2.0]))
    assert joined.drop("time").row(0, named=True) == {"symbol": "ESZ6", "symbol_known": "SPY", "mid": 2.0, "age_s": 0.0}


def test_a_third_series_joins_what_two_made() -> None:
    two = as_of(frame([OPENING + 5]), frame([OPENING], mid=[1.0]))
    three = as_of(two, frame([OPENING + 4], mid=[2.0]), suffix="_third")
    assert three.drop("time").row(0) == (1.0, 5e-9, 2.0, 1e-9) and three.columns[1:] == ["mid", "age_s", "mid_third", "age_s_third"]
    assert as_of(two.head(0), two.head(0)).is_empty() and as_of(two, two.head(0))["mid_known"].to_list() == [None]


def test_what_cannot_be_joined_is_said() -> None:
    good = frame([OPENING, OPENING + 1])
    with pytest.raises(DataError, match="`known` fall; sort it by time"):
        as_of(good, good.reverse())
    with pytest.raises(DataError, match="`at` has no column time; it has moment"):
        as_of(good.rename({"time": "moment"}), good)
