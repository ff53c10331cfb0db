"""Requests for live market data."""

from __future__ import annotations

from workbench.wire.contract import ContractFields, NamedContract
from workbench.wire.message import Request


class ReqMktData(Request, frozen=True, kw_only=True):
    """Ticks of a contract; its legs ride along where it is a BAG, and its delta-neutral underlying."""

    msg_id = 1
    edition = "11"
    req_id: int
    contract: ContractFields
    generic_ticks: str = ""
    snapshot: bool = False
    regulatory_snapshot: bool = False
    options: str = ""


class CancelMktData(Request, frozen=True):
    """No more of them."""

    msg_id = 2
    edition = "2"
    req_id: int


class ReqDepth(Request, frozen=True, kw_only=True):
    """The book of a contract; `is_smart` that of all exchanges."""

    msg_id = 10
    edition = "5"
    req_id: int
    contract: NamedContract
    n_rows: int
    is_smart: bool = False
    options: str = ""


class CancelDepth(Request, frozen=True):
    """No more of it."""

    msg_id = 11
    edition = "1"
    req_id: int
    is_smart: bool = False


class ReqRealtimeBars(Request, frozen=True, kw_only=True):
    """Bars of 5 s, whatever `bar_size` says."""

    msg_id = 50
    edition = "3"
    req_id: int
    contract: NamedContract
    bar_size: int = 5
    what: str = "TRADES"
    use_rth: bool = False
    options: str = ""


class CancelRealtimeBars(Request, frozen=True):
    """No more of them."""

    msg_id = 51
    edition = "1"
    req_id: int


class ReqMarketDataType(Request, frozen=True):
    """Which data one takes: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    msg_id = 59
    edition = "1"
    kind: int


class ReqSmartComponents(Request, frozen=True):
    """Ask: which exchanges are behind the letters."""

    msg_id = 83
    req_id: int
    bbo_exchange: str


class ReqMktDepthExchanges(Request, frozen=True):
    """Ask: which exchanges send depth."""

    msg_id = 82


class ReqTickByTick(Request, frozen=True, kw_only=True):
    """Every tick: Last, AllLast, BidAsk or MidPoint; with `n_ticks` of the past before it."""

    msg_id = 97
    req_id: int
    contract: NamedContract
    tick_type: str
    n_ticks: int = 0
    ignore_size: bool = False


class CancelTickByTick(Request, frozen=True):
    """No more of them."""

    msg_id = 98
    req_id: int
