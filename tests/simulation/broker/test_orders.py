"""How each kind of order lives and fills at the broker, one sentence a test."""

from __future__ import annotations

from tests.simulation.broker.floor import BUY, ES, SELL, SPY, Tif, Type, What, open_floor
from workbench.domain.records import Phase
from workbench.domain.units import MS, SECOND
from workbench.simulation.broker import Bound, Execution, OrderReport
from workbench.simulation.broker.texts import FIRST_PERM_ID


def test_a_market_order_takes_the_next_quote_as_far_as_it_shows() -> None:
    floor = open_floor()
    order = floor.place(BUY, 15)
    floor.quote(100, 101, asz=10)
    assert floor.fills() == [(order, 10, 101)]
    assert floor.status(order) == "Submitted"
    floor.trade(101, 50)
    floor.quote(101, 102, asz=20)
    assert floor.fills() == [(order, 5, 102)]
    assert floor.state(order).flow == 10 * 101 + 5 * 102


def test_reports_of_a_fill_come_as_execution_state_and_commission() -> None:
    floor = open_floor()
    floor.place(BUY, 1)
    floor.quote(99, 100)
    names = [type(each).__name__ for each in floor.take()]
    assert names == ["OrderReport", "Execution", "OrderReport", "Commission"]


def test_a_limit_needs_the_far_side_or_a_print_through_it_and_fills_at_its_own_price() -> None:
    floor = open_floor()
    order = floor.place(BUY, 3, Type.LIMIT, limit_px=98)
    assert floor.status(order) == "Submitted"
    floor.quote(98, 99)
    floor.trade(98, 5)
    assert floor.fills() == []
    floor.trade(97, 2)
    assert floor.fills() == [(order, 2, 98)]
    floor.quote(95, 96)
    assert floor.fills() == [(order, 1, 98)]


def test_a_stop_waits_for_its_trigger_and_takes_the_worse_of_level_and_quote() -> None:
    floor = open_floor()
    order = floor.place(SELL, 2, Type.STOP, stop_px=97)
    assert (floor.status(order), floor.state(order).why_held) == ("PreSubmitted", "trigger")
    floor.quote(95, 96)
    assert floor.fills() == [(order, 2, 95)]
    order = floor.place(SELL, 1, Type.STOP, stop_px=90)
    floor.trade(90)
    assert floor.status(order) == "Submitted"
    floor.quote(92, 93)
    assert floor.fills() == [(order, 1, 90)]


def test_a_stop_limit_becomes_a_limit_when_it_goes_off() -> None:
    floor = open_floor()
    order = floor.place(BUY, 1, Type.STOP_LIMIT, stop_px=103, limit_px=104)
    floor.quote(105, 106)
    assert floor.fills() == []
    assert floor.status(order) == "Submitted"
    floor.quote(103, 104)
    assert floor.fills() == [(order, 1, 104)]


def test_touched_orders_go_off_when_the_price_comes_their_way() -> None:
    floor = open_floor()
    market = floor.place(BUY, 1, Type.TOUCHED, stop_px=97)
    limit = floor.place(BUY, 1, Type.LIMIT_TOUCHED, stop_px=97, limit_px=95)
    floor.quote(97, 98)
    assert floor.fills() == []
    floor.quote(96, 97)
    assert floor.fills() == [(market, 1, 97)]
    assert floor.status(limit) == "Submitted"
    floor.quote(94, 95)
    assert floor.fills() == [(limit, 1, 95)]


def test_a_trailing_stop_follows_the_side_it_would_be_filled_at_and_never_goes_back() -> None:
    floor = open_floor()
    order = floor.place(SELL, 1, Type.TRAIL, trail_px=4)
    assert floor.state(order).stop_px == 95
    floor.quote(103, 104)
    assert floor.state(order).stop_px == 99
    floor.quote(100, 101)
    assert floor.state(order).stop_px == 99
    floor.quote(98, 99)
    assert floor.fills() == [(order, 1, 98)]


