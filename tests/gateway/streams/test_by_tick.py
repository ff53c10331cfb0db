from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.gateway.streams.draws import markets
from tests.gateway.streams.world import ES_ASKED, NQ_ASKED, SPY, SPY_ASKED, Heard, Stage, quote, tape, trade
from workbench.domain.records import ASK, BID, Kind, Records
from workbench.domain.units import SECOND
from workbench.gateway.streams import Access, Entitlement, StreamSettings
from workbench.wire import (
    CancelTickByTick,
    ContractFields,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    HistoricalTicksMid,
    ReqTickByTick,
    TickByTickBidAsk,
    TickByTickLast,
    TickByTickMid,
)

CURRENCY = ContractFields(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")


def by_tick(kind: str, req_id: int = 8, contract: ContractFields = ES_ASKED, **more: object) -> ReqTickByTick:
    return ReqTickByTick(**{"req_id": req_id, "contract": contract, "tick_type": kind, **more})


@how(derandomize=True, deadline=None, max_examples=60)
@given(markets(), st.integers(1, 9))
def test_every_print_and_every_quote_is_told_once_and_in_order(records: Records, step: int) -> None:
    stage, last, sides = Stage(records, StreamSettings()), Heard(1), Heard(2)
    stage.data.answer(last, by_tick("AllLast"))
    stage.wait(15)
    stage.data.answer(sides, by_tick("BidAsk"))
    while stage.at < len(records):
        stage.play(min(step, len(records) - stage.at))
    prints = records[records["kind"] == Kind.PRINT]
    assert [(m.time, m.price, m.size) for m in last.of(TickByTickLast)] == [
        (int(p["event_ns"]) // SECOND, Decimal(int(p["px"])) / 4, int(p["sz"])) for p in prints
    ]
    quotes = records[records["kind"] == Kind.QUOTE]
    assert [(m.bid_size, m.ask_size) for m in sides.of(TickByTickBidAsk)] == [
        (int(q["sz"]) if q["flags"] & BID else 0, int(q["sz2"]) if q["flags"] & ASK else 0) for q in quotes
    ]


def test_last_and_all_last_differ_in_their_type_alone() -> None:
    stage, one, other = Stage(tape([trade(24001, 2), trade(24002, 3)])), Heard(1), Heard(2)
    stage.data.answer(one, by_tick("Last"))
    stage.wait(15)
    stage.data.answer(other, by_tick("AllLast"))
    stage.play()
    assert [m.tick_type for m in one.of(TickByTickLast)] == [1, 1]
    assert [replace(m, tick_type=1) for m in other.of(TickByTickLast)] == one.of(TickByTickLast)
    assert {m.exchange for m in one.of(TickByTickLast)} == {"CME"}


def test_quotes_that_change_in_size_alone_can_be_left_out() -> None:
    stage, client = Stage(tape([quote(1, 1, 2, 1), quote(1, 5, 2, 1), quote(1, 5, 3, 1), quote(None, 0, 3, 1)])), Heard()
    stage.data.answer(client, by_tick("BidAsk", ignore_size=True))
    stage.play()
    assert [(m.bid_price, m.ask_price, m.bid_size) for m in client.of(TickByTickBidAsk)] == [
        (Decimal("0.25"), Decimal("0.5"), 1), (Decimal("0.25"), Decimal("0.75"), 5), (Decimal("-1.0"), Decimal("0.75"), 0),
    ]  # fmt: skip


def test_middles_are_told_when_they_move_and_both_sides_are_there() -> None:
    stage, client = Stage(tape([quote(1, 1, 2, 1), quote(1, 9, 2, 1), quote(None, 0, 3, 1), quote(2, 1, 3, 1)])), Heard()
    stage.data.answer(client, by_tick("MidPoint"))
    stage.play()
    assert [m.price for m in client.of(TickByTickMid)] == [Decimal("0.375"), Decimal("0.625")]


def test_a_bid_below_the_days_low_and_an_ask_above_its_high_are_marked() -> None:
    stage, client = Stage(tape([trade(100, 1), quote(99, 1, 100, 1), quote(100, 1, 101, 1), quote(100, 1, 100, 1)])), Heard()
    stage.data.answer(client, by_tick("BidAsk"))
    stage.play()
    assert [m.mask for m in client.of(TickByTickBidAsk)] == [1, 2, 0]


@pytest.mark.parametrize(
    ("kind", "message"),
    [("Last", HistoricalTicksLast), ("AllLast", HistoricalTicksLast), ("BidAsk", HistoricalTicksBidAsk), ("MidPoint", HistoricalTicksMid)],
)
def test_ticks_of_the_past_come_first_and_in_one_message(kind: str, message: type[HistoricalTicksLast]) -> None:
    stage, client = Stage(tape([row for at in range(20) for row in (quote(at, 1, at + 1, 1), trade(at, 1))])), Heard()
    stage.play()
    stage.data.answer(client, by_tick(kind, n_ticks=7))
    (past,) = client.messages
    assert isinstance(past, message) and len(past.ticks) == 7 and past.is_done
    last = past.ticks[-1]
    assert {"Last": 4.75, "AllLast": 4.75, "MidPoint": 4.875}.get(kind, 4.75) == float(getattr(last, "price", None) or last.bid_price)


def test_prints_of_a_share_name_the_exchanges_of_smart() -> None:
    stage, client = Stage(tape([trade(6_000_000 + at, 1, contract=SPY.id) for at in range(16)])), Heard()
    stage.data.answer(client, by_tick("AllLast", contract=SPY_ASKED))
    stage.play()
    assert len({m.exchange for m in client.of(TickByTickLast)}) > 3


def test_a_kind_that_is_not_there_is_refused() -> None:
    stage, client = Stage(tape([]), StreamSettings(entitlements={"NQ": Entitlement(quotes=Access.DELAYED)})), Heard()
    stage.data.answer(client, by_tick("allLast"))
    stage.data.answer(client, by_tick("Last", contract=CURRENCY))
    stage.data.answer(client, by_tick("Last", contract=NQ_ASKED))
    assert client.codes == [321, 10189, 10189] and "NQ" not in client.messages[1].text
    assert client.messages[2].text.endswith("No market data permissions for CME FUT")


def test_an_id_that_was_ended_is_unknown() -> None:
    stage, client = Stage(tape([trade(1, 1)])), Heard()
    stage.data.answer(client, by_tick("Last"))
    stage.data.answer(client, CancelTickByTick(8))
    stage.data.answer(client, CancelTickByTick(8))
    stage.play()
    assert client.codes == [300] and not client.of(TickByTickLast)
