"""Requests for news and for scans."""

from __future__ import annotations

from workbench.wire.kinds import FlagOrEmpty, IntOrEmpty, NumberOrEmpty
from workbench.wire.message import Request


class ReqNewsArticle(Request, frozen=True):
    """An article."""

    msg_id = 84
    req_id: int
    provider: str
    article_id: str
    options: str = ""


class ReqNewsProviders(Request, frozen=True):
    """Ask: who sends news."""

    msg_id = 85


class ReqHistoricalNews(Request, frozen=True):
    """Headlines of the past."""

    msg_id = 86
    req_id: int
    con_id: int
    providers: str
    start: str
    end: str
    n_results: int
    options: str = ""


class ReqScannerSubscription(Request, frozen=True, kw_only=True):
    """A scan. `n_rows` -1 is the protocol's own word for all."""

    msg_id = 22
    req_id: int
    n_rows: IntOrEmpty = -1
    instrument: str = ""
    location: str = ""
    scan_code: str = ""
    above_price: NumberOrEmpty = None
    below_price: NumberOrEmpty = None
    above_volume: IntOrEmpty = None
    market_cap_above: NumberOrEmpty = None
    market_cap_below: NumberOrEmpty = None
    moody_rating_above: str = ""
    moody_rating_below: str = ""
    sp_rating_above: str = ""
    sp_rating_below: str = ""
    maturity_date_above: str = ""
    maturity_date_below: str = ""
    coupon_rate_above: NumberOrEmpty = None
    coupon_rate_below: NumberOrEmpty = None
    exclude_convertible: FlagOrEmpty = False
    average_option_volume_above: IntOrEmpty = None
    setting_pairs: str = ""
    stock_type_filter: str = ""
    filter_options: str = ""
    options: str = ""


class CancelScannerSubscription(Request, frozen=True):
    """No more of it."""

    msg_id = 23
    edition = "1"
    req_id: int


class ReqScannerParameters(Request, frozen=True):
    """Ask: what can be scanned for."""

    msg_id = 24
    edition = "1"
