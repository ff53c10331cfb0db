"""A small world for tests of streams: a few contracts, a tape that a test writes, and clients that keep what they were sent."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TypeVar

import numpy as np

from workbench.config import Settings, load_settings
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Records, empty
from workbench.domain.units import MS, SECOND
from workbench.gateway.base import Budget, World
from workbench.gateway.contracts import Universe
from workbench.gateway.streams import MarketData, StreamSettings, market_data
from workbench.wire import Answer, ContractFields, ErrorMessage

M = TypeVar("M", bound=Answer)
START_NS = 1_795_185_000 * SECOND  # Friday 20 November 2026, 8:30 in Chicago
ES = Contract(
    id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
    multiplier="50", price_quantum="0.25", order_increment="0.25", expiry="2026-12-18",
)  # fmt: skip
NQ = Contract(
    id=2, root="NQ", symbol="NQZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
    multiplier="20", price_quantum="0.25", order_increment="0.25", expiry="2026-12-18",
)  # fmt: skip
SPY = Contract(
    id=3, root="SPY", symbol="SPY", type=ContractType.STOCK, exchange="SMART", currency="USD", calendar="NYSE",
    multiplier="1", price_quantum="0.0001", order_increment="0.01",
)  # fmt: skip
BY_SYMBOL = {each.symbol: each for each in (ES, NQ, SPY)}
ES_ASKED = ContractFields(symbol="ES", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")
NQ_ASKED = ContractFields(symbol="NQ", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")
SPY_ASKED = ContractFields(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
AAPL_ASKED = ContractFields(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")


@cache
def settings() -> Settings:
    return load_settings(environment={})


@cache
def universe(contracts: tuple[str, ...]) -> Universe:
    """Give what is listed on the day of `START_NS`; slow to make, and the same for all tapes."""
    return Universe([BY_SYMBOL[each] for each in contracts], settings().roots, lambda: START_NS)


class Heard:
    """A client that keeps what it is sent."""

    def __init__(self, client_id: int = 1) -> None:
        self.id = client_id
        self.version = 178
        self.messages: list[Answer] = []

    def send(self, message: Answer) -> None:
        self.messages.append(message)

    def error(self, req_id: int, code: int, text: str, advanced: str = "") -> None:
        self.send(ErrorMessage(req_id, code, text, advanced))

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def codes(self) -> list[int]:
        return [error.code for error in self.of(ErrorMessage)]

    def take(self) -> list[Answer]:
        """Give what came since the last time."""
        messages, self.messages = self.messages, []
        return messages


class Stage:
    """A world with market data that plays its tape when told."""

    def __init__(
        self,
        records: Records,
        streams: StreamSettings | None = None,
        budget: Budget | None = None,
        contracts: tuple[Contract, ...] = (ES, NQ, SPY),
    ) -> None:
        self.world = World(settings=settings(), contracts=contracts, records=records, now_ns=START_NS, budget=budget)
        self.world.universe = universe(tuple(each.symbol for each in contracts))
        self.world.part(StreamSettings, lambda: streams or StreamSettings(batch_ms=0))
        self.data: MarketData = market_data(self.world)
        self.at = 0

    def play(self, n: int | None = None) -> None:
        """Let the next records happen, in one go."""
        stop = len(self.world.tape) if n is None else self.at + n
        if stop > self.at:
            self.world.now_ns = max(self.world.now_ns, int(self.world.tape["recv_ns"][stop - 1]))
            self.data.records(self.world.tape, self.at, stop)
            self.at = stop
        self.data.advance(self.world.now_ns)

    def wait(self, s: float) -> None:
        """Let time pass without records."""
        self.world.now_ns += round(s * SECOND)
        self.data.advance(self.world.now_ns)


def tape(rows: Iterable[dict[str, int]], step_ns: int = MS) -> Records:
    """Write a tape: records from `START_NS` on, each a step after the one before unless it says its ``recv_ns``."""
    written = list(rows)
    records = empty(len(written))
    for at, row in enumerate(written):
        records[at]["recv_ns"] = START_NS + (at + 1) * step_ns
        for name, value in row.items():
            records[at][name] = value
        if "event_ns" not in row:
            records[at]["event_ns"] = records[at]["recv_ns"]
    records["seq"] = np.arange(1, len(written) + 1)
    return records


def quote(bid: int | None, bid_sz: int, ask: int | None, ask_sz: int, contract: int = 1, **more: int) -> dict[str, int]:
    flags = EVENT_TIME | (BID if bid is not None else 0) | (ASK if ask is not None else 0)
    return dict(kind=Kind.QUOTE, contract=contract, px=bid or 0, sz=bid_sz, px2=ask or 0, sz2=ask_sz, flags=flags, **more)


def trade(px: int, sz: int, contract: int = 1, side: int = 1, **more: int) -> dict[str, int]:
    return dict(kind=Kind.PRINT, contract=contract, px=px, sz=sz, side=side, flags=EVENT_TIME, **more)


def row(kind: Kind, side: int, level: int, px: int = 0, sz: int = 0, contract: int = 1, **more: int) -> dict[str, int]:
    return dict(kind=kind, contract=contract, px=px, sz=sz, side=side, level=level, flags=EVENT_TIME, **more)
