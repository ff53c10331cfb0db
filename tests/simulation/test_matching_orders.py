"""The law of matching on quotes and prints, one sentence a test."""

from __future__ import annotations

import pytest

from tests.simulation.pit import (
    BUY,
    ENTRY,
    EXIT,
    LIMIT,
    MARKET,
    SELL,
    STOP,
    STOP_ENTRY,
    TARGET,
    Pit,
    future,
    long_pit,
    open_pit,
    share,
)  # fmt: skip
from workbench.domain.events import OrderAccepted, OrderCancelled, OrderFilled
from workbench.domain.records import Phase
from workbench.domain.units import MS
from workbench.simulation.matching.models import CAUTIOUS, PLAIN, FillModel, Latency, PerContract, PerShare, Slippage


def test_an_order_works_from_the_first_record_after_its_arrival() -> None:
    pit = open_pit(FillModel(latency=Latency(order_ns=2 * MS, report_ns=0)))
    pit.enter(BUY, 1, MARKET, 100, 90, 110)  # leaves with the record just passed, arrives with the second from here
    pit.quote(99, 101)
    pit.quote(99, 102)  # passes in the nanosecond of the arrival
    assert pit.fills() == []
    pit.quote(99, 103)
    assert pit.fills() == [(ENTRY, 1, 103)]


def test_a_market_order_takes_the_next_quote_not_a_print_and_not_the_one_that_stands() -> None:
    pit = open_pit()
    pit.enter(BUY, 1, MARKET, 100, 90, 110)
    pit.trade(97)
    pit.clock()
    assert pit.fills() == []
    pit.quote(100, 101)
    assert pit.fills() == [(ENTRY, 1, 101)]


def test_a_market_order_waits_for_a_quote_that_shows_the_far_side() -> None:
    pit = open_pit()
    pit.enter(SELL, 1, MARKET, 99, 110, 90)
    pit.quote(None, 100)
    pit.quote(98, 100, bsz=0)
    assert pit.fills() == []
    pit.quote(98, None)
    assert pit.fills() == [(ENTRY, 1, 98)]


def test_shown_size_is_used_once_a_quote() -> None:
    pit = open_pit()
    pit.enter(BUY, 7, MARKET, 100, 90, 110)
    pit.quote(99, 100, asz=3)
    pit.trade(100, 50)
    pit.quote(99, 101, asz=3)
    pit.quote(99, 102, asz=3)
    assert pit.fills() == [(ENTRY, 3, 100), (ENTRY, 3, 101), (ENTRY, 1, 102)]


def test_two_orders_of_one_account_share_what_is_shown_and_another_account_meets_the_market_alone() -> None:
    pit = open_pit()
    for account in ("DUSIM1", "DUSIM1", "shadow:vwap"):
        pit.enter(BUY, 2, MARKET, 100, 90, 110, account=account)
    pit.quote(99, 100, asz=3)
    filled = [(event.ref, event.qty) for event in pit.told() if isinstance(event, OrderFilled)]
    assert filled == [(1, 2), (2, 1), (3, 2)]


def test_buyers_and_sellers_of_one_account_use_different_sides_of_a_quote() -> None:
    pit = open_pit()
    pit.enter(BUY, 2, MARKET, 100, 90, 110)
    pit.enter(SELL, 2, MARKET, 99, 110, 90)
    pit.quote(99, 100, bsz=2, asz=2)
    assert pit.fills() == [(ENTRY, 2, 100), (ENTRY, 2, 99)]


@pytest.mark.parametrize(("side", "px", "far"), [(BUY, 97, (96, 97)), (SELL, 102, (102, 103))])
def test_a_limit_fills_when_the_far_side_comes_to_its_price(side: int, px: int, far: tuple[int, int]) -> None:
    pit = open_pit()
    pit.enter(side, 2, LIMIT, px, px - side * 10, px + side * 10)
    pit.quote(px - 1, px + 1)
    pit.trade(px, 100)  # at the price, not through it
    assert pit.fills() == []
    pit.quote(*far, bsz=1, asz=1)
    assert pit.fills() == [(ENTRY, 1, px)]


