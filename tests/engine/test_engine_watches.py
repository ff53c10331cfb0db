"""The engine's watches: the stop moves to the entry at the very record that touched, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.hand import (
    BAR,
    LONG,
    SHORT,
    T0,
    Hand,
    Script,
    said,
    setup,
)
from tests.simulation.pit import quote_record
from workbench.domain.decisions import WatchRefused
from workbench.domain.events import (
    OperatorAction,
    OrderAccepted,
    OrderCancelled,
)
from workbench.domain.orders import Leg, Modify
from workbench.market.state import N_WATCHES, WatchOn

SIDES = pytest.mark.parametrize(("wish", "level"), [(LONG, 24_008), (SHORT, 23_992)], ids=["long", "short"])


def touching(wish: Any, level: int) -> tuple[int, int]:
    """A quote at which the position could just be left at `level`."""
    return (level, level + 1) if wish.side > 0 else (level - 1, level)


@SIDES
def test_a_watch_moves_the_stop_to_the_entry_at_the_very_record_that_touched(wish: Any, level: int) -> None:
    hand = Hand(setup(Script(wish._replace(breakeven_px=level))))
    sent = hand.protected()
    bid, ask = touching(wish, level)
    near = quote_record(hand.now_ns, bid - wish.side, ask - wish.side)
    records = hand.numbered(near, quote_record(hand.now_ns + 1, bid, ask), quote_record(hand.now_ns + 2, bid, ask))
    at, commands = hand.engine.feed(records.ctypes.data, 0, 3)
    assert at == 2  # a watch stops behind its record
    [moved] = commands
    assert isinstance(moved, Modify) and (moved.ref, moved.stop_px) == (sent.ref, 24_000)
    assert moved.cause.seq == records["seq"][1] and moved.decided_ns == hand.now_ns + 1
    hand.engine.take_facts()
    assert hand.engine.feed(records.ctypes.data, at, 3) == (3, [])  # it fires once


@SIDES
def test_a_position_without_a_confirmed_stop_has_no_watch(wish: Any, level: int) -> None:
    hand = Hand(setup(Script(wish._replace(breakeven_px=level))))
    hand.filled()
    assert hand.quote(*touching(wish, level)) == []
    assert hand.engine.market.states["n_watch"][0] == 0


def test_a_watch_that_fires_while_the_stop_is_lost_moves_nothing() -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008))))
    sent = hand.protected()
    hand.hear(OrderCancelled(sent.ref, Leg.STOP, sent.qty))
    assert hand.quote(24_008, 24_009) == []
    assert hand.bracket is not None and hand.bracket.stop_px == LONG.stop_px


def test_a_level_that_was_passed_before_the_stop_was_confirmed_fires_at_the_next_quote() -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008))))
    sent = hand.filled()
    hand.quote(24_010, 24_011)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, sent.qty, sent.stop_px))
    [moved] = hand.quote(24_010, 24_011)
    assert isinstance(moved, Modify) and moved.stop_px == 24_000


def test_the_stop_goes_to_the_average_entry_on_the_losing_side_of_the_grid() -> None:
    for wish, level, px in ((LONG, 24_008, 24_000), (SHORT, 23_992, 24_001)):
        hand = Hand(setup(Script(wish._replace(breakeven_px=level))))
        sent = hand.entered()
        hand.fill(sent.ref, Leg.ENTRY, 1, 24_000)
        hand.fill(sent.ref, Leg.ENTRY, 1, 24_001)  # half a tick between
        hand.hear(OrderAccepted(sent.ref, Leg.STOP, 2, sent.stop_px))
        [moved] = hand.quote(*touching(wish, level))
        assert moved.stop_px == px


def test_a_full_table_is_a_fact_and_the_stop_at_the_venue_stays() -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008))))
    hand.filled()
    for _ in range(N_WATCHES):
        hand.engine.market.set_watch(0, WatchOn.BID, 99_999, 1)
    assert hand.hear(OrderAccepted(1, Leg.STOP, 2, 23_992)) == []
    assert hand.made(WatchRefused) == [WatchRefused(1, 24_008)]
    assert hand.quote(24_008, 24_009) == []
    assert hand.bracket is not None and hand.bracket.stop_px == 23_992 and hand.bracket.phase == "protected"


@pytest.mark.parametrize("leg", [Leg.STOP, Leg.TARGET, Leg.EXIT])
def test_a_position_that_ends_leaves_no_watch_behind(leg: Leg) -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008), until_ns=T0 + 2 * BAR)))
    sent = hand.protected()
    assert hand.engine.market.states["n_watch"][0] == 1
    if leg is Leg.EXIT:
        hand.hear(said(OperatorAction.FLATTEN))
    hand.fill(sent.ref, leg, sent.qty, 24_001)
    assert hand.bracket is None and hand.engine.market.states["n_watch"][0] == 0
    assert hand.quote(24_008, 24_009) == []
