"""What is traded: one contract, its quanta, and the only way from points to integers and back. Values; no I/O.

A contract becomes known by an event before its first record (`events.ContractDefined`); its id is a small rising integer,
never re-used, so the order of ids is the order of slots in the engine.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from functools import cached_property

import msgspec

from workbench.domain.errors import DataError
from workbench.domain.units import MICROS


class ContractType(StrEnum):
    """What kind of thing it is."""

    FUTURE = "future"
    STOCK = "stock"  # shares and ETFs
    OPTION = "option"
    FX = "fx"
    CRYPTO = "crypto"


class Right(StrEnum):
    """Of an option."""

    CALL = "call"
    PUT = "put"


class Contract(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One tradable thing, exactly as its venue names it.

    Decimal numbers are strings (``"0.25"``), so that nothing is lost on the way to a file; `Fraction` does the arithmetic.

    Parameters
    ----------
    id
        Small positive integer, never re-used; 0 is no contract.
    root
        ``ES``; the name settings use.
    symbol
        The venue's name of this very contract: ``ESZ6``, ``SPY``.
    type
        Future, stock, option, fx, crypto.
    calendar
        Name of its trading calendar, as `pandas_market_calendars` knows it.
    multiplier
        Worth of one whole point of one contract in `currency`: ES ``"50"``, SPY ``"1"``.
    price_quantum
        Unit of every recorded price. May be finer than the order increment: US shares print at 0.0001.
    size_quantum
        Unit of every recorded size: ``"1"`` contract or share; crypto trades parts.
    order_increment
        Step between two order prices, a whole number of quanta.
    expiry
        ``2026-12-18`` or `None`.

    Examples
    --------
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> es.to_px(6010.25), es.to_pts(24041)
    (24041, 6010.25)
    >>> es.value_micros(2)         # two quanta of one contract are 25 USD
    25000000
    """

    id: int
    root: str
    symbol: str
    type: ContractType
    exchange: str
    currency: str
    calendar: str
    multiplier: str
    price_quantum: str
    order_increment: str
    size_quantum: str = "1"
    expiry: str | None = None
    strike: str | None = None
    right: Right | None = None
    venue_ids: dict[str, str] = {}
    version: int = 1

    def __post_init__(self) -> None:
        if self.id <= 0:
            raise DataError(f"contract {self.symbol}: its id must be positive, not {self.id}")
        for name in ("multiplier", "price_quantum", "size_quantum", "order_increment"):
            if Fraction(getattr(self, name)) <= 0:
                raise DataError(f"contract {self.symbol}: {name} must be positive, not {getattr(self, name)}")
        if Fraction(self.order_increment) % Fraction(self.price_quantum):
            raise DataError(
                f"contract {self.symbol}: order_increment {self.order_increment} is no whole number of price quanta ({self.price_quantum})"
            )

    @cached_property
    def quantum(self) -> Fraction:
        """One price quantum, exactly."""
        return Fraction(self.price_quantum)

    @cached_property
    def tick(self) -> int:
        """One order increment in price quanta: ES 1, SPY 100."""
        return int(Fraction(self.order_increment) / self.quantum)

    @cached_property
    def quantum_value(self) -> Fraction:
        """Worth, in `currency`, of one price quantum for one size quantum."""
        return self.quantum * Fraction(self.size_quantum) * Fraction(self.multiplier)

    @cached_property
    def worth(self) -> tuple[int, int]:
        """Money micros of one price quantum for one size quantum, as (numerator, denominator)."""
        value = self.quantum_value * MICROS
        return value.numerator, value.denominator

    @cached_property
    def _scale(self) -> tuple[int, int]:
        return self.quantum.numerator, self.quantum.denominator

    def to_px(self, pts: float | str | Fraction) -> int:
        """Turn points into price quanta, refusing what is off the grid.

        A float is taken as the decimal a person would write for it (0.1 is one tenth).
        """
        exact = Fraction(repr(pts)) if isinstance(pts, float) else Fraction(pts)
        px = exact / self.quantum
        if px.denominator != 1:
            raise DataError(f"{self.symbol}: price {pts} is off its grid of {self.price_quantum}")
        return px.numerator

    def to_pts(self, px: int) -> float:
        """Turn price quanta into points, correctly rounded."""
        num, den = self._scale
        return px * num / den

    def value_micros(self, px_size: int) -> int:
        """Worth of ``price quanta x size quanta`` in money micros, rounded down: a gain is never overstated."""
        num, den = self.worth
        return px_size * num // den

    def cost_micros(self, px_size: int) -> int:
        """The same rounded up: a risk is never understated."""
        num, den = self.worth
        return -(-px_size * num // den)
