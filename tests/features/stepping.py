"""Feeding a bank barrier by barrier, and a plain-Python feature to feed. No test, no judgement."""

from __future__ import annotations

import numpy as np

from workbench.domain.bars import RICH, Bars, RichBar
from workbench.features.bank import FeatureBank

Rows = list[dict[str, float | None]]


class BarsSeen:
    """A researcher's feature: how many bars it was fed; keeps their ends, so that tests can see which."""

    uses = (RichBar,)
    needs = ("bars",)

    def __init__(self, name: str = "bars_seen") -> None:
        self.name = name
        self.ends: list[int] = []

    @property
    def value(self) -> float | None:
        return float(len(self.ends)) if self.ends else None

    def update(self, bar: RichBar, /) -> None:
        self.ends.append(bar.t_end)


def step_all(bank: FeatureBank, *streams: Bars) -> list[Rows]:
    """Feed one stream of 5 s bars a contract (`t_end` 0: closed); rows of every contract after every barrier."""
    live = np.zeros(len(streams), RICH)
    bank.bind(live)
    rows: list[Rows] = [[] for _ in streams]
    for i in range(len(streams[0])):
        for slot, stream in enumerate(streams):
            live[slot] = stream[i]
        bank.step()
        for slot in range(len(streams)):
            rows[slot].append(bank.row(slot))
    return rows


def with_holes(bars: Bars, holes: set[int]) -> Bars:
    """The contract is closed at these barriers."""
    bars = bars.copy()
    for i in holes:
        if i < len(bars):
            bars[i] = np.zeros((), RICH)
    return bars


def state(bank: FeatureBank) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in bank.arrays.items()}
