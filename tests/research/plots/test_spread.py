"""`spread`: how wide, for how long; held against sums made here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import holoviews as hv
import polars as pl
import pytest

from tests.research.plots.reading import axis_labels, column, elements, figures, title
from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session
from workbench.research.plots import spread
from workbench.research.plots.spread import headline, shares, standing
from workbench.research.plots.times import wall

START = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


def quotes(*rows: tuple[float, float | None, float | None]) -> pl.DataFrame:
    at = [START + timedelta(seconds=s) for s, _, _ in rows]
    made = pl.DataFrame({"time": at, "bid_pts": [bid for _, bid, _ in rows], "ask_pts": [ask for _, _, ask in rows]})
    return made.with_columns(pl.col("time").cast(pl.Datetime("ns", "UTC")), pl.col("bid_pts", "ask_pts").cast(pl.Float64))


def minutes(*ends: float) -> pl.DataFrame:
    return pl.DataFrame({"time": [START + timedelta(minutes=m) for m in ends]}).with_columns(pl.col("time").cast(pl.Datetime("ns", "UTC")))


def test_a_quote_stands_until_the_next_one_or_the_end_of_open_hours() -> None:
    made = standing(quotes((0, 10.0, 10.25), (15, 10.0, 10.5), (45, None, 10.5), (50, 10.0, 10.25), (200, 10.0, 11.0)), minutes(1, 2, 4))
    assert made.select("spread_pts", "stood_s").rows() == [(0.25, 15.0), (0.5, 30.0), (0.25, 70.0), (1.0, 40.0)]
    assert shares(made).rows() == [(0.25, pytest.approx(85 / 155)), (0.5, pytest.approx(30 / 155)), (1.0, pytest.approx(40 / 155))]


def test_a_quote_outside_open_hours_does_not_count() -> None:
    made = standing(quotes((0, 10.0, 10.25), (90, 10.0, 12.0), (190, 10.0, 10.25)), minutes(1, 4))
    assert made["spread_pts"].to_list() == [0.25, 0.25] and made["stood_s"].to_list() == [60.0, 50.0]
    assert standing(quotes((0, 10.0, 10.25)), minutes()).is_empty()


def test_the_title_says_how_wide_for_how_long() -> None:
    made = standing(quotes((0, 10.0, 10.25), (30, 10.0, 10.75), (40, 10.0, 10.0), (45, 10.0, 10.25)), minutes(1))
    clock = wall(made["time"], "America/New_York")
    assert headline("ESZ6", made, clock) == (
        "ESZ6: 0.25 points wide for 75 % of the time, 0.312 on average, 0.75 at its widest (09:30), locked or crossed 1 time"
    )


def test_what_is_drawn_is_the_spread_of_the_session(day: Session) -> None:
    plot = spread(day, "ES", zone="America/New_York")
    stood = standing(day.frame("quotes", "ESZ6"), day.bars("ESZ6"))
    (line,), (band,), (bars,) = elements(plot, hv.Curve, "mean"), elements(plot, hv.Area), elements(plot, hv.Rectangles)
    assert max(column(line, "widest")) == max(column(band, "widest")) == stood["spread_pts"].max()
    assert min(column(band, "spread")) == stood["spread_pts"].min()
    assert all(low <= mean <= high for low, mean, high in zip(*(column(line, k) for k in ("least", "spread", "widest")), strict=True))
    assert sum(column(bars, "percent1")) == pytest.approx(100, abs=1e-6)
    usual = shares(stood).sort("share_frac", descending=True).row(0)
    shown = figures(plot)
    assert title(shown).startswith(f"ESZ6: {usual[0]} points wide for {100 * usual[1]:.0f} % of the time")
    assert {"spread of ESZ6, points", "time in America/New_York (EST)", "% of the time", "spread, points"} <= set(axis_labels(shown))


def test_its_mean_is_that_of_the_bars(day: Session) -> None:
    """The bars weigh the spread by time as the engine does; over the session both must say the same."""
    stood = standing(day.frame("quotes", "ESZ6"), day.bars("ESZ6"))
    mine = float((stood["spread_pts"] * stood["stood_s"]).sum() / stood["stood_s"].sum())
    bars = day.bars("ESZ6", "5s").filter(pl.col("spread_pts").is_not_null() & ~pl.col("is_broken"))
    assert mine == pytest.approx(bars["spread_pts"].mean(), rel=0.02)


def test_bars_alone_say_that_the_spread_is_not_known(barred: Path) -> None:
    plot = spread(open_session(BARS_SESSION, data=barred), "ES")
    assert title(figures(plot)) == "ESH6: no two-sided quote, so the spread is not known"