def test_a_trailing_stop_begins_where_it_is_told_and_may_trail_by_a_share_of_the_price() -> None:
    floor = open_floor()
    told = floor.place(SELL, 1, Type.TRAIL, trail_px=4, stop_px=80)
    share = floor.place(BUY, 1, Type.TRAIL, trail_ppm=50_000)
    assert floor.state(told).stop_px == 95  # what it is told is lower than where the market already has it
    assert floor.state(share).stop_px == 105
    floor.quote(89, 90)
    assert floor.state(share).stop_px == 95  # 90 and 4.5, rounded up


def test_an_ioc_order_takes_one_quote_and_gives_up_the_rest_without_a_202() -> None:
    floor = open_floor()
    order = floor.place(BUY, 15, tif=Tif.IOC)
    floor.quote(99, 100, asz=4)
    assert floor.statuses(order) == ["PreSubmitted", "Submitted", "PendingCancel", "Cancelled"]
    assert all(each.code == 0 for each in floor.of(OrderReport))
    assert floor.fills() == [(order, 4, 100)]


def test_an_ioc_order_that_sees_no_quote_gives_up_after_a_second() -> None:
    floor = open_floor()
    order = floor.place(BUY, 1, Type.LIMIT, limit_px=90, tif=Tif.IOC)
    assert floor.broker.next_due_ns() == floor.now + SECOND
    floor.wait(SECOND)
    assert floor.status(order) == "Cancelled"
    assert floor.broker.next_due_ns() is None


def test_a_day_order_ends_with_the_session_and_a_gtc_order_stays() -> None:
    floor = open_floor()
    day = floor.place(BUY, 1, Type.LIMIT, limit_px=90)
    gtc = floor.place(BUY, 1, Type.LIMIT, limit_px=90, tif=Tif.GTC)
    floor.phase(Phase.MAINTENANCE)
    assert (floor.status(day), floor.status(gtc)) == ("Cancelled", "PreSubmitted")
    floor.phase(Phase.ETH, session=20261123)
    assert floor.status(gtc) == "Submitted"
    floor.quote(89, 90)
    assert floor.fills() == [(gtc, 1, 90)]


def test_a_gtd_order_ends_at_its_time_between_the_records_of_one_chunk() -> None:
    floor = open_floor()
    order = floor.place(BUY, 1, Type.LIMIT, limit_px=98, tif=Tif.GTD, good_till_ns=floor.now + 2 * MS)
    floor.now += 5 * MS
    floor.quote(97, 98)
    assert floor.fills() == []
    assert floor.status(order) == "Cancelled"


def test_an_order_begins_at_its_good_after_time() -> None:
    floor = open_floor()
    order = floor.place(BUY, 1, good_after_ns=floor.now + SECOND)
    floor.quote(99, 100)
    assert floor.fills() == []
    floor.wait(SECOND)
    assert floor.broker.next_due_ns() is None
    floor.quote(100, 101)
    assert floor.fills() == [(order, 1, 101)]


def test_outside_regular_hours_shares_wait_and_futures_at_a_limit_do_not() -> None:
    floor = open_floor(phase=Phase.ETH)
    share = floor.place(BUY, 1, contract=SPY, outside_rth=False)
    stop = floor.place(SELL, 1, Type.STOP, stop_px=95, outside_rth=False)
    future = floor.place(BUY, 1, Type.LIMIT, limit_px=100, outside_rth=False)
    warned = [each.state.order.order_id for each in floor.of(OrderReport) if each.code == 399]
    assert warned == [share, stop]
    floor.quote(94, 95)
    floor.quote(9_900, 10_000, contract=SPY)
    assert floor.fills() == [(future, 1, 100)]
    floor.phase(Phase.RTH)
    floor.phase(Phase.RTH, contract=SPY)
    floor.quote(9_900, 10_000, contract=SPY)
    assert floor.fills() == [(share, 1, 10_000)]


