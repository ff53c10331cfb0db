"""Orders on the wire: which messages, in which order, with what in them."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from tests.data import shared
from tests.gateway.orders.room import ES, MID, SPY, Room, codes, names, of, opened, statuses
from tests.gateway.reference import Keeper
from workbench.domain.records import Phase
from workbench.domain.units import DAY
from workbench.gateway.base import AccountSetup
from workbench.wire import (
    CommissionReport,
    CompletedOrder,
    ContractFields,
    ExecutionData,
    OpenOrder,
    OrderFields,
    OrderStatus,
    PlaceOrder,
    ReqCompletedOrders,
    ReqExecutions,
    ReqOpenOrders,
    decode_answer,
    encode,
    fields,
)


def test_placing_says_open_order_and_status_and_a_fill_execution_order_status_commission() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1)
    assert names(client) == ["OpenOrder", "OrderStatus"]
    room.quote()
    assert names(client) == ["ExecutionData", "OpenOrder", "OrderStatus", "CommissionReport"]


def test_a_fill_is_told_in_points_and_units() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1, qty=3, order_ref="WB:x")
    room.quote(asz=2)
    status = of(client, OrderStatus)[-1]
    assert (status.status, status.filled, status.remaining, status.avg_fill_price, status.last_fill_price) == (
        "Submitted", Decimal(2), Decimal(1), 6800.25, 6800.25,
    )  # fmt: skip
    [told] = of(client, ExecutionData)
    it = told.execution
    assert (told.req_id, told.order_id, told.contract.local_symbol) == (-1, 1, "ESZ6")
    assert (it.side, it.shares, it.price, it.cum_qty, it.order_ref, it.exchange) == ("BOT", 2, 6800.25, 2, "WB:x", "CME")
    assert it.time == "20261120 09:30:00 US/Central"
    [cost] = of(client, CommissionReport)
    assert (cost.exec_id, cost.commission, cost.currency, cost.realized_pnl) == (it.exec_id, 4.5, "USD", None)


def test_an_older_client_gets_times_without_a_zone() -> None:
    room = Room()
    client = room.client(version=157)
    room.place(client, 1)
    room.quote()
    assert of(client, ExecutionData)[0].execution.time == "20261120  09:30:00"


def test_what_closes_says_what_it_realised() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1)
    room.quote()
    room.place(client, 2, "SELL")
    room.quote(MID + 5, MID + 6)
    assert of(client, CommissionReport)[-1].realized_pnl == 4 * 12.5 - 2.25


@pytest.mark.parametrize("version", [157, 163, 176, 178])
def test_every_message_can_be_written_and_read_by_every_version(version: int) -> None:
    room = Room()
    client = room.client(version=version)
    room.place(client, 1, qty=2, transmit=False)
    room.place(client, 2, "SELL", 2, "TRAIL", trailing_percent=Decimal("1.5"), parent_id=1, transmit=False)
    room.place(client, 3, "SELL", 2, "LMT", lmt_price=6810.0, parent_id=1)
    room.quote()
    room.place(client, 4, what_if=True)
    room.ask(client, ReqCompletedOrders(False))
    room.ask(client, ReqExecutions(7))
    for message in client.got:
        again = decode_answer(fields(encode(message, version)), version)
        assert type(again) is type(message)
    bought = [each for each in client.got if isinstance(each, OpenOrder) and each.order.order_id == 1][-1]
    again = decode_answer(fields(encode(bought, version)), version)
    assert isinstance(again, OpenOrder)
    assert (again.order.total_quantity, again.order.order_type, again.state.status) == (2, "MKT", "Filled")


@cache
def recorded_order() -> OpenOrder:
    """A future at a limit, as a real gateway told it."""
    with shared("ib_recorded/wire_frames.jsonl").open() as lines:
        payloads = [json.loads(line)["payload"] for line in lines]
    told = decode_answer(fields(next(each for each in payloads if each.startswith("5\0") and "FUT" in each).encode()), 176)
    assert isinstance(told, OpenOrder)
    return told


def test_an_open_order_looks_as_a_real_one_does() -> None:
    real = recorded_order()
    room = Room()
    client = room.client()
    room.place(client, 2, kind="LMT", lmt_price=5800.0, outside_rth=False)
    ours = decode_answer(fields(encode(opened(client), 176)), 176)
    assert isinstance(ours, OpenOrder)
    numbers = {"perm_id", "client_id", "account", "shares_allocation", "adjusted_trail_stop_price"}  # of that login; the last is odd there
    names = OrderFields.__struct_fields__
    differing = {name for name in names if getattr(real.order, name) != getattr(ours.order, name)} - numbers
    assert not differing
    assert ours.order.shares_allocation == f"{ours.order.perm_id}.0/DUSIM1/100"
    assert (ours.contract.right, ours.contract.strike) == (real.contract.right, real.contract.strike)
    assert ours.state == real.state


def test_a_cancel_says_status_and_202_and_no_open_order() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1, kind="LMT", lmt_price=6700.0)
    names(client)
    room.cancel(client, 1)
    assert names(client) == ["OrderStatus"]
    assert client.errors == [(1, 202, "Order Canceled - reason:")]


def test_an_order_that_is_refused_says_an_error_and_nothing_else() -> None:
    room = Room()
    client = room.client()
    for id_, (more, code) in enumerate(
        [
            ({"kind": "FEELINGS"}, 321),
            ({"kind": "MOC"}, 387),
            ({"action": "HOLD"}, 321),
            ({"kind": "LMT", "lmt_price": 6800.1}, 110),
            ({"kind": "LMT"}, 321),
            ({"qty": 0}, 434),
            ({"total_quantity": Decimal("1E+300")}, 321),
            ({"kind": "LMT", "lmt_price": Decimal("-1E+300")}, 321),
            ({"kind": "LMT", "lmt_price": Decimal("Infinity")}, 321),
            ({"kind": "TRAIL", "trailing_percent": Decimal("Infinity")}, 321),
            ({"kind": "TRAIL", "trailing_percent": Decimal(-1)}, 321),
            ({"total_quantity": Decimal("0.5")}, 10243),
            ({"tif": "FOK"}, 10052),
            ({"tif": "GTD", "good_till_date": "soon"}, 321),
            ({"tif": "GTD", "good_till_date": "20261119-10:00:00"}, 201),
            ({"account": "DU1"}, 435),
            ({"e_trade_only": True}, 10268),
            ({"algo_strategy": "Adaptive"}, 201),
            ({"parent_id": 99}, 135),
            ({"contract": ContractFields(symbol="ES", sec_type="CONTFUT", exchange="CME")}, 321),
            ({"contract": ContractFields(symbol="ES", sec_type="FUT", exchange="CME")}, 200),
            ({"contract": ContractFields(symbol="QQQ", sec_type="STK", exchange="SMART", currency="USD")}, 201),
            ({"contract": ContractFields(symbol="XXX", sec_type="STK", exchange="SMART")}, 200),
        ],
        1,
    ):
        room.place(client, id_, **more)
        assert codes(client) == [(id_, code)], more
        assert client.got == []


def test_without_an_account_there_must_be_only_one() -> None:
    room = Room(AccountSetup(name="DUSIM1"), AccountSetup(name="DUSIM2"))
    client = room.client()
    room.place(client, 1)
    assert codes(client) == [(1, 435)]
    room.place(client, 2, account="DUSIM2")
    assert opened(client).order.account == "DUSIM2"


def test_a_bracket_is_silent_until_its_last_child_and_says_each_order_as_it_was_asked_for() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1, kind="LMT", lmt_price=6790.0, transmit=False)
    room.place(client, 2, "SELL", kind="LMT", lmt_price=6810.0, parent_id=1, transmit=False, tif="GTC")
    assert client.got == []
    room.place(client, 3, "SELL", kind="STP", aux_price=6780.0, parent_id=1, tif="GTC")
    told = of(client, OpenOrder)
    assert [(each.order.order_id, each.order.order_type, each.order.tif) for each in told] == [
        (1, "LMT", "DAY"), (2, "LMT", "GTC"), (3, "STP", "GTC"),
    ]  # fmt: skip
    assert {each.order.oca_group for each in told[1:]} == {str(told[0].order.perm_id)}
    assert [each.why_held for each in of(client, OrderStatus)] == ["", "child", "child,trigger"]


def test_a_refused_change_leaves_what_was_said_before() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1, kind="LMT", lmt_price=6790.0, order_ref="first")
    room.place(client, 1, kind="LMT", lmt_price=6790.1, order_ref="second")
    assert codes(client) == [(1, 110)]
    room.ask(client, ReqOpenOrders())
    assert opened(client).order.order_ref == "first"
    room.place(client, 1, kind="LMT", lmt_price=6791.0, order_ref="third")
    assert (opened(client).order.lmt_price, opened(client).order.order_ref) == (6791.0, "third")


def test_a_what_if_answers_with_margins_and_places_nothing() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1, qty=2, what_if=True)
    told = opened(client)
    assert told.order.what_if
    assert (told.state.init_margin_change, told.state.init_margin_after, told.state.commission) == (38_000, 38_000, Decimal("4.50"))
    assert room.broker.orders() == []
    room.place(client, 2, qty=0, what_if=True)
    assert codes(client) == [(2, 434)]


@pytest.mark.parametrize(
    ("wanted", "n"),
    [
        ({}, 2),
        ({"side": "BUY"}, 1),
        ({"side": "SLD"}, 1),
        ({"symbol": "SPY"}, 1),
        ({"sec_type": "FUT"}, 1),
        ({"symbol": "NQ"}, 0),
        ({"client_id": 1}, 2),
        ({"client_id": 2}, 0),
        ({"account": "DUSIM9"}, 0),
        ({"exchange": "CME"}, 1),
        ({"time": "20261120-00:00:00"}, 2),
        ({"time": "20261120 09:31:00 US/Central"}, 0),
    ],
)
def test_executions_are_filtered(wanted: dict[str, Any], n: int) -> None:
    room = Room()
    client = room.client()
    room.place(client, 1)
    room.place(client, 2, "SELL", contract=SPY)
    room.quote()
    room.quote(6_000_000, 6_000_100, contract=2)
    client.got.clear()
    room.ask(client, ReqExecutions(4, **wanted))
    assert len(of(client, ExecutionData)) == len(of(client, CommissionReport)) == n
    assert all(each.req_id == 4 for each in of(client, ExecutionData))


def test_executions_and_completed_orders_are_of_today() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1)
    room.quote()
    room.ask(client, ReqCompletedOrders(True))
    [over] = of(client, CompletedOrder)
    assert (over.order.filled_quantity, over.state.status, over.state.completed_status) == (1, "Filled", "Filled Size: 1")
    assert over.state.completed_time == "20261120 09:30:00 US/Central"
    room.wait(DAY)
    client.got.clear()
    room.ask(client, ReqCompletedOrders(True))
    room.ask(client, ReqExecutions(4))
    assert names(client) == ["CompletedOrdersEnd", "ExecutionDataEnd"]


def test_a_corrected_execution_is_told_and_listed_under_its_new_id_and_a_busted_one_no_more() -> None:
    room = Room()
    client = room.client()
    room.place(client, 1)
    room.quote()
    exec_id = of(client, ExecutionData)[0].execution.exec_id
    client.got.clear()
    new = room.broker.correct(exec_id, now_ns=room.world.now_ns, px=MID)
    room.wait(0)
    [told] = of(client, ExecutionData)
    assert (told.execution.exec_id, told.execution.price) == (new, 6800.0)
    room.broker.bust(new)
    room.wait(0)
    client.got.clear()
    room.ask(client, ReqExecutions(4))
    assert names(client) == ["ExecutionDataEnd"]


def test_an_order_that_must_wait_for_the_open_is_held_with_399() -> None:
    room = Room(phase=Phase.CLOSED)
    room.world.now_ns = room.world.now_ns + 2 * DAY  # a Sunday morning
    client = room.client()
    room.place(client, 1, kind="LMT", lmt_price=6800.0)
    assert statuses(client) == [(1, "PreSubmitted")]
    [(order_id, code, text)] = client.errors
    assert (order_id, code) == (1, 399)
    assert text.startswith(
        "Order Message:\nBUY 1 ESZ6\nWarning: your order will not be placed at the exchange until 2026-11-22 17:00:00 US/"
    )


def test_an_order_of_a_client_without_a_socket_is_placed_all_the_same() -> None:
    room = Room()
    ghost = Keeper(77)
    room.orders.answer(
        ghost, PlaceOrder(order_id=1, contract=ES, order=OrderFields(action="BUY", total_quantity=1, order_type="MKT", outside_rth=True))
    )
    room.quote()
    assert room.broker.truth().positions == {("DUSIM1", 1): 1}


def test_ids_of_clients_begin_at_one() -> None:
    room = Room()
    client = room.client()
    for id_ in (0, -1):
        room.place(client, id_)
        assert codes(client) == [(id_, 321)]
    assert room.broker.orders() == []
