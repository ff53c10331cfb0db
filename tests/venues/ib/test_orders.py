"""Commands as orders of IB, as ib_async writes them and the wire reads them back."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.venues.ib.hand import BY_CON_ID, BY_ID, ENTRY, ES, EXIT, STOP, SUBMIT, TARGET
from workbench.clock import ManualClock
from workbench.domain.events import OrderRejected
from workbench.domain.orders import Cancel, Cause, Exit, Leg, Modify, OrderType
from workbench.venues.ib.book import Book, Life, Stage, Terms
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.hot import Hot
from workbench.venues.ib.ids import NAME, Ids
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.orders import LEAVE_S, Cancelling, Made, Orders, Placing
from workbench.venues.ib.raw import tapped
from workbench.venues.ib.translate import Translator
from workbench.wire import OrderFields, PlaceOrder, decode_request, fields

KEY = SUBMIT.key


@pytest.fixture
def orders(tmp_path: Path) -> Orders:
    return Orders(Book("r1"), BY_ID, Ids(tmp_path / NAME))


def read(made: Made | list[Placing | Cancelling]) -> list[OrderFields]:
    """What the wire would carry."""
    client = tapped(Hot(Intake(ManualClock(), 64)), LaneClient).client
    assert isinstance(client, LaneClient)
    client._serverVersion, client.connState = 178, client.CONNECTED
    found = []
    for each in made.sends if isinstance(made, Made) else made:
        assert isinstance(each, Placing)
        request = decode_request(fields(client.payload_of(*each)), 178)
        assert isinstance(request, PlaceOrder) and request.contract.con_id == int(ES.venue_ids["ib"])
        found.append(replace(request.order, order_id=request.order_id))
    client.reset()
    return found


def opened(orders: Orders, filled: int = 0, qty: int = SUBMIT.qty) -> Life:
    orders.submit(replace(SUBMIT, qty=qty))
    life = orders.book.lives[7]
    for part in life.parts:
        part.stage, part.has_lived, part.known = Stage.WORKING, True, part.wanted
    life.entry.filled = filled
    if filled == qty:
        life.entry.stage = Stage.FILLED
    return life


def test_a_bracket_is_three_orders_of_which_the_last_lets_all_go(orders: Orders) -> None:
    entry, stop, target = read(orders.submit(SUBMIT))
    assert [each.transmit for each in (entry, stop, target)] == [False, False, True]
    assert (entry.action, entry.order_type, entry.lmt_price, entry.tif, entry.parent_id) == ("BUY", "LMT", 6000, "DAY", 0)
    assert (stop.action, stop.order_type, stop.aux_price, stop.tif, stop.parent_id) == ("SELL", "STP", 5990, "GTC", entry.order_id)
    assert (target.order_type, target.lmt_price, target.parent_id) == ("LMT", 6020, entry.order_id)
    assert stop.oca_group == target.oca_group == "WB:r1:7" and stop.oca_type == target.oca_type == 2 and not entry.oca_group
    assert [each.order_ref for each in (entry, stop, target)] == ["WB:r1:7:E", "WB:r1:7:S", "WB:r1:7:T"]
    assert all(each.outside_rth and each.total_quantity == 2 and each.account == KEY.account for each in (entry, stop, target))


def test_a_market_entry_bears_no_price(orders: Orders) -> None:
    entry = read(orders.submit(replace(SUBMIT, entry_type=OrderType.MARKET)))[0]
    assert (entry.order_type, entry.lmt_price, entry.aux_price) == ("MKT", None, None)


def test_a_moved_stop_is_the_same_order_with_another_level(orders: Orders) -> None:
    life = opened(orders, filled=2)
    (stop,) = read(orders.modify(Modify(7, KEY, 0, Cause(1, 0), 23_980)))
    assert (stop.order_id, stop.aux_price, stop.transmit) == (life.leg(STOP).order_id, 5995, True)
    assert life.stop_px == 23_980


LEAVE = Exit(7, KEY, 0, Cause(1, 0), "time")


def ended(life: Life, *legs: Leg) -> None:
    for leg in legs:
        life.leg(leg).stage = Stage.CANCELLED


def test_an_exit_waits_for_the_end_of_stop_and_target_and_closes_what_is_held_then(orders: Orders) -> None:
    life = opened(orders, filled=2)
    stop, target = life.leg(STOP), life.leg(TARGET)
    assert orders.exit(LEAVE).sends == [Cancelling(stop.order_id), Cancelling(target.order_id)]
    assert orders.exit(LEAVE) == Made([], [])  # they are under way
    stop.filled = 1  # of what is cancelled some may have filled first
    ended(life, STOP)
    assert orders.due(life) == []
    ended(life, TARGET)
    (leave,) = read(orders.due(life))
    assert (leave.action, leave.order_type, leave.total_quantity, leave.oca_group) == ("SELL", "MKT", 1, "")
    assert orders.exit(LEAVE) == Made([], [])  # one is under way
    life.leg(EXIT).told = 1  # a status says so, its execution is still under way
    assert orders.due(life) == []


def test_an_exit_whose_stop_filled_meanwhile_never_leaves(orders: Orders) -> None:
    life = opened(orders, filled=2)
    orders.exit(LEAVE)
    life.leg(STOP).filled, life.leg(STOP).stage = 2, Stage.FILLED
    ended(life, TARGET)
    assert orders.due(life) == [] and life.is_over


def test_an_exit_waits_a_few_seconds_and_then_joins_the_group(orders: Orders) -> None:
    life = opened(orders, filled=2)
    orders.exit(LEAVE)
    assert not any(orders.has_waited(life, quiet_s) for quiet_s in range(LEAVE_S + 2))  # the broker says nothing at all
    assert orders.due(life) == [] and orders.has_waited(life, 0)
    (leave,) = read(orders.due(life))
    assert (leave.total_quantity, leave.oca_group, leave.oca_type) == (2, "WB:r1:7", 2)
    assert not orders.has_waited(life, 0) and orders.due(life) == []


def test_an_exit_waits_for_no_stop_that_never_showed(orders: Orders) -> None:
    life = opened(orders, filled=2)
    for leg in (STOP, TARGET):
        life.leg(leg).stage, life.leg(leg).has_lived = Stage.SENT, False
    (leave,) = read(orders.exit(LEAVE))
    assert (leave.total_quantity, leave.oca_group) == (2, "WB:r1:7")


def test_an_exit_cancels_the_rest_of_an_entry_and_closes_what_still_fills(orders: Orders) -> None:
    life = opened(orders, filled=1)
    ended(life, STOP, TARGET)
    made = orders.exit(LEAVE)
    assert made.sends[0] == Cancelling(life.entry.order_id)
    assert read(made.sends[1:])[0].total_quantity == 1
    life.entry.filled = 2
    assert [each.total_quantity for each in read(orders.due(life))] == [1]
    assert orders.due(life) == []


def test_an_exit_that_may_close_more_than_a_hand_left_is_named(orders: Orders) -> None:
    life = opened(orders, filled=2)
    ended(life, STOP, TARGET)
    orders.exit(LEAVE)
    assert orders.beyond(life) == []
    life.by_hand = 1
    assert orders.beyond(life) == [life.leg(EXIT)]
    assert orders.due(life) == [Cancelling(life.leg(EXIT).order_id)] and orders.due(life) == []


def test_an_exit_without_a_position_only_cancels(orders: Orders) -> None:
    life = opened(orders)
    assert orders.exit(LEAVE).sends == [Cancelling(life.entry.order_id)]


def test_exits_are_cut_to_what_is_held_when_the_entry_ends_with_a_part_filled(orders: Orders) -> None:
    life = opened(orders, filled=1)
    life.entry.stage = Stage.CANCELLED
    stop, target = read(orders.due(life))
    assert (stop.total_quantity, stop.aux_price, target.total_quantity, target.lmt_price) == (1, 5990, 1, 6020)
    assert orders.due(life) == []


def test_what_a_stop_fills_its_group_takes_from_the_target_and_only_what_stays_is_cut(orders: Orders) -> None:
    """A size said anew beside the group's own cut is one that it reckons from: the target outlived the stop."""
    life = opened(orders, filled=2)
    life.leg(STOP).filled = life.leg(STOP).told = 1
    assert orders.due(life) == [] and orders.cuts([life]) == []
    [target] = read(orders.cuts([life]))
    assert (target.order_ref[-1], target.total_quantity) == ("T", 1) and orders.cuts([life]) == []


