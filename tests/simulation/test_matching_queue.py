"""Where a resting limit stands under `Queue.BEHIND`, and that it is never served before its turn."""

from __future__ import annotations

import pytest

from tests.simulation.pit import BUY, ENTRY, LIMIT, SELL, TARGET, Pit, open_pit
from workbench.simulation.matching.models import FillModel, Latency, Queue

BEHIND = FillModel(latency=Latency(order_ns=0, report_ns=0), queue=Queue.BEHIND)


def queue_pit(side: int, qty: int = 2, px: int | None = None) -> Pit:
    """Quote 99 x 100, ten a side; a limit joins the near side."""
    pit = open_pit(BEHIND)
    px = px if px is not None else 99 if side == BUY else 100
    pit.enter(side, qty, LIMIT, px, px - side * 50, px + side * 50)
    pit.clock()
    return pit


def test_prints_at_the_price_fill_nothing_under_the_cautious_model() -> None:
    pit = open_pit()
    pit.enter(BUY, 2, LIMIT, 99, 50, 150)
    pit.trade(99, 1_000)
    assert pit.fills() == []


@pytest.mark.parametrize(("side", "px"), [(BUY, 99), (SELL, 100)])
def test_prints_at_the_price_eat_the_queue_first(side: int, px: int) -> None:
    pit = queue_pit(side)
    pit.trade(px, 6)
    pit.trade(px, 4)
    assert pit.fills() == []
    pit.trade(px, 1)
    pit.trade(px, 9)
    assert pit.fills() == [(ENTRY, 1, px), (ENTRY, 1, px)]


def test_a_print_that_reaches_past_the_queue_fills_with_what_is_left_of_it() -> None:
    pit = queue_pit(BUY, qty=9)
    pit.trade(99, 13)
    assert pit.fills() == [(ENTRY, 3, 99)]


def test_a_print_by_somebody_of_our_own_side_serves_no_resting_order() -> None:
    pit = queue_pit(BUY)
    pit.trade(99, 100, side=BUY)
    assert pit.fills() == []
    pit.trade(99, 100, side=SELL)
    assert pit.fills() == [(ENTRY, 2, 99)]


def test_the_queue_is_never_longer_than_what_is_shown_and_never_grows() -> None:
    pit = queue_pit(BUY)
    pit.quote(99, 100, bsz=3)
    pit.quote(99, 100, bsz=500)
    pit.trade(99, 4)
    assert pit.fills() == [(ENTRY, 1, 99)]


def test_a_limit_joins_a_deeper_level_when_it_becomes_the_best() -> None:
    pit = queue_pit(BUY, px=98)
    pit.trade(98, 50)  # nobody knows how many were before us
    assert pit.fills() == []
    pit.quote(98, 100, bsz=5)
    pit.trade(98, 6)
    assert pit.fills() == [(ENTRY, 1, 98)]


def test_a_limit_alone_at_a_better_price_is_first() -> None:
    pit = open_pit(BEHIND)
    pit.quote(97, 100)
    pit.enter(BUY, 2, LIMIT, 98, 50, 150)
    pit.clock()
    pit.trade(98, 1)
    assert pit.fills() == [(ENTRY, 1, 98)]


def test_after_a_gap_the_place_in_the_queue_is_taken_anew() -> None:
    pit = queue_pit(BUY)
    pit.trade(99, 10)
    pit.gap()
    pit.trade(99, 5)
    pit.quote(99, 100, bsz=8)
    pit.trade(99, 8)
    assert pit.fills() == []
    pit.trade(99, 1)
    assert pit.fills() == [(ENTRY, 1, 99)]


def test_a_target_that_grows_goes_to_the_end_of_the_queue() -> None:
    pit = open_pit(BEHIND)
    pit.enter(BUY, 2, LIMIT, 100, 50, 101)
    pit.quote(99, 100, asz=1)
    pit.quote(100, 101, asz=4)  # the target joins four
    pit.trade(101, 3)
    pit.trade(99, 1)  # the rest of the entry fills
    pit.trade(101, 4)
    assert pit.fills() == [(ENTRY, 1, 100), (ENTRY, 1, 100)]
    pit.trade(101, 2)
    assert pit.fills() == [(TARGET, 2, 101)]


def test_a_print_through_the_price_needs_no_turn() -> None:
    pit = queue_pit(BUY)
    pit.trade(98, 2)
    assert pit.fills() == [(ENTRY, 2, 99)]
