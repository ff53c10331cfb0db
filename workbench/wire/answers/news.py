"""Answers with news, reports and the finds of scans. Texts as sent."""

from __future__ import annotations

import msgspec

from workbench.wire.kinds import NumberOrEmpty
from workbench.wire.message import Answer


class FundamentalData(Answer, frozen=True):
    """A report on a company, XML."""

    msg_id = 51
    edition = "1"
    req_id: int
    xml: str


class WshMetaData(Answer, frozen=True):
    """What Wall Street Horizon has, JSON."""

    msg_id = 104
    req_id: int
    json: str


class WshEventData(Answer, frozen=True):
    """Events of Wall Street Horizon, JSON."""

    msg_id = 105
    req_id: int
    json: str


class NewsArticle(Answer, frozen=True):
    """An article; kind 0 text, 1 PDF in base 64."""

    msg_id = 83
    req_id: int
    kind: int
    text: str


class TickNews(Answer, frozen=True):
    """A headline; `time` in ms."""

    msg_id = 84
    req_id: int
    time: int
    provider: str
    article_id: str
    headline: str
    extra: str


class NewsProvider(msgspec.Struct, frozen=True):
    """Who sends news."""

    code: str
    name: str


class NewsProviders(Answer, frozen=True):
    """All that one is subscribed to."""

    msg_id = 85
    providers: tuple[NewsProvider, ...] = ()


class HistoricalNews(Answer, frozen=True):
    """A headline of the past."""

    msg_id = 86
    req_id: int
    time: str
    provider: str
    article_id: str
    headline: str


class HistoricalNewsEnd(Answer, frozen=True):
    """All headlines have been sent."""

    msg_id = 87
    req_id: int
    has_more: bool


class ScannerParameters(Answer, frozen=True):
    """All that can be scanned for, XML of about 2 MB."""

    msg_id = 19
    edition = "1"
    xml: str


class ScannerRow(msgspec.Struct, frozen=True):
    """One find of a scan."""

    rank: int
    con_id: int
    symbol: str
    sec_type: str
    last_trade: str
    strike: NumberOrEmpty
    right: str
    exchange: str
    currency: str
    local_symbol: str
    market_name: str
    trading_class: str
    distance: str = ""
    benchmark: str = ""
    projection: str = ""
    legs: str = ""


class ScannerData(Answer, frozen=True):
    """What a scan found."""

    msg_id = 20
    edition = "3"
    req_id: int
    rows: tuple[ScannerRow, ...] = ()
