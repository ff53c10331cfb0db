"""A seeded market: futures and the ETFs that follow them, a day as it goes, books, prints. Its facts are measured in `facts`; no I/O."""

from workbench.simulation.market.generate import continued, generate, last_pts
from workbench.simulation.market.shape import ROOTS, MarketSettings, RootShape

__all__ = ["ROOTS", "MarketSettings", "RootShape", "continued", "generate", "last_pts"]
