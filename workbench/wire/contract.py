"""A contract as messages carry it: one value for all of them, each message sends its own choice of fields."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workbench.wire.kinds import NumberOrEmpty
from workbench.wire.message import Part
from workbench.wire.text import Number


class ComboLeg(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of a combination (sec_type ``BAG``). Requests for data send the first four fields."""

    con_id: int
    ratio: int = 1
    action: str = "BUY"
    exchange: str = ""
    open_close: int = 0
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1


class DeltaNeutral(msgspec.Struct, frozen=True, kw_only=True):
    """The underlying of a delta-neutral combination."""

    con_id: int
    delta: Number = 0
    price: Number = 0


class TagValue(msgspec.Struct, frozen=True):
    """A name and what it is set to, both as text."""

    tag: str
    value: str


class ContractFields(msgspec.Struct, frozen=True, kw_only=True):
    """What names a contract. A request sets what it knows; an answer sets what its message carries.

    `last_trade` is ``yyyymmdd`` or ``yyyymm``. The fields below `trading_class` ride beside the contract in a few requests only.

    >>> ContractFields(symbol="ES", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD").strike is None
    True
    """

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    last_trade: str = ""
    strike: NumberOrEmpty = None
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    include_expired: bool = False
    sec_id_type: str = ""
    sec_id: str = ""
    issuer_id: str = ""
    description: str = ""
    legs_description: str = ""
    legs: tuple[ComboLeg, ...] = ()
    delta_neutral: DeltaNeutral | None = None


_UP_TO_MULTIPLIER = "con_id symbol sec_type last_trade strike right multiplier"
CONTRACT = f"{_UP_TO_MULTIPLIER} exchange primary_exchange currency local_symbol trading_class"
OWNED = f"{_UP_TO_MULTIPLIER} exchange currency local_symbol trading_class"
LISTED = f"{_UP_TO_MULTIPLIER} primary_exchange currency local_symbol trading_class"

# in requests; in answers about orders, executions and positions; in the portfolio
NamedContract = Annotated[ContractFields, Part(CONTRACT)]
OwnedContract = Annotated[ContractFields, Part(OWNED)]
ListedContract = Annotated[ContractFields, Part(LISTED)]
