"""Requests about orders. The layout of the long one stands in `long_orders`."""

from __future__ import annotations

from typing import Annotated

from workbench.wire.contract import ContractFields, OwnedContract
from workbench.wire.kinds import IntOrEmpty
from workbench.wire.message import Request, Since
from workbench.wire.order import OrderFields


class PlaceOrder(Request, frozen=True, kw_only=True):
    """Place an order, or change one: the same id says which."""

    msg_id = 3
    order_id: int
    contract: ContractFields
    order: OrderFields


class CancelOrder(Request, frozen=True):
    """Cancel an order of one's own."""

    msg_id = 4
    edition = "1"
    edition_until = 191
    order_id: int
    manual_time: Annotated[str, Since(169)] = ""
    ext_operator: Annotated[str, Since(192)] = ""
    manual_order_indicator: Annotated[IntOrEmpty, Since(192)] = None


class GlobalCancel(Request, frozen=True):
    """Cancel all orders of all clients, manual ones too."""

    msg_id = 58
    edition = "1"


class ReqOpenOrders(Request, frozen=True):
    """Open orders of this client."""

    msg_id = 5
    edition = "1"


class ReqAllOpenOrders(Request, frozen=True):
    """Open orders of all clients."""

    msg_id = 16
    edition = "1"


class ReqAutoOpenOrders(Request, frozen=True):
    """Bind manual orders to this client, whose id must be 0."""

    msg_id = 15
    edition = "1"
    is_bound: bool


class ReqExecutions(Request, frozen=True):
    """Fills of the day that fit a filter; an empty field fits all. `time` is ``yyyymmdd-HH:MM:SS``."""

    msg_id = 7
    edition = "3"
    req_id: int
    client_id: IntOrEmpty = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""


class ReqCompletedOrders(Request, frozen=True):
    """Orders of the day that are over; `api_only` without manual ones."""

    msg_id = 99
    api_only: bool


class ExerciseOptions(Request, frozen=True, kw_only=True):
    """Exercise (1) or let lapse (2)."""

    msg_id = 21
    edition = "2"
    req_id: int
    contract: OwnedContract
    action: int
    quantity: int
    account: str
    override: int
