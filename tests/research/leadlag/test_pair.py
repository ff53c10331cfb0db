"""Two markets side by side: regular hours, no holes, the busiest contract, the finest kind that both have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tests.research.leadlag.made import OPENING, frame, quotes, walks
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.research import Session
from workbench.research.leadlag.pair import A_DAY_NS, pair_of

EVERY = np.arange(0, 2 * HOUR, 10 * SECOND)


def test_only_regular_hours_count_unless_all_are_asked_for() -> None:
    early = OPENING - HOUR + EVERY  # an hour before the opening, and one after it
    both = {"ES": quotes(early, 6000 + EVERY / HOUR), "SPY": quotes(early + 1, 600 + EVERY / HOUR)}
    (regular,) = pair_of(both, "ES", "SPY").stretches
    assert regular.start_ns == OPENING + 1 and regular.day == 20261102
    (whole,) = pair_of(both, "ES", "SPY", hours="all").stretches
    assert whole.start_ns == OPENING - HOUR + 1 and whole.end_ns - whole.start_ns > 2 * HOUR - 11 * SECOND
    with pytest.raises(ConfigError, match="one of regular, all"):
        pair_of(both, "ES", "SPY", hours="night")


def test_a_hole_of_either_parts_what_is_held_together() -> None:
    kept = (EVERY < HOUR // 2) | (EVERY > HOUR)
    both = {"ES": quotes(OPENING + EVERY, 6000 + EVERY / HOUR), "SPY": quotes(OPENING + EVERY[kept], 600 + EVERY[kept] / HOUR)}
    first, second = pair_of(both, "ES", "SPY").stretches
    assert first.end_ns < OPENING + HOUR // 2 and second.start_ns > OPENING + HOUR
    assert (first.block, second.block) == (0, 6)
    assert all(first.start_ns <= t <= first.end_ns for each in (first.first, first.second) for t in (each.t_ns[0], each.t_ns[-1]))


def test_a_day_is_half_an_hour_of_both() -> None:
    assert A_DAY_NS == 30 * MINUTE
    for length, n_days in ((29, 0), (31, 1)):
        at = OPENING + np.arange(0, length * MINUTE + 1, 10 * SECOND)
        assert len(pair_of({"ES": quotes(at, 6000 + at % 7), "SPY": quotes(at, 600 + at % 7)}, "ES", "SPY").days) == n_days


def test_of_two_contracts_of_a_root_the_busier_one_is_taken_each_session() -> None:
    at = OPENING + EVERY
    es = pl.concat(
        [
            quotes(at, np.full(len(at), px)).with_columns(symbol=pl.lit(name)).head(n)
            for name, px, n in (("Z6", 6000.0, 500), ("H7", 6060.0, 90))
        ]
    )
    (stretch,) = pair_of({"ES": es.sort("time"), "SPY": quotes(at, 600 + EVERY / HOUR)}, "ES", "SPY").stretches
    assert set(stretch.first.pts.tolist()) == {6000.0}


def test_what_has_no_price_is_left_out_and_the_last_of_a_moment_counts() -> None:
    at = OPENING + np.array([0, 0, 1, 2, 3]) * SECOND
    es = frame(at, bid_pts=[1.0, 2.0, None, 4.0, -9.0], ask_pts=[1.0, 2.0, 3.0, 4.5, 1.0])
    (stretch,) = pair_of({"ES": es, "SPY": quotes(at, [5.0] * 5)}, "ES", "SPY").stretches
    assert stretch.first.pts.tolist() == [2.0, 4.25] and stretch.first.spread_pts is not None
    assert stretch.first.spread_pts.tolist() == [0.0, 0.5]


def test_bars_tell_their_length_and_one_of_two_lengths_is_refused() -> None:
    made = walks(1)
    pair = pair_of(made, "ES", "SPY")
    assert pair.is_bars and pair.step_ns == MINUTE and pair.stretches[0].start_ns == OPENING
    with pytest.raises(DataError, match="bars of 60 s and of 300 s"):
        pair_of(made | {"SPY": made["SPY"].gather_every(5)}, "ES", "SPY")


def test_bars_of_quotes_alone_are_taken_by_their_middle() -> None:
    made = walks(1)
    quoted = {
        name: each.select(
            "time", pl.lit(None, pl.Float64).alias("close_pts"), bid_pts=pl.col("close_pts") - 1, ask_pts=pl.col("close_pts") + 1
        )
        for name, each in made.items()
    }
    bars, wanted = (pair_of(each, "ES", "SPY", length="1m").stretches[0] for each in (quoted, made))
    assert bars.first.pts == pytest.approx(wanted.first.pts) and bars.second.spread_pts is None


def test_what_is_missing_is_said(day: Session) -> None:
    made = walks(1)
    with pytest.raises(DataError, match="no frame 'NQ'; there are ES, SPY"):
        pair_of(made, "NQ", "SPY")
    with pytest.raises(DataError, match="both need time and bid_pts ask_pts or price_pts or close_pts"):
        pair_of({name: each.rename({"close_pts": "close"}) for name, each in made.items()}, "ES", "SPY")
    later = made["SPY"].with_columns(pl.col("time") + timedelta(days=30))
    with pytest.raises(DataError, match="never there together in regular hours"):
        pair_of(made | {"SPY": later}, "ES", "SPY")
    with pytest.raises(DataError, match="there is no contract 'NQ'"):
        pair_of(day, "NQ", "SPY")


def test_a_session_gives_quotes_where_it_has_them_and_bars_where_asked(day: Session) -> None:
    ticks, bars = pair_of(day, "ES", "SPY"), pair_of(day, "ES", "SPY", length="1m")
    assert (ticks.kind, ticks.is_bars, bars.kind, bars.step_ns) == ("quotes", False, "bars", MINUTE)
    wanted = day.frame("quotes", "ES").drop_nulls(["bid_pts", "ask_pts"])
    last = datetime.fromtimestamp(int(ticks.stretches[-1].first.t_ns[-1]) / SECOND, UTC)
    assert len(wanted) >= sum(len(each.first.t_ns) for each in ticks.stretches) > 100 and last <= wanted["time"][-1]
