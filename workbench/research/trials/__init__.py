"""Trials are counted: every configuration that is evaluated is written down, and the best is judged by how many there were.

>>> from workbench.research.trials import family, note, verdict
"""

from workbench.research.trials.judging import Verdict, verdict
from workbench.research.trials.ledger import Evaluated, Family, digest_of, families, family, family_of, note, noting
from workbench.research.trials.overfitting import Overfitting, cross_validate
from workbench.research.trials.sharpe import Moments, deflated, expected_best, least_periods, moments, probabilistic

__all__ = [
    "Evaluated",
    "Family",
    "Moments",
    "Overfitting",
    "Verdict",
    "cross_validate",
    "deflated",
    "digest_of",
    "expected_best",
    "families",
    "family",
    "family_of",
    "least_periods",
    "moments",
    "note",
    "noting",
    "probabilistic",
    "verdict",
]