def test_nothing_is_cut_below_what_an_entry_was_told_to_have_filled(orders: Orders) -> None:
    """Its last execution is under way, or lost: what is held by executions is less than what the stop has to cover."""
    life = opened(orders, filled=1, qty=3)
    life.entry.stage, life.entry.told = Stage.CANCELLED, 2
    assert orders.due(life) == [] and orders.cuts([life]) == [] and orders.cuts([life]) == []
    life.entry.filled = 2
    assert [each.total_quantity for each in read(orders.due(life))] == [2, 2]


def test_what_a_group_cannot_account_for_is_cut_at_once(orders: Orders) -> None:
    life = opened(orders, filled=1)
    life.entry.stage = Stage.CANCELLED
    assert [each.total_quantity for each in read(orders.due(life))] == [1, 1]
    assert orders.cuts([life]) == [] and orders.cuts([life]) == []


def test_orders_that_hang_behind_a_flat_bracket_are_named(orders: Orders) -> None:
    life = opened(orders, filled=2)
    life.leg(STOP).filled, life.leg(STOP).stage = 2, Stage.FILLED
    assert [part.leg for part in orders.hanging(life)] == [TARGET]


def test_an_entry_that_the_broker_holds_as_inactive_is_cancelled_once(orders: Orders) -> None:
    life = opened(orders)
    life.entry.is_inactive = True
    assert orders.due(life) == [Cancelling(life.entry.order_id)] and orders.due(life) == []


