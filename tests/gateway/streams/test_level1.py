from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.gateway.streams.draws import markets
from tests.gateway.streams.world import AAPL_ASKED, ES, ES_ASKED, SPY_ASKED, Heard, Stage, quote, tape, trade
from workbench.domain.records import ASK, BID, Kind, Phase, Records
from workbench.domain.units import MS, SECOND
from workbench.gateway.streams import Access, Entitlement, StreamSettings
from workbench.wire import (
    Answer,
    CancelMktData,
    ErrorMessage,
    MarketDataType,
    ReqMarketDataType,
    ReqMktData,
    TickGeneric,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
)

DAY = [quote(24000, 5, 24001, 7), trade(24001, 2), quote(24000, 5, 24001, 5), trade(24001, 2), quote(24001, 3, 24002, 9), trade(23990, 4)]


def l1(req_id: int = 5, **more: object) -> ReqMktData:
    return ReqMktData(**{"req_id": req_id, "contract": ES_ASKED, **more})


class Ticker:
    """What a client makes of L1 messages."""

    def __init__(self) -> None:
        self.value: dict[int, object] = {}

    def take(self, messages: list[Answer]) -> None:
        for message in messages:
            if isinstance(message, TickPrice):
                self.value[message.tick_type] = message.price
                if message.tick_type in (1, 2, 4):
                    self.value[{1: 0, 2: 3, 4: 5}[message.tick_type]] = message.size
            elif isinstance(message, TickSize):
                self.value[message.tick_type] = message.size
            elif isinstance(message, TickString | TickGeneric):
                self.value[message.tick_type] = message.value

    @property
    def quote(self) -> tuple[object, ...]:
        """Bid, its size, ask, its size; a side at -1 with size 0 is not there."""
        sides: list[object] = []
        for px, sz in ((1, 0), (2, 3)):
            price, size = self.value.get(px), self.value.get(sz)
            sides += [None, 0] if price is None or (price == -1 and size == 0) else [price, size]
        return tuple(sides)


def shown(records: Records) -> tuple[object, ...]:
    """What a tape's quote is behind its last record."""
    now: tuple[object, ...] = (None, 0, None, 0)
    for record in records:
        if record["kind"] == Kind.QUOTE:
            flags = int(record["flags"])
            bid = (Decimal(int(record["px"])) / 4, int(record["sz"])) if flags & BID else (None, 0)
            ask = (Decimal(int(record["px2"])) / 4, int(record["sz2"])) if flags & ASK else (None, 0)
            now = (*bid, *ask)
        elif record["kind"] == Kind.PHASE and record["level"] in (Phase.CLOSED, Phase.MAINTENANCE):
            now = (None, 0, None, 0)
    return now


@how(derandomize=True, deadline=None, max_examples=60)
@given(markets(), st.data())
def test_the_quote_a_client_rebuilds_is_the_tapes_at_every_record(records: Records, data: st.DataObject) -> None:
    stage, client, ticker = Stage(records), Heard(), Ticker()
    joins = data.draw(st.integers(0, len(records)))
    for at in range(len(records) + 1):
        if at == joins:
            stage.data.answer(client, l1())
        if at >= joins:
            ticker.take(client.take())
            assert ticker.quote == shown(records[:at])
        if at < len(records):
            stage.play(1)


@how(derandomize=True, deadline=None, max_examples=40)
@given(markets(), st.integers(1, 7))
def test_a_market_that_arrives_in_one_go_says_the_same_as_record_by_record(records: Records, step: int) -> None:
    said = []
    for n in (1, step, len(records)):
        stage, client = Stage(records, StreamSettings(batch_ms=250)), Heard()
        stage.data.answer(client, l1(generic_ticks="233"))
        while stage.at < len(records):
            stage.play(min(n, len(records) - stage.at))
        stage.wait(1)
        said.append(client.take())
    assert said[0] == said[1] == said[2]


