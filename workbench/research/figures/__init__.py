"""Pictures for paper, mail and git: small, still, the same bytes from the same numbers. To zoom and hover there is `research.plots`.

Every picture answers the question in its title; axes say their units; times are those of the session's zone.
"""

from workbench.research.figures.fitness import fitness
from workbench.research.figures.leading import lead_lag
from workbench.research.figures.learning import calibration, running, worth
from workbench.research.figures.picture import Picture
from workbench.research.figures.session import equity, market, refusals, trade
from workbench.research.figures.sweeping import confirmed, plateau, walked

__all__ = [
    "Picture",
    "calibration",
    "confirmed",
    "equity",
    "fitness",
    "lead_lag",
    "market",
    "plateau",
    "refusals",
    "running",
    "trade",
    "walked",
    "worth",
]
