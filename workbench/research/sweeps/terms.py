"""What a sweep trades on: the worth of a price step, fees, slippage, how many contracts. Values of settings; measures nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from workbench.config import Settings, load_roots, load_settings
from workbench.domain.errors import ConfigError
from workbench.domain.units import MICROS


class Terms(NamedTuple):
    """Terms of trade of one root.

    Attributes
    ----------
    root
        ``ES``.
    quantum
        One price quantum in points.
    tick
        One order increment in quanta.
    worth_micros
        Money micros of one quantum of one contract.
    fee_micros
        Of one contract and side.
    slippage_ticks
        Paid at every fill but a target's.
    qty
        Whole contracts of every position.
    """

    root: str
    quantum: Fraction
    tick: int
    worth_micros: int
    fee_micros: int
    slippage_ticks: int = 0
    qty: int = 1


def terms_of(root: str, *, qty: int = 1, slippage_ticks: int | None = None, settings: Settings | None = None) -> Terms:
    """Give the terms that settings assume for a root.

    Parameters
    ----------
    qty
        Whole contracts, 1 or more.
    slippage_ticks
        Order increments at every fill but a target's; `None`: what settings assume of orders that are filled out of bars.

    Raises
    ------
    ConfigError
        Settings know no such root, or contracts are not whole.

    Examples
    --------
    >>> es = terms_of("ES", slippage_ticks=1, settings=load_settings(environment={}))
    >>> float(es.quantum), es.worth_micros, es.fee_micros
    (0.25, 12500000, 2250000)
    """
    settings = settings or load_settings()
    roots = load_roots(settings)
    if root not in roots:
        raise ConfigError(f"settings do not know {root}: terms=Terms(...), or [roots.{root}] in workbench.toml")
    if type(qty) is not int or qty < 1:
        raise ConfigError(f"a position is whole contracts, 1 or more, not {qty!r}")
    of = roots[root]
    quantum = Fraction(of.price_quantum)
    worth = quantum * Fraction(of.size_quantum) * Fraction(of.multiplier) * MICROS
    if worth.denominator != 1:
        raise ConfigError(f"{root}: a price quantum is worth {worth} millionths, no whole number of them")
    fee = -(-of.commission_micros(qty) // qty)
    slip = settings.simulation.bar_slippage_ticks if slippage_ticks is None else slippage_ticks
    return Terms(root, quantum, int(Fraction(of.order_increment) / quantum), int(worth), fee, slip, qty)
