"""Warm-up: bars asked for before the first live record, so that features are warm when it comes. A port and a check; asks nobody itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import PROVENANCE_SHIFT, Kind, Provenance, Records, empty
from workbench.domain.units import BAR_NS
from workbench.engine import Setup
from workbench.features import catalogue
from workbench.features.layout import length_name


class Needs(NamedTuple):
    """How much of the past the traded features ask for.

    ``short_ns`` of bars as short as the barrier's grid, ``long_ns`` of longer ones; ``n_sessions`` whole ones before the running one.
    """

    short_ns: int = 0
    long_ns: int = 0
    n_sessions: int = 0

    @property
    def is_none(self) -> bool:
        """Whether nobody asks for anything."""
        return not (self.short_ns or self.long_ns)


class WarmUp(NamedTuple):
    """What came: BAR records with provenance HISTORY, two a bar; and why there are none of some contracts, by their id."""

    records: Records
    cold: Mapping[int, str] = {}


class HistorySource(Protocol):
    """Where bars of the past come from."""

    async def warm_up(self, contracts: Sequence[Contract], before_ns: int, needs: Needs) -> WarmUp:
        """Give bars that ended before `before_ns`; in a time of its own, whatever the other side does."""


def needs_of(setup: Setup, warm_up_bars: Mapping[str, int]) -> Needs:
    """Say what the features that strategies and recipes read ask for.

    Parameters
    ----------
    warm_up_bars
        Bars until the first value, by column, as `features.FeatureBank` tells them. What it does not name asks for nothing.
    """
    lengths = {length_name(length_ns): length_ns for length_ns in setup.lengths_ns}
    sessions = {entry.name: entry.warm_up_sessions for entry in catalogue()}
    read = {name for strategy, _ in setup.strategies for name in strategy.needs}
    read |= {name for recipe, _ in setup.recipes for name in recipe.features}
    short_ns = long_ns = n_sessions = 0
    for name in sorted(read & warm_up_bars.keys()):
        feature, _, length = name.rpartition("_")
        span_ns = warm_up_bars[name] * lengths[length]
        n_sessions = max(n_sessions, sessions.get(feature, 0))
        if lengths[length] == BAR_NS:
            short_ns = max(short_ns, span_ns)
        else:
            long_ns = max(long_ns, span_ns)
    return Needs(short_ns, long_ns, n_sessions)


async def warmed(source: HistorySource | None, contracts: Sequence[Contract], before_ns: int, needs: Needs) -> WarmUp:
    """Ask for the warm-up of a run, stamped as known at `before_ns`; nothing where nobody can be asked, or nobody needs it.

    Raises
    ------
    DataError
        What came is no history, or knows the future.
    """
    if source is None or needs.is_none:
        return WarmUp(empty(0))
    found, cold = await source.warm_up(contracts, before_ns, needs)
    if not len(found):
        return WarmUp(found, cold)
    bars = found.copy()
    is_history = (bars["kind"] == Kind.BAR) & (bars["flags"] >> PROVENANCE_SHIFT & 3 == Provenance.HISTORY)
    pairs = bars["level"].reshape(-1, 2) if len(bars) % 2 == 0 else None
    if not is_history.all() or pairs is None or not bool(np.all(pairs == (0, 1))):
        raise DataError("warm-up history is BAR records with provenance HISTORY, two a bar, level 0 before level 1")
    if int(bars["event_ns"].max()) > before_ns:
        raise DataError("warm-up history holds a bar that ends after the run began: it must not know the future")
    if unknown := sorted(set(np.unique(bars["contract"]).tolist()) - {contract.id for contract in contracts}):
        raise DataError(f"warm-up history holds bars of contracts {unknown}, which this run does not know")
    bars["recv_ns"] = before_ns
    return WarmUp(bars, cold)
