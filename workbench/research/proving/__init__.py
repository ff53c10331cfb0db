"""Tiers: what a recipe or a strategy has shown on paper, or in the shadow slot, before it may go on; and when it is taken back.

`judge` reads the evidence of a data folder against ``thresholds.toml``; `showing` and `should_roll_back` hold what was promoted against
what it does now.
"""

from workbench.research.proving.evidence import Evidence, gather
from workbench.research.proving.rollback import fell, should_roll_back, showing_of
from workbench.research.proving.score import Showing, showing
from workbench.research.proving.stint import Stint
from workbench.research.proving.thresholds import Thresholds, thresholds
from workbench.research.proving.tiers import judge
from workbench.research.proving.verdict import Line, State, Verdict

__all__ = [
    "Evidence",
    "Line",
    "Showing",
    "State",
    "Stint",
    "Thresholds",
    "Verdict",
    "fell",
    "gather",
    "judge",
    "should_roll_back",
    "showing",
    "showing_of",
    "thresholds",
]
