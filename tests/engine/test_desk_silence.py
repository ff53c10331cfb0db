"""The desk when the venue says nothing, or no: what is uncovered is left, what is unknown halts, what is refused is tried again."""

from __future__ import annotations

import pytest

from tests.engine.hand import BAR, LONG, ONCE, Hand, Script, law, lost, position, said, setup, standing
from tests.simulation.pit import record
from workbench.domain.decisions import RoundTripClosed, StateChanged
from workbench.domain.events import (
    ConnectionChanged,
    FeeReported,
    OperatorAction,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from workbench.domain.orders import Cancel, Exit, Leg, Modify, OrderType, Protect
from workbench.domain.records import Kind, Phase
from workbench.domain.units import MICROS, SECOND
from workbench.execution.supervisor import MAX_EXITS

REFUSED = OrderRejected(1, Leg.EXIT, "no")
FLATTEN, HALT, RESUME = (said(action) for action in (OperatorAction.FLATTEN, OperatorAction.HALT, OperatorAction.RESUME))


def why(hand: Hand) -> list[str]:
    return [fact.why for fact in hand.made(StateChanged)]


# ---------------------------------------------------------------------- no stop
@pytest.mark.covers("S2-05")
def test_a_position_no_stop_covers_in_time_is_left() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(cover_seconds=15.0)))
    hand.filled()
    assert {type(command) for command in hand.bar(3)} == {Protect}  # said again and again, and never confirmed
    [command] = hand.bar()
    assert isinstance(command, Exit) and command.why == "uncovered" and hand.state == "active"


@pytest.mark.covers("S2-05")
def test_a_stop_that_is_lost_has_as_long_to_come_back() -> None:
    hand = position(setup(Script(LONG, until_ns=ONCE), by=law(cover_seconds=15.0)))
    assert hand.bar(9) == []  # covered: for as long as it likes
    assert [type(command) for command in hand.hear(OrderCancelled(1, Leg.STOP, 2))] == [Protect]
    assert {type(command) for command in hand.bar(3)} == {Protect}
    hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
    assert hand.bar(9) == []
    hand.hear(OrderRejected(1, Leg.STOP, "no"))
    assert [command.why for command in hand.bar(4)] == ["uncovered"]


@pytest.mark.covers("S2-05", "S2-03")
def test_what_is_uncovered_while_the_venue_is_away_is_repaired_when_it_is_back_and_left_if_that_is_in_vain() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(cover_seconds=15.0)))
    hand.filled()
    hand.hear(ConnectionChanged(False, "gone"))
    assert hand.bar(6) == []  # nobody could tell that its stop stands
    hand.hear(ConnectionChanged(True, "back"))
    made = [command for _ in range(5) for command in hand.bar()]
    assert isinstance(made[0], Protect) and isinstance(made[-1], Exit) and made[-1].why == "uncovered"
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(cover_seconds=15.0)))
    hand.filled()
    hand.hear(ConnectionChanged(False, "gone"))
    hand.bar(6)
    hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px), ConnectionChanged(True, "back"))
    assert hand.bar(6) == []  # it stood all the while


def test_a_stop_acknowledged_whole_before_the_entry_fills_covers_it() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    sent = hand.entered()
    hand.hear(OrderAccepted(1, Leg.ENTRY, 2, 24_000), OrderAccepted(1, Leg.STOP, 2, sent.stop_px))
    assert hand.bracket is not None and hand.bracket.phase == "working"
    hand.fill(1, Leg.ENTRY, 1, 24_000)
    assert hand.bracket.phase == "protected"
    hand.fill(1, Leg.ENTRY, 1, 24_000)
    assert hand.bracket.phase == "protected" and hand.bar(9) == []


# ---------------------------------------------------------------------- no answer
@pytest.mark.covers("S2-08", "S0-18")
def test_an_order_nobody_answers_halts_and_a_person_cannot_talk_it_away() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(answer_seconds=30.0, entry_ttl_seconds=3_600.0)))
    hand.entered()
    hand.bar(5)
    assert hand.state == "active"
    assert [type(command) for command in hand.bar(2)] == [Cancel]  # halted: what may still fill is withdrawn
    assert why(hand) == ["no answer about bracket 1"] and hand.state == "halted"
    hand.hear(RESUME)
    hand.bar()
    assert hand.state == "halted"  # it is still silent
    hand.hear(OrderRejected(1, Leg.ENTRY, "at last"), RESUME)
    hand.bar()
    assert hand.state == "active"