@how(derandomize=True, deadline=None, max_examples=40)
@given(markets())
def test_batches_skip_what_was_in_between_and_lose_nothing_of_the_end(records: Records) -> None:
    every, batched, one, other = Stage(records), Stage(records, StreamSettings(batch_ms=250)), Heard(), Heard()
    every.data.answer(one, l1())
    batched.data.answer(other, l1())
    for stage in (every, batched):
        stage.play()
        stage.wait(0.25)
    a, b = Ticker(), Ticker()
    a.take(one.messages)
    b.take(other.messages)
    assert a.quote == b.quote and a.value.get(8) == b.value.get(8)
    assert len(other.messages) <= len(one.messages)


def test_a_line_begins_with_what_is_known() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.play()
    stage.data.answer(client, l1())
    params, kind = client.of(TickReqParams), client.of(MarketDataType)
    ticker = Ticker()
    ticker.take(client.messages)
    assert (params[0].min_tick, kind[0].kind) == (Decimal("0.25"), 1)
    assert ticker.quote == (Decimal("6000.25"), 3, Decimal("6000.5"), 9)
    assert {tick: ticker.value[tick] for tick in (4, 5, 8, 6, 7, 14, 49)} == {
        4: Decimal("5997.5"), 5: 4, 8: 8, 6: Decimal("6000.25"), 7: Decimal("5997.5"), 14: Decimal("6000.25"), 49: 0,
    }  # fmt: skip
    assert ticker.value[45] == str(1_795_185_000)


def test_a_price_is_followed_by_its_size_and_a_size_that_stays_is_not_said_again() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.play(2)
    stage.data.answer(client, l1())
    client.take()
    stage.play(1)
    assert client.take() == [TickSize(5, 3, 5)]
    stage.play(1)
    assert client.take() == [TickSize(5, 8, 4)]  # the same size at the same price: only the volume says that it happened
    stage.play(1)
    assert client.take() == [
        TickPrice(5, 1, Decimal("6000.25"), 3, 1), TickSize(5, 0, 3), TickPrice(5, 2, Decimal("6000.5"), 9, 1), TickSize(5, 3, 9),
    ]  # fmt: skip


def test_within_a_quarter_second_only_the_last_is_said() -> None:
    times = [0, 10, 100, 249, 250, 400]
    records = tape([quote(24000 + at, 1, 24010 + at, 1, recv_ns=(1_795_185_001 * SECOND) + ms * MS) for at, ms in enumerate(times)])
    stage, client = Stage(records, StreamSettings(batch_ms=250)), Heard()
    stage.data.answer(client, l1())
    client.take()
    stage.play()
    stage.wait(0.25)
    assert [tick.price for tick in client.of(TickPrice) if tick.tick_type == 1] == [Decimal("6000.75"), Decimal("6001.25")]


def test_two_lines_of_one_contract_hear_the_same_each_by_its_id() -> None:
    stage, one, other = Stage(tape(DAY)), Heard(1), Heard(2)
    stage.data.answer(one, l1(1))
    stage.data.answer(other, l1(2))
    for client in (one, other):
        client.take()
    stage.play()
    assert [(type(m), m.tick_type) for m in one.messages] == [(type(m), m.tick_type) for m in other.messages]
    assert {m.req_id for m in one.messages} == {1} and {m.req_id for m in other.messages} == {2}


def test_after_a_cancel_nothing_comes_and_a_second_cancel_is_error_300() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.data.answer(client, l1())
    stage.data.answer(client, CancelMktData(5))
    client.take()
    stage.play()
    assert not client.messages
    stage.data.answer(client, CancelMktData(5))
    assert client.messages == [ErrorMessage(5, 300, "Can't find EId with tickerId:5")]


def test_an_id_in_use_is_error_322_and_an_unknown_contract_error_200() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.data.answer(client, l1())
    stage.data.answer(client, l1())
    stage.data.answer(client, l1(6, contract=replace(AAPL_ASKED, symbol="NONE")))
    assert client.codes == [322, 200]


