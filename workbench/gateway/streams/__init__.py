"""The gateway's market data: L1, tick-by-tick, depth, real-time bars, and the budget they share. Of history it knows nothing."""

from workbench.gateway.base import Service, World
from workbench.gateway.streams.service import MarketData
from workbench.gateway.streams.settings import Access, DepthMoves, Entitlement, StreamSettings

__all__ = ["Access", "DepthMoves", "Entitlement", "MarketData", "StreamSettings", "market_data", "services"]


def market_data(world: World) -> MarketData:
    """Give the market data of a world: what faults call."""
    return world.part(MarketData, lambda: MarketData(world))


def services(world: World) -> list[Service]:
    """Give the services of this package."""
    return [market_data(world)]