def test_an_exit_nobody_answers_halts_and_only_a_person_sends_another() -> None:
    hand = position(setup(Script(LONG._replace(hold_ns=SECOND), until_ns=ONCE), by=law(answer_seconds=30.0)))
    assert [type(command) for command in hand.bar()] == [Exit]
    assert hand.hear(FLATTEN) == []  # one is under way
    assert hand.bar(7) == [] and "no answer about bracket 1" in hand.engine.desk.breaker.causes
    assert [type(command) for command in hand.hear(FLATTEN)] == [Exit]
    assert hand.hear(FLATTEN) == []  # that one has its time to be answered as well
    hand.fill(1, Leg.EXIT, 2, 24_000)
    assert hand.bracket is None and len(hand.made(RoundTripClosed)) == 1


def test_an_exit_that_was_accepted_may_take_its_time() -> None:
    hand = position(hold_ns=SECOND)
    hand.bar()
    hand.hear(OrderAccepted(1, Leg.EXIT, 2, 0))
    assert hand.bar(20) == [] and hand.state == "active"


def test_a_fill_is_an_answer_too() -> None:
    hand = position(hold_ns=SECOND)
    hand.bar()
    hand.fill(1, Leg.EXIT, 1, 24_000)
    hand.bar(20)
    assert hand.state == "active"


# ---------------------------------------------------------------------- no
@pytest.mark.covers("S2-08")
def test_a_refused_exit_is_tried_again_a_few_times_and_then_halts() -> None:
    hand = position(hold_ns=SECOND)
    for n in range(MAX_EXITS):
        assert [type(command) for command in hand.bar()] == [Exit], n
        hand.hear(REFUSED)
    assert hand.state == "halted" and "cannot be left" in why(hand)[-1]
    assert hand.bar(5) == []
    [by_hand] = hand.hear(FLATTEN)  # a person may always
    assert isinstance(by_hand, Exit)
    hand.fill(1, Leg.EXIT, 2, 24_000)
    assert hand.bracket is None


@pytest.mark.covers("S2-08")
def test_who_resumes_has_an_exit_that_was_refused_too_often_tried_anew() -> None:
    hand = position(hold_ns=SECOND)
    for _ in range(MAX_EXITS):
        hand.bar()
        hand.hear(REFUSED)
    assert hand.bar(5) == []
    hand.hear(RESUME)
    assert [type(command) for command in hand.bar()] == [Exit]
    hand.hear(REFUSED)
    assert hand.state == "active" and [type(command) for command in hand.bar()] == [Exit]


def test_an_exit_that_our_own_door_kept_back_was_no_try() -> None:
    hand = position(hold_ns=SECOND)
    for n in range(2 * MAX_EXITS):
        assert [type(command) for command in hand.bar()] == [Exit], n
        hand.hear(OrderRejected(1, Leg.EXIT, "not sent: the fence is up"))
    assert hand.state == "active" and hand.bracket is not None and hand.bracket.n_exits == 0


def test_what_is_left_of_an_exit_that_was_cancelled_is_left_again_for_the_same_reason() -> None:
    hand = position(hold_ns=SECOND)
    hand.bar()
    hand.fill(1, Leg.EXIT, 1, 24_000)
    hand.hear(OrderCancelled(1, Leg.EXIT, 1))
    [again] = hand.bar()
    assert isinstance(again, Exit) and again.why == "time"


def test_a_stop_that_comes_back_after_a_watch_fired_gets_its_watch_again() -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008), until_ns=ONCE)))
    sent = hand.protected()
    hand.hear(OrderCancelled(sent.ref, Leg.STOP, 2))
    assert hand.quote(24_008, 24_009) == []
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, 2, sent.stop_px))
    [moved] = hand.quote(24_008, 24_009)
    assert isinstance(moved, Modify) and moved.stop_px == 24_000


# ---------------------------------------------------------------------- too much
def test_more_than_was_ordered_halts_and_is_left() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    [left] = hand.fill(1, Leg.ENTRY, 3, 24_000)
    assert isinstance(left, Exit) and hand.state == "halted" and "filled 3 of 2 ordered" in why(hand)[-1]
    assert hand.bracket is not None and hand.bracket.open == 3 and hand.bracket.phase == "closing"


def test_an_entry_whose_fill_overtakes_its_cancel_is_a_position_like_any_other() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(entry_ttl_seconds=5.0)))
    hand.entered()
    hand.hear(OrderAccepted(1, Leg.ENTRY, 2, 24_000))
    assert [type(command) for command in hand.bar()] == [Cancel]
    hand.fill(1, Leg.ENTRY, 2, 24_000)
    hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px), OrderCancelled(1, Leg.ENTRY, 0))
    assert hand.bracket is not None and hand.bracket.phase == "protected" and hand.state == "active"


