"""What commands do at the simulated exchange, and what happens to those that come too late."""

from __future__ import annotations

import numpy as np
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
    WHY,
    Pit,
    long_pit,
    open_pit,
    record,
    share,
    submit,
)  # fmt: skip
from workbench.domain.errors import InvariantError
from workbench.domain.events import OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Ask, Key
from workbench.domain.records import Kind, Phase
from workbench.domain.units import MS
from workbench.simulation.matching.models import CAUTIOUS, PLAIN, FillModel, Latency, Limits


@pytest.mark.parametrize("prices", [(10_001, 9_000, 11_000), (10_000, 9_001, 11_000), (10_000, 9_000, 11_001)])
def test_a_price_off_the_order_increment_is_rejected(prices: tuple[int, int, int]) -> None:
    pit = open_pit(PLAIN, share())
    ref = pit.enter(BUY, 1, LIMIT, *prices)
    pit.clock()
    assert pit.told() == [OrderRejected(ref, ENTRY, "price is not on the order increment")]
    assert pit.exchange.is_quiet()


def test_the_price_a_market_order_saw_binds_nothing() -> None:
    pit = open_pit(PLAIN, share())
    pit.enter(BUY, 1, MARKET, 10_001, 9_000, 11_000)
    pit.quote(10_049, 10_051)
    assert pit.fills() == [(ENTRY, 1, 10_051)]


@pytest.mark.parametrize(("side", "qty"), [(BUY, 0), (BUY, -1), (0, 1), (2, 1)])
def test_a_side_or_quantity_that_cannot_be_meant_is_rejected(side: int, qty: int) -> None:
    pit = open_pit()
    ref = pit.enter(side, qty, MARKET, 100, 90, 110)
    pit.clock()
    assert pit.told() == [OrderRejected(ref, ENTRY, "side or quantity cannot be meant")]


def test_a_moved_stop_is_acknowledged_and_works_at_its_new_level() -> None:
    pit, ref = long_pit(stop=90)
    pit.move(ref, 97)
    pit.quote(98, 99)
    assert pit.protections() == [(2, 97)]
    pit.quote(97, 98)
    assert pit.fills() == [(STOP, 2, 97)]


def test_the_record_that_passes_before_a_move_arrives_meets_the_old_level() -> None:
    pit, ref = long_pit(stop=90, model=FillModel(latency=Latency(order_ns=5 * MS, report_ns=0)))
    pit.move(ref, 97)
    pit.quote(96, 97)
    assert pit.fills() == []


def test_a_stop_moved_beyond_the_market_goes_off_at_once() -> None:
    pit, ref = long_pit(stop=90)
    pit.move(ref, 99)  # the bid stands at 99
    pit.quote(103, 104)
    assert pit.fills() == [(STOP, 2, 99)]


def test_a_stop_moved_while_the_contract_is_closed_waits_for_the_market() -> None:
    pit, ref = long_pit(stop=90)
    pit.phase(Phase.MAINTENANCE)
    pit.move(ref, 99)
    pit.quote(98, 99)
    assert pit.protections() == [(2, 99)]
    pit.phase(Phase.ETH, session=20261123)
    pit.quote(103, 104)
    assert pit.fills() == []


def test_an_off_tick_move_is_rejected_and_the_standing_stop_acknowledged() -> None:
    pit = open_pit(PLAIN, share())
    ref = pit.enter(BUY, 1, MARKET, 10_000, 9_000, 11_000)
    pit.quote(9_999, 10_000)
    pit.told()
    pit.move(ref, 9_501)
    pit.clock()
    assert pit.told() == [OrderRejected(ref, STOP, "price is not on the order increment"), OrderAccepted(ref, STOP, 1, 9_000)]


def test_a_stop_held_for_its_entry_moves_in_silence_and_begins_where_it_was_moved() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 1, LIMIT, 97, 90, 110)
    pit.clock()
    pit.told()
    pit.move(ref, 92)
    pit.clock()
    assert pit.told() == []
    pit.quote(96, 97)
    assert pit.protections() == [(1, 92)]


def test_a_stop_that_went_off_moves_no_more() -> None:
    pit, ref = long_pit(qty=3, stop=95)
    pit.quote(95, 96, bsz=1)
    pit.told()
    pit.move(ref, 80)
    pit.quote(94, 95)
    assert pit.told() == [OrderFilled(ref, STOP, 2, 94, "S1.1.2", 5_000_000), OrderCancelled(ref, TARGET, 3)]


