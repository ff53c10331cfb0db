"""Months stitched into one series: what a rolled position earned, nothing of later, and the real months of 2013."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.data import shared
from workbench.config import load_roots
from workbench.domain.errors import ConfigError, DataError
from workbench.importers import lean
from workbench.importers.base import keep, plan
from workbench.importers.lean import Wanted
from workbench.market.rolls import Roll
from workbench.research import Session, open_session
from workbench.research.stitching import COMMON, How, continuous, seen, stitched, volumes

FIRST = date(2026, 3, 9)
MONTHS = ("ESH6", "ESM6", "ESU6")
N_BARS = 5  # a session


def bars_of(closes: dict[str, list[float]], gone: frozenset[tuple[str, int]] = frozenset()) -> pl.DataFrame:
    """Make bars of some months; a session is `N_BARS` minutes of a day. `gone`: (month, session) that was not recorded."""
    rows: list[dict[str, Any]] = []
    for month, values in closes.items():
        for n, close in enumerate(values):
            session, minute = divmod(n, N_BARS)
            on = FIRST + timedelta(days=session)
            if (month, session) not in gone:
                time = datetime(on.year, on.month, on.day, 15, minute, tzinfo=UTC)
                rows.append({"time": time, "symbol": month, "session": on, "open_pts": close, "close_pts": close, "volume": 3.0})
    return pl.DataFrame(rows)


def roll(n: int, session: int) -> Roll:
    return Roll("ES", FIRST + timedelta(days=session), MONTHS[n], MONTHS[n + 1], "date")


steps = st.lists(st.integers(-12, 12), min_size=4 * N_BARS, max_size=4 * N_BARS)


@given(steps, st.integers(-200, 200), st.integers(-200, 200))
@examples(max_examples=60, derandomize=True, deadline=None)
def test_differences_are_what_one_contract_held_and_rolled_earned(moves: list[int], first: int, second: int) -> None:
    level, closes = 24_000, list[float]()
    for move in moves:
        level += move
        closes.append(level * 0.25)
    spread = {"ESH6": 0.0, "ESM6": first * 0.25, "ESU6": (first + second) * 0.25}  # a spread that stands: the step is exactly it
    bars = bars_of({month: [close + more for close in closes] for month, more in spread.items()})
    made = stitched(bars, [roll(0, 1), roll(1, 3)])
    assert [each.step_pts for each in made.steps] == [first * 0.25, second * 0.25]
    assert made.bars["symbol"].to_list() == ["ESH6"] * N_BARS + ["ESM6"] * 2 * N_BARS + ["ESU6"] * N_BARS
    assert made.bars["close_pts"].diff().drop_nulls().to_list() == [move * 0.25 for move in moves[1:]]
    assert made.bars["traded_pts"].to_list()[-N_BARS:] == made.bars["close_pts"].to_list()[-N_BARS:]


@given(st.lists(st.floats(0.9, 1.1), min_size=4 * N_BARS, max_size=4 * N_BARS), st.floats(0.95, 1.05), st.floats(0.95, 1.05))
@examples(max_examples=40, derandomize=True, deadline=None)
def test_ratios_keep_returns_over_a_roll(growth: list[float], first: float, second: float) -> None:
    level, closes = 6_000.0, list[float]()
    for by in growth:
        level *= by
        closes.append(level)
    costs = {"ESH6": 1.0, "ESM6": first, "ESU6": first * second}
    made = stitched(bars_of({month: [close * by for close in closes] for month, by in costs.items()}), [roll(0, 1), roll(1, 3)], "ratio")
    assert made.bars["close_pts"].pct_change().drop_nulls().to_list() == pytest.approx([by - 1 for by in growth[1:]], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("how", ["none", "difference", "ratio"])
def test_a_series_as_of_a_day_is_the_one_drawn_on_that_day(how: How) -> None:
    whole = bars_of({month: [6000 + n * 0.25 + 30.0 * k for n in range(4 * N_BARS)] for k, month in enumerate(MONTHS)})
    until = date(2026, 3, 11)
    then = stitched(seen(whole, until), [roll(0, 1)], how)
    changed = whole.with_columns(
        close_pts=pl.when(pl.col("session") > until).then(pl.col("close_pts") * 1.5).otherwise(pl.col("close_pts"))
    )
    assert stitched(seen(changed, "2026-03-11"), [roll(0, 1)], how).bars.equals(then.bars)
    assert then.bars["close_pts"].to_list()[-1] == then.bars["traded_pts"].to_list()[-1]  # what leads last keeps its prices


def test_the_step_is_taken_before_the_roll_from_bars_that_both_have() -> None:
    closes = {"ESH6": [6000.0] * N_BARS + [9999.0] * N_BARS, "ESM6": [6000.0, 6050.0, 6051.0, 6052.0, 6900.0] + [6060.0] * N_BARS}
    (step,) = stitched(bars_of(closes), [roll(0, 1)]).steps
    assert (step.step_pts, step.n_common, step.known) == (51.0, N_BARS, datetime(2026, 3, 9, 15, 4, tzinfo=UTC)) and N_BARS < COMMON


def test_months_that_were_never_recorded_together_are_not_moved_by_a_guess() -> None:
    closes = {month: [6000.0] * 2 * N_BARS for month in MONTHS[:2]}
    bars = bars_of(closes, gone=frozenset({("ESM6", 0)}))
    moving: tuple[How, How] = ("difference", "ratio")
    for how in moving:
        with pytest.raises(DataError, match="ESH6 and ESM6 have no bar in common before 2026-03-10"):
            stitched(bars, [roll(0, 1)], how)
    made = stitched(bars, [roll(0, 1)], "none")
    assert made.steps[0].step_pts is None and len(made.bars) == 2 * N_BARS


def test_what_cannot_be_stitched_is_said() -> None:
    bars = bars_of({month: [6000.0] * 2 * N_BARS for month in MONTHS[:2]})
    with pytest.raises(DataError, match="say which led"):
        stitched(bars, [])
    assert stitched(bars, [], first="ESM6").bars["symbol"].unique().to_list() == ["ESM6"]
    with pytest.raises(DataError, match="ESU6 leads from 2026-03-10, and there are no bars of it"):
        stitched(bars, [Roll("ES", date(2026, 3, 10), "ESM6", "ESU6", "date")], "none")
    mistaken: Any = "panama"
    with pytest.raises(ConfigError, match="not 'panama'"):
        stitched(bars, [], mistaken, first="ESM6")
    with pytest.raises(DataError, match="without volume"):
        stitched(bars.drop("volume"), [], first="ESM6")


@pytest.fixture(scope="module")
def december(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The bars of the second of December 2013 (UTC: its last hour is the next session's), Z3 and H4."""
    data = tmp_path_factory.mktemp("december")
    read = lean.read_all([shared("lean/Data/future/cme/minute/es/20131202_trade.zip")], load_roots(), Wanted(only=("ESZ3", "ESH4")))
    keep(plan("lean", list(read)), data)
    return open_session("2013-12-02", "2013-12-03", data=data)


@pytest.mark.covers("S1-05")
def test_real_months_roll_when_they_did_and_step_by_what_lay_between_them(december: Session) -> None:
    bars = december.bars("ES")
    traded = volumes(bars).values()
    assert [sum(of[month] for of in traded) for month in ("ESZ3", "ESH4")] == [1_303_719, 3_596]
    study = continuous(december, "ES")
    assert study.steps == () and study.bars["symbol"].unique().to_list() == ["ESZ3"]  # more than two weeks to go, and H4 hardly trades
    forced = stitched(bars, [Roll("ES", date(2013, 12, 3), "ESZ3", "ESH4", "by hand")])
    assert forced.steps[0].step_pts == pytest.approx(-6.375, abs=0.25)  # the middle of the quotes' differences all day
    assert forced.steps[0].n_common == COMMON
