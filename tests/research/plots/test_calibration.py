"""`calibration`: bins, Brier score and calibration error are those of the session's summary; intervals count overlapping outcomes once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import holoviews as hv
import numpy as np
import polars as pl
import pytest

from tests.research.conftest import Traded
from tests.research.plots.reading import axis_labels, column, elements, figures, subtitle, title
from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session
from workbench.research.evaluate import summarise
from workbench.research.plots import calibration
from workbench.research.plots.calibration import headline, judge
from workbench.runtime.logged import open_log

START = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


def forecasts(p: list[float], up: list[bool], every_s: float = 60.0, symbol: str = "ESZ6") -> pl.DataFrame:
    at = [START + timedelta(seconds=every_s * k) for k in range(len(p))]
    made = pl.DataFrame({"time": at, "symbol": symbol, "recipe": "flow", "p_up": p, "horizon_s": 60.0, "is_up": up})
    return made.with_columns(pl.col("time").cast(pl.Datetime("ns", "UTC")))


@pytest.mark.covers("S0-13")
def test_bins_and_scores_are_those_of_the_sessions_summary(traded: Traded, day: Session) -> None:
    (wanted,) = summarise(open_log(traded.data, traded.session).facts()).forecasts
    known = day.forecasts.filter(pl.col("is_up").is_not_null())
    judged = judge(wanted.name, known.filter(pl.col("recipe") == wanted.name))
    assert judged.n == wanted.n_known == len(known) > 100
    assert (judged.brier, judged.ece) == (wanted.brier, wanted.ece)
    assert [(each.lo, each.hi, each.n, each.said, each.came) for each in judged.bins] == [tuple(row) for row in wanted.bins]
    plot = calibration(day)
    (dots,) = elements(plot, hv.Points)
    assert column(dots, "n") == [row.n for row in wanted.bins]
    assert column(dots, f"said {wanted.name}") == pytest.approx([100 * (row.mean_p or 0) for row in wanted.bins])
    shown = figures(plot)
    assert f"over {judged.n:,} outcomes: Brier {judged.brier:.4f} (a coin 0.2500), calibration error {judged.ece:.3f}" in title(shown)
    assert "then it rose, %" in axis_labels(shown) and f"{wanted.name} said: chance of a rise, %" in axis_labels(shown)
    assert "95 %" in subtitle(shown) and "generated" in subtitle(shown)


def test_overlapping_outcomes_count_once() -> None:
    p, up = [0.6] * 120, [k % 5 != 0 for k in range(120)]
    (apart,), (overlapping,) = (judge("flow", forecasts(p, up, every_s)).bins for every_s in (60.0, 5.0))
    assert (apart.n, apart.n_apart, overlapping.n, overlapping.n_apart) == (120, 120, 120, 10)
    assert overlapping.most - overlapping.least > 2 * (apart.most - apart.least)
    two = pl.concat([forecasts(p, up, 5.0), forecasts(p, up, 5.0, "SPY")])
    assert judge("flow", two).bins[0].n_apart == 20
    assert apart.least < apart.came == 0.8 < apart.most


def test_the_title_says_what_outcomes_can_show() -> None:
    rng = np.random.default_rng(5)
    draw = rng.random(400)
    good = forecasts([0.7] * 400, (draw < 0.7).tolist())
    assert headline(judge("flow", good)).startswith("flow was better than a coin over 400 outcomes: Brier 0.")
    assert headline(judge("flow", forecasts([0.7] * 400, (draw < 0.3).tolist()))).startswith("flow was worse than a coin")
    assert headline(judge("flow", good.head(3))).startswith("flow was no better than a coin over 3 outcomes")
    assert "no better" in headline(judge("flow", forecasts([0.5] * 50, [True] * 50)))


def test_no_outcome_and_no_forecast_are_said(day: Session, barred: Path) -> None:
    early = day.as_seen_at(day.forecasts["time"][0])
    assert title(figures(calibration(early))) == "No forecast: no outcome is known yet"
    assert title(figures(calibration(day, recipe="other"))) == "other: no outcome is known yet"
    plot = calibration(open_session(BARS_SESSION, data=barred))
    assert title(figures(plot)) == "No forecast was made" and "nobody traded" in subtitle(figures(plot))
