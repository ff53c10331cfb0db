"""What a strategy is, and the little arithmetic all of them need. Pure; whatever a strategy must remember is a feature."""

from __future__ import annotations

from typing import Protocol

from workbench.domain.contracts import Contract
from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.views import PositionView, View


class Strategy(Protocol):
    """Two pure questions. The same view gives the same answer, always."""

    @property
    def name(self) -> str:
        """What it is called in keys and journals."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Feature columns it reads; the engine refuses to start without them."""

    def propose(self, view: View) -> Proposal | None:
        """Wish for a position in a contract that nobody of this account holds, or for nothing."""

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Say what should change about a position of its own; stop, target, time and thesis need no word."""


def on_tick(contract: Contract, px: float, side: int) -> int:
    """Put a price on the contract's order increment, away from the market for a stop below (`side` -1) or above (+1).

    >>> from workbench.domain.contracts import ContractType
    >>> spy = Contract(id=1, root="SPY", symbol="SPY", type=ContractType.STOCK, exchange="SMART", currency="USD",
    ...                calendar="NYSE", multiplier="1", price_quantum="0.0001", order_increment="0.01")
    >>> on_tick(spy, 6_001_234.0, -1), on_tick(spy, 6_001_234.0, +1)
    (6001200, 6001300)
    """
    tick = contract.tick
    whole = int(px // tick) * tick
    return whole if side < 0 or whole == px else whole + tick