@pytest.mark.parametrize(("side", "px"), [(BUY, 97), (SELL, 102)])
def test_a_limit_fills_when_a_print_goes_through_it_up_to_the_size_printed(side: int, px: int) -> None:
    pit = open_pit()
    pit.enter(side, 5, LIMIT, px, px - side * 10, px + side * 10)
    pit.trade(px - side, 2)
    assert pit.fills() == [(ENTRY, 2, px)]


def test_a_limit_never_fills_better_than_its_price() -> None:
    pit = open_pit()
    pit.enter(BUY, 1, LIMIT, 105, 90, 110)  # marketable by far
    pit.quote(94, 95)
    assert pit.fills() == [(ENTRY, 1, 105)]


def test_a_stop_fills_at_the_quote_when_that_is_worse_than_its_level() -> None:
    pit, _ = long_pit(stop=95)
    pit.quote(93, 94)
    assert pit.fills() == [(STOP, 2, 93)]


def test_a_stop_set_off_by_a_print_takes_the_next_quote_at_the_worse_of_level_and_quote() -> None:
    for bid, px in ((93, 93), (97, 95)):
        pit, _ = long_pit(stop=95)
        pit.trade(95)
        assert pit.fills() == []
        pit.quote(bid, bid + 1)
        assert pit.fills() == [(STOP, 2, px)]


def test_a_stop_that_went_off_takes_what_each_quote_shows() -> None:
    pit, _ = long_pit(qty=5, stop=95)
    pit.quote(95, 96, bsz=2)
    pit.quote(97, 98, bsz=1)  # better again: still no better than the level
    pit.quote(92, 93)
    assert pit.fills() == [(STOP, 2, 95), (STOP, 1, 95), (STOP, 2, 92)]


def test_a_stop_entry_fills_at_the_worse_of_level_and_quote() -> None:
    pit = open_pit()
    pit.enter(SELL, 2, STOP_ENTRY, 96, 101, 90)
    pit.quote(97, 98)
    assert pit.fills() == []
    pit.quote(94, 95)
    assert pit.fills() == [(ENTRY, 2, 94)]


def test_a_stop_on_the_wrong_side_at_its_arrival_goes_off_at_once() -> None:
    pit = open_pit()
    pit.enter(BUY, 1, STOP_ENTRY, 98, 90, 110)  # the ask stands at 100
    pit.quote(95, 96)  # no longer beyond the level
    assert pit.fills() == [(ENTRY, 1, 98)]


def test_a_protective_stop_that_the_market_passed_before_the_entry_filled_goes_off_at_once() -> None:
    pit = open_pit()
    pit.enter(BUY, 1, MARKET, 100, 99, 110)
    pit.quote(99, 100)
    pit.quote(101, 102)
    assert pit.fills() == [(ENTRY, 1, 100), (STOP, 1, 99)]


def test_the_stop_goes_before_the_target() -> None:
    pit, _ = long_pit(stop=95, target=105)
    pit.trade(94)  # the stop waits for a quote,
    pit.trade(106, 10)  # and until it has one the target rests
    pit.quote(107, 108)
    assert pit.fills() == [(STOP, 2, 95)]


def test_children_work_only_for_what_is_filled_and_are_acknowledged_anew_as_it_grows() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 3, LIMIT, 100, 90, 110)
    pit.clock()
    pit.quote(109, 110)  # no entry, so no target either
    pit.quote(99, 100, asz=1)
    pit.quote(99, 100, asz=9)
    assert pit.told() == [
        OrderAccepted(ref, ENTRY, 3, 100),
        OrderFilled(ref, ENTRY, 1, 100, "S1.0.1", 2_500_000),
        OrderAccepted(ref, STOP, 1, 90),
        OrderAccepted(ref, TARGET, 1, 110),
        OrderFilled(ref, ENTRY, 2, 100, "S1.0.2", 5_000_000),
        OrderAccepted(ref, STOP, 3, 90),
        OrderAccepted(ref, TARGET, 3, 110),
    ]


def test_children_do_not_meet_the_record_that_filled_their_entry() -> None:
    pit = open_pit()
    pit.enter(SELL, 1, LIMIT, 98, 120, 99)  # a target that the very quote would reach
    pit.quote(98, 99)
    assert pit.fills() == [(ENTRY, 1, 98)]
    pit.quote(98, 99)
    assert pit.fills() == [(TARGET, 1, 99)]


