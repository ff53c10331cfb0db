"""Warm-up: bars asked for before the first live record, so that features are warm when it comes. A port and a check; asks nobody itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import PROVENANCE_SHIFT, Kind, Provenance, Records


class HistorySource(Protocol):
    """Where bars of the past come from."""

    async def warm_up(self, contracts: Sequence[Contract], before_ns: int) -> Records:
        """Give BAR records with provenance HISTORY, two a bar, that ended before `before_ns`; none where there are none."""


async def warmed(source: HistorySource | None, contracts: Sequence[Contract], before_ns: int) -> Records | None:
    """Ask for the warm-up of a run, stamped as known at `before_ns`; `None` where nobody can be asked, or there is none.

    Raises
    ------
    DataError
        What came is no history, or knows the future.
    """
    if source is None or not len(found := await source.warm_up(contracts, before_ns)):
        return None
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
    return bars