def test_cancel_takes_back_what_is_left_of_the_entry_and_leaves_the_position_protected() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 3, LIMIT, 100, 95, 105)
    pit.quote(99, 100, asz=1)
    pit.told()
    pit.cancel(ref)
    pit.quote(98, 99)
    assert pit.told() == [OrderCancelled(ref, ENTRY, 2)]
    pit.quote(95, 96)
    assert pit.fills() == [(STOP, 1, 95)]


def test_cancelling_an_entry_without_a_fill_ends_the_bracket() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 3, LIMIT, 97, 90, 105)
    pit.clock()
    pit.cancel(ref)
    pit.clock()
    assert pit.told() == [OrderAccepted(ref, ENTRY, 3, 97), OrderCancelled(ref, ENTRY, 3)]
    assert pit.exchange.is_quiet()


def test_a_fill_may_overtake_a_cancel() -> None:
    pit = open_pit(FillModel(latency=Latency(order_ns=5 * MS, report_ns=0)))
    ref = pit.enter(BUY, 1, LIMIT, 97, 90, 105)
    pit.now += 10 * MS
    pit.clock()
    pit.cancel(ref)
    pit.quote(96, 97)
    pit.now += 10 * MS
    pit.clock()
    assert pit.told() == [
        OrderAccepted(ref, ENTRY, 1, 97),
        OrderFilled(ref, ENTRY, 1, 97, "S1.0.1", 2_500_000),
        OrderAccepted(ref, STOP, 1, 90),
        OrderAccepted(ref, TARGET, 1, 105),
    ]


def test_exit_cancels_everything_and_closes_at_market() -> None:
    pit = open_pit()
    ref = pit.enter(SELL, 5, LIMIT, 100, 110, 90)
    pit.quote(100, 101, bsz=2)
    pit.told()
    pit.leave(ref)
    pit.quote(99, 101, asz=1)
    pit.quote(99, 102)
    assert pit.told() == [
        OrderCancelled(ref, ENTRY, 3),
        OrderCancelled(ref, STOP, 2),
        OrderCancelled(ref, TARGET, 2),
        OrderAccepted(ref, EXIT, 2, 110),
        OrderFilled(ref, EXIT, 1, 101, "S1.3.1", 2_500_000),
        OrderFilled(ref, EXIT, 1, 102, "S1.3.2", 2_500_000),
    ]
    assert pit.exchange.is_quiet()


def test_exit_of_a_bracket_without_a_position_only_cancels() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 3, STOP_ENTRY, 120, 90, 150)
    pit.clock()
    pit.told()
    pit.leave(ref)
    pit.clock()
    assert pit.told() == [OrderCancelled(ref, ENTRY, 3)]
    assert pit.exchange.is_quiet()


def test_an_exit_at_market_outlives_the_session() -> None:
    pit, ref = long_pit()
    pit.leave(ref)
    pit.clock()
    pit.phase(Phase.CLOSED)
    pit.phase(Phase.ETH, session=20261123)
    pit.quote(80, 81)
    assert pit.fills() == [(EXIT, 2, 80)]


def test_a_second_exit_changes_nothing() -> None:
    pit, ref = long_pit()
    pit.leave(ref)
    pit.leave(ref)
    pit.move(ref, 98)
    pit.quote(97, 98)
    assert pit.fills() == [(EXIT, 2, 97)]


def test_a_command_on_a_bracket_that_is_over_is_dropped() -> None:
    pit, ref = long_pit(stop=95)
    pit.quote(95, 96)
    pit.told()
    pit.move(ref, 94)
    pit.cancel(ref)
    pit.leave(ref)
    pit.clock()
    assert pit.told() == []
    assert pit.exchange.is_quiet()


def test_a_command_on_a_ref_that_never_was_is_rejected() -> None:
    pit = open_pit()
    pit.move(9, 94)
    pit.cancel(9)
    pit.leave(9)
    pit.clock()
    assert pit.told() == [OrderRejected(9, leg, "no such order") for leg in (STOP, ENTRY, EXIT)]


