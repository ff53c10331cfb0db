"""Answers with the past: bars, ticks, schedules, the earliest time, histograms. No bar is built here."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workbench.wire.kinds import Size
from workbench.wire.message import Answer, Until
from workbench.wire.text import Number


class HistoricalBar(msgspec.Struct, frozen=True):
    """A bar; `date` is text: ``yyyymmdd``, ``yyyymmdd HH:MM:SS zone``, or s since 1970, as was asked for."""

    date: str
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Size
    wap: Number
    count: int


class HistoricalData(Answer, frozen=True):
    """Bars that were asked for, with the span they answer. From version 196 on the span comes as `HistoricalDataEnd`."""

    msg_id = 17
    req_id: int
    start: Annotated[str, Until(195)] = ""
    end: Annotated[str, Until(195)] = ""
    bars: tuple[HistoricalBar, ...] = ()


class HistoricalDataEnd(Answer, frozen=True):
    """The span of the bars sent before; servers from 196 on."""

    msg_id = 108
    req_id: int
    start: str
    end: str


class HeadTimestamp(Answer, frozen=True):
    """The earliest time that there is data of."""

    msg_id = 88
    req_id: int
    timestamp: str


class HistogramEntry(msgspec.Struct, frozen=True):
    """How much was traded at a price."""

    price: Number
    count: Size


class Histogram(Answer, frozen=True):
    """Volume by price."""

    msg_id = 89
    req_id: int
    entries: tuple[HistogramEntry, ...] = ()


class HistoricalUpdate(Answer, frozen=True):
    """The bar that is forming, of a request that is kept up to date. The order of the prices is the protocol's own."""

    msg_id = 90
    req_id: int
    count: int
    date: str
    open: Number
    close: Number
    high: Number
    low: Number
    wap: Number
    volume: Size


class HistoricalTick(msgspec.Struct, frozen=True):
    """A middle of the quotes at a time (s)."""

    time: int
    mask: int
    price: Number
    size: Size


class HistoricalTickBidAsk(msgspec.Struct, frozen=True):
    """A quote at a time (s); `mask` 1 the ask is past the high, 2 the bid is past the low."""

    time: int
    mask: int
    bid_price: Number
    ask_price: Number
    bid_size: Size
    ask_size: Size


class HistoricalTickLast(msgspec.Struct, frozen=True):
    """A print at a time (s); `mask` 1 past the limit, 2 unreported."""

    time: int
    mask: int
    price: Number
    size: Size
    exchange: str = ""
    conditions: str = ""


class HistoricalTicksMid(Answer, frozen=True):
    """Middles that were asked for; `is_done` when no more follow."""

    msg_id = 96
    req_id: int
    ticks: tuple[HistoricalTick, ...] = ()
    is_done: bool = True


class HistoricalTicksBidAsk(Answer, frozen=True):
    """Quotes that were asked for."""

    msg_id = 97
    req_id: int
    ticks: tuple[HistoricalTickBidAsk, ...] = ()
    is_done: bool = True


class HistoricalTicksLast(Answer, frozen=True):
    """Prints that were asked for."""

    msg_id = 98
    req_id: int
    ticks: tuple[HistoricalTickLast, ...] = ()
    is_done: bool = True


class HistoricalSession(msgspec.Struct, frozen=True):
    """One session: from, to, and the day it counts for."""

    start: str
    end: str
    day: str


class HistoricalSchedule(Answer, frozen=True):
    """Sessions of a contract, in its exchange's zone."""

    msg_id = 106
    req_id: int
    start: str
    end: str
    zone: str
    sessions: tuple[HistoricalSession, ...] = ()