def test_a_snapshot_that_is_whole_ends_at_once_and_leaves_no_line() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.play()
    stage.data.answer(client, l1(snapshot=True))
    assert isinstance(client.messages[-1], TickSnapshotEnd)
    assert not any(stage.data.account.used.values())


def test_a_snapshot_of_which_nothing_comes_ends_after_eleven_seconds() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.data.answer(client, l1(contract=SPY_ASKED, snapshot=True))
    assert stage.data.next_due_ns() == stage.world.now_ns + 11 * SECOND
    stage.wait(10.9)
    assert not client.of(TickSnapshotEnd)
    stage.wait(0.1)
    assert client.of(TickSnapshotEnd) == [TickSnapshotEnd(5)]
    assert stage.data.next_due_ns() is None


def test_a_snapshot_waits_for_what_is_missing() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.play(1)
    stage.data.answer(client, l1(snapshot=True))
    assert not client.of(TickSnapshotEnd)
    stage.play(1)
    assert isinstance(client.messages[-1], TickSnapshotEnd) and client.of(TickPrice)[-1].tick_type in (4, 6, 7, 14)


def test_a_wrong_generic_tick_is_answered_with_the_legal_ones() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.data.answer(client, l1(generic_ticks="233,104"))
    (error,) = client.of(ErrorMessage)
    assert error.code == 321 and "Incorrect generic tick list of 233,104" in error.text and "588(Futures Open Interest)" in error.text
    stage.data.answer(client, l1(generic_ticks="233", snapshot=True))
    assert client.codes == [321, 321]


def test_rt_volume_tells_the_last_print_of_a_batch_the_volume_and_the_average() -> None:
    stage, client = Stage(tape(DAY), StreamSettings(batch_ms=250)), Heard()
    stage.data.answer(client, l1(generic_ticks="233"))
    stage.play()
    stage.wait(1)
    (said,) = client.of(TickString)[-1:]
    assert said.tick_type == 48
    price, size, ms, volume, vwap, single = said.value.split(";")
    assert (price, size, volume, single) == ("5997.5", "4", "8", "false")
    assert float(vwap) == pytest.approx((6000.25 * 4 + 5997.5 * 4) / 8) and int(ms) // 1000 == 1_795_185_000


def test_open_interest_comes_by_588_and_what_this_market_has_not_stays_silent() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.play()
    stage.data.answer(client, l1(generic_ticks="588,101,106,165,225,456"))
    types = [message.tick_type for message in client.messages if isinstance(message, TickPrice | TickSize | TickGeneric)]
    assert {86, 22, 24, 15, 20, 21} <= set(types)


def test_news_only_leaves_the_market_out() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.data.answer(client, l1(generic_ticks="mdoff,292"))
    stage.play()
    assert not client.of(TickPrice) and not client.of(TickSize) and not client.codes


def delayed(quotes: Access = Access.DELAYED) -> StreamSettings:
    return StreamSettings(batch_ms=0, entitlements={"ES": Entitlement(quotes=quotes)})


def test_what_is_not_subscribed_is_error_354_and_says_that_delayed_data_is_there() -> None:
    stage, client = Stage(tape(DAY), delayed()), Heard()
    stage.data.answer(client, l1())
    assert client.messages == [
        ErrorMessage(5, 354, "Requested market data is not subscribed.Delayed market data is available.ES CME/TOP/ALL")
    ]
    assert not any(stage.data.account.used.values())


@pytest.mark.parametrize(
    ("quotes", "kind", "code"), [(Access.NONE, 1, 354), (Access.NONE, 3, 10186), (Access.TWS_ONLY, 1, 10089), (Access.TWS_ONLY, 3, 10167)]
)
def test_each_lack_of_a_subscription_has_its_code(quotes: Access, kind: int, code: int) -> None:
    stage, client = Stage(tape(DAY), delayed(quotes)), Heard()
    stage.data.answer(client, ReqMarketDataType(kind))
    stage.data.answer(client, l1())
    assert client.codes == [code]


