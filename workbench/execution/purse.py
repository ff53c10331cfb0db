"""An account's equity in the currency that limits are said in, from what the broker says in others. A value; no I/O.

The broker says of which currency it counts the whole in (the base, whose rate is 1), and how much base currency one unit of another is
worth. Without the rate of the dollar nobody knows what an account in euro may risk: then equity is not known, and nothing is entered.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

LAW: Final = "USD"  # the currency of every limit
WORTH: Final = "NetLiquidation"  # of an account, as IB calls it


class Purse(msgspec.Struct):
    """Of one account.

    Examples
    --------
    >>> purse = Purse()
    >>> purse.told("EUR", {"NetLiquidation": 92_000_000}, "1"); purse.in_dollars(92_000_000) is None
    True
    >>> purse.told("USD", {}, "0.92"); purse.in_dollars(92_000_000)
    100000000
    """

    base: str = LAW  # until the broker has said another
    rate: str | None = None  # base currency for one dollar; `None` while not known

    def told(self, currency: str, values: dict[str, int], rate: str | None) -> None:
        """Take what the broker says of one currency."""
        if WORTH in values and is_one(rate):
            self.base = currency
        if currency == LAW and rate is not None:
            self.rate = rate

    def in_dollars(self, base_micros: int) -> int | None:
        """Turn an amount of the base currency into dollars, rounded down; `None` while the rate is not known."""
        if self.base == LAW:
            return base_micros
        try:
            rate = Decimal(self.rate or "nan")
        except InvalidOperation:
            return None
        return int(Decimal(base_micros) // rate) if rate.is_finite() and rate > 0 else None


def is_one(rate: str | None) -> bool:
    """Whether a rate is that of the base currency itself."""
    try:
        return rate is not None and Decimal(rate) == 1
    except InvalidOperation:
        return False
