"""What an option is worth by Black and Scholes, without interest and dividends: what a client has calculated. No quote is known."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from workbench.gateway.behaviour import MOST_UNDER_PTS, MOST_VOLATILITY

DAYS: Final = 365
STEPS: Final = 100  # halvings of the search: more than a double has room for
LEAST: Final = 1e-4  # volatility the search begins with


class Worth(NamedTuple):
    """An option at a volatility: price in points, theta a day, vega a percent of volatility."""

    volatility: float
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def worth(is_call: bool, strike: float, under: float, years: float, volatility: float) -> Worth | None:
    """Give price and Greeks at a volatility of the underlying (0.2 is 20 % a year); `None` where they cannot be had.

    Source: F. Black, M. Scholes, *The Pricing of Options and Corporate Liabilities*, 1973, with r = 0.

    >>> at_the_money = worth(True, 600, 600, 0.25, 0.2)
    >>> round(at_the_money.price, 4), round(at_the_money.delta, 4), worth(True, 600, 600, 0, 0.2)
    (23.9266, 0.5199, None)
    """
    if not (strike > 0 and 0 < under <= MOST_UNDER_PTS and years > 0 and 0 < volatility <= MOST_VOLATILITY):
        return None
    spread = volatility * math.sqrt(years)
    d1 = math.log(under / strike) / spread + spread / 2
    d2 = d1 - spread
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    call = under * _below(d1) - strike * _below(d2)
    return Worth(
        volatility,
        call if is_call else call - under + strike,
        _below(d1) - (not is_call),
        density / (under * spread),
        under * density * math.sqrt(years) / 100,
        -under * density * volatility / (2 * math.sqrt(years)) / DAYS,
    )


def at_price(is_call: bool, strike: float, under: float, years: float, price: float) -> Worth | None:
    """Give the same at the volatility that means a price; `None` where none does.

    >>> found = at_price(False, 600, 590, 0.25, worth(False, 600, 590, 0.25, 0.31).price)
    >>> round(found.volatility, 6), at_price(True, 600, 700, 0.25, 90.0)                  # less than it brings when exercised
    (0.31, None)
    """
    low, high = worth(is_call, strike, under, years, LEAST), worth(is_call, strike, under, years, MOST_VOLATILITY)
    if low is None or high is None or not low.price <= price <= high.price:
        return None
    for _ in range(STEPS):
        middle = worth(is_call, strike, under, years, (low.volatility + high.volatility) / 2)
        assert middle is not None
        low, high = (middle, high) if middle.price < price else (low, middle)
    return high


def _below(x: float) -> float:
    """The normal distribution."""
    return math.erfc(-x / math.sqrt(2)) / 2
