"""Orders of the simulated TWS: wire on one side, the broker on the other. What an order is worth and when it fills is the broker's."""

from __future__ import annotations

from workbench.gateway.base import Service, World
from workbench.gateway.orders.service import Orders
from workbench.gateway.orders.world import Named, broker_of, named

__all__ = ["Named", "Orders", "broker_of", "named", "services"]


def services(world: World) -> list[Service]:
    """Make the service for orders."""
    return [Orders(world)]
