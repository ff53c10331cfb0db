from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.gateway.streams.world import ES, ES_ASKED, NQ_ASKED, SPY_ASKED, Heard, Stage, quote, row, tape, trade
from workbench.domain.records import Kind
from workbench.gateway.base import Budget
from workbench.gateway.streams import StreamSettings
from workbench.gateway.streams.budget import Lane
from workbench.wire import (
    CancelDepth,
    CancelMktData,
    CancelRealtimeBars,
    CancelTickByTick,
    ContractFields,
    Depth,
    ReqDepth,
    ReqMktData,
    ReqRealtimeBars,
    ReqTickByTick,
    Request,
    TickByTickLast,
    TickPrice,
)

TWO = [quote(100, 1, 101, 1), trade(101, 1), quote(104, 1, 105, 1), trade(105, 1), quote(108, 1, 109, 1), trade(109, 1)]


def l1(req_id: int, contract: ContractFields = ES_ASKED) -> ReqMktData:
    return ReqMktData(req_id=req_id, contract=contract)


def last(req_id: int, contract: ContractFields = ES_ASKED) -> ReqTickByTick:
    return ReqTickByTick(req_id=req_id, contract=contract, tick_type="AllLast")


def depth(req_id: int, contract: ContractFields = ES_ASKED) -> ReqDepth:
    return ReqDepth(req_id=req_id, contract=contract, n_rows=5)


def test_the_hundred_and_first_line_is_error_101_whoever_asks() -> None:
    stage, one, other = Stage(tape(TWO)), Heard(1), Heard(2)
    for req_id in range(60):
        stage.data.answer(one, l1(req_id))
    for req_id in range(41):
        stage.data.answer(other, l1(req_id))
    assert not one.codes and other.codes == [101] and other.messages[-1].text == "Max number of tickers has been reached"
    stage.data.left(one)
    stage.data.answer(other, l1(99))
    assert other.codes == [101] and stage.data.account.used[Lane.LINE] == 41


def test_the_fourth_book_is_error_309_and_the_fourth_tick_by_tick_10190() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    for req_id in range(4):
        stage.data.answer(client, depth(req_id, NQ_ASKED))
    assert client.codes == [309] and "(3)" in client.messages[-1].text
    for req_id in range(4):
        stage.data.answer(client, last(req_id, NQ_ASKED))
        stage.wait(15)
    assert client.codes == [309, 10190]


def test_ticks_of_one_contract_are_asked_for_once_in_fifteen_seconds() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    stage.data.answer(client, last(1))
    stage.data.answer(client, CancelTickByTick(1))
    stage.wait(14.9)
    stage.data.answer(client, last(2))
    stage.data.answer(client, last(3, NQ_ASKED))
    stage.wait(0.1)
    stage.data.answer(client, last(4))
    assert [(error.req_id, error.code) for error in client.messages if hasattr(error, "code")] == [(2, 10190)]


_CANCELS = [CancelMktData, CancelTickByTick, CancelDepth, CancelRealtimeBars]
_ASKS: st.SearchStrategy[Request] = st.one_of(
    st.builds(l1, st.integers(0, 9), st.sampled_from([ES_ASKED, NQ_ASKED, SPY_ASKED])),
    st.builds(last, st.integers(0, 9), st.sampled_from([ES_ASKED, NQ_ASKED, SPY_ASKED])),
    st.builds(depth, st.integers(0, 9), st.sampled_from([ES_ASKED, NQ_ASKED])),
    st.builds(lambda req_id: ReqRealtimeBars(req_id=req_id, contract=ES_ASKED), st.integers(0, 9)),
    st.builds(lambda kind, req_id: kind(req_id=req_id), st.sampled_from(_CANCELS), st.integers(0, 9)),
)  # fmt: skip


@how(derandomize=True, deadline=None, max_examples=80)
@given(st.lists(st.tuples(_ASKS, st.integers(1, 2), st.sampled_from([0, 0, 5, 15])), max_size=60))
def test_the_budget_is_never_exceeded_and_all_of_it_comes_back(asked: list[tuple[Request, int, int]]) -> None:
    most = Budget(lines=4, depth=2, tick_by_tick=2)
    stage, clients = Stage(tape(TWO), budget=most), {1: Heard(1), 2: Heard(2)}
    for request, client, s in asked:
        stage.data.answer(clients[client], request)
        used = stage.data.account.used
        assert 0 <= used[Lane.LINE] <= most.lines and 0 <= used[Lane.DEPTH] <= most.depth and 0 <= used[Lane.BY_TICK] <= most.tick_by_tick
        stage.wait(s)
    for client in clients.values():
        stage.data.left(client)
    assert not any(stage.data.account.used.values()) and stage.data.next_due_ns() is None


