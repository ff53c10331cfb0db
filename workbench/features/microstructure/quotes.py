"""Faces of the microstructure family: order flow, spread, imbalance of the quote and of the book, and how busy both were."""

from __future__ import annotations

from typing import ClassVar, Unpack

from workbench.features.base import Compiled, Need, Where
from workbench.features.layout import Family
from workbench.features.microstructure import kernels


class _Quoted(Compiled):
    family = Family.MICROSTRUCTURE
    unit = "contracts"
    needs: ClassVar[tuple[Need, ...]] = ("quotes",)

    @property
    def warm_up_bars(self) -> int:
        return 1


class OrderFlowImbalance(_Quoted):
    """Net pressure of the changes at the best bid and ask during the bar.

    ========  ==========================================================================
    Value     contracts; above zero: more was added to bids and taken from asks; `None` on a bar without a two-sided quote
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   one bar with a two-sided quote
    Resets    never
    Source    Cont, Kukanov and Stoikov (2014), J. Financial Econometrics 12(1)
    ========  ==========================================================================

    >>> from workbench.features.base import bar_of
    >>> feature = OrderFlowImbalance()
    >>> feature.update(bar_of(ofi=-12, quoted_us=5_000_000))
    >>> feature.value
    -12.0
    >>> feature.update(bar_of())
    >>> feature.value is None
    True
    """

    op = kernels.OFI
    stem = "ofi"


class OrderFlowAverage(_Quoted):
    """Exponential average of the bars' order-flow imbalance.

    ========  ==========================================================================
    Value     contracts a bar; `None` on a bar without a two-sided quote, which it passes over
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   n bars with a two-sided quote
    Resets    never
    Source    weight 2 / (n + 1), started with a plain mean
    ========  ==========================================================================
    """

    op = kernels.OFI_EW
    stem = "ofi_ew"
    usual = (20,)

    def __init__(self, n: int = 20, **where: Unpack[Where]) -> None:
        super().__init__(n, **where)

    @property
    def warm_up_bars(self) -> int:
        return self.params[0]

    @property
    def cells(self) -> tuple[int, int]:
        return 1, 1


class Spread(_Quoted):
    """Time-weighted mean of ask minus bid.

    ========  ==========================================================================
    Value     points; below zero while crossed; `None` on a bar without a two-sided quote
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   one bar with a two-sided quote
    Resets    never
    Source    integral of the spread over the time it was quoted
    ========  ==========================================================================
    """

    op = kernels.SPREAD
    stem = "spread"
    unit = "points"


class QueueImbalance(_Quoted):
    """Time-weighted mean of bid size minus ask size at the best prices.

    ========  ==========================================================================
    Value     contracts; `None` on a bar without a two-sided quote
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   one bar with a two-sided quote
    Resets    never
    Source    integral over the time it was quoted
    ========  ==========================================================================
    """

    op = kernels.QUEUE
    stem = "queue_imb"


class QueueImbalanceAtClose(_Quoted):
    """How one-sided the best bid and ask are when the bar closes.

    ========  ==========================================================================
    Value     dimensionless, -1 to 1; `None` without a two-sided quote at the close
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   one bar with a two-sided quote at its close
    Resets    never
    Source    (bid size - ask size) / (bid size + ask size); Gould and Bonart (2016), Market Microstructure and Liquidity 2
    ========  ==========================================================================
    """

    op = kernels.QUEUE_CLOSE
    stem = "queue_imb_close"
    unit = "dimensionless"


class DepthImbalance(_Quoted):
    """How one-sided the top five rows of the book were, weighed by time.

    ========  ==========================================================================
    Value     dimensionless, -1 to 1; `None` on a bar without a book
    Uses      rich bars of depth
    Needs     depth
    Warm-up   one bar with a book
    Resets    never
    Source    integral of (bid - ask) depth over integral of (bid + ask) depth
    ========  ==========================================================================
    """

    op = kernels.DEPTH
    stem = "depth_imb"
    unit = "dimensionless"
    needs = ("depth",)


class QuoteCount(_Quoted):
    """Number of quotes in the bar.

    ========  ==========================================================================
    Value     count, 0 and up
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   one bar
    Resets    never
    Source    a count; depends on how the stream conflates
    ========  ==========================================================================
    """

    op = kernels.QUOTES
    stem = "n_quote"
    unit = "count"


class DepthCount(_Quoted):
    """Number of changes of the book in the bar.

    ========  ==========================================================================
    Value     count, 0 and up
    Uses      rich bars of depth
    Needs     depth
    Warm-up   one bar
    Resets    never
    Source    a count; depends on how the stream conflates
    ========  ==========================================================================
    """

    op = kernels.DEPTHS
    stem = "n_depth"
    unit = "count"
    needs = ("depth",)


class CrossedShare(_Quoted):
    """Share of the bar's quotes whose bid was at or above the ask: a sign of bad data, or of an auction.

    ========  ==========================================================================
    Value     dimensionless, 0 to 1; `None` on a bar without quotes
    Uses      rich bars of quotes
    Needs     quotes
    Warm-up   one bar with a quote
    Resets    never
    Source    crossed two-sided quotes / quotes
    ========  ==========================================================================
    """

    op = kernels.CROSSED
    stem = "crossed"
    unit = "dimensionless"
