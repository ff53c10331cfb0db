"""Plots of a session that answer a question in their title: interactive, light enough for a mail, right on light and dark pages.

>>> from workbench.research import open_session, plots
>>> plots.price(open_session("2026-11-19"), "ES")     # doctest: +SKIP
"""

from workbench.research.plots import shown
from workbench.research.plots.calibration import calibration
from workbench.research.plots.depth import depth
from workbench.research.plots.equity import equity
from workbench.research.plots.features import features
from workbench.research.plots.lead_lag import lead_lag
from workbench.research.plots.page import save
from workbench.research.plots.price import price
from workbench.research.plots.refusals import refusals
from workbench.research.plots.spread import spread

shown.load()

__all__ = ["calibration", "depth", "equity", "features", "lead_lag", "price", "refusals", "save", "spread"]
