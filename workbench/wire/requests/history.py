"""Requests for the past: bars, ticks, the earliest time, histograms; reports and events."""

from __future__ import annotations

from typing import Annotated

from workbench.wire.contract import CONTRACT, ContractFields
from workbench.wire.kinds import IntOrMax
from workbench.wire.message import Ending, Part, Request, Since

ExpirableContract = Annotated[ContractFields, Part(f"{CONTRACT} include_expired")]


class ReqHistoricalData(Request, frozen=True, kw_only=True):
    """Bars up to `end` (empty: now) over `duration`; `format_date` 1 text, 2 s since 1970. Legs ride along where it is a BAG."""

    msg_id = 20
    req_id: int
    contract: ContractFields
    end: str = ""
    bar_size: str = "1 min"
    duration: str = "1 D"
    use_rth: bool = True
    what: str = "TRADES"
    format_date: int = 1
    keep_up_to_date: bool = False
    options: str = ""


class CancelHistoricalData(Request, frozen=True):
    """No more of them."""

    msg_id = 25
    edition = "1"
    req_id: int


class ReqHeadTimestamp(Request, frozen=True, kw_only=True):
    """Ask: since when is there data."""

    msg_id = 87
    req_id: int
    contract: ExpirableContract
    use_rth: bool = True
    what: str = "TRADES"
    format_date: int = 1


class CancelHeadTimestamp(Request, frozen=True):
    """No answer needed any more."""

    msg_id = 90
    req_id: int


class ReqHistogramData(Request, frozen=True, kw_only=True):
    """Volume by price over a span such as ``3 days``."""

    msg_id = 88
    req_id: int
    contract: ExpirableContract
    use_rth: bool = True
    span: str = "1 day"


class CancelHistogramData(Request, frozen=True):
    """No answer needed any more."""

    msg_id = 89
    req_id: int


class ReqHistoricalTicks(Request, frozen=True, kw_only=True):
    """Up to 1,000 ticks from `start` on, or up to `end`: one of the two is empty."""

    msg_id = 96
    req_id: int
    contract: ExpirableContract
    start: str = ""
    end: str = ""
    n_ticks: int = 1000
    what: str = "TRADES"
    use_rth: bool = True
    ignore_size: bool = False
    options: str = ""


class ReqFundamentalData(Request, frozen=True, kw_only=True):
    """A report on a company."""

    msg_id = 52
    edition = "2"
    req_id: int
    contract: Annotated[ContractFields, Part("con_id symbol sec_type exchange primary_exchange currency local_symbol")]
    report: str
    n_options: int = 0  # only IB's Python client up to 10.30, and who follows it, sends a number before the options
    options: Annotated[str, Ending()] = ""


class CancelFundamentalData(Request, frozen=True):
    """No answer needed any more."""

    msg_id = 53
    edition = "1"
    req_id: int


class ReqWshMetaData(Request, frozen=True):
    """Ask: what does Wall Street Horizon have."""

    msg_id = 100
    req_id: int


class CancelWshMetaData(Request, frozen=True):
    """No answer needed any more."""

    msg_id = 101
    req_id: int


class ReqWshEventData(Request, frozen=True):
    """Events of Wall Street Horizon, of a contract or of a filter."""

    msg_id = 102
    req_id: int
    con_id: IntOrMax = None
    filter: Annotated[str, Since(171)] = ""
    fill_watchlist: Annotated[bool, Since(171)] = False
    fill_portfolio: Annotated[bool, Since(171)] = False
    fill_competitors: Annotated[bool, Since(171)] = False
    start: Annotated[str, Since(173)] = ""
    end: Annotated[str, Since(173)] = ""
    total_limit: Annotated[IntOrMax, Since(173)] = None


class CancelWshEventData(Request, frozen=True):
    """No answer needed any more."""

    msg_id = 103
    req_id: int
