from __future__ import annotations

from decimal import Decimal

import pytest

from tests.gateway.streams.test_depth import Ladder, tapes_rows
from tests.gateway.streams.test_level1 import Ticker
from tests.replay.world import market, settings
from workbench.domain.records import Kind
from workbench.domain.units import MINUTE, SECOND
from workbench.gateway.build import gateway
from workbench.gateway.streams import StreamSettings
from workbench.gateway.streams.market import Market
from workbench.wire import (
    Answer,
    ContractFields,
    Reader,
    RealtimeBar,
    ReqDepth,
    ReqMktData,
    ReqRealtimeBars,
    ReqTickByTick,
    StartApi,
    TickByTickLast,
    decode_answer,
    encode,
    fields,
    frame,
    hello,
)

ES = ContractFields(symbol="ES", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")
SPY = ContractFields(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


class Bytes:
    """A pipe that keeps what is written."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None: ...
    def abort(self) -> None: ...
    def n_waiting(self) -> int:
        return 0


@pytest.mark.parametrize("version", [157, 178])
def test_through_all_of_the_gateway_a_client_rebuilds_a_generated_market_from_bytes(version: int) -> None:
    contracts, records = market(("ES", "SPY"), 8, 3, 0.5)
    start_ns = int(records["recv_ns"][0]) + 3 * MINUTE
    made = gateway(settings(), records, contracts, start_ns=start_ns, streams=StreamSettings(batch_ms=0))
    pipe = Bytes()
    session = made.connect(pipe)
    assert session is not None
    made.receive(session, hello(157, version))
    asked = [
        StartApi(1), ReqMktData(req_id=10, contract=ES), ReqMktData(req_id=11, contract=SPY), ReqDepth(req_id=20, contract=ES, n_rows=5),
        ReqDepth(req_id=21, contract=SPY, n_rows=5, is_smart=True), ReqTickByTick(req_id=30, contract=ES, tick_type="AllLast"),
        ReqRealtimeBars(req_id=40, contract=ES),
    ]  # fmt: skip
    for request in asked:
        made.receive(session, frame(encode(request, version)))
    made.advance(int(records["recv_ns"][-1]) + SECOND)
    payloads = Reader().feed(bytes(pipe.data))[1:]
    said: list[Answer] = [decode_answer(fields(payload), version) for payload in payloads]
    assert not made.mishaps
    es, spy = contracts
    for contract, line, book in ((es, 10, 20), (spy, 11, 21)):
        truth, ticker, ladder = Market(contract), Ticker(), Ladder(shifts=True)
        truth.leap(records, len(records))
        ticker.take([message for message in said if getattr(message, "req_id", None) == line])
        ladder.take([message for message in said if getattr(message, "req_id", None) == book])
        assert truth.bid is not None and truth.ask is not None and truth.last is not None
        units = truth.units
        assert ticker.quote == (units.price(truth.bid), truth.bid_sz, units.price(truth.ask), truth.ask_sz)
        assert (ticker.value[4], ticker.value[8]) == (units.price(truth.last), truth.volume)
        assert ladder.rows == tapes_rows(truth, 5) and len(ladder.rows[0]) == 5
    prints = records[(records["contract"] == es.id) & (records["kind"] == Kind.PRINT) & (records["recv_ns"] > start_ns)]
    ticks = [message for message in said if isinstance(message, TickByTickLast)]
    assert [(tick.price, tick.size) for tick in ticks] == [(Decimal(int(px)) / 4, int(sz)) for px, sz in prints[["px", "sz"]].tolist()]
    bars = [message for message in said if isinstance(message, RealtimeBar)]
    assert len(bars) >= 59 and sum(Decimal(bar.volume) for bar in bars[1:-1]) <= sum(int(sz) for sz in prints["sz"])
