"""Many configurations at once, for screening: a compiled walk over bars, and splits in time that cannot leak. Trades nothing.

>>> from workbench.research.sweeps import Cross, sweep, terms_of
"""

from workbench.research.sweeps.confirm import Confirmed, confirm
from workbench.research.sweeps.planted import planted_bars
from workbench.research.sweeps.rules import Breakout, Cross, Ready, Rule, Threshold
from workbench.research.sweeps.sweep import by_session, configurations, per_bar, sweep, trips
from workbench.research.sweeps.terms import Terms, terms_of
from workbench.research.sweeps.vbt import Vectorbt
from workbench.research.sweeps.walk import Split, purged_folds, walk_forward

__all__ = [
    "Breakout",
    "Confirmed",
    "Cross",
    "Ready",
    "Rule",
    "Split",
    "Terms",
    "Threshold",
    "Vectorbt",
    "by_session",
    "configurations",
    "confirm",
    "per_bar",
    "planted_bars",
    "purged_folds",
    "sweep",
    "terms_of",
    "trips",
    "walk_forward",
]
