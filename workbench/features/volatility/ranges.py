"""Faces of the volatility family: true range, Bollinger bands, realised volatility, range of the bar and the close's place in it."""

from __future__ import annotations

from typing import Unpack

from workbench.features.base import Compiled, Where
from workbench.features.layout import Family
from workbench.features.volatility import kernels


class _Volatility(Compiled):
    family = Family.VOLATILITY
    unit = "points"

    @property
    def warm_up_bars(self) -> int:
        return 1


class AverageTrueRange(_Volatility):
    """Wilder's average of the true range: how far the price travels in a bar, gaps included (ATR).

    ========  ==========================================================================
    Value     points
    Uses      rich bars; a bar without a trade has a range of zero
    Needs     bars
    Warm-up   n + 1 bars: the first bar has no close before it
    Resets    never: the first bar after a night holds the gap of the night
    Source    Wilder (1978), New Concepts in Technical Trading Systems; TA-Lib ATR
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = AverageTrueRange(2)
    >>> for high, low, close in ((12, 10, 11), (14, 11, 13), (13, 12, 12)):
    ...     feature.update(bar_of(high=high, low=low, close=close))
    >>> feature.value
    2.0
    """

    op = kernels.ATR
    stem = "atr"

    def __init__(self, n: int = 14, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0] + 1

    @property
    def cells(self) -> tuple[int, int]:
        return 2, 1


class BollingerPlace(_Volatility):
    """Where the close stands between the lower (0) and the upper (1) Bollinger band; beyond them it is outside [0, 1].

    ========  ==========================================================================
    Value     dimensionless; `None` while all n closes are equal
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   n bars
    Resets    never
    Source    Bollinger's %b: mean and k population deviations of n closes, as TA-Lib BBANDS
    ========  ==========================================================================
    """

    op = kernels.BOLLINGER
    n_outputs = 2
    stem = "bb_place"
    unit = "dimensionless"

    def __init__(self, n: int = 20, k: int = 2, **where: Unpack[Where]) -> None:
        super().__init__(n, k, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0]

    @property
    def cells(self) -> tuple[int, int]:
        return self.params[0], 2


class BollingerWidth(BollingerPlace):
    """How far apart the Bollinger bands are.

    ========  ==========================================================================
    Value     points, upper minus lower band; not divided by the price, which may be zero or negative
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   n bars
    Resets    never
    Source    as `BollingerPlace`
    ========  ==========================================================================
    """

    output = 1
    stem = "bb_width"
    unit = "points"


class RealisedVolatility(_Volatility):
    """Root of the summed squared moves of the mid within the bar.

    ========  ==========================================================================
    Value     points a bar; `None` on a bar without a two-sided quote
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   one bar with a two-sided quote
    Resets    never
    Source    Andersen, Bollerslev, Diebold and Labys (2003), Econometrica 71; each move of the mid counts, bounces too
    ========  ==========================================================================
    """

    op = kernels.REALISED
    stem = "rv"
    needs = ("quotes",)


class RealisedVolatilityAverage(_Volatility):
    """Root of the exponential average of the bars' realised variances.

    ========  ==========================================================================
    Value     points a bar; `None` on a bar without a two-sided quote, which it passes over
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   n bars with a two-sided quote
    Resets    never
    Source    weight 2 / (n + 1), started with a plain mean; variances are averaged because they add over time
    ========  ==========================================================================
    """

    op = kernels.REALISED_EW
    stem = "rv_ew"
    needs = ("quotes",)
    usual = (20,)

    def __init__(self, n: int = 20, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0]

    @property
    def cells(self) -> tuple[int, int]:
        return 1, 1


class Range(_Volatility):
    """High minus low of the bar.

    ========  ==========================================================================
    Value     points, 0 on a bar without a trade
    Uses      rich bars
    Needs     bars
    Warm-up   one bar
    Resets    never
    Source    high - low
    ========  ==========================================================================
    """

    op = kernels.RANGE
    stem = "range"


class ClosePlace(_Volatility):
    """Where in the bar's range the close lies (close location value).

    ========  ==========================================================================
    Value     dimensionless, -1 at the low to +1 at the high; `None` on a bar without a range
    Uses      rich bars
    Needs     bars
    Warm-up   one bar with a range
    Resets    never
    Source    ((close - low) - (high - close)) / (high - low); Chaikin's accumulation / distribution
    ========  ==========================================================================
    """

    op = kernels.CLOSE_PLACE
    stem = "clv"
    unit = "dimensionless"
