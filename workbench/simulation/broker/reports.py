"""What the broker tells: reports, in the order in which they arose. Frozen values; who hears them is not decided here."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from workbench.simulation.broker.orders import Order, OrderState


class What(StrEnum):
    """Why an order is reported."""

    PLACED = "placed"
    RELEASED = "released"  # a child works for what its parent has filled, or for more of it
    TRIGGERED = "triggered"
    FILLED = "filled"
    MODIFIED = "modified"
    REDUCED = "reduced"  # another one of its group filled
    CANCELLING = "cancelling"
    ENDED = "ended"
    BOUND = "bound"
    CORRECTED = "corrected"


class OrderReport(NamedTuple):
    """An order stands anew. ``code`` and ``text`` come with it when IB says something (202 with a cancel, 399 with a wait); else 0."""

    state: OrderState
    what: What
    code: int = 0
    text: str = ""


class Execution(NamedTuple):
    """One execution. ``flow``: price x size of all of its order up to it; ``replaces``: the id of one that it corrects."""

    exec_id: str
    time_ns: int
    perm_id: int
    client_id: int
    order_id: int
    account: str
    contract: int
    side: int
    qty: int
    px: int
    cum_qty: int
    flow: int
    order_ref: str
    is_aggressive: bool
    replaces: str | None = None


class Commission(NamedTuple):
    """What an execution cost, and what it realised net of that in the contract's currency (`None`: it closed nothing)."""

    exec_id: str
    client_id: int
    fee_micros: int
    currency: str
    realised_micros: int | None


class Busted(NamedTuple):
    """An execution never was."""

    exec_id: str
    client_id: int
    account: str
    contract: int


class Refusal(NamedTuple):
    """A request was refused, in IB's words; the order it names, if there is one, stays as it was."""

    client_id: int
    order_id: int
    code: int
    text: str


class Margins(NamedTuple):
    """Margin and equity, in micros of the account's base currency."""

    initial: int
    maintenance: int
    equity_with_loan: int


class WhatIf(NamedTuple):
    """What an order would do; it was not placed. ``fee_micros`` in the contract's currency."""

    order: Order
    before: Margins
    after: Margins
    fee_micros: int
    currency: str


class Bound(NamedTuple):
    """An order typed by hand is known to a client from now on, under a negative id."""

    perm_id: int
    client_id: int
    order_id: int


Report = OrderReport | Execution | Commission | Busted | Refusal | WhatIf | Bound
