"""The law of matching where bars are all there is: cautious about everything a bar hides."""

from __future__ import annotations

import pytest

from tests.simulation.pit import BUY, ENTRY, EXIT, LIMIT, MARKET, SELL, STOP, STOP_ENTRY, TARGET, Pit
from workbench.domain.records import Phase
from workbench.simulation.matching.models import CAUTIOUS, PLAIN, FillModel, Latency


def bar_pit(model: FillModel = PLAIN) -> Pit:
    """A pit in its session, after one bar that closed at 100."""
    pit = Pit(model)
    pit.phase()
    pit.bar(100, 101, 99, 100)
    return pit


def held(stop: int = 90, target: int = 110, qty: int = 2) -> tuple[Pit, int]:
    """A bar pit in which `qty` were bought at 100."""
    pit = bar_pit()
    ref = pit.enter(BUY, qty, MARKET, 100, stop, target)
    pit.bar(100, 100, 100, 100)
    assert pit.fills() == [(ENTRY, qty, 100)]
    return pit, ref


@pytest.mark.parametrize(("side", "open_", "px"), [(BUY, 103, 103), (BUY, 97, 100), (SELL, 103, 100), (SELL, 97, 97)])
def test_a_market_order_takes_the_worse_of_the_next_open_and_the_close_before(side: int, open_: int, px: int) -> None:
    pit = bar_pit()
    pit.enter(side, 1, MARKET, 100, 100 - side * 50, 100 + side * 50)
    pit.bar(open_, 105, 95, 101)
    assert pit.fills() == [(ENTRY, 1, px)]


@pytest.mark.parametrize("forget", [Pit.gap, Pit.phase])
def test_after_a_gap_or_an_open_there_is_no_close_before(forget: object) -> None:
    pit = bar_pit()
    forget(pit)
    pit.enter(BUY, 1, MARKET, 100, 50, 150)
    pit.bar(80, 82, 79, 81)
    assert pit.fills() == [(ENTRY, 1, 80)]


@pytest.mark.parametrize(("side", "through"), [(BUY, (100, 101, 96, 98)), (SELL, (100, 103, 99, 101))])
def test_a_limit_fills_only_if_the_bar_goes_beyond_it(side: int, through: tuple[int, int, int, int]) -> None:
    px = 97 if side == BUY else 102
    pit = bar_pit()
    pit.enter(side, 1, LIMIT, px, px - side * 20, px + side * 20)
    pit.bar(100, 102, 97, 100)
    assert pit.fills() == []
    pit.bar(*through)
    assert pit.fills() == [(ENTRY, 1, px)]


def test_a_stop_fills_at_its_level_or_at_an_open_beyond_it() -> None:
    pit, _ = held(stop=95)
    pit.bar(98, 99, 95, 97)
    assert pit.fills() == [(STOP, 2, 95)]
    pit, _ = held(stop=95)
    pit.bar(93, 99, 92, 97)
    assert pit.fills() == [(STOP, 2, 93)]


def test_when_a_bar_touches_both_the_stop_goes_first() -> None:
    pit, _ = held(stop=95, target=105)
    pit.bar(100, 109, 94, 108)
    assert pit.fills() == [(STOP, 2, 95)]


def test_a_target_fills_at_its_price_when_the_stop_is_not_touched() -> None:
    pit, _ = held(stop=95, target=105)
    pit.bar(100, 106, 96, 104)
    assert pit.fills() == [(TARGET, 2, 105)]


def test_an_exit_is_a_market_order() -> None:
    pit, ref = held()
    pit.leave(ref)
    pit.bar(98, 99, 97, 98)
    assert pit.fills() == [(EXIT, 2, 98)]


@pytest.mark.parametrize(
    ("kind", "px", "bar", "out"),
    [
        (MARKET, 100, (101, 120, 94, 110), 95),
        (LIMIT, 98, (101, 120, 94, 110), 95),
        (LIMIT, 98, (93, 120, 92, 110), 93),  # the bar opened below the stop
        (STOP_ENTRY, 104, (101, 120, 94, 110), 95),
        (STOP_ENTRY, 104, (93, 120, 92, 110), 95),  # it did so before the entry went off
    ],
)
def test_the_stop_may_follow_its_entry_in_one_bar_and_the_target_may_not(kind: int, px: int, bar: tuple[int, ...], out: int) -> None:
    pit = bar_pit()
    pit.enter(BUY, 1, kind, px, 95, 119)
    pit.bar(*bar)
    entry, stop = pit.fills()
    assert (entry[0], stop) == (ENTRY, (STOP, 1, out))
    pit = bar_pit()
    pit.enter(BUY, 1, kind, px, 50, 119)
    pit.bar(*bar)
    assert [leg for leg, _, _ in pit.fills()] == [ENTRY]


def test_a_bar_gives_its_volume_and_no_more() -> None:
    pit = bar_pit()
    pit.enter(BUY, 5, MARKET, 100, 90, 150)
    pit.bar(100, 101, 99, 100, volume=2)
    pit.bar(100, 101, 99, 100, volume=0)
    pit.bar(101, 101, 99, 100, volume=9)
    assert pit.fills() == [(ENTRY, 2, 100), (ENTRY, 3, 101)]


def test_bars_outside_the_session_and_bars_of_history_fill_nothing() -> None:
    pit = bar_pit()
    pit.enter(BUY, 1, MARKET, 100, 90, 150)
    pit.bar(100, 101, 99, 100, history=True)
    pit.phase(Phase.PREOPEN)
    pit.bar(100, 101, 99, 100)
    assert pit.fills() == []


def test_where_there_are_quotes_bars_fill_nothing() -> None:
    pit = bar_pit()
    pit.quote(99, 100)
    pit.enter(BUY, 1, MARKET, 100, 90, 150)
    pit.bar(100, 101, 99, 100)
    assert pit.fills() == []
    pit.quote(101, 102)
    assert pit.fills() == [(ENTRY, 1, 102)]


def test_the_cautious_model_pays_for_the_spread_that_bars_do_not_show() -> None:
    pit = bar_pit(FillModel(latency=Latency(order_ns=0, report_ns=0), slippage=CAUTIOUS.slippage))
    pit.enter(BUY, 1, MARKET, 100, 95, 150)
    pit.bar(100, 101, 99, 100)
    pit.bar(98, 99, 94, 95)
    assert pit.fills() == [(ENTRY, 1, 101), (STOP, 1, 93)]


def test_a_position_on_bars_is_marked_at_the_newest_close() -> None:
    pit = bar_pit()
    assert pit.exchange.quote(1) == (100, 100)
    pit.gap()
    assert pit.exchange.quote(1) == (None, None)
