"""IB's numbers into ours and back: sizes, prices, money. Pure arithmetic; what cannot be said exactly is refused, not rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.units import MICROS
from workbench.wire.text import Number, exact

WHOLE: Final = "1"  # size quantum of what trades in whole units: most contracts, and no fractions are needed there (10 us each)


def to_size(contract: Contract, units: Number) -> int:
    """Turn units (contracts, shares) into size quanta.

    Raises
    ------
    DataError
        If they are no whole number of quanta.
    """
    amount = exact(units)
    if contract.size_quantum == WHOLE and amount == (n := int(amount)):
        return n
    size = Fraction(amount) / Fraction(contract.size_quantum)
    if size.denominator != 1:
        raise DataError(f"{contract.symbol}: a size of {units} is off its grid of {contract.size_quantum}")
    return size.numerator


def to_units(contract: Contract, size: int) -> float:
    """Turn size quanta into what an order of ib_async holds: whole where it is whole, so that ``2`` goes on the wire and not ``2.0``."""
    if contract.size_quantum == WHOLE:
        return size
    units = size * Fraction(contract.size_quantum)
    return units.numerator if units.denominator == 1 else float(units)


def to_px(contract: Contract, points: Number) -> int:
    """Turn points into price quanta; `DataError` off the grid."""
    return contract.to_px(Fraction(exact(points)))


def nearest_px(contract: Contract, points: Number, *, up: bool) -> int:
    """Turn points into price quanta; what is off the grid goes `up` or down: a fill must not be lost for a fraction of a tick."""
    px = Fraction(exact(points)) / contract.quantum
    return -(-px.numerator // px.denominator) if up else px.numerator // px.denominator


def to_micros(amount: Number | str) -> int | None:
    """Turn money into micros, to the nearest; `None` for what is no amount.

    >>> to_micros("2.25"), to_micros("-0.0000005"), to_micros("n/a")
    (2250000, 0, None)
    """
    try:
        value = Decimal(amount) if isinstance(amount, str) else exact(amount)
    except ArithmeticError:
        return None
    return int((value * MICROS).to_integral_value()) if value.is_finite() and abs(value) < 10**12 else None
