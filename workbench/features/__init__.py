"""Features: one number each from the past. The catalogue of what is shipped, in order; no feature is defined in this file.

Column names are ``<name>_<length>``: ``rsi_14_1m``, ``ofi_5s``. Names carry their parameters in the order of the face's arguments.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from workbench.features.base import NEEDS, Compiled, Feature, bar_of
from workbench.features.cross_market.leader import LeaderBeta, LeaderCorrelation, LeaderReturn, LeaderReturnBefore, RelativeReturn
from workbench.features.microstructure.quotes import (
    CrossedShare,
    DepthCount,
    DepthImbalance,
    OrderFlowAverage,
    OrderFlowImbalance,
    QueueImbalance,
    QueueImbalanceAtClose,
    QuoteCount,
    Spread,
)
from workbench.features.steps import is_fed
from workbench.features.trend.averages import (
    AverageGap,
    Distance,
    Macd,
    MacdHistogram,
    MacdSignal,
    MovingAverage,
    RelativeStrength,
)
from workbench.features.trend.returns import DayReturn, Momentum, OvernightReturn, Return, ReturnOver, SessionReturn
from workbench.features.volatility.ranges import (
    AverageTrueRange,
    BollingerPlace,
    BollingerWidth,
    ClosePlace,
    Range,
    RealisedVolatility,
    RealisedVolatilityAverage,
)
from workbench.features.volume.flow import (
    BarVwapOffset,
    LargestPrint,
    OnBalanceVolume,
    PrintCount,
    SessionVwapOffset,
    SignedVolumeAverage,
    SignedVolumeRatio,
    VolumeRatio,
)

SHIPPED: Final[tuple[Compiled, ...]] = (
    Return(1),
    Return(3),
    Return(12),
    Return(60),
    ReturnOver(60),
    ReturnOver(240),
    SessionReturn(),
    DayReturn(),
    OvernightReturn(),
    Momentum(10),
    MovingAverage(9),
    MovingAverage(21),
    AverageGap(9, 21),
    Macd(12, 26, 9),
    MacdSignal(12, 26, 9),
    MacdHistogram(12, 26, 9),
    RelativeStrength(14),
    Distance(60),
    AverageTrueRange(14),
    BollingerPlace(20, 2),
    BollingerWidth(20, 2),
    RealisedVolatility(),
    RealisedVolatilityAverage(20),
    Range(),
    ClosePlace(),
    SessionVwapOffset(),
    BarVwapOffset(),
    OnBalanceVolume(),
    VolumeRatio(20),
    SignedVolumeRatio(),
    SignedVolumeAverage(20),
    PrintCount(),
    LargestPrint(),
    OrderFlowImbalance(),
    OrderFlowAverage(20),
    Spread(),
    QueueImbalance(),
    QueueImbalanceAtClose(),
    DepthImbalance(),
    QuoteCount(),
    DepthCount(),
    CrossedShare(),
    LeaderReturn(),
    LeaderReturnBefore(),
    RelativeReturn(),
    LeaderCorrelation(60),
    LeaderBeta(60),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue. ``warm_up_bars`` counts bars of the shortest length it runs at."""

    name: str
    family: str
    lengths: str
    needs: tuple[str, ...]
    unit: str
    warm_up_bars: int
    warm_up_sessions: int
    resets: str
    doc: str


def catalogue() -> tuple[Entry, ...]:
    """List the shipped features in the order of their columns.

    >>> entry = {entry.name: entry for entry in catalogue()}["rsi_14"]
    >>> entry.family, entry.needs, entry.warm_up_bars
    ('trend', ('bars',), 15)
    """
    return tuple(
        Entry(
            name=face.name,
            family=face.family.name.lower(),
            lengths=face.lengths,
            needs=face.needs,
            unit=face.unit,
            warm_up_bars=face.warm_up_bars,
            warm_up_sessions=face.warm_up_sessions,
            resets=face.resets,
            doc=(face.__doc__ or "").partition("\n")[0],
        )
        for face in SHIPPED
    )


def stays_none(kinds: Collection[str], entries: Collection[Entry] | None = None) -> tuple[str, ...]:
    """Name the features that data of these record kinds can never give.

    >>> {"rsi_14", "ofi"} & set(stays_none({"bars"}))
    {'ofi'}
    """
    return tuple(entry.name for entry in entries or catalogue() if not is_fed(kinds, entry.needs))


__all__ = [
    "NEEDS",
    "SHIPPED",
    "AverageGap",
    "AverageTrueRange",
    "BarVwapOffset",
    "BollingerPlace",
    "BollingerWidth",
    "ClosePlace",
    "Compiled",
    "CrossedShare",
    "DayReturn",
    "DepthCount",
    "DepthImbalance",
    "Distance",
    "Entry",
    "Feature",
    "LargestPrint",
    "LeaderBeta",
    "LeaderCorrelation",
    "LeaderReturn",
    "LeaderReturnBefore",
    "Macd",
    "MacdHistogram",
    "MacdSignal",
    "Momentum",
    "MovingAverage",
    "OnBalanceVolume",
    "OrderFlowAverage",
    "OrderFlowImbalance",
    "OvernightReturn",
    "PrintCount",
    "QueueImbalance",
    "QueueImbalanceAtClose",
    "QuoteCount",
    "Range",
    "RealisedVolatility",
    "RealisedVolatilityAverage",
    "RelativeReturn",
    "RelativeStrength",
    "Return",
    "ReturnOver",
    "SessionReturn",
    "SessionVwapOffset",
    "SignedVolumeAverage",
    "SignedVolumeRatio",
    "Spread",
    "VolumeRatio",
    "bar_of",
    "catalogue",
    "stays_none",
]
