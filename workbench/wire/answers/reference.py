"""Answers about what exists: contracts, option chains, price steps, exchanges with depth. Layouts of details stand in `long_details`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workbench.wire.contract import ContractFields, TagValue
from workbench.wire.kinds import IntOrEmpty, IntOrMax, NumberOrEmpty
from workbench.wire.message import Answer, Part, Since
from workbench.wire.text import Number


class ContractData(Answer, frozen=True, kw_only=True):
    r"""Everything about a contract. Text beyond ASCII comes as ``\\uXXXX``, as the server sends it.

    `more` are fields that nobody documents: TWS was recorded to send one, empty, after the last.
    `last_trade` is the date, for futures from version 174 on ``yyyymmdd HH:MM zone``; `contract.last_trade` is not sent of its own.
    """

    msg_id = 10
    edition = "8"
    edition_until = 163
    req_id: int
    contract: ContractFields
    last_trade: str = ""
    market_name: str = ""
    min_tick: Number = 0
    md_size_multiplier: IntOrEmpty = 100
    order_types: str = ""
    valid_exchanges: str = ""
    price_magnifier: int = 1
    under_con_id: int = 0
    long_name: str = ""
    contract_month: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    zone: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""
    ev_rule: str = ""
    ev_multiplier: NumberOrEmpty = None
    sec_ids: tuple[TagValue, ...] = ()
    agg_group: IntOrMax = None
    under_symbol: str = ""
    under_sec_type: str = ""
    market_rule_ids: str = ""
    real_expiration_date: str = ""
    stock_type: str = ""
    min_size: NumberOrEmpty = None
    size_increment: NumberOrEmpty = None
    suggested_size_increment: NumberOrEmpty = None
    more: tuple[str, ...] = ()


class BondContractData(Answer, frozen=True, kw_only=True):
    """Everything about a bond."""

    msg_id = 18
    edition = "6"
    edition_until = 163
    req_id: int
    contract: ContractFields
    cusip: str = ""
    coupon: NumberOrEmpty = None
    maturity: str = ""
    issue_date: str = ""
    ratings: str = ""
    bond_type: str = ""
    coupon_type: str = ""
    is_convertible: bool = False
    is_callable: bool = False
    is_putable: bool = False
    descriptive_text: str = ""
    market_name: str = ""
    min_tick: Number = 0
    md_size_multiplier: IntOrEmpty = 100
    order_types: str = ""
    valid_exchanges: str = ""
    next_option_date: str = ""
    next_option_type: str = ""
    next_option_partial: bool = False
    notes: str = ""
    long_name: str = ""
    ev_rule: str = ""
    ev_multiplier: NumberOrEmpty = None
    sec_ids: tuple[TagValue, ...] = ()
    agg_group: IntOrMax = None
    market_rule_ids: str = ""
    min_size: NumberOrEmpty = None
    size_increment: NumberOrEmpty = None
    suggested_size_increment: NumberOrEmpty = None
    more: tuple[str, ...] = ()


class ContractDataEnd(Answer, frozen=True):
    """All contracts that fit have been sent."""

    msg_id = 52
    edition = "1"
    req_id: int


class OptionParams(Answer, frozen=True):
    """Expiries and strikes of the options of one class at one exchange."""

    msg_id = 75
    req_id: int
    exchange: str
    under_con_id: int
    trading_class: str
    multiplier: str
    expirations: tuple[str, ...] = ()
    strikes: tuple[Number, ...] = ()


class OptionParamsEnd(Answer, frozen=True):
    """All classes have been sent."""

    msg_id = 76
    req_id: int


class SymbolSample(msgspec.Struct, frozen=True):
    """A contract whose name fits, and what is derived from it."""

    contract: Annotated[ContractFields, Part("con_id symbol sec_type primary_exchange currency")]
    derivatives: tuple[str, ...] = ()
    description: Annotated[str, Since(176)] = ""
    issuer_id: Annotated[str, Since(176)] = ""


class SymbolSamples(Answer, frozen=True):
    """Contracts whose names fit a pattern."""

    msg_id = 79
    req_id: int
    samples: tuple[SymbolSample, ...] = ()


class DepthExchange(msgspec.Struct, frozen=True):
    """An exchange that sends depth."""

    exchange: str
    sec_type: str
    listing_exchange: str = ""
    service: str = "Deep2"
    agg_group: IntOrMax = None


class DepthExchanges(Answer, frozen=True):
    """All of them."""

    msg_id = 80
    exchanges: tuple[DepthExchange, ...] = ()


class PriceIncrement(msgspec.Struct, frozen=True):
    """From this price on, prices are multiples of `increment`."""

    low_edge: Number
    increment: Number


class MarketRule(Answer, frozen=True):
    """The price steps of a rule."""

    msg_id = 93
    rule_id: int
    increments: tuple[PriceIncrement, ...] = ()