def test_commands_take_effect_in_the_order_in_which_they_were_sent() -> None:
    pit = open_pit()
    ref = pit.enter(BUY, 2, LIMIT, 97, 90, 110)
    pit.move(ref, 91)
    pit.move(ref, 92)
    pit.quote(96, 97)
    assert pit.protections() == [(2, 92)]


def test_a_bracket_is_submitted_once() -> None:
    pit = open_pit()
    pit.enter(BUY, 1, LIMIT, 97, 90, 110)
    with pytest.raises(InvariantError, match="bracket 1 is submitted a second time"):
        pit.send(submit(1, BUY, 1, LIMIT, 97, 90, 110))
    pit.clock()
    with pytest.raises(InvariantError, match="a second time"):
        pit.send(submit(1, BUY, 1, LIMIT, 97, 90, 110))


def test_a_command_cannot_leave_before_the_record_that_just_passed() -> None:
    pit = open_pit()
    with pytest.raises(InvariantError, match="leaves 1 ns before"):
        pit.exchange.send(submit(1, BUY, 1, LIMIT, 97, 90, 110), pit.now - MS - 1)


def test_the_exchange_answers_no_questions_and_lists_only_its_contracts() -> None:
    pit = open_pit()
    with pytest.raises(InvariantError, match="nothing that this exchange does"):
        pit.send(Ask(1, Key("DUSIM1", 1, ""), 0, WHY, "positions", ""))
    with pytest.raises(InvariantError, match="contract 4, which was never defined"):
        pit.send(submit(1, BUY, 1, LIMIT, 97, 90, 110, contract=4))


def small(**limits: int) -> Pit:
    return open_pit(FillModel(latency=Latency(order_ns=0, report_ns=1_000 * MS), limits=Limits(**limits)))


def test_more_brackets_than_the_limit_break_an_invariant() -> None:
    pit = small(brackets=2)
    for _ in range(3):
        pit.enter(BUY, 1, LIMIT, 97, 90, 110)
    with pytest.raises(InvariantError, match=r"limits\.brackets"):
        pit.clock()


def test_more_reports_than_the_limit_break_an_invariant_and_none_is_lost_in_silence() -> None:
    pit = small(reports=2)
    for _ in range(3):
        pit.enter(BUY, 1, LIMIT, 97, 90, 110)
    with pytest.raises(InvariantError, match=r"limits\.reports"):
        pit.clock()


def test_a_sweep_of_small_prints_through_a_resting_target_is_heard_print_by_print() -> None:
    pit = open_pit(CAUTIOUS)
    pit.enter(BUY, 400, MARKET, 100, 90, 110)
    for _ in range(3):
        pit.now += 100 * MS
        pit.quote(99, 100, asz=400)
    assert [qty for _, qty, _ in pit.fills()] == [400]
    pit.say(np.concatenate([record(Kind.PRINT, pit.now + k * 75_000, px=111, sz=1) for k in range(400)]))  # 30 ms
    assert pit.fills() == [(TARGET, 1, 110)] * 400
    assert pit.exchange.is_quiet()


def test_every_bracket_may_fill_out_of_each_print_of_the_busiest_window() -> None:
    """As `Limits` argues: 24 brackets, each of whose entries grows by 542 prints within 30 ms."""
    pit = open_pit(CAUTIOUS)
    for k in range(CAUTIOUS.limits.brackets):
        pit.enter(BUY, 1_000, LIMIT, 97, 90, 120, account=f"shadow:{k}")
    pit.now += 100 * MS
    pit.clock()
    pit.now += 100 * MS
    pit.clock()
    pit.told()
    pit.say(np.concatenate([record(Kind.PRINT, pit.now + k * 55_000, px=96, sz=1) for k in range(542)]))
    assert len(pit.told()) == 3 * 24 * 542


def test_more_commands_than_the_limit_break_an_invariant() -> None:
    pit = small(commands=2)
    ref = pit.enter(BUY, 1, LIMIT, 97, 90, 110)
    pit.cancel(ref)
    with pytest.raises(InvariantError, match=r"limits\.commands"):
        pit.cancel(ref)


def test_a_record_of_an_undefined_contract_breaks_an_invariant() -> None:
    for contract in (2, 4_000_000_000):
        with pytest.raises(InvariantError, match="never defined"):
            open_pit().quote(99, 100, contract=contract)


def test_there_is_no_report_before_one_arose() -> None:
    with pytest.raises(InvariantError, match="no report is under way"):
        open_pit().exchange.take()
