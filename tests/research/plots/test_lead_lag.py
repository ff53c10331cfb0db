"""`lead_lag`: the curve as it was measured, the lead where it was found, what was left after costs."""

from __future__ import annotations

import holoviews as hv
import pytest

from tests.research.leadlag.made import walks
from tests.research.plots.reading import axis_labels, column, elements, figures, subtitle, title
from workbench.research import plots, what_leads
from workbench.research.leadlag import Lead


@pytest.fixture(scope="module")
def lead() -> Lead:
    made = walks(12, late=1, vol=2e-3)
    spy = made["SPY"].with_columns(close_pts=made["SPY"]["close_pts"] ** 0.7 * (made["ES"]["close_pts"] / 10) ** 0.3)
    return what_leads(made | {"SPY": spy}, horizons_s=[60])


@pytest.mark.covers("S1-16")
def test_the_curve_is_the_table_and_the_title_says_who_leads(lead: Lead) -> None:
    plot = plots.lead_lag(lead)
    (curve,) = elements(plot, hv.Curve, "correlation")
    assert column(curve, "corr") == lead.lags["corr"].to_list() and column(curve, "lag") == [each / 60 for each in lead.lags["lag_s"]]
    assert [line.data for line in elements(plot, hv.VLine)] == [0, 1.0]
    (dots,) = elements(plot, hv.Points, "left after costs")
    assert column(dots, "usd") == lead.horizons["acted_usd"].to_list()
    shown = figures(plot)
    assert title(shown) == lead.headline and title(shown).startswith("ES leads SPY by 1 min: +") and subtitle(shown) == lead.basis
    assert {"correlation", "SPY later by, minutes (right of 0: ES leads)", "USD a round trip"} <= set(axis_labels(shown))


def test_where_nothing_was_tried_there_is_the_curve_alone() -> None:
    found = what_leads(walks(5, late=1), horizons_s=[60])
    shown = figures(plots.lead_lag(found))
    assert len(shown) == 1 and title(shown) == "5 days of ES and SPY are too few to say"