def test_a_change_that_was_not_acknowledged_is_said_again_an_exit_never(orders: Orders) -> None:
    life = opened(orders, filled=2)
    life.leg(STOP).wanted, life.stop_px = Terms(2, 23_980), 23_980
    assert [each.aux_price for each in read(orders.again(life))] == [5995]
    orders.exit(LEAVE)
    assert orders.again(life) == []  # what is to be cancelled is not changed
    ended(life, STOP, TARGET)
    assert len(read(orders.due(life))) == 1 and orders.again(life) == []


def test_a_stop_that_is_moved_before_the_broker_has_shown_it_is_moved_when_it_has(orders: Orders) -> None:
    life = opened(orders, filled=2)
    stop = life.leg(STOP)
    stop.order_id, number = 0, stop.order_id
    assert orders.modify(Modify(7, KEY, 0, Cause(1, 0), 23_980)) == Made([], [])
    stop.order_id = number
    unknown = Orders(orders.book, {}, orders._ids)  # nobody has found the contract yet
    assert unknown.modify(Modify(7, KEY, 0, Cause(1, 0), 23_984)) == Made([], [])
    assert [each.aux_price for each in read(orders.again(life))] == [5996]


def test_commands_about_what_never_was_are_rejected_and_about_what_is_over_dropped(orders: Orders) -> None:
    for command, made in (
        (Modify(9, KEY, 0, Cause(1, 0), 1), orders.modify),
        (Cancel(9, KEY, 0, Cause(1, 0)), orders.cancel),
        (Exit(9, KEY, 0, Cause(1, 0), ""), orders.exit),
    ):
        (event,) = made(command).events
        assert isinstance(event, OrderRejected) and event.ref == 9
    life = opened(orders)
    for part in life.parts:
        part.stage = Stage.CANCELLED
    assert orders.cancel(Cancel(7, KEY, 0, Cause(1, 0))) == orders.exit(Exit(7, KEY, 0, Cause(1, 0), "")) == Made([], [])


def test_a_bracket_whose_numbers_were_taken_gets_new_ones(orders: Orders) -> None:
    old = [each.order_id for each in read(orders.submit(SUBMIT))]
    new = read(orders.renumber(orders.book.lives[7]))
    assert min(each.order_id for each in new) > max(old) and new[1].parent_id == new[0].order_id
    assert orders.book.find(old[0]) is None and orders.book.find(new[0].order_id) is not None


def test_the_translator_and_the_orders_share_one_book(orders: Orders) -> None:
    assert Translator(orders.book, BY_CON_ID, client_id=10).book is orders.book and Leg.ENTRY is ENTRY