def test_delayed_data_is_announced_and_comes_as_ticks_of_its_own() -> None:
    records = tape(
        [quote(24000 + at, 1 + at, 24010 + at, 2) if at % 2 else trade(24005 + at, 1 + at) for at in range(1000)], step_ns=SECOND
    )
    stage, client, ticker = Stage(records, delayed()), Heard(), Ticker()
    stage.play(1000)
    stage.data.answer(client, ReqMarketDataType(3))
    stage.data.answer(client, l1())
    ticker.take(client.messages)
    assert client.codes == [10167] and client.of(MarketDataType) == [MarketDataType(5, 3)]
    assert ticker.value[66] == Decimal(24000 + 99) / 4 and ticker.value[90] == 0  # 900 s before second 1000
    assert not {1, 2, 4, 8, 45} & set(ticker.value) and {66, 67, 68, 69, 70, 71, 72, 73, 74, 76, 88} <= set(ticker.value)
    client.take()
    stage.wait(10)
    ticker.take(client.messages)
    assert ticker.value[66] == Decimal(24000 + 109) / 4


def test_a_young_tape_shows_its_first_second_as_delayed_data() -> None:
    stage, client, ticker = Stage(tape(DAY), delayed()), Heard(), Ticker()
    stage.play()
    stage.data.answer(client, ReqMarketDataType(3))
    stage.data.answer(client, l1())
    ticker.take(client.messages)
    assert ticker.value[66] == Decimal("6000.25")


def shut(level: Phase) -> dict[str, int]:
    return dict(kind=Kind.PHASE, contract=1, level=level, px=20261120)


def test_at_the_close_a_live_line_loses_its_quote_and_a_frozen_one_keeps_it() -> None:
    stage, live, frozen = Stage(tape([*DAY, shut(Phase.CLOSED), shut(Phase.ETH), quote(24100, 1, 24101, 1)])), Heard(1), Heard(2)
    stage.data.answer(frozen, ReqMarketDataType(2))
    for client in (live, frozen):
        stage.data.answer(client, l1())
    stage.play(len(DAY))
    for client in (live, frozen):
        client.take()
    stage.play(1)
    ticker = Ticker()
    ticker.take(live.messages)
    assert ticker.quote == (None, 0, None, 0)
    assert frozen.take() == [MarketDataType(5, 2)]
    late = Heard(3)
    stage.data.answer(late, ReqMarketDataType(2))
    stage.data.answer(late, l1())
    ticker = Ticker()
    ticker.take(late.messages)
    assert ticker.quote == (Decimal("6000.25"), 3, Decimal("6000.5"), 9) and late.of(MarketDataType) == [MarketDataType(5, 2)]
    stage.play()
    ticker.take(frozen.messages)
    assert ticker.quote == (Decimal("6025.0"), 1, Decimal("6025.25"), 1)


def test_a_new_session_begins_a_new_day_and_yesterdays_last_is_the_close() -> None:
    stage, client, ticker = (
        Stage(tape([shut(Phase.RTH), *DAY, dict(kind=Kind.PHASE, contract=1, level=Phase.ETH, px=20261123)])),
        Heard(),
        Ticker(),
    )
    stage.play()
    stage.data.answer(client, l1())
    ticker.take(client.messages)
    assert ticker.value[9] == Decimal("5997.5") and ticker.value[8] == 0 and 6 not in ticker.value


def test_a_halt_is_told_by_tick_49() -> None:
    stage, client = Stage(tape(DAY)), Heard()
    stage.data.answer(client, l1())
    client.take()
    stage.data.halt(ES, 2)
    assert client.take() == [TickGeneric(5, 49, 2)]
