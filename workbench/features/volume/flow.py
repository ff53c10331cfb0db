"""Faces of the volume family: VWAP, on-balance volume, volume against its past, the sign and size of trading."""

from __future__ import annotations

from typing import Unpack

from workbench.features.base import Compiled, Where
from workbench.features.layout import Family
from workbench.features.volume import kernels


class _Volume(Compiled):
    family = Family.VOLUME
    unit = "contracts"

    @property
    def warm_up_bars(self) -> int:
        return 1


class SessionVwapOffset(_Volume):
    """Close minus the volume-weighted average price of the instrument session so far.

    ========  ==========================================================================
    Value     points; above zero: dearer than the session paid on average; `None` before its first trade
    Uses      rich bars
    Needs     bars
    Warm-up   one bar with a trade
    Resets    session
    Source    sum of price x size over sum of size; the sums are whole numbers, exact below 2^53
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = SessionVwapOffset()
    >>> feature.update(bar_of(close=110, volume=3, pv=306))
    >>> feature.value
    8.0
    """

    op = kernels.SESSION_VWAP
    stem = "vwap_offset"
    unit = "points"
    resets = "session"

    @property
    def cells(self) -> tuple[int, int]:
        return 2, 2


class BarVwapOffset(_Volume):
    """Close minus the volume-weighted average price of the bar.

    ========  ==========================================================================
    Value     points; `None` on a bar without volume
    Uses      rich bars
    Needs     bars
    Warm-up   one bar with a trade
    Resets    never
    Source    close - sum of price x size / volume
    ========  ==========================================================================
    """

    op = kernels.BAR_VWAP
    stem = "bar_vwap_offset"
    unit = "points"


class OnBalanceVolume(_Volume):
    """Volume of rising bars minus volume of falling bars, since the instrument session began (OBV).

    ========  ==========================================================================
    Value     contracts; the level means nothing, its changes do
    Uses      rich bars
    Needs     bars
    Warm-up   one bar
    Resets    session: a sum over all history would depend on when it was begun
    Source    Granville (1963); TA-Lib OBV within a session: the first bar counts as bought
    ========  ==========================================================================
    """

    op = kernels.ON_BALANCE
    stem = "obv"
    resets = "session"

    @property
    def cells(self) -> tuple[int, int]:
        return 2, 2


class VolumeRatio(_Volume):
    """Volume of the bar over the mean volume of the `n` bars before it.

    ========  ==========================================================================
    Value     dimensionless, 1 is as usual; `None` where those n bars had no volume
    Uses      rich bars
    Needs     bars
    Warm-up   n + 1 bars
    Resets    never
    Source    the bar itself is not in the mean, so that a burst is not held against itself
    ========  ==========================================================================
    """

    op = kernels.RATIO
    stem = "volume_ratio"
    unit = "dimensionless"

    def __init__(self, n: int = 20, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0] + 1

    @property
    def cells(self) -> tuple[int, int]:
        return 0, 3 + self.params[0]


class SignedVolumeRatio(_Volume):
    """How one-sided the aggressive trading of a bar was.

    ========  ==========================================================================
    Value     dimensionless, -1 to 1; +1 when every print lifted the offer; `None` on a bar without volume
    Uses      rich bars of tick-by-tick kind (a 250 ms stream of quotes cannot sign prints)
    Needs     prints
    Warm-up   one bar with prints
    Resets    never
    Source    trade imbalance; Chordia, Roll and Subrahmanyam (2002), J. Financial Economics 65
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = SignedVolumeRatio()
    >>> feature.update(bar_of(volume=40, signed=10))
    >>> feature.value
    0.25
    >>> feature.update(bar_of(volume=0))
    >>> feature.value is None
    True
    """

    op = kernels.SIGNED_RATIO
    stem = "signed_volume_ratio"
    unit = "dimensionless"
    needs = ("prints",)


class SignedVolumeAverage(_Volume):
    """Exponential average of buyer minus seller volume a bar.

    ========  ==========================================================================
    Value     contracts a bar; a bar without prints counts as zero
    Uses      rich bars of tick-by-tick kind
    Needs     prints
    Warm-up   n bars
    Resets    never
    Source    weight 2 / (n + 1), started with a plain mean
    ========  ==========================================================================
    """

    op = kernels.SIGNED_EW
    stem = "signed_volume_ew"
    needs = ("prints",)
    usual = (20,)

    def __init__(self, n: int = 20, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0]

    @property
    def cells(self) -> tuple[int, int]:
        return 1, 1


class PrintCount(_Volume):
    """Number of trades in the bar.

    ========  ==========================================================================
    Value     count, 0 and up
    Uses      rich bars; imported bars bring the maker's count
    Needs     bars
    Warm-up   one bar
    Resets    never
    Source    a count
    ========  ==========================================================================
    """

    op = kernels.PRINTS
    stem = "n_print"
    unit = "count"


class LargestPrint(_Volume):
    """Size of the largest trade in the bar.

    ========  ==========================================================================
    Value     contracts; `None` on a bar without prints
    Uses      rich bars of tick-by-tick kind; an imported bar would count as one trade
    Needs     prints
    Warm-up   one bar with prints
    Resets    never
    Source    a maximum
    ========  ==========================================================================
    """

    op = kernels.LARGEST
    stem = "max_print"
    needs = ("prints",)