@pytest.mark.covers("S2-25", "S2-47")
def test_what_fills_after_a_person_said_flatten_is_left_as_well() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.hear(OrderAccepted(1, Leg.ENTRY, 2, 24_000))
    assert [type(command) for command in hand.hear(FLATTEN)] == [Cancel]
    hand.fill(1, Leg.ENTRY, 2, 24_000)  # it was faster than the cancel
    hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
    assert [type(command) for command in hand.bar()] == [Exit]


@pytest.mark.covers("S2-47")
def test_a_halt_leaves_a_position_to_its_stop_and_its_own_exits() -> None:
    hand = position(hold_ns=60 * SECOND)
    assert hand.hear(HALT) == [] and hand.bar(3) == []
    hand.until(ONCE + 70 * SECOND)
    assert [command.why for command in hand.commands if isinstance(command, Exit)] == ["time"]


# ---------------------------------------------------------------------- nights
def test_a_position_that_may_stay_over_a_close_is_not_left_for_the_opening_itself() -> None:
    stays = law(flat_before_close_s=0.0)
    hand = position(setup(Script(LONG._replace(hold_ns=3_600 * SECOND), until_ns=ONCE), by=stays, closes={1: (ONCE + 10 * SECOND,)}))
    hand.until(ONCE + 2 * BAR)
    hand.phase(Phase.MAINTENANCE)
    hand.until(ONCE + 6 * BAR)
    hand.phase(Phase.ETH)
    hand.quote()
    hand.bar(3)  # the first bar holds the opening: nothing is bought on it, nothing sold for it
    assert [command for command in hand.commands if isinstance(command, Exit)] == []


# ---------------------------------------------------------------------- fees and stakes
def test_a_fee_told_before_its_execution_is_booked_with_it() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.hear(FeeReported("x", 7), OrderFilled(1, Leg.ENTRY, 2, 24_000, "x", None), FeeReported("x", 7))
    assert hand.bracket is not None and (hand.bracket.fees_micros, hand.bracket.n_fees_unknown) == (7, 0)


def test_what_is_at_stake_at_the_stops_counts_before_another_entry() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    assert standing(hand).day_loss_before_costs_micros == 200 * MICROS  # all of it may still fill and be stopped out
    hand.fill(1, Leg.ENTRY, 1, 23_998)
    assert standing(hand).day_loss_before_costs_micros == 175 * MICROS
    hand.hear(OrderAccepted(1, Leg.STOP, 1, LONG.stop_px))
    hand.fill(1, Leg.STOP, 1, LONG.stop_px)
    assert standing(hand).day_loss_before_costs_micros == 175 * MICROS  # 75 lost, 100 may still follow
    hand.hear(OrderCancelled(1, Leg.ENTRY, 1))
    assert standing(hand).day_loss_before_costs_micros == 75 * MICROS


def test_a_day_that_was_won_stakes_its_win_first() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    lost(hand, 24_010)
    assert standing(hand).day_loss_before_costs_micros == -250 * MICROS
    hand.say(record(Kind.TIME, hand.now_ns, 0))


@pytest.mark.covers("S2-03")
def test_a_withdrawal_that_nobody_answers_is_said_again_and_then_a_matter_for_a_person() -> None:
    wish = LONG._replace(entry_type=OrderType.LIMIT, entry_px=23_990, stop_px=23_980)
    hand = Hand(setup(Script(wish, until_ns=ONCE)))
    sent = hand.entered()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
    for _ in range(17):  # 85 s: it may rest for 90
        hand.quote()
        hand.bar()
    assert not [each for each in hand.commands if isinstance(each, Cancel)]
    for _ in range(6):
        hand.quote()
        hand.bar()
    assert [type(each) for each in hand.commands if isinstance(each, Cancel)] == [Cancel] and hand.state == "active"
    for _ in range(6):
        hand.quote()
        hand.bar()
    assert [type(each) for each in hand.commands if isinstance(each, Cancel)] == [Cancel, Cancel] and hand.state == "active"
    for _ in range(6):
        hand.quote()
        hand.bar()
    assert hand.state == "halted" and "withdrawn" in next(iter(hand.engine.desk.breaker.causes))
    hand.hear(OrderCancelled(sent.ref, Leg.ENTRY, sent.qty))
    assert hand.bracket is None and len([each for each in hand.commands if isinstance(each, Cancel)]) == 2
