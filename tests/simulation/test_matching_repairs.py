"""The simulated exchange and the two commands that put right: what protects a position, and where an entry rests."""

from __future__ import annotations

import pytest

from tests.simulation.pit import BUY, ENTRY, EXIT, LIMIT, STOP, TARGET, WHY, Pit, long_pit, open_pit, share
from workbench.domain.events import OrderAccepted, OrderRejected
from workbench.domain.orders import Key, Protect, Reprice
from workbench.simulation.matching.models import QUEUED

KEY = Key("DUSIM1", 1, "test")


def protect(pit: Pit, ref: int, qty: int, stop: int, target: int) -> None:
    pit.send(Protect(ref, KEY, 0, WHY, qty, stop, target))
    pit.clock()
    pit.clock()


def reprice(pit: Pit, ref: int, px: int) -> None:
    pit.send(Reprice(ref, KEY, 0, WHY, px))
    pit.clock()
    pit.clock()


@pytest.mark.covers("S2-05")
def test_what_protects_is_put_over_what_is_held_and_acknowledged() -> None:
    pit, ref = long_pit(qty=2)
    protect(pit, ref, 2, 92, 108)
    assert pit.told() == [OrderAccepted(ref, STOP, 2, 92), OrderAccepted(ref, TARGET, 2, 108)]
    pit.quote(91, 92)
    assert [(leg, qty) for leg, qty, _ in pit.fills()] == [(STOP, 2)] and pit.exchange.is_quiet()


def test_never_over_more_than_is_held_nor_over_more_than_was_asked_for() -> None:
    for asked, stands in ((9, 2), (1, 1)):
        pit, ref = long_pit(qty=2)
        protect(pit, ref, asked, 90, 110)
        assert [event.qty for event in pit.told() if isinstance(event, OrderAccepted)] == [stands, stands]


def test_what_stands_as_it_should_is_acknowledged_and_keeps_its_place() -> None:
    pit, ref = long_pit(qty=2)
    protect(pit, ref, 2, 90, 110)
    protect(pit, ref, 2, 90, 110)
    assert len(pit.told()) == 4


def test_a_stop_that_the_market_has_passed_goes_off_at_once() -> None:
    pit, ref = long_pit(qty=2)
    protect(pit, ref, 2, 99, 110)
    pit.quote(99, 100)
    assert [(leg, qty) for leg, qty, _ in pit.fills()] == [(STOP, 2)]


def test_off_the_tick_nothing_changes_and_what_stands_is_told() -> None:
    pit = Pit(QUEUED, share())
    pit.phase()
    pit.quote(9_900, 10_000)
    ref = pit.enter(BUY, 1, LIMIT, 9_900, 9_000, 11_000)
    pit.now += 100_000_000
    pit.clock()
    pit.told()
    reprice(pit, ref, 9_950)
    pit.now += 100_000_000
    pit.clock()
    assert pit.told() == [OrderAccepted(ref, ENTRY, 1, 9_900)]


@pytest.mark.covers("S2-06")
def test_a_moved_entry_fills_at_its_new_price_and_at_the_end_of_the_queue() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 1, LIMIT, 98, 90, 110)
    pit.clock()
    pit.told()
    reprice(pit, ref, 97)
    assert pit.told() == [OrderAccepted(ref, ENTRY, 1, 97)]
    pit.quote(97, 98)
    assert pit.fills() == []
    pit.quote(96, 97)
    assert pit.fills() == [(ENTRY, 1, 97)]


def test_about_what_never_was_both_are_refused_and_about_what_is_over_dropped() -> None:
    pit = open_pit()
    protect(pit, 7, 1, 90, 110)
    reprice(pit, 8, 97)
    assert [(event.ref, event.leg) for event in pit.told() if isinstance(event, OrderRejected)] == [(7, STOP), (8, ENTRY)]
    pit, ref = long_pit(qty=1)
    pit.leave(ref)
    pit.quote(99, 100)
    pit.told()
    protect(pit, ref, 1, 90, 110)
    reprice(pit, ref, 97)
    assert pit.told() == [] and pit.exchange.is_quiet()


@pytest.mark.covers("S1-23")
def test_over_nothing_no_exit_may_stand_gone_off_or_not() -> None:
    pit, ref = long_pit(qty=2)
    protect(pit, ref, 0, 90, 110)
    assert pit.ends() == [(STOP, 2), (TARGET, 2)]
    pit.quote(80, 81)
    pit.quote(120, 121)
    assert pit.told() == []
    protect(pit, ref, 0, 90, 110)
    assert pit.told() == []  # nothing is left to cancel
    pit, ref = long_pit(qty=2)
    pit.trade(90)  # sets the stop off; it waits for a quote
    protect(pit, ref, 0, 90, 110)
    pit.quote(80, 81)
    assert pit.fills() == []
    protect(pit, ref, 1, 70, 110)
    pit.quote(69, 70)
    assert pit.fills() == [(STOP, 1, 69)]  # a later position has a stop that can go off again
    pit, ref = long_pit(qty=2)
    pit.leave(ref)
    pit.clock()
    pit.clock()
    pit.told()
    protect(pit, ref, 0, 90, 110)
    assert pit.ends() == [(EXIT, 2)]
    pit.quote(99, 100)
    assert pit.fills() == []


def test_what_fills_of_an_entry_after_all_exits_were_taken_away_is_covered_anew() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 3, LIMIT, 98, 90, 110)
    pit.clock()
    pit.quote(97, 98, asz=1)
    pit.told()
    protect(pit, ref, 0, 90, 110)
    assert pit.ends() == [(STOP, 1), (TARGET, 1)]
    pit.quote(97, 98, asz=1)
    assert pit.protections() == [(1, 90)]
    pit.quote(89, 90)
    assert pit.fills() == [(STOP, 1, 89)]


def test_nothing_is_protected_before_anything_is_held_nor_while_it_is_left() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 1, LIMIT, 98, 90, 110)
    pit.clock()
    pit.told()
    protect(pit, ref, 1, 95, 110)
    assert pit.told() == []
    pit, ref = long_pit(qty=2)
    pit.leave(ref)
    pit.clock()
    pit.told()
    protect(pit, ref, 2, 95, 110)
    assert pit.told() == []