def test_a_target_fill_takes_as_much_from_the_stop() -> None:
    pit, _ = long_pit(qty=5, stop=95, target=105)
    pit.quote(105, 106, bsz=2)
    pit.quote(94, 95)
    assert pit.fills() == [(TARGET, 2, 105), (STOP, 3, 94)]


def test_a_stop_fill_takes_as_much_from_the_target() -> None:
    pit, ref = long_pit(qty=5, stop=95, target=105)
    pit.quote(95, 96, bsz=2)
    pit.quote(None, None)
    pit.quote(106, 107)
    assert pit.told() == [
        OrderFilled(ref, STOP, 2, 95, "S1.1.1", 5_000_000),
        OrderFilled(ref, STOP, 3, 95, "S1.1.2", 7_500_000),  # it had gone off
        OrderCancelled(ref, TARGET, 5),
    ]
    assert pit.exchange.is_quiet()


def test_when_flat_the_other_child_is_cancelled() -> None:
    pit, ref = long_pit(stop=95, target=105)
    pit.trade(106, 9)
    assert pit.told() == [OrderFilled(ref, TARGET, 2, 105, "S1.2.1", 5_000_000), OrderCancelled(ref, STOP, 2)]
    assert pit.exchange.is_quiet()


def test_a_bracket_that_begins_to_leave_enters_no_more() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 3, LIMIT, 100, 95, 105)
    pit.quote(99, 100, asz=1)
    pit.told()
    pit.quote(105, 106)
    assert pit.told() == [
        OrderFilled(ref, TARGET, 1, 105, "S1.2.1", 2_500_000),
        OrderCancelled(ref, ENTRY, 2),
        OrderCancelled(ref, STOP, 1),
    ]
    pit.quote(99, 100)
    assert pit.told() == []


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.MAINTENANCE, Phase.PREOPEN])
def test_nothing_fills_outside_an_open_phase(phase: Phase) -> None:
    pit = Pit()
    pit.phase(phase)
    pit.enter(BUY, 1, MARKET, 100, 90, 110)
    pit.enter(BUY, 1, LIMIT, 100, 90, 110)
    pit.quote(90, 91)
    pit.trade(80, 10)
    assert pit.fills() == []
    pit.phase(Phase.RTH)
    pit.quote(99, 100)
    assert pit.fills() == [(ENTRY, 1, 100), (ENTRY, 1, 100)]


def test_an_exchange_that_heard_of_no_phase_fills_nothing() -> None:
    pit = Pit()
    pit.enter(BUY, 1, MARKET, 100, 90, 110)
    pit.quote(99, 100)
    assert pit.fills() == []


@pytest.mark.parametrize("forget", [Pit.gap, Pit.phase])
def test_a_gap_and_a_phase_forget_the_quote(forget: object) -> None:
    pit = open_pit()
    forget(pit)
    pit.enter(BUY, 1, STOP_ENTRY, 98, 90, 110)  # beyond the quote that stood, which nobody knows any more
    pit.quote(95, 96)
    assert pit.fills() == []
    assert pit.exchange.quote(1) == (95, 96)


def test_an_entry_ends_with_its_instrument_session_and_the_exits_stay() -> None:
    pit = open_pit()
    pit.enter(BUY, 3, LIMIT, 100, 95, 105)
    pit.enter(BUY, 2, LIMIT, 80, 70, 105)
    pit.quote(99, 100, asz=1)
    pit.told()
    pit.phase(Phase.MAINTENANCE)
    assert pit.ends() == [(ENTRY, 2), (ENTRY, 2)]
    pit.phase(Phase.ETH, session=20261123)
    pit.quote(94, 95)
    assert pit.fills() == [(STOP, 1, 94)]
    assert pit.exchange.is_quiet()


def test_a_new_session_without_a_close_between_ends_entries_as_well_and_regular_hours_do_not() -> None:
    pit = open_pit()
    pit.enter(BUY, 1, LIMIT, 80, 70, 105)
    pit.clock()
    pit.phase(Phase.RTH)
    assert pit.ends() == []
    pit.phase(Phase.RTH, session=20261123)
    assert pit.ends() == [(ENTRY, 1)]


