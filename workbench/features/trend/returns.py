"""Faces of the trend family that compare two prices: returns over bars, over time and over the session, and momentum in points."""

from __future__ import annotations

from typing import Unpack

from workbench.domain.units import MINUTE
from workbench.features.base import Compiled, Where
from workbench.features.layout import Family, length_name
from workbench.features.trend import kernels


class _Trend(Compiled):
    family = Family.TREND


class Return(_Trend):
    """How far the close moved over the last `n` bars, as a share of where it was.

    ========  ==========================================================================
    Value     dimensionless; 0.01 is one per cent up; `None` where the older close was not above zero
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   n + 1 bars
    Resets    never: the first return after a night spans the night
    Source    TA-Lib ROCP
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = Return(1)
    >>> feature.update(bar_of(close=20000))
    >>> feature.value is None
    True
    >>> feature.update(bar_of(close=20010))
    >>> feature.value
    0.0005
    """

    op = kernels.RETURN
    stem = "ret"
    unit = "dimensionless"

    def __init__(self, n: int = 1, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.step_params[0] + 1

    @property
    def cells(self) -> tuple[int, int]:
        return self.step_params[0], 2


class ReturnOver(Return):
    """How far the close moved over a span of open time, as a share of where it was.

    ========  ==========================================================================
    Value     dimensionless; `None` where the older close was not above zero
    Uses      rich bars of a minute and longer that divide the span; time in which no bar closed does not count
    Needs     bars
    Warm-up   the span and one bar
    Resets    never
    Source    TA-Lib ROCP over span / length bars
    ========  ==========================================================================

    >>> ReturnOver(60).name, ReturnOver(60, length_ns=5 * MINUTE).warm_up_bars
    ('ret_1h', 13)
    """

    lengths = "1m and longer that divide the span"
    shortest_ns = MINUTE

    def __init__(self, minutes: int = 60, **where: Unpack[Where]) -> None:
        super().__init__(minutes, **where)

    @property
    def name(self) -> str:
        return f"{self.stem}_{length_name(self.params[0] * MINUTE)}"

    @property
    def step_params(self) -> tuple[int, ...]:
        return (self.params[0] * MINUTE // self.length_ns,)

    def runs_at(self, length_ns: int) -> bool:
        return super().runs_at(length_ns) and self.params[0] * MINUTE % length_ns == 0


class Momentum(_Trend):
    """How far the close moved over the last `n` bars, in points: defined at any price, also below zero.

    ========  ==========================================================================
    Value     points
    Uses      rich bars; a bar without a trade counts with the last close
    Needs     bars
    Warm-up   n + 1 bars
    Resets    never
    Source    TA-Lib MOM
    ========  ==========================================================================
    """

    op = kernels.MOMENTUM
    stem = "mom"
    unit = "points"

    def __init__(self, n: int = 10, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0] + 1

    @property
    def cells(self) -> tuple[int, int]:
        return self.params[0], 2


class SessionReturn(_Trend):
    """How far the close is from the first price of its instrument session.

    ========  ==========================================================================
    Value     dimensionless; `None` until the session's first trade, or where its price was not above zero
    Uses      rich bars
    Needs     bars
    Warm-up   one bar with a trade
    Resets    session
    Source    close / first price - 1
    ========  ==========================================================================
    """

    op = kernels.SESSION_RETURNS
    n_outputs = 3
    stem = "ret_session"
    unit = "dimensionless"
    resets = "session"

    @property
    def warm_up_bars(self) -> int:
        return 1

    @property
    def cells(self) -> tuple[int, int]:
        return 3, 4


class DayReturn(SessionReturn):
    """How far the close is from the last close of the instrument session before.

    ========  ==========================================================================
    Value     dimensionless; `None` in the first session seen, or where the older close was not above zero
    Uses      rich bars
    Needs     bars
    Warm-up   the end of one session and one bar
    Resets    session
    Source    close / last close of the session before - 1; a last trade, not the settlement price
    ========  ==========================================================================
    """

    output = 1
    stem = "ret_day"
    warm_up_sessions = 1


class OvernightReturn(SessionReturn):
    """The gap between two instrument sessions; the same number all session long.

    ========  ==========================================================================
    Value     dimensionless; `None` in the first session seen and until the session's first trade
    Uses      rich bars
    Needs     bars
    Warm-up   the end of one session and one bar with a trade
    Resets    session
    Source    first price / last close of the session before - 1
    ========  ==========================================================================
    """

    output = 2
    stem = "ret_overnight"
    warm_up_sessions = 1
