"""At IB: a stop and target put over what is held anew, an entry that is moved, and that never more can be closed than is held."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.venues.ib.hand import ENTRY, STOP, SUBMIT, TARGET, error, execution, open_order, told, translator
from tests.venues.ib.test_orders import opened, orders, read
from tests.venues.ib.test_validator import held, payload, validator
from tests.venues.ib.test_venue import broker, play
from tests.venues.ib.world import KEY, MID, Edge, cancel, leave, submit
from workbench.domain.errors import InvariantError
from workbench.domain.events import BrokerSaid, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Cause, Exit, OrderType, Protect, Reprice
from workbench.venues.ib.book import Life, Stage, Terms
from workbench.venues.ib.orders import Cancelling, Orders

__all__ = ["orders"]  # the fixture
AT = (0, Cause(1, 0))


def protect(ref: int = 7, qty: int = 2, stop_px: int = 23_960, target_px: int = 24_080) -> Protect:
    return Protect(ref, SUBMIT.key, *AT, qty, stop_px, target_px)


def without_a_stop(of: Orders, filled: int = 2) -> Life:
    life = opened(of, filled)
    life.leg(STOP).stage = Stage.CANCELLED
    return life


# ---------------------------------------------------------------------- what is made of a command
@pytest.mark.covers("S2-05")
def test_what_is_left_beside_a_lost_stop_is_cancelled_before_anything_new_is_placed(orders: Orders) -> None:
    life = without_a_stop(orders)
    assert orders.protect(protect()).sends == [Cancelling(life.leg(TARGET).order_id)]
    assert orders.due(life) == [] and life.cover_qty == 2  # the cancel is under way
    life.leg(TARGET).stage = Stage.CANCELLED
    stop, target = read(orders.due(life))
    assert (stop.order_type, stop.aux_price, stop.total_quantity, stop.parent_id, stop.transmit) == ("STP", 5990, 2, 0, True)
    assert (target.order_type, target.lmt_price, target.total_quantity, target.parent_id) == ("LMT", 6020, 2, 0)
    assert stop.oca_group == target.oca_group == f"WB:r1:7.{stop.order_id}" and stop.oca_type == 2 and stop.order_ref == "WB:r1:7:S"
    assert orders.due(life) == [] and life.leg(STOP).order_id == stop.order_id


def test_a_target_that_filled_while_its_cancel_travelled_leaves_nothing_to_protect(orders: Orders) -> None:
    life = without_a_stop(orders)
    orders.protect(protect())
    life.leg(TARGET).filled, life.leg(TARGET).stage = 2, Stage.FILLED
    assert orders.due(life) == [] and life.cover_qty == 0


def test_no_more_is_covered_than_is_held(orders: Orders) -> None:
    life = without_a_stop(orders, filled=1)
    life.entry.stage = life.leg(TARGET).stage = Stage.CANCELLED
    assert [each.total_quantity for each in read(orders.protect(protect(qty=2)))] == [1, 1]


def test_a_stop_that_stands_is_put_right_in_place_and_one_that_is_right_is_told_again(orders: Orders) -> None:
    life = opened(orders, filled=1)
    life.entry.stage = Stage.CANCELLED
    old = life.leg(STOP).order_id
    stop, target = read(orders.protect(protect(qty=1)))
    assert (stop.order_id, stop.total_quantity, target.total_quantity) == (old, 1, 1)
    for part in life.exits:
        part.known = part.wanted
    assert orders.protect(protect(qty=1)) == ([], [OrderAccepted(7, STOP, 1, 23_960)])


def test_an_inactive_stop_is_cancelled_and_replaced(orders: Orders) -> None:
    life = opened(orders, filled=2)
    stop, target = life.leg(STOP), life.leg(TARGET)
    stop.is_inactive, stop.stage, stop.known = True, Stage.SENT, None
    assert orders.protect(protect()).sends == [Cancelling(stop.order_id), Cancelling(target.order_id)]


def test_nothing_is_protected_where_nothing_is_held_or_all_is_being_left(orders: Orders) -> None:
    life = opened(orders)
    (refused,) = orders.protect(protect()).events
    assert isinstance(refused, OrderRejected) and refused.leg is STOP
    life.entry.filled, life.entry.stage, life.leg(STOP).stage = 2, Stage.FILLED, Stage.CANCELLED
    orders.exit(Exit(7, SUBMIT.key, *AT, "time"))
    assert orders.protect(protect()) == ([], [])


def test_a_position_that_a_person_handed_over_is_protected_by_its_size_and_side(orders: Orders) -> None:
    stop, target = read(orders.protect(protect(ref=9, qty=2, stop_px=24_080, target_px=23_960)))
    assert (stop.action, stop.aux_price, target.lmt_price, stop.order_ref) == ("BUY", 6020, 5990, "WB:r1:9:S")
    assert [each.action for each in read(orders.exit(Exit(9, SUBMIT.key, *AT, "time")))] == ["BUY"]


@pytest.mark.covers("S2-06")
def test_a_moved_entry_is_the_same_order_with_another_limit(orders: Orders) -> None:
    life = opened(orders)
    (entry,) = read(orders.reprice(Reprice(7, SUBMIT.key, *AT, 23_992)))
    assert (entry.order_id, entry.lmt_price, entry.total_quantity, entry.transmit) == (life.entry.order_id, 5998, 2, True)
    assert [each.lmt_price for each in read(orders.again(life))] == [5998]  # said again until it is acknowledged
    life.entry.is_cancelling = True
    assert orders.reprice(Reprice(7, SUBMIT.key, *AT, 23_996)) == ([], [])


# ---------------------------------------------------------------------- what the broker says of them
def test_a_refused_move_of_an_entry_is_told_as_where_it_stands_and_ends_nothing() -> None:
    of = translator()
    told(of, [open_order(ENTRY)])
    life = of.book.lives[7]
    life.entry.wanted, life.entry_px = Terms(2, 23_992), 23_992
    said, stands = told(of, [error(ENTRY, 110, "off the tick")])
    assert isinstance(said, BrokerSaid) and stands == OrderAccepted(7, ENTRY, 2, 24_000) and life.limit_px == 24_000


def test_a_stop_is_told_with_what_it_still_protects() -> None:
    of = translator()
    told(of, [open_order(STOP, qty=2)])
    of.book.lives[7].leg(STOP).filled = 1
    assert told(of, [open_order(STOP, qty=2, px=5992.5)]) == [OrderAccepted(7, STOP, 1, 23_970)]


def test_a_repaired_bracket_is_taken_up_with_the_stop_that_lives() -> None:
    """By another process: the old stop filled a part and is over, the new one works in a group of its own."""
    of = translator()
    life = of.book.lives[7]
    for part in life.parts:
        of.book.by_id.pop(part.order_id)
        part.order_id, part.is_recalled = 0, True
    new = open_order(STOP, "PreSubmitted", qty=1, order_id=52, perm_id=952, oca_group="WB:r1:7.1", parent_id=0)
    told(of, [new, open_order(TARGET, qty=1, order_id=53, perm_id=953, oca_group="WB:r1:7.1", parent_id=0)])
    events = told(of, [execution(ENTRY, "a.01", 2, 6000.0), execution(STOP, "b.01", 1, 5990.0)])
    assert [event.leg for event in events if isinstance(event, OrderFilled)] == [ENTRY, STOP]
    stop = life.leg(STOP)
    assert (life.open, stop.order_id, stop.group, stop.is_alone, stop.wanted.qty) == (1, 52, "WB:r1:7.1", True, 1)


# ---------------------------------------------------------------------- the last look
def test_the_last_look_keeps_what_hangs_on_no_entry_and_could_close_more_than_is_held() -> None:
    book = held(1)
    life, made = book.lives[7], validator(book)
    stop, target = life.leg(STOP), life.leg(TARGET)
    stop.is_alone, stop.group, target.stage = True, "g", Stage.CANCELLED
    made.check(payload(STOP, parent_id=0, total_quantity=1))
    for other, why in (({"total_quantity": 2}, "of the 1 that are held"), ({"total_quantity": 1, "parent_id": 41}, "parent")):
        with pytest.raises(InvariantError, match=why):
            made.check(payload(STOP, **{"parent_id": 0, **other}))
    target.stage, target.has_lived, target.group = Stage.WORKING, True, "another"
    with pytest.raises(InvariantError, match="could close the same"):
        made.check(payload(STOP, parent_id=0, total_quantity=1))


# ---------------------------------------------------------------------- on the gateway
def at(ref: int, qty: int, wide: int = 400) -> Protect:
    return Protect(ref, KEY, *AT, qty, MID - wide, MID + wide)


@pytest.mark.covers("S2-05", "S2-28")
def test_a_stop_taken_away_by_hand_is_replaced_over_the_whole_position_and_flat_leaves_nothing(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=2))
        await world.until(lambda: world.of(OrderFilled))
        (old,) = [state for state in broker(world).orders() if state.order.order_ref.endswith(":S")]
        broker(world).cancel_by_hand(old.perm_id, now_ns=asyncio.get_running_loop().wall_ns())
        await world.until(lambda: any(event.leg is STOP for event in world.of(OrderCancelled)))
        await world.venue.send(at(1, 2))
        await world.until(lambda: sum(event.leg is STOP for event in world.of(OrderAccepted)) == 2)
        mine = [state for state in broker(world).orders() if state.remaining]
        assert sorted((state.order.order_ref[-1], state.qty) for state in mine) == [("S", 2), ("T", 2)]
        assert {state.order.oca_group for state in mine} == {f"WB:r1:1.{min(state.order.order_id for state in mine)}"}
        await world.venue.send(leave(1))
        await world.until(lambda: broker(world).position("DUSIM1", 1).qty == 0)
        await asyncio.sleep(4)
        assert broker(world).orders() == [] and world.venue.book.lives[1].is_over

    play(tmp_path, script)


@pytest.mark.covers("S2-06")
def test_a_moved_entry_rests_at_its_new_limit_and_is_withdrawn_as_one(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, kind=OrderType.LIMIT, entry_px=MID - 200))
        await world.until(lambda: any(event.leg is ENTRY for event in world.of(OrderAccepted)))
        await world.venue.send(Reprice(1, KEY, *AT, MID - 240))
        await world.until(lambda: any(event.px == MID - 240 for event in world.of(OrderAccepted)))
        entries = [state.order.limit_px for state in broker(world).orders() if state.order.order_ref.endswith(":E")]
        assert entries == [MID - 240]
        await world.venue.send(cancel(1))
        await world.until(lambda: any(event.leg is ENTRY for event in world.of(OrderCancelled)))

    assert play(tmp_path, script).of(OrderRejected) == []


def test_what_is_still_too_large_some_seconds_later_is_cut_though_nobody_says_a_word(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=2))
        await world.until(lambda: len(world.of(OrderAccepted)) == 3 and world.of(OrderFilled))
        world.venue.book.lives[1].by_hand = 1  # a hand closed one, and its group has not heard of it
        await asyncio.sleep(3)
        assert sorted((state.order.order_ref[-1], state.qty) for state in broker(world).orders()) == [("S", 1), ("T", 1)]

    play(tmp_path, script)
