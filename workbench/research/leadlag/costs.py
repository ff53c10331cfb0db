"""What a round trip in the one that follows costs: spread, slippage, commission. Settings say what data does not; measures nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

from workbench.config import Settings, load_roots, load_settings
from workbench.domain.contracts import ContractType
from workbench.domain.errors import ConfigError
from workbench.domain.units import MICROS

SHARES: Final = 100.0


class Costs(NamedTuple):
    """Costs of a round trip of ``qty`` contracts or shares.

    Attributes
    ----------
    qty
        Contracts or shares.
    unit
        What they are called.
    multiplier
        USD a point of one of them.
    commission_usd
        Of entry and exit together.
    slippage_pts
        Beyond the spread, of entry and exit together.
    spread_pts
        Where the data shows no quotes; `None`: it shows them.

    Examples
    --------
    >>> spy = Costs(qty=100, unit="shares", multiplier=1.0, commission_usd=0.70, slippage_pts=0.0, spread_pts=0.01)
    >>> round(spy.fixed_pts, 4), spy.usd(0.017)
    (0.017, 1.7000000000000002)
    """

    qty: float
    unit: str
    multiplier: float
    commission_usd: float
    slippage_pts: float
    spread_pts: float | None = None

    @property
    def fixed_pts(self) -> float:
        """Everything but a quoted spread, points of one contract or share."""
        return self.commission_usd / (self.qty * self.multiplier) + self.slippage_pts + (self.spread_pts or 0.0)

    def usd(self, pts: float) -> float:
        """Turn points of one contract or share into USD of all of them."""
        return pts * self.qty * self.multiplier


def costs_of(root: str, *, is_quoted: bool, qty: float | None = None, settings: Settings | None = None) -> Costs:
    """Give the costs that settings assume for a root: of one contract, or of a hundred shares.

    Parameters
    ----------
    is_quoted
        Whether the data has quotes: then the spread is measured, and slippage is that of market orders. Else one order increment of spread
        is assumed, and the slippage of orders that are filled out of bars.

    Raises
    ------
    ConfigError
        Settings know no such root: say what it costs yourself.

    Examples
    --------
    >>> es = costs_of("ES", is_quoted=True, settings=load_settings(environment={}))
    >>> es.qty, es.commission_usd, es.usd(1.0)
    (1.0, 4.5, 50.0)
    """
    settings = settings or load_settings()
    roots = load_roots(settings)
    if root not in roots:
        raise ConfigError(f"settings do not know what {root} costs: costs=Costs(...), or [roots.{root}] in workbench.toml")
    of, simulated = roots[root], settings.simulation
    is_share = of.type is ContractType.STOCK
    amount = qty if qty is not None else SHARES if is_share else 1.0
    tick = float(Fraction(of.order_increment))
    return Costs(
        qty=amount,
        unit="shares" if is_share else "contract" if amount == 1 else "contracts",
        multiplier=float(Fraction(of.multiplier)),
        commission_usd=2 * of.commission_micros(round(amount)) / MICROS,
        slippage_pts=2 * tick * (simulated.market_slippage_ticks if is_quoted else simulated.bar_slippage_ticks),
        spread_pts=None if is_quoted else tick,
    )
