"""The desk and its venue: reports that come late, doubled or too many, and fees that come later still."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import (
    ACCOUNT,
    FEE,
    LONG,
    ONCE,
    Hand,
    Script,
    day,
    law,
    position,
    setup,
)
from workbench.domain.decisions import Adjust, ExitWish, Reason, Refused, RoundTripClosed, StateChanged
from workbench.domain.events import (
    FeeReported,
    FillCorrected,
    ForeignFilled,
    OperatorAction,
    OperatorSaid,
    OrderAccepted,
    OrderRejected,
    PositionTold,
)
from workbench.domain.orders import Exit, Leg
from workbench.domain.units import MICROS

RESUME = OperatorSaid(OperatorAction.RESUME, "looked at it")


@pytest.mark.covers("S2-03")
def test_a_fill_of_a_bracket_that_is_over_halts_until_a_person_resumes() -> None:
    hand = position()
    hand.fill(1, Leg.STOP, 2, 23_992)
    assert hand.fill(1, Leg.TARGET, 2, 24_024, id_="late") == []
    assert hand.state == "halted" and "which is over" in hand.made(StateChanged)[-1].why
    hand.bar(3)
    assert hand.state == "halted"
    hand.hear(RESUME)
    assert hand.state == "active"


def test_a_stray_fill_that_is_told_twice_halts_once() -> None:
    hand = position()
    hand.fill(1, Leg.STOP, 2, 23_992)
    hand.fill(1, Leg.TARGET, 2, 24_024, id_="late")
    hand.hear(RESUME)
    hand.fill(1, Leg.TARGET, 2, 24_024, id_="late")
    assert hand.state == "active"


def test_a_fill_of_a_bracket_that_never_was_halts() -> None:
    hand = Hand(setup())
    hand.fill(77, Leg.ENTRY, 1, 24_000)
    assert hand.state == "halted"


def test_a_stop_and_a_target_that_both_fill_halt() -> None:
    hand = position()
    hand.fill(1, Leg.STOP, 1, 23_992)
    hand.fill(1, Leg.TARGET, 2, 24_024)  # one more than was held: the position is turned round
    assert hand.state == "halted"


def test_a_bracket_that_turned_round_is_over_once_a_person_has_looked_and_what_it_closed_too_much_is_not_ours() -> None:
    hand = position()
    hand.hear(PositionTold(ACCOUNT, 1, 2, 0))
    hand.fill(1, Leg.STOP, 1, 23_992)
    hand.fill(1, Leg.TARGET, 2, 24_024)
    hand.hear(PositionTold(ACCOUNT, 1, -1, 0), ForeignFilled(ACCOUNT, 1, 9, "", 1, 1, 24_020, "settled"), PositionTold(ACCOUNT, 1, 0, 0))
    hand.bar(12)
    assert hand.state == "halted" and hand.bracket is not None
    hand.hear(RESUME)
    hand.bar(12)
    assert hand.bracket is None and hand.state == "active"
    referee = hand.engine.desk.memory.referee
    assert not referee.is_foreign(1) and not referee.foreign
    [trip] = hand.made(RoundTripClosed)
    assert (trip.qty, trip.pnl) == (2, (23_992 + 2 * 24_024) * 2 // 3 - 2 * 24_000 + 1)  # what it closed, at its average
    assert hand.engine.desk.supervisor.owned == set()


def test_a_bust_of_an_entry_that_is_closed_already_is_over_once_a_person_has_looked() -> None:
    hand = position()
    hand.fill(1, Leg.STOP, 1, 23_992)
    hand.hear(FillCorrected(1, Leg.ENTRY, 0, 24_000, "x0.02", "x0"))
    assert hand.state == "halted" and hand.bracket is not None and hand.bracket.open == -1
    hand.hear(RESUME)
    assert hand.bracket is None and hand.state == "active" and hand.made(RoundTripClosed) == []


@given(st.permutations([("a", Leg.ENTRY, 1), ("a", Leg.ENTRY, 1), ("b", Leg.ENTRY, 1), ("b", Leg.ENTRY, 1)]))
@settings(max_examples=10)
def test_an_execution_told_twice_counts_once(told: list[tuple[str, Leg, int]]) -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    for id_, leg, qty in told:
        hand.fill(1, leg, qty, 24_000, fee_micros=5, id_=id_)
    assert hand.bracket is not None and (hand.bracket.filled, hand.bracket.fees_micros) == (2, 10)


def test_a_fee_that_comes_late_is_booked_before_and_after_the_end() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.filled(fee_micros=None)
    hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px), FeeReported("x0", FEE))
    hand.fill(1, Leg.TARGET, 2, 24_024, fee_micros=None)
    [trip] = hand.made(RoundTripClosed)
    assert trip.fees_micros == FEE
    hand.hear(FeeReported("x1", FEE))
    books = hand.engine.desk.ledger
    assert day(hand).realised_micros == 600 * MICROS - 2 * FEE
    assert books.realised_micros[ACCOUNT] == books.by_key[f"{ACCOUNT}|1|script"] == 600 * MICROS - 2 * FEE


def test_a_fee_of_nobody_is_nobodys() -> None:
    hand = position()
    hand.hear(FeeReported("foreign", 5))
    assert hand.bracket is not None and hand.bracket.fees_micros == FEE


def test_a_fee_told_twice_counts_once() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.filled(fee_micros=None)
    hand.hear(FeeReported("x0", FEE), FeeReported("x0", FEE))
    assert hand.bracket is not None and hand.bracket.fees_micros == FEE


def test_a_fee_that_became_known_is_no_longer_assumed() -> None:
    for limit, state in ((508.9, "halted"), (509.0, "active")):  # 500 on the price, 4.50 paid, 4.50 to come
        hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=limit)))
        hand.filled(fee_micros=None)
        hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px), FeeReported("x0", FEE))
        hand.quote(23_980, 23_981)
        hand.bar()
        assert hand.state == state


def test_a_stop_the_venue_did_not_move_is_remembered_where_it_stands() -> None:
    hand = position(setup(Script(LONG, until_ns=ONCE, about=Adjust(23_996))))
    hand.bar()
    hand.hear(OrderRejected(1, Leg.STOP, "no"), OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
    assert hand.bracket is not None and hand.bracket.stop_px == LONG.stop_px


def test_an_exit_the_venue_refused_is_tried_again() -> None:
    hand = position(setup(Script(LONG, until_ns=ONCE, about=ExitWish("had enough"))))
    assert [type(command) for command in hand.bar()] == [Exit]
    hand.hear(OrderRejected(1, Leg.EXIT, "no"))
    assert [type(command) for command in hand.bar()] == [Exit]


def test_an_adjusted_stop_lies_on_the_order_increment() -> None:
    wish = LONG._replace(entry_px=6_000_000, stop_px=5_990_000, target_px=6_030_000)
    of = setup(both=True)._replace(strategies=((Script(wish, until_ns=ONCE, about=Adjust(5_995_050)), (2,)),))
    hand = Hand(of)
    hand.phase(contract=2)
    hand.quote(5_999_900, 6_000_000, contract=2)
    hand.bar()
    [sent] = hand.bar()
    hand.fill(sent.ref, Leg.ENTRY, sent.qty, 6_000_000)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, sent.qty, sent.stop_px))
    assert [command.stop_px % 100 for command in hand.bar()] in ([], [0])


def test_nothing_is_bought_when_the_refusal_is_the_only_answer() -> None:
    hand = Hand(setup(Script(LONG._replace(stop_px=24_010))))
    hand.opened().bar()
    reasons = {fact.reason for fact in hand.made(Refused)}
    assert hand.commands == [] and reasons == {Reason.QUALITY, Reason.MALFORMED}  # the first bar is a broken one
