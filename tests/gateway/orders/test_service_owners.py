"""Whose order it is: who hears of it, who may cancel it, what outlives a socket, what was typed by hand."""

from __future__ import annotations

from tests.gateway.orders.room import MID, Room, codes, names, of, opened, statuses
from workbench.simulation.broker import Order, Type
from workbench.wire import (
    GlobalCancel,
    OrderBound,
    ReqAllOpenOrders,
    ReqAutoOpenOrders,
    ReqExecutions,
    ReqOpenOrders,
)


def test_orders_are_told_to_their_client_and_the_master_alone() -> None:
    room = Room(master_id=9)
    owner, other, zero, master = room.client(1), room.client(2), room.client(0), room.client(9)
    room.place(owner, 1)
    room.quote()
    assert other.got == zero.got == []
    assert names(owner) == names(master)
    room.place(owner, 2, qty=0)
    assert (len(owner.errors), len(master.errors)) == (1, 0)


def test_a_client_cancels_its_own_orders_only() -> None:
    room = Room()
    owner, other = room.client(1), room.client(2)
    room.place(owner, 5, kind="LMT", lmt_price=6700.0)
    room.cancel(other, 5)
    assert codes(other) == [(5, 10147)]
    room.cancel(owner, 5)
    room.cancel(owner, 5)
    assert codes(owner) == [(5, 202), (5, 10148)]


def test_order_ids_are_each_clients_own_and_grow() -> None:
    room = Room()
    one, two = room.client(1), room.client(2)
    room.place(one, 40, kind="LMT", lmt_price=6700.0)
    assert (room.world.next_valid_id(one), room.world.next_valid_id(two)) == (41, 1)
    room.place(two, 40, kind="LMT", lmt_price=6700.0)
    assert len({state.perm_id for state in room.broker.orders()}) == 2
    room.place(one, 39, kind="LMT", lmt_price=6700.0)
    assert codes(one) == [(39, 103)]


def test_orders_outlive_their_clients_socket() -> None:
    room = Room()
    client = room.client(1)
    room.place(client, 1, kind="LMT", lmt_price=6790.0)
    room.leave(client)
    room.quote(MID - 60, MID - 59)
    back = room.client(1)
    room.ask(back, ReqExecutions(3))
    assert names(back) == ["ExecutionData", "ExecutionDataEnd", "CommissionReport"]
    assert room.world.next_valid_id(back) == 2


def test_open_orders_are_ones_own_and_all_open_orders_everybodys() -> None:
    room = Room()
    one, two = room.client(1), room.client(2)
    room.place(one, 1, kind="LMT", lmt_price=6700.0)
    room.place(two, 8, kind="LMT", lmt_price=6700.0)
    names(one)
    room.ask(one, ReqOpenOrders())
    assert names(one) == ["OpenOrder", "OrderStatus", "OpenOrderEnd"]
    room.ask(one, ReqAllOpenOrders())
    assert statuses(one) == [(1, "Submitted"), (8, "Submitted")]


def by_hand(room: Room) -> int:
    order = Order(
        client_id=0, order_id=0, account="DUSIM1", contract=1, side=1, qty=1, type=Type.LIMIT, limit_px=MID - 40, outside_rth=True
    )
    perm_id = room.broker.place_by_hand(order, room.world.now_ns)
    room.wait(0)
    return perm_id


def test_an_order_by_hand_shows_without_an_id_until_client_0_binds_it() -> None:
    room = Room()
    one, zero = room.client(1), room.client(0)
    perm_id = by_hand(room)
    assert one.got == zero.got == []
    room.ask(one, ReqAllOpenOrders())
    assert opened(one).order.order_id == 0
    assert opened(one).order.perm_id == perm_id
    room.ask(one, ReqAutoOpenOrders(True))
    assert codes(one) == [(-1, 321)]
    room.ask(zero, ReqAutoOpenOrders(True))
    assert of(zero, OrderBound) == [OrderBound(perm_id, 0, -1)]
    assert opened(zero).order.order_id == -1
    by_hand(room)
    assert opened(zero).order.order_id == -2
    room.cancel(zero, -1)
    assert statuses(zero)[-1] == (-1, "Cancelled")


def test_client_0_binds_what_was_typed_when_it_asks_for_its_open_orders() -> None:
    room = Room()
    zero = room.client(0)
    by_hand(room)
    room.ask(zero, ReqOpenOrders())
    assert names(zero) == ["OrderBound", "OpenOrder", "OrderStatus", "OpenOrder", "OrderStatus", "OpenOrderEnd"]


def test_a_global_cancel_tells_each_owner() -> None:
    room = Room()
    one, two = room.client(1), room.client(2)
    room.place(one, 1, kind="LMT", lmt_price=6700.0)
    room.place(two, 1, kind="LMT", lmt_price=6700.0)
    room.ask(two, GlobalCancel())
    assert codes(one) == codes(two) == [(1, 202)]