def test_an_entry_sent_before_the_open_waits_for_it() -> None:
    pit = Pit()
    pit.phase(Phase.MAINTENANCE)
    pit.enter(BUY, 1, LIMIT, 100, 90, 110)
    pit.clock()
    pit.phase(Phase.ETH, session=20261123)
    pit.quote(99, 100)
    assert pit.fills() == [(ENTRY, 1, 100)]


def test_one_contract_does_not_move_the_orders_of_another() -> None:
    pit = open_pit(PLAIN, future(1), future(7, "NQ"))
    pit.enter(BUY, 1, MARKET, 100, 90, 110, contract=7)
    pit.quote(50, 51)
    pit.phase(Phase.CLOSED)
    assert pit.fills() == []
    pit.quote(60, 61, contract=7)
    assert pit.fills() == [(ENTRY, 1, 61)]


def test_prices_below_zero_are_prices() -> None:
    pit = open_pit()
    pit.enter(SELL, 1, LIMIT, -5, 2, -40)
    pit.quote(-5, -4)
    pit.quote(-41, -40)
    assert pit.fills() == [(ENTRY, 1, -5), (TARGET, 1, -40)]


def test_the_cautious_model_slips_a_stop_by_a_tick_and_never_a_limit() -> None:
    pit, _ = long_pit(stop=95, model=CAUTIOUS)
    pit.quote(93, 94)
    assert pit.fills() == [(STOP, 2, 92)]


def test_slippage_counts_order_ticks_not_quanta() -> None:
    slow = FillModel(latency=Latency(order_ns=0, report_ns=0), slippage=Slippage(market_ticks=2, stop_ticks=3))
    pit = open_pit(slow, future(quantum="0.05"))  # five quanta a tick
    pit.enter(BUY, 1, MARKET, 100, 90, 200)
    pit.quote(99, 100)
    pit.quote(90, 95)
    assert pit.fills() == [(ENTRY, 1, 110), (STOP, 1, 75)]


def test_reports_are_delayed_and_come_in_the_order_in_which_they_arose() -> None:
    pit = open_pit(FillModel(latency=Latency(order_ns=0, report_ns=30 * MS)))
    sent = pit.now - MS
    ref = pit.enter(BUY, 1, MARKET, 100, 90, 110)
    filled = pit.now
    pit.quote(99, 100)
    assert not pit.exchange.is_quiet()
    assert pit.exchange.next_due_ns() == sent + 30 * MS
    pit.now = sent + 30 * MS
    pit.clock()  # a report due in the nanosecond of a record goes first
    assert pit.heard == [(sent + 30 * MS, OrderAccepted(ref, ENTRY, 1, 100))]
    assert pit.exchange.next_due_ns() == filled + 30 * MS


def test_fees_are_by_contract_or_by_share_with_a_minimum_for_the_order() -> None:
    fees = {"ES": PerContract(micros=2_250_000), "SPY": PerShare(micros=5_000, minimum_micros=1_000_000)}
    pit = open_pit(FillModel(latency=Latency(order_ns=0, report_ns=0), fees=fees), future(), share(2))
    pit.enter(BUY, 2, MARKET, 100, 90, 110)
    pit.enter(BUY, 300, MARKET, 100, 0, 200, contract=2)
    pit.quote(99, 100)
    pit.quote(99, 100, asz=100, contract=2)
    pit.quote(99, 100, asz=120, contract=2)
    pit.quote(99, 100, asz=120, contract=2)
    fees_told = [event.fee_micros for event in pit.told() if isinstance(event, OrderFilled)]
    assert fees_told == [4_500_000, 1_000_000, 100_000, 400_000]  # 300 shares are 1.50 USD, whatever the parts


def test_executions_are_named_by_bracket_leg_and_count() -> None:
    pit, ref = long_pit(qty=3)
    pit.leave(ref)
    pit.quote(99, 100, bsz=1)
    pit.quote(99, 100)
    names = [event.exec_id for event in pit.told() if isinstance(event, OrderFilled)]
    assert names == [f"S{ref}.{EXIT}.1", f"S{ref}.{EXIT}.2"]
