"""What leads what: which of two markets moves first, how sure that is, and what is left of it after costs. Reads frames; trades nothing.

>>> from workbench.research.leadlag import planted, what_leads
>>> what_leads(planted(lead_s=1.2, days=7, hours=1))       # doctest: +SKIP
"""

from workbench.research.leadlag.analysis import what_leads
from workbench.research.leadlag.asof import as_of
from workbench.research.leadlag.costs import Costs
from workbench.research.leadlag.planted import planted
from workbench.research.leadlag.result import Lead, Stage
from workbench.research.leadlag.together import PAIRS, correlations, joined_returns, rolling_correlations

__all__ = ["PAIRS", "Costs", "Lead", "Stage", "as_of", "correlations", "joined_returns", "planted", "rolling_correlations", "what_leads"]
