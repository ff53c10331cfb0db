"""`features`: one panel a feature, as the frame has it; broken where it was not known."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import polars as pl
import pytest

from tests.research.plots.reading import axis_labels, column, elements, figures, title
from workbench.domain.errors import DataError
from workbench.research import Session
from workbench.research.plots import features
from workbench.research.plots.features import headline


def test_lines_are_the_frames_own(day: Session) -> None:
    names = ["rsi_14_1m", "ofi_5s"]
    plot = features(day, names, "ES", zone="America/New_York")
    frame = day.frame("features", "ESZ6")
    for line, name in zip(elements(plot, hv.Curve), names, strict=True):
        assert np.array_equal(line.dimension_values(name), frame[name].to_numpy(), equal_nan=True)
    shown = figures(plot)
    assert len(shown) == 2 and shown[0].x_range is shown[1].x_range
    assert {"dimensionless", "contracts", "time in America/New_York (EST)"} <= set(axis_labels(shown))
    known = frame["rsi_14_1m"].drop_nulls()
    assert title(shown).startswith("rsi_14_1m of ESZ6: mostly ")
    assert title(shown).endswith(f"known {100 * len(known) / len(frame):.0f} % of the time")


def test_one_name_is_enough_and_the_first_contract_is_taken(day: Session) -> None:
    plot = features(day, "spread_5s")
    assert len(figures(plot)) == 1 and column(elements(plot, hv.Curve)[0], "spread_5s")
    assert title(figures(plot)).startswith("spread_5s of ESZ6: ")


def test_a_feature_that_does_not_exist_is_refused_with_some_like_it(day: Session) -> None:
    with pytest.raises(DataError, match="no feature 'rsi_15_1m'; there are rsi_14_5s, rsi_14_1m"):
        features(day, ["rsi_15_1m"])


def test_a_feature_that_was_never_known_says_so() -> None:
    assert headline("ESZ6", "ret_day_1m", pl.Series([None, None], dtype=pl.Float64)) == "ret_day_1m of ESZ6: never known"
    assert headline("ESZ6", "mom_10_1m", pl.Series([-2.0, -1.0, None])).startswith("mom_10_1m of ESZ6: mostly \N{MINUS SIGN}2 to ")
