"""A stop that follows: on the exact record, only closer, on the tick, a few times a minute."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import BAR, LONG, ONCE, SHORT, Hand, Script, law, setup
from tests.simulation.pit import quote_record
from workbench.domain.decisions import Adjust, RoundTripClosed, WatchRefused
from workbench.domain.events import OrderAccepted, OrderCancelled, OrderRejected
from workbench.domain.orders import Leg, Modify
from workbench.domain.units import MINUTE
from workbench.engine import Engine
from workbench.execution.trailing import MOVES_A_MINUTE
from workbench.market.state import N_WATCHES, WatchOn

pytestmark = pytest.mark.covers("S0-15", "S3-11")
SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
AWAY = 6  # quanta; a step is two


def following(side: int = 1, by: Any = None, about: Adjust | None = None, **plan: Any) -> Hand:
    """A protected position of two ES from 24,000 whose stop follows six ticks behind."""
    wish = (LONG if side > 0 else SHORT)._replace(**({"trail_px": AWAY} | plan))
    hand = Hand(setup(Script(wish, until_ns=ONCE, about=about), by=by))
    hand.protected()
    return hand


def leavable(hand: Hand, side: int, px: int) -> list[Any]:
    """Say a quote at which the position can just be left at `px`."""
    return hand.quote(px, px + 1) if side > 0 else hand.quote(px - 1, px)


def confirmed(hand: Hand) -> None:
    """Have the venue confirm where the stop stands."""
    assert hand.bracket is not None
    hand.hear(OrderAccepted(hand.bracket.ref, Leg.STOP, hand.bracket.open, hand.bracket.stop_px))


@SIDES
def test_the_stop_follows_at_the_very_record_that_touched(side: int) -> None:
    hand = following(side)
    level = LONG.stop_px + AWAY + 2 if side > 0 else SHORT.stop_px - AWAY - 2
    px = level + 3 * side
    bid, ask = (px, px + 1) if side > 0 else (px - 1, px)
    short = (level - side, level + 1 - side) if side > 0 else (level - 1 - side, level - side)
    records = hand.numbered(
        quote_record(hand.now_ns, *short), quote_record(hand.now_ns + 1, bid, ask), quote_record(hand.now_ns + 2, bid, ask)
    )
    at, [moved] = hand.engine.feed(records.ctypes.data, 0, 3)
    assert at == 2  # a watch stops behind its record
    assert isinstance(moved, Modify) and moved.stop_px == px - side * AWAY
    assert (moved.cause.seq, moved.decided_ns) == (records["seq"][1], hand.now_ns + 1)
    hand.engine.take_facts()
    assert hand.engine.feed(records.ctypes.data, at, 3) == (3, [])  # until the venue has confirmed it


@SIDES
def test_it_goes_on_from_where_it_stands_and_never_back(side: int) -> None:
    hand, stops = following(side), []
    for px in (24_002, 23_990, 24_006, 24_005, 24_007, 24_008, 24_001):
        stops += [command.stop_px for command in leavable(hand, side, px if side > 0 else 48_000 - px)]
        confirmed(hand)
    assert stops == ([23_996, 24_000, 24_002] if side > 0 else [24_004, 24_000, 23_998])


@SIDES
def test_it_begins_at_its_trigger(side: int) -> None:
    hand = following(side, trail_from_px=24_000 + side * 10)
    assert leavable(hand, side, 24_000 + side * 9) == []
    [moved] = leavable(hand, side, 24_000 + side * 10)
    assert moved.stop_px == 24_000 + side * 4


def test_it_waits_for_the_word_on_its_last_move_and_catches_up_then() -> None:
    hand = following()
    assert len(leavable(hand, 1, 24_004)) == 1
    assert leavable(hand, 1, 24_009) == []
    assert hand.bar() == []  # nor does a barrier move it
    confirmed(hand)
    [moved] = leavable(hand, 1, 24_009)
    assert moved.stop_px == 24_003


def test_a_move_that_the_venue_refused_is_tried_again_from_where_the_stop_stands() -> None:
    hand = following()
    leavable(hand, 1, 24_004)
    hand.hear(OrderRejected(1, Leg.STOP, "no"), OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
    assert hand.bracket is not None and hand.bracket.stop_px == LONG.stop_px
    [moved] = leavable(hand, 1, 24_004)
    assert moved.stop_px == 23_998


def test_a_position_without_a_confirmed_stop_follows_nothing() -> None:
    hand = Hand(setup(Script(LONG._replace(trail_px=AWAY), until_ns=ONCE)))
    sent = hand.filled()
    assert leavable(hand, 1, 24_010) == [] and hand.engine.market.states["n_watch"][0] == 0
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, sent.qty, sent.stop_px))
    assert hand.engine.market.states["n_watch"][0] == 1
    hand.hear(OrderCancelled(sent.ref, Leg.STOP, sent.qty))
    assert hand.engine.market.states["n_watch"][0] == 0
    assert not [command for command in leavable(hand, 1, 24_010) if isinstance(command, Modify)]


def test_a_full_table_is_a_fact_and_barriers_go_on_looking() -> None:
    hand = Hand(setup(Script(LONG._replace(trail_px=AWAY), until_ns=ONCE)))
    sent = hand.filled()
    for _ in range(N_WATCHES):
        hand.engine.market.set_watch(0, WatchOn.BID, 99_999, 1)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, sent.qty, sent.stop_px))
    assert [type(fact) for fact in hand.made(WatchRefused)] == [WatchRefused]
    assert leavable(hand, 1, 24_010) == []
    [moved] = hand.bar()
    assert isinstance(moved, Modify) and moved.stop_px == 24_004
    confirmed(hand)
    hand.bar()
    assert len(hand.made(WatchRefused)) == 1


def test_no_more_than_a_few_moves_a_minute_and_the_next_barrier_with_room_catches_up() -> None:
    hand = following(hold_ns=10 * MINUTE)
    for n in range(3 * MOVES_A_MINUTE):
        leavable(hand, 1, 24_002 + 3 * n)
        confirmed(hand)
    moves = [command for command in hand.commands if isinstance(command, Modify)]
    assert len(moves) == MOVES_A_MINUTE and hand.engine.market.states["n_watch"][0] == 0
    caught = hand.until((hand.now_ns // BAR + 13) * BAR)
    assert [type(command) for command in caught] == [Modify]
    assert caught[0].stop_px == 24_002 + 3 * (3 * MOVES_A_MINUTE - 1) - AWAY
    assert caught[0].decided_ns - moves[0].decided_ns >= MINUTE


def test_the_order_rate_of_the_law_holds_for_stops_that_follow_and_for_wishes_to_move_them() -> None:
    tight = law(max_orders_per_minute=4)  # an entry is three
    for hand in (following(by=tight), following(by=tight, trail_px=None, about=Adjust(LONG.stop_px + 1))):
        for px in (24_004, 24_008, 24_012):
            leavable(hand, 1, px)
            confirmed(hand)
            hand.bar()
        assert [type(command) for command in hand.commands[1:]] == [Modify]


def test_the_law_lets_stops_follow_at_ranges_of_the_entry_where_a_plan_says_nothing() -> None:
    by = law()
    by = msgspec.structs.replace(by, execution=msgspec.structs.replace(by.execution, trail=2.0))
    cold = following(by=by, trail_px=None)
    tended = cold.engine.desk.memory.care.tended[1]
    assert tended.atr is None and tended.trail is None  # a range that is not warm is no distance
    assert leavable(cold, 1, 24_020) == []


@pytest.mark.parametrize("leg", [Leg.STOP, Leg.TARGET])
def test_a_position_that_ends_leaves_neither_watch_nor_memory_behind(leg: Leg) -> None:
    hand = following(breakeven_px=24_012)
    assert hand.engine.market.states["n_watch"][0] == 2
    hand.fill(1, leg, 2, 23_992)
    assert hand.made(RoundTripClosed) and hand.engine.market.states["n_watch"][0] == 0
    assert hand.engine.desk.memory.care.tended == {}


def test_breakeven_and_a_stop_that_follows_do_not_disturb_each_other() -> None:
    hand = following(breakeven_px=24_004)
    [moved] = leavable(hand, 1, 24_004)  # one record touches both
    assert moved.stop_px == 24_000
    confirmed(hand)
    [moved] = leavable(hand, 1, 24_008)
    assert moved.stop_px == 24_002


PATH = st.lists(
    st.tuples(st.integers(-6, 8), st.sampled_from(["quote", "quote", "quote", "confirm", "bar", "refuse", "lose"])), max_size=60
)


@settings(max_examples=60)
@given(st.sampled_from([1, -1]), PATH, st.integers(0, 59))
def test_whatever_happens_stops_only_come_closer_on_the_tick_within_their_budget_and_a_copy_goes_on_alike(
    side: int, path: list[tuple[int, str]], copied_at: int
) -> None:
    whole, parted = following(side, hold_ns=60 * MINUTE), following(side, hold_ns=60 * MINUTE)
    for n, (step, word) in enumerate(path):
        if n == copied_at:
            engine = Engine(parted.engine.setup)
            engine.restore(parted.engine.snapshot())
            parted.engine = engine
        for hand in (whole, parted):
            told(hand, side, step, word)
    moves = [command for command in whole.commands if isinstance(command, Modify)]
    first = LONG.stop_px if side > 0 else SHORT.stop_px
    is_refused = any(word == "refuse" for _, word in path)  # the stop then stands where it stood
    for earlier, later in pairwise([first, *(move.stop_px for move in moves)]):
        assert side * (later - first) > 0 and (is_refused or side * (later - earlier) > 0)
    times = [move.decided_ns for move in moves]
    assert all(sum(at - MINUTE < other <= at for other in times) <= MOVES_A_MINUTE for at in times)
    assert (whole.commands, whole.facts, whole.engine.digest()) == (parted.commands, parted.facts, parted.engine.digest())


def told(hand: Hand, side: int, step: int, word: str) -> None:
    """One turn of a path: the market moves, the venue speaks, or time passes."""
    b, first = hand.bracket, LONG.stop_px if side > 0 else SHORT.stop_px
    quoted = hand.engine.market.states["bid" if side > 0 else "ask"][0]
    match word:
        case "quote":
            leavable(hand, side, int(quoted) + side * step)
        case "confirm" if b is not None and b.phase != "closing":
            hand.hear(OrderAccepted(1, Leg.STOP, b.open, b.stop_px))
        case "refuse" if b is not None and b.phase == "protected" and b.told_stop_px != b.stop_px:
            hand.hear(OrderRejected(1, Leg.STOP, "no"), OrderAccepted(1, Leg.STOP, b.open, b.told_stop_px or first))
        case "lose" if b is not None and b.phase == "protected":
            hand.hear(OrderCancelled(1, Leg.STOP, b.open))
        case _:
            hand.bar()
