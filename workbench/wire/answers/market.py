"""Answers with live market data: ticks of all kinds, depth, 5 s bars. Numbers as sent; no book is kept here."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workbench.wire.kinds import NumberOrEmpty, Size, SizeOrEmpty
from workbench.wire.message import After, Answer
from workbench.wire.text import Number


class TickPrice(Answer, frozen=True):
    """A price and its size. Types 1 bid, 2 ask, 4 last, 6 high, 7 low, 9 close, 14 open; delayed ones 66 to 76.

    `attr_mask`: 1 can be executed automatically, 2 past the limit, 4 before the opening.
    """

    msg_id = 1
    edition = "6"
    req_id: int
    tick_type: int
    price: NumberOrEmpty
    size: SizeOrEmpty = None
    attr_mask: int = 0


class TickSize(Answer, frozen=True):
    """A size alone. Types 0 bid, 3 ask, 5 last, 8 volume; delayed ones 69, 70, 71, 74."""

    msg_id = 2
    edition = "6"
    req_id: int
    tick_type: int
    size: SizeOrEmpty


class Depth(Answer, frozen=True):
    """A row of one exchange's book. `operation` 0 insert, 1 update, 2 delete; `side` 0 ask, 1 bid."""

    msg_id = 12
    edition = "1"
    req_id: int
    position: int
    operation: int
    side: int
    price: Number
    size: Size


class DepthL2(Answer, frozen=True):
    """A row of a book with its market maker; in SMART depth with its exchange."""

    msg_id = 13
    edition = "1"
    req_id: int
    position: int
    market_maker: str
    operation: int
    side: int
    price: Number
    size: Size
    is_smart_depth: bool = False


class TickOptionComputation(Answer, frozen=True):
    """Volatility and Greeks of an option. -1 and -2 are the protocol's own words for what could not be computed."""

    msg_id = 21
    req_id: int
    tick_type: int
    tick_attrib: int
    implied_volatility: NumberOrEmpty = None
    delta: NumberOrEmpty = None
    price: NumberOrEmpty = None
    pv_dividend: NumberOrEmpty = None
    gamma: NumberOrEmpty = None
    vega: NumberOrEmpty = None
    theta: NumberOrEmpty = None
    underlying_price: NumberOrEmpty = None


class TickGeneric(Answer, frozen=True):
    """A number of another kind, such as 49 halted."""

    msg_id = 45
    edition = "6"
    req_id: int
    tick_type: int
    value: Number


class TickString(Answer, frozen=True):
    """A text: 45 time of the last print (s), 48 RTVolume ``price;size;ms;volume;vwap;single``, 84 exchange of the last print."""

    msg_id = 46
    edition = "6"
    req_id: int
    tick_type: int
    value: str


class TickEfp(Answer, frozen=True):
    """An exchange for physical."""

    msg_id = 47
    edition = "1"
    req_id: int
    tick_type: int
    basis_points: Number
    formatted_basis_points: str
    implied_futures_price: Number
    hold_days: int
    future_last_trade: str
    dividend_impact: Number
    dividends_to_last_trade: Number


class RealtimeBar(Answer, frozen=True):
    """A bar of 5 s; `time` is its start, in s since 1970."""

    msg_id = 50
    edition = "3"
    req_id: int
    time: int
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Size
    wap: Number
    count: int


class TickSnapshotEnd(Answer, frozen=True):
    """All of a snapshot has been sent."""

    msg_id = 57
    edition = "1"
    req_id: int


class MarketDataType(Answer, frozen=True):
    """What kind of data follows: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    msg_id = 58
    edition = "1"
    req_id: int
    kind: int


class TickReqParams(Answer, frozen=True):
    """The least price step, the code of the exchanges of the best quotes, and what snapshots are allowed."""

    msg_id = 81
    req_id: int
    min_tick: NumberOrEmpty
    bbo_exchange: str
    snapshot_permissions: int


class SmartComponent(msgspec.Struct, frozen=True):
    """One exchange of the best quotes."""

    bit: int
    exchange: str
    letter: str


class SmartComponents(Answer, frozen=True):
    """The exchanges behind the letters of SMART quotes."""

    msg_id = 82
    req_id: int
    components: tuple[SmartComponent, ...] = ()


class RerouteMktData(Answer, frozen=True):
    """Ask again for this contract: a CFD's data is its underlying's."""

    msg_id = 91
    req_id: int
    con_id: int
    exchange: str


class RerouteMktDepth(Answer, frozen=True):
    """The same for depth."""

    msg_id = 92
    req_id: int
    con_id: int
    exchange: str


class TickByTickLast(Answer, frozen=True):
    """A print; `tick_type` 1 Last, 2 AllLast; `time` in s; `mask` 1 past the limit, 2 unreported."""

    msg_id = 99
    req_id: int
    tick_type: int
    time: int
    price: Number
    size: Size
    mask: int = 0
    exchange: str = ""
    conditions: str = ""


class TickByTickBidAsk(Answer, frozen=True):
    """A quote (type 3); `mask` 1 the bid is past the low, 2 the ask is past the high."""

    msg_id = 99
    req_id: int
    time: Annotated[int, After("3")]
    bid_price: Number
    ask_price: Number
    bid_size: Size
    ask_size: Size
    mask: int = 0


class TickByTickMid(Answer, frozen=True):
    """A middle of the quotes (type 4)."""

    msg_id = 99
    req_id: int
    time: Annotated[int, After("4")]
    price: Number
