"""How something trades, apart from what it earns: the process score, and the worst drawdown. Pure arithmetic over stints; no I/O.

=============  ====================================================================================================
part, 0 to 1   share of
=============  ====================================================================================================
plan           round trips that ended as their plan said: not halted, not uncovered, not for bad data or execution
orders         entries that a venue did not reject
execution      execution quality, mean over its brackets (`execution.quality`)
calibration    1 - error of calibration of its recipes' forecasts
limits         decisions during which no limit was found broken by the state itself
=============  ====================================================================================================

The score is the mean of the parts that are known. It moves with how things are done, and a lucky week does not lift it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from workbench.learning.confidence import Reliability
from workbench.research.proving.stint import Stint
from workbench.research.tallies import Trip

EVERYTHING = 1 << 62  # outcomes a table of all evidence may hold


class Showing(NamedTuple):
    """How something traded over its evidence.

    ``process_score`` is `None` where nothing is known; ``drawdown_r`` the worst fall of the sum of R from its best, 0 or more;
    ``runs`` are the runs it was counted from.
    """

    process_score: float | None
    parts: Mapping[str, float]
    drawdown_r: float
    n_trips: int
    runs: tuple[str, ...]


def showing(stints: Sequence[Stint], *, last_trips: int | None = None) -> Showing:
    """Sum up evidence.

    Parameters
    ----------
    last_trips
        Only so many round trips, the last ones, count into the drawdown: one over more trips is deeper by itself.
    """
    trips = [trip for stint in stints for trip in stint.trips]
    parts = _parts(stints)
    score = sum(parts.values()) / len(parts) if parts else None
    counted = trips if last_trips is None else trips[max(len(trips) - last_trips, 0) :]
    return Showing(score, parts, drawdown_r(counted), len(trips), tuple(stint.run.run for stint in stints))


def drawdown_r(trips: Sequence[Trip]) -> float:
    """Give the worst fall of the sum of R below its best so far; the start counts as one.

    >>> drawdown_r([])
    0.0
    """
    worst = best = 0.0
    for total in accumulate(trip.closed.r for trip in trips):
        best = max(best, total)
        worst = max(worst, best - total)
    return worst


def reliability(stints: Sequence[Stint]) -> Reliability:
    """Put all outcomes into one table."""
    table = Reliability(min_outcomes=1, max_outcomes=EVERYTHING)
    for stint in stints:
        for p_up, is_up in stint.outcomes:
            table.update(p_up, is_up)
    return table


def _parts(stints: Sequence[Stint]) -> dict[str, float]:
    parts: dict[str, float] = {}
    if n_trips := sum(len(stint.trips) for stint in stints):
        parts["plan"] = 1 - sum(stint.n_unplanned for stint in stints) / n_trips
    if n_sent := sum(stint.n_sent for stint in stints):
        parts["orders"] = max(0.0, 1 - sum(stint.n_rejected for stint in stints) / n_sent)
    if qualities := [quality for stint in stints for quality in stint.qualities]:
        parts["execution"] = sum(qualities) / len(qualities)
    if (ece := reliability(stints).ece) is not None:
        parts["calibration"] = 1 - ece
    if n_decisions := sum(stint.n_decisions for stint in stints):
        parts["limits"] = max(0.0, 1 - sum(stint.n_violations for stint in stints) / n_decisions)
    return parts
