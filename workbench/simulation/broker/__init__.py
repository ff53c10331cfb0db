"""The truth of a simulated Interactive Brokers: orders, executions, accounts. No wire, no clock, no I/O; time and records are handed in."""

from workbench.simulation.broker import texts
from workbench.simulation.broker.broker import Broker, Truth
from workbench.simulation.broker.holdings import CurrencyWorth, Position, Worth
from workbench.simulation.broker.ledger import Account
from workbench.simulation.broker.orders import DONE, OcaType, Order, OrderState, Status, Tif, Type
from workbench.simulation.broker.reports import (
    Bound,
    Busted,
    Commission,
    Execution,
    Margins,
    OrderReport,
    Refusal,
    Report,
    What,
    WhatIf,
)

__all__ = [
    "DONE", "Account", "Bound", "Broker", "Busted", "Commission", "CurrencyWorth", "Execution", "Margins", "OcaType", "Order",
    "OrderReport", "OrderState", "Position", "Refusal", "Report", "Status", "Tif", "Truth", "Type", "What", "WhatIf", "Worth", "texts",
]  # fmt: skip