def prices(client: Heard) -> list[Decimal]:
    return [tick.price for tick in client.of(TickPrice) if tick.tick_type == 1]


def test_data_that_is_lost_falls_silent_and_comes_back_as_it_then_is() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    stage.data.answer(client, l1(1))
    stage.data.answer(client, last(2))
    stage.play(2)
    client.take()
    stage.data.lose_data()
    stage.play(2)
    assert not client.messages
    stage.data.restore(kept=True)
    assert prices(client) == [Decimal("26.0")]
    client.take()
    stage.play()
    assert prices(client) == [Decimal("27.0")] and len(client.of(TickByTickLast)) == 1


def test_data_restored_without_its_streams_must_be_asked_for_anew_under_the_same_id() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    stage.data.answer(client, l1(1))
    stage.data.lose_data()
    stage.data.restore(kept=False)
    client.take()
    stage.play(2)
    assert not client.messages and not any(stage.data.account.used.values())
    stage.data.answer(client, l1(1))
    assert prices(client) == [Decimal("25.0")] and not client.codes


def test_a_farm_that_breaks_silences_its_own_contracts_alone() -> None:
    stage, client = Stage(tape([*TWO, trade(6_000_000, 5, contract=3)])), Heard()
    stage.data.answer(client, l1(1))
    stage.data.answer(client, l1(2, SPY_ASKED))
    client.take()
    stage.data.farm("usfuture", up=False)
    stage.play()
    assert {message.req_id for message in client.messages} == {2}
    stage.data.farm("usfuture", up=True)
    assert prices(client) == [Decimal("27.0")]
    stage.data.farm("usfuture", up=False)
    stage.data.farm("usfuture", up=True, kept=False)
    assert stage.data.account.used[Lane.LINE] == 1


def test_a_competing_session_is_error_10197_for_every_stream_and_every_request() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    stage.data.answer(client, l1(1))
    stage.data.answer(client, depth(2))
    client.take()
    stage.data.compete(True)
    stage.data.answer(client, l1(3))
    stage.play()
    assert client.codes == [10197] * 3 and len(client.messages) == 3
    stage.data.compete(False)
    assert prices(client) == [Decimal("27.0")]


def test_a_frozen_contract_says_nothing_and_a_new_line_of_it_neither() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    stage.data.freeze(ES)
    stage.data.answer(client, l1(1))
    stage.play()
    assert not prices(client)
    stage.data.freeze(ES, on=False)
    assert prices(client) == [Decimal("27.0")]


def test_a_book_that_comes_back_begins_with_a_reset() -> None:
    stage, client = Stage(tape([row(Kind.DEPTH_INSERT, 1, 0, 100, 1), row(Kind.DEPTH_UPDATE, 1, 0, 100, 9)])), Heard()
    stage.data.answer(client, depth(1))
    stage.play(1)
    stage.data.lose_data()
    stage.play(1)
    client.take()
    stage.data.restore(kept=True)
    assert client.codes == [317] and [(m.operation, m.size) for m in client.of(Depth)] == [(0, 9)]


def test_a_client_that_left_is_sent_nothing_more() -> None:
    stage, client = Stage(tape(TWO), StreamSettings()), Heard()
    stage.data.answer(client, l1(1))
    stage.play(2)
    client.take()
    stage.data.left(client)
    stage.play()
    stage.wait(1)
    assert not client.messages


def test_a_contract_that_does_not_trade_on_the_tape_has_lines_that_say_that_neither_side_is_there() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    stage.data.answer(client, l1(1, ContractFields(symbol="RTY", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")))
    stage.play()
    assert not client.codes
    assert [(tick.tick_type, str(tick.price), tick.size) for tick in client.of(TickPrice)] == [(1, "-1.0", 0), (2, "-1.0", 0)]


def test_a_continuous_future_has_no_streams() -> None:
    stage, client = Stage(tape(TWO)), Heard()
    stage.data.answer(client, l1(1, ContractFields(symbol="ES", sec_type="CONTFUT", exchange="CME", currency="USD")))
    assert client.codes == [200]
