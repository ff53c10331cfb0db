"""Answers about orders: their state, what filled, what it cost. Layouts of the two long ones stand in `long_orders`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workbench.wire.contract import ContractFields, DeltaNeutral, OwnedContract
from workbench.wire.kinds import IntOrEmpty, NumberOrEmpty, NumberOrMax
from workbench.wire.message import Answer, Since
from workbench.wire.order import OrderFields, OrderState
from workbench.wire.text import Number


class OrderStatus(Answer, frozen=True):
    """How far an order is. Prices in points, of the fills so far; `perm_id` is the one global id."""

    msg_id = 3
    order_id: int
    status: str
    filled: Number
    remaining: Number
    avg_fill_price: Number = 0.0
    perm_id: int = 0
    parent_id: int = 0
    last_fill_price: Number = 0.0
    client_id: int = 0
    why_held: str = ""
    mkt_cap_price: Number = 0.0


class OpenOrder(Answer, frozen=True, kw_only=True):
    """A working order as the server has it; with `order.what_if`, what it would cost."""

    msg_id = 5
    contract: ContractFields
    order: OrderFields
    state: OrderState
    more: tuple[str, ...] = ()


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill. `side` is BOT or SLD; `time` is text, with its zone from version 174 on; `liquidity` 1 added, 2 removed, 3 routed out."""

    exec_id: str
    time: str
    account: str
    exchange: str
    side: str
    shares: Number
    price: Number
    perm_id: int = 0
    client_id: int = 0
    liquidation: int = 0
    cum_qty: Number = 0
    avg_price: Number = 0
    order_ref: str = ""
    ev_rule: str = ""
    ev_multiplier: NumberOrEmpty = None
    model_code: str = ""
    last_liquidity: IntOrEmpty = 0
    pending_price_revision: Annotated[bool, Since(178)] = False


class ExecutionData(Answer, frozen=True, kw_only=True):
    """A fill; `req_id` -1 where it was not asked for."""

    msg_id = 11
    req_id: int = -1
    order_id: int
    contract: OwnedContract
    execution: Execution


class OpenOrderEnd(Answer, frozen=True):
    """All open orders have been sent."""

    msg_id = 53
    edition = "1"


class ExecutionDataEnd(Answer, frozen=True):
    """All fills that were asked for have been sent."""

    msg_id = 55
    edition = "1"
    req_id: int


class DeltaNeutralValidation(Answer, frozen=True):
    """The underlying that the server took for a delta-neutral combination."""

    msg_id = 56
    edition = "1"
    req_id: int
    underlying: DeltaNeutral


class CommissionReport(Answer, frozen=True):
    """What a fill cost; `realized_pnl` is unset where the fill opened a position."""

    msg_id = 59
    edition = "1"
    exec_id: str
    commission: NumberOrEmpty
    currency: str
    realized_pnl: NumberOrMax = None
    bond_yield: NumberOrMax = None
    yield_redemption_date: IntOrEmpty = None


class OrderBound(Answer, frozen=True):
    """A manual order now has an id of this client's."""

    msg_id = 100
    perm_id: int
    client_id: int
    order_id: int


class CompletedOrder(Answer, frozen=True, kw_only=True):
    """An order that is over."""

    msg_id = 101
    contract: ContractFields
    order: OrderFields
    state: OrderState
    more: tuple[str, ...] = ()


class CompletedOrdersEnd(Answer, frozen=True):
    """All of them have been sent."""

    msg_id = 102
