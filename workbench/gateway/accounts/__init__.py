"""Accounts of the simulated TWS on the wire: values, positions, profit and loss. What they are worth is the broker's to know."""

from __future__ import annotations

from workbench.gateway.accounts.service import Accounts
from workbench.gateway.base import Service, World

__all__ = ["Accounts", "services"]


def services(world: World) -> list[Service]:
    """Make the service for accounts; it belongs behind the one for orders."""
    return [Accounts(world)]
