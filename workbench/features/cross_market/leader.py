"""Faces of the cross-market family: a contract against the contract that is said to lead it, bars of the same length and end."""

from __future__ import annotations

from typing import Unpack

from workbench.features.base import CrossMarket, Where
from workbench.features.cross_market import kernels


class LeaderReturn(CrossMarket):
    """Return of the leader over the bar that closed just now.

    ========  ==========================================================================
    Value     dimensionless; `None` where the leader closed no bar of this end, or none right before it
    Uses      rich bars of both
    Needs     bars, leader
    Warm-up   two bars of both
    Resets    never; a bar that the leader lacks starts it afresh
    Source    close / close before - 1. In bars of a minute no lead of one index future over another is left: see the lag-0 peak first
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = LeaderReturn()
    >>> feature.update(bar_of(close=100), bar_of(close=200))
    >>> feature.update(bar_of(close=100), bar_of(close=202))
    >>> feature.value
    0.01
    """

    op = kernels.LEADER_RETURNS
    n_outputs = 3
    stem = "leader_ret"
    unit = "dimensionless"

    @property
    def warm_up_bars(self) -> int:
        return 2

    @property
    def cells(self) -> tuple[int, int]:
        return 5, 2


class LeaderReturnBefore(LeaderReturn):
    """Return of the leader over the bar before the one that closed just now.

    ========  ==========================================================================
    Value     dimensionless; `None` where one of the three closes is missing
    Uses      rich bars of both
    Needs     bars, leader
    Warm-up   three bars of both
    Resets    never; a bar that the leader lacks starts it afresh
    Source    `LeaderReturn` one bar ago
    ========  ==========================================================================
    """

    output = 1
    stem = "leader_ret_before"

    @property
    def warm_up_bars(self) -> int:
        return 3


class RelativeReturn(LeaderReturn):
    """Own return over the bar minus the leader's.

    ========  ==========================================================================
    Value     dimensionless; above zero: did better than the leader
    Uses      rich bars of both
    Needs     bars, leader
    Warm-up   two bars of both
    Resets    never; a bar that the leader lacks starts it afresh
    Source    difference of two returns, beta taken as 1
    ========  ==========================================================================
    """

    output = 2
    stem = "relative_ret"


class LeaderCorrelation(CrossMarket):
    """Exponential correlation of own and leader's returns.

    ========  ==========================================================================
    Value     dimensionless, -1 to 1; `None` where the leader is missing or one of the two did not move
    Uses      rich bars of both
    Needs     bars, leader
    Warm-up   n + 1 bars of both
    Resets    never; a bar that the leader lacks is passed over
    Source    exponential moments, weight 2 / (n + 1), in the form of West (1979), Communications of the ACM 22(9)
    ========  ==========================================================================
    """

    op = kernels.LEADER_MOMENTS
    n_outputs = 2
    stem = "leader_corr"
    unit = "dimensionless"

    def __init__(self, n: int = 60, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0] + 1

    @property
    def cells(self) -> tuple[int, int]:
        return 9, 2


class LeaderBeta(LeaderCorrelation):
    """Own move for each move of the leader, by the same exponential moments.

    ========  ==========================================================================
    Value     dimensionless; `None` where the leader is missing or did not move
    Uses      rich bars of both
    Needs     bars, leader
    Warm-up   n + 1 bars of both
    Resets    never; a bar that the leader lacks is passed over
    Source    covariance / variance of the leader, as `LeaderCorrelation`
    ========  ==========================================================================
    """

    output = 1
    stem = "leader_beta"