def test_a_modified_order_keeps_its_number_and_works_anew_from_the_next_record() -> None:
    floor = open_floor()
    order = floor.place(BUY, 2, Type.LIMIT, limit_px=90)
    floor.change(order, BUY, 4, Type.LIMIT, limit_px=100)
    assert [each.what for each in floor.of(OrderReport)] == [What.PLACED, What.MODIFIED]
    floor.quote(99, 100)
    assert floor.fills() == [(order, 4, 100)]
    assert floor.state(order).perm_id == FIRST_PERM_ID


def test_a_limit_may_become_a_market_order() -> None:
    floor = open_floor()
    order = floor.place(BUY, 1, Type.LIMIT, limit_px=90)
    floor.change(order, BUY, 1, Type.MARKET)
    floor.quote(99, 100)
    assert floor.fills() == [(order, 1, 100)]


def test_an_order_that_is_not_transmitted_is_silent_until_it_is() -> None:
    floor = open_floor()
    order = floor.place(BUY, 1, Type.LIMIT, limit_px=100, transmit=False)
    floor.quote(99, 100)
    assert floor.take() == []
    floor.change(order, BUY, 1, Type.LIMIT, limit_px=100)
    assert floor.statuses(order) == ["Submitted"]
    floor.quote(99, 100)
    assert floor.fills() == [(order, 1, 100)]


def test_an_order_by_hand_is_known_to_a_client_once_it_is_bound() -> None:
    floor = open_floor()
    perm = floor.broker.place_by_hand(floor.order(BUY, 1, Type.LIMIT, limit_px=95, client_id=0, order_id=0), floor.now)
    assert floor.broker.orders()[0].order.order_id == 0
    assert floor.broker.bind(perm) == -1
    floor.told += floor.broker.take()
    assert floor.of(Bound) == [Bound(perm, 0, -1)]
    floor.cancel(-1, client=0)
    assert floor.status(-1, client=0) == "Cancelled"


def test_a_global_cancel_takes_everybodys_orders() -> None:
    floor = open_floor()
    ours = floor.place(BUY, 1, Type.LIMIT, limit_px=90)
    theirs = floor.place(SELL, 1, Type.LIMIT, limit_px=120, client_id=2)
    floor.broker.place_by_hand(floor.order(BUY, 1, Type.LIMIT, limit_px=95, client_id=0, order_id=0), floor.now)
    floor.broker.cancel_all(floor.now)
    assert (floor.status(ours), floor.status(theirs, client=2)) == ("Cancelled", "Cancelled")
    assert floor.broker.truth().orders == ()


def test_executions_are_numbered_as_ib_numbers_them() -> None:
    floor = open_floor()
    floor.place(BUY, 1)
    floor.place(SELL, 1, contract=ES)
    floor.quote(99, 100)
    first, second = floor.of(Execution)
    assert (first.exec_id, second.exec_id) == ("0000e0d5.69e00001.01.01", "0000e0d5.69e00002.01.01")


def test_completed_orders_say_how_they_ended() -> None:
    floor = open_floor()
    filled, mine = floor.place(BUY, 1), floor.place(BUY, 1, Type.LIMIT, limit_px=90)
    late = floor.place(BUY, 1, Type.LIMIT, limit_px=90)
    floor.quote(99, 100)
    floor.cancel(mine)
    floor.phase(Phase.CLOSED)
    over = {each.order.order_id: each.ended_as for each in floor.broker.completed()}
    assert over == {filled: "Filled Size: 1", mine: "Cancelled by Trader", late: "Cancelled by System:\n"}


def test_a_day_order_of_a_share_ends_with_regular_hours_if_it_is_for_those_alone() -> None:
    floor = open_floor()
    regular = floor.place(BUY, 1, Type.LIMIT, limit_px=9_000, contract=SPY, outside_rth=False)
    longer = floor.place(BUY, 1, Type.LIMIT, limit_px=9_000, contract=SPY)
    future = floor.place(BUY, 1, Type.LIMIT, limit_px=90, outside_rth=False)
    floor.phase(Phase.ETH, contract=SPY)
    floor.phase(Phase.ETH)
    assert [floor.status(each) for each in (regular, longer, future)] == ["Cancelled", "Submitted", "Submitted"]
