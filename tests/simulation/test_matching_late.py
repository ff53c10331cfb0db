"""Bars and the orders that came while they were under way: nothing fills at a price that may lie before it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.pit import BUY, ENTRY, EXIT, LIMIT, MARKET, SELL, STOP, STOP_ENTRY, TARGET, Pit, record
from workbench.domain.orders import OrderType
from workbench.domain.records import EVENT_TIME, Kind
from workbench.domain.units import MINUTE, MS, SECOND
from workbench.simulation.matching.models import CAUTIOUS, PLAIN, FillModel, Latency

BEFORE = MINUTE // 2  # an order comes in the middle of its bar
UNTOLD = None


def minute_pit(model: FillModel = PLAIN) -> Pit:
    """A pit in its session, after one minute that closed at 100."""
    pit = Pit(model)
    pit.now = 10 * MINUTE
    pit.phase()
    pit.now = 11 * MINUTE
    pit.bar(100, 101, 99, 100, length_ns=MINUTE)
    return pit


def minute(pit: Pit, open_: int, high: int, low: int, close: int, length_ns: int | None = MINUTE, volume: int = 100) -> None:
    """Let the minute under way end."""
    pit.now = (pit.now // MINUTE + 1) * MINUTE
    pit.bar(open_, high, low, close, volume, length_ns=length_ns)


def wait(pit: Pit, ns: int = BEFORE) -> None:
    """What is sent from here on comes `ns` into the minute."""
    pit.now = pit.now // MINUTE * MINUTE + ns
    pit.clock()


def fills_of(side: int, kind: OrderType, px: int, bar: tuple[int, int, int, int], length_ns: int | None = MINUTE) -> list[int]:
    """Prices at which an entry filled that came in the middle of a bar; far away from its stop and target."""
    pit = minute_pit()
    wait(pit)
    pit.enter(side, 1, kind, px, px - side * 500, px + side * 500)
    minute(pit, *bar, length_ns=length_ns)
    return [px for leg, _, px in pit.fills() if leg is ENTRY]


def held(stop: int = 90, target: int = 150) -> tuple[Pit, int]:
    """A minute pit in which one was bought at 100."""
    pit = minute_pit()
    ref = pit.enter(BUY, 1, MARKET, 100, stop, target)
    minute(pit, 100, 100, 100, 100)
    assert pit.fills() == [(ENTRY, 1, 100)]
    return pit, ref


@pytest.mark.parametrize("length_ns", [MINUTE, UNTOLD])
@pytest.mark.parametrize(("side", "px"), [(BUY, 140), (SELL, 97)])
def test_a_late_market_order_takes_the_worst_of_the_bar(side: int, px: int, length_ns: int | None) -> None:
    assert fills_of(side, MARKET, 100, (100, 140, 97, 130), length_ns) == [px]


def test_an_order_that_saw_the_minute_rise_does_not_buy_at_its_open() -> None:
    assert fills_of(BUY, MARKET, 100, (100, 140, 100, 140)) == [140]


@pytest.mark.parametrize("length_ns", [MINUTE, UNTOLD])
@pytest.mark.parametrize(
    ("side", "px", "bar", "expected"),
    [
        (BUY, 97, (100, 102, 90, 98), []),  # the low went beyond it, but perhaps before it came
        (BUY, 97, (100, 102, 90, 97), []),
        (BUY, 97, (100, 102, 90, 96), [97]),
        (SELL, 103, (100, 110, 99, 103), []),
        (SELL, 103, (100, 110, 99, 104), [103]),
    ],
)
def test_a_late_limit_fills_only_if_the_close_lies_beyond_it(
    side: int, px: int, bar: tuple[int, int, int, int], expected: list[int], length_ns: int | None
) -> None:
    assert fills_of(side, LIMIT, px, bar, length_ns) == expected


@pytest.mark.parametrize("length_ns", [MINUTE, UNTOLD])
@pytest.mark.parametrize(
    ("side", "px", "bar", "expected"),
    [
        (BUY, 105, (100, 104, 99, 104), []),
        (BUY, 105, (100, 105, 99, 101), [105]),  # reached, perhaps before it came: that can only hurt
        (BUY, 105, (100, 130, 99, 120), [120]),
        (SELL, 95, (100, 101, 94, 99), [95]),
        (SELL, 95, (100, 101, 80, 85), [85]),
    ],
)
def test_a_late_stop_that_was_reached_fills_at_the_worse_of_level_and_close(
    side: int, px: int, bar: tuple[int, int, int, int], expected: list[int], length_ns: int | None
) -> None:
    assert fills_of(side, STOP_ENTRY, px, bar, length_ns) == expected


@pytest.mark.parametrize(("kind", "px"), [(MARKET, 100), (STOP_ENTRY, 104)])
@pytest.mark.parametrize(("close", "out"), [(108, 95), (94, 94)])
def test_the_stop_of_a_late_entry_may_follow_it_in_the_same_bar(kind: OrderType, px: int, close: int, out: int) -> None:
    pit = minute_pit()
    wait(pit)
    pit.enter(BUY, 1, kind, px, 95, 150)
    minute(pit, 93, 120, 92, close)  # its open below the stop lies before the entry
    assert [(leg, px) for leg, _, px in pit.fills()] == [(ENTRY, 120 if kind is MARKET else max(104, close)), (STOP, out)]


@pytest.mark.parametrize(("ns", "px"), [(0, 101), (30 * MS, 101), (SECOND, 101), (SECOND + 1, 120)])
def test_an_order_that_came_up_to_a_second_after_the_start_of_a_minute_is_in_time(ns: int, px: int) -> None:
    pit = minute_pit()
    pit.now = 11 * MINUTE + ns + MS  # the pit sends 1 ms before
    pit.enter(BUY, 1, MARKET, 100, 50, 150)
    minute(pit, 101, 120, 90, 110)
    assert pit.fills() == [(ENTRY, 1, px)]


@pytest.mark.parametrize(("ns", "px"), [(500 * MS, 101), (500 * MS + 1, 120)])
def test_of_a_short_bar_a_tenth_is_in_time(ns: int, px: int) -> None:
    pit = minute_pit()
    pit.now = 11 * MINUTE + ns + MS
    pit.enter(BUY, 1, MARKET, 100, 50, 150)
    pit.now = 11 * MINUTE + 5 * SECOND
    pit.bar(101, 120, 90, 110, length_ns=5 * SECOND)
    assert pit.fills() == [(ENTRY, 1, px)]


def test_the_latency_of_a_decision_at_the_close_of_a_bar_does_not_make_it_late() -> None:
    pit = minute_pit(FillModel(latency=Latency()))
    assert pit.exchange.model.latency == CAUTIOUS.latency
    pit.enter(BUY, 1, MARKET, 100, 50, 150)
    wait(pit)
    minute(pit, 101, 120, 90, 110)
    assert pit.fills() == [(ENTRY, 1, 101 + CAUTIOUS.slippage.bar_ticks)]


def test_the_minute_after_meets_a_late_order_as_any_other() -> None:
    pit = minute_pit()
    wait(pit)
    pit.enter(BUY, 1, LIMIT, 97, 50, 150)
    minute(pit, 100, 102, 90, 98)
    minute(pit, 98, 102, 96, 101)
    assert pit.fills() == [(ENTRY, 1, 97)]


def test_a_bar_that_starts_as_it_arrives_tells_no_start() -> None:
    assert fills_of(BUY, MARKET, 100, (100, 140, 97, 130), length_ns=0) == [140]


def test_a_late_exit_takes_the_worst_of_the_bar() -> None:
    pit, ref = held()
    wait(pit)
    pit.leave(ref)
    minute(pit, 98, 99, 93, 97)
    assert pit.fills() == [(EXIT, 1, 93)]


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ((140, 141, 99, 100), [100]),  # the market had fallen when it came: not at its level, which was seen before
        ((93, 99, 92, 97), [93]),  # it may have gone off at the open, before it was moved
        ((146, 147, 146, 146), []),
    ],
)
def test_a_stop_that_was_moved_late_fills_no_better_than_open_and_close(bar: tuple[int, int, int, int], expected: list[int]) -> None:
    pit, ref = held(target=400)
    wait(pit)
    pit.move(ref, 139)
    minute(pit, *bar)
    assert [px for _, _, px in pit.fills()] == expected


@pytest.mark.parametrize(("close", "expected"), [(106, [(TARGET, 1, 105)]), (104, [])])
def test_what_an_entry_that_a_print_filled_starts_is_late_for_the_bar_under_way(close: int, expected: list[object]) -> None:
    pit = minute_pit()
    pit.enter(BUY, 1, LIMIT, 97, 50, 105)
    wait(pit)
    pit.trade(96)
    assert pit.fills() == [(ENTRY, 1, 97)]
    minute(pit, 100, 130, 96, close)
    assert pit.fills() == expected


def test_a_late_order_gets_no_more_than_the_volume_of_the_bar() -> None:
    pit = minute_pit()
    wait(pit)
    pit.enter(BUY, 5, MARKET, 100, 50, 150)
    minute(pit, 100, 110, 99, 100, volume=2)
    minute(pit, 100, 110, 99, 100, volume=9)
    assert pit.fills() == [(ENTRY, 2, 110), (ENTRY, 3, 100)]


@pytest.mark.parametrize("kind", [LIMIT, STOP_ENTRY])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_past_of_a_bar_never_does_a_late_order_good(kind: OrderType, side: int) -> None:
    """Against a bar that shows nothing but its close: whatever else the same bar shows, the fill is no better."""
    rng = np.random.default_rng(7)
    for _ in range(60):
        close, px = (int(v) for v in rng.integers(90, 111, 2))
        open_, high, low = int(rng.integers(85, 116)), 0, 0
        high, low = max(open_, close) + int(rng.integers(0, 5)), min(open_, close) - int(rng.integers(0, 5))
        bare, full = fills_of(side, kind, px, (close,) * 4), fills_of(side, kind, px, (open_, high, low, close))
        if kind is LIMIT:
            assert full == bare
        elif bare:
            assert (full[0] - bare[0]) * side >= 0


def test_the_two_records_of_a_bar_may_come_in_two_calls() -> None:
    pit = minute_pit()
    wait(pit)
    pit.enter(BUY, 1, MARKET, 100, 50, 150)
    t = 12 * MINUTE
    pit.say(record(Kind.BAR, t, px=100, px2=140, sz=10, event_ns=11 * MINUTE, flags=EVENT_TIME))
    pit.say(record(Kind.BAR, t, px=97, px2=130, sz=10, level=1, event_ns=t, flags=EVENT_TIME))
    assert pit.fills() == [(ENTRY, 1, 140)]
