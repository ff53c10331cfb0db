"""Faces of the trend family that average: EMA, their gap, MACD, RSI, distance from the mean. Started as TA-Lib starts them."""

from __future__ import annotations

from typing import Unpack

from workbench.features.base import Compiled, Where
from workbench.features.layout import Family
from workbench.features.trend import kernels


class _Trend(Compiled):
    family = Family.TREND


class MovingAverage(_Trend):
    """Exponential average of the close.

    ========  ==========================================================================
    Value     points; a price level: for models take a distance from it
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   n bars
    Resets    never
    Source    TA-Lib EMA: weight 2 / (n + 1), started with the plain mean of the first n closes
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = MovingAverage(3)
    >>> for close in (10, 11, 12, 13):
    ...     feature.update(bar_of(close=close))
    >>> feature.value                 # the mean 11, then half the way to 13
    12.0
    """

    op = kernels.EMA
    stem = "ema"
    unit = "points"

    def __init__(self, n: int = 9, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0]

    @property
    def cells(self) -> tuple[int, int]:
        return 1, 1


class AverageGap(_Trend):
    """Fast minus slow exponential average of the close; its sign is the side of a moving-average cross.

    ========  ==========================================================================
    Value     points; above zero: the fast one is on top
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   as many bars as the slow one
    Resets    never
    Source    TA-Lib EMA(fast) - EMA(slow), each started with its own first closes
    ========  ==========================================================================
    """

    op = kernels.EMA_GAP
    stem = "ema_gap"
    unit = "points"

    def __init__(self, fast: int = 9, slow: int = 21, **where: Unpack[Where]) -> None:
        super().__init__(fast, slow, **where)

    @property
    def warm_up_bars(self) -> int:
        return max(self.params)

    @property
    def cells(self) -> tuple[int, int]:
        return 2, 1


class Macd(_Trend):
    """Moving-average convergence / divergence: fast minus slow exponential average of the close.

    ========  ==========================================================================
    Value     points
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   slow + signal - 1 bars, all three outputs together
    Resets    never
    Source    Appel (1979); TA-Lib MACD: both averages start at the same bar, the fast one with the last of the first closes
    ========  ==========================================================================
    """

    op = kernels.MACD
    n_outputs = 3
    stem = "macd"
    unit = "points"

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9, **where: Unpack[Where]) -> None:
        super().__init__(fast, slow, signal, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[1] + self.params[2] - 1

    @property
    def cells(self) -> tuple[int, int]:
        return 3, 2


class MacdSignal(Macd):
    """Exponential average of the MACD line.

    ========  ==========================================================================
    Value     points
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   slow + signal - 1 bars
    Resets    never
    Source    TA-Lib MACD, second output
    ========  ==========================================================================
    """

    output = 1
    stem = "macd_signal"


class MacdHistogram(Macd):
    """MACD line minus its signal.

    ========  ==========================================================================
    Value     points
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   slow + signal - 1 bars
    Resets    never
    Source    TA-Lib MACD, third output
    ========  ==========================================================================
    """

    output = 2
    stem = "macd_hist"


class RelativeStrength(_Trend):
    """Share of the upward moves in all moves of the close, as Wilder averages them (RSI).

    ========  ==========================================================================
    Value     dimensionless, 0 to 100; `None` while the close has never moved (TA-Lib says 0)
    Uses      rich bars; a bar without a trade is a move of zero
    Needs     bars
    Warm-up   n + 1 bars
    Resets    never
    Source    Wilder (1978), New Concepts in Technical Trading Systems; TA-Lib RSI
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = RelativeStrength(2)
    >>> for close in (100, 103, 102):
    ...     feature.update(bar_of(close=close))
    >>> feature.value
    75.0
    """

    op = kernels.RSI
    stem = "rsi"
    unit = "dimensionless"

    def __init__(self, n: int = 14, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0] + 1

    @property
    def cells(self) -> tuple[int, int]:
        return 3, 1


class Distance(_Trend):
    """How many standard deviations the close is away from the mean of the last `n` closes.

    ========  ==========================================================================
    Value     dimensionless; `None` while all n closes are equal
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   n bars
    Resets    never
    Source    z-score with the population deviation, in two passes over the window
    ========  ==========================================================================
    """

    op = kernels.Z
    stem = "z"
    unit = "dimensionless"

    def __init__(self, n: int = 60, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0]

    @property
    def cells(self) -> tuple[int, int]:
        return self.params[0], 2
