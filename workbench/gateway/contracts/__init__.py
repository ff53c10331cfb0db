"""What exists at the simulated broker, and the service that tells of it. Prices and orders are elsewhere."""

from workbench.gateway.contracts.listed import Listed, Missing
from workbench.gateway.contracts.service import services
from workbench.gateway.contracts.universe import Universe

__all__ = ["Listed", "Missing", "Universe", "services"]
