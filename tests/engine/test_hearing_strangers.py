"""What others hold and trade in our account: locked out, ignored, closed by hand, handed over. One engine, driven by hand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.engine.hand import ACCOUNT, LONG, ONCE, Hand, Script, law, position, said, setup
from workbench.domain.decisions import Adopted, ForeignSeen, RoundTripClosed
from workbench.domain.events import (
    BrokerSaid,
    ConnectionChanged,
    FillEntered,
    ForeignFilled,
    ForeignOrderSeen,
    OperatorAction,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    PositionAdopted,
    PositionTold,
)
from workbench.domain.orders import Leg, Protect, Submit
from workbench.domain.units import SECOND
from workbench.engine.hearing.people import why_not_adopt, why_not_enter
from workbench.execution.lifecycle import Phase


def sold(qty: int, px: int = 24_004, id_: str = "f1") -> ForeignFilled:
    return ForeignFilled(ACCOUNT, 1, 9, "", -1, qty, px, id_)


def bought(qty: int, px: int = 24_004, id_: str = "f1") -> ForeignFilled:
    return ForeignFilled(ACCOUNT, 1, 9, "", 1, qty, px, id_)


def told(qty: int, cost: int = 0) -> PositionTold:
    return PositionTold(ACCOUNT, 1, qty, cost)


def _law_with(policy: str) -> Any:
    made = law()
    return msgspec.structs.replace(made, risk=msgspec.structs.replace(made.risk, foreign_by_root={"ES": policy}))


# ---------------------------------------------------------------------- closed by hand
@pytest.mark.covers("S1-23", "S2-04")
def test_a_position_closed_by_hand_is_booked_at_the_hands_price_its_orders_go_and_the_contract_is_locked() -> None:
    hand = position()
    hand.hear(told(2))
    [protect] = hand.hear(sold(2))
    assert isinstance(protect, Protect) and (protect.ref, protect.qty) == (1, 0)
    [trip] = hand.made(RoundTripClosed)
    assert (trip.how, trip.qty, trip.pnl) == ("by hand", 2, 2 * 4) and hand.bracket is None
    assert "closed by hand" in hand.made(ForeignSeen)[-1].why
    hand.hear(told(0))
    hand.bar(12)
    assert hand.state == "active" and hand.engine.desk.memory.referee.is_foreign(1)  # nobody enters before a person has looked
    hand.hear(said(OperatorAction.RESUME))
    assert not hand.engine.desk.memory.referee.is_foreign(1)


def test_half_of_it_closed_by_hand_leaves_the_other_half_protected_by_orders_of_its_size() -> None:
    hand = position()
    hand.hear(told(2))
    [protect] = hand.hear(sold(1), told(1))
    assert isinstance(protect, Protect) and (protect.qty, protect.stop_px, protect.target_px) == (1, LONG.stop_px, LONG.target_px)
    assert hand.bracket and hand.bracket.open == 1 and hand.bracket.phase is Phase.PROTECTED
    hand.hear(OrderAccepted(1, Leg.STOP, 1, LONG.stop_px))
    hand.fill(1, Leg.STOP, 1, LONG.stop_px)
    [trip] = hand.made(RoundTripClosed)
    assert trip.pnl == 4 - 8 and trip.how == "stop" and hand.state == "active"


def test_the_word_on_the_position_may_come_before_the_execution_or_behind_it() -> None:
    for order in ((sold(2), told(0)), (told(0), sold(2))):
        hand = position()
        hand.hear(told(2))
        hand.hear(*order)
        hand.bar(12)
        assert hand.bracket is None and hand.state == "active" and not hand.engine.desk.memory.referee.foreign


def test_more_than_was_held_is_a_position_that_has_turned_round_which_halts() -> None:
    hand = position()
    hand.hear(told(2), sold(3), told(-1))
    assert hand.state == "halted" and "turned round" in next(iter(hand.engine.desk.breaker.causes))
    assert hand.bracket is None and hand.engine.desk.memory.referee.foreign == {1: -1}


def test_a_stop_that_fills_at_the_same_time_halts_for_the_position_has_turned_round() -> None:
    hand = position()
    hand.hear(told(2), sold(2))
    hand.fill(1, Leg.STOP, 2, LONG.stop_px, id_="stop")
    hand.hear(told(-2))
    assert hand.state == "halted"
    other = position()
    other.hear(told(2))
    other.fill(1, Leg.STOP, 2, LONG.stop_px, id_="stop")
    other.hear(sold(2), told(-2))
    other.bar()
    assert other.engine.desk.memory.referee.foreign == {1: -2} and other.engine.desk.memory.referee.is_foreign(1)


def test_an_execution_told_twice_closes_once() -> None:
    hand = position()
    hand.hear(told(2), sold(1), sold(1), told(1))
    assert hand.bracket and hand.bracket.open == 1


def test_somebody_who_sells_what_is_his_sells_nothing_of_ours() -> None:
    hand = position()
    hand.hear(told(2), bought(3, id_="a"), told(5), sold(3, id_="b"), told(2))
    hand.bar(12)
    assert hand.bracket and hand.bracket.open == 2 and hand.state == "active" and not hand.engine.desk.memory.referee.foreign


def test_what_happened_by_hand_while_the_broker_was_away_is_booked_when_it_is_back() -> None:
    hand = position()
    hand.hear(told(2), ConnectionChanged(False, "cable"), told(0), sold(2))
    assert hand.bracket and hand.bracket.open == 2  # nothing is decided on half of what is known
    commands = hand.hear(ConnectionChanged(True, "back"))
    assert [type(each) for each in commands] == [Protect] and hand.bracket is None
    assert hand.made(RoundTripClosed)[-1].how == "by hand"


def test_what_others_traded_before_we_came_is_in_the_first_word_on_the_position() -> None:
    hand = Hand(setup()).opened()
    hand.hear(ConnectionChanged(False, "begin"), told(3), bought(3), ConnectionChanged(True, "connected"))
    hand.bar(12)
    assert hand.state == "active" and hand.engine.desk.memory.referee.foreign == {1: 3}


# ---------------------------------------------------------------------- what an owner chose
def test_where_foreign_is_ignored_it_is_counted_apart_and_we_trade_on() -> None:
    hand = Hand(setup(Script(LONG), by=_law_with("ignore"))).opened()
    hand.hear(told(5), ForeignOrderSeen(ACCOUNT, 1, 9, "", 1, 1, 0, "LMT", "Submitted"))
    [command] = hand.bar()
    assert isinstance(command, Submit) and hand.engine.desk.memory.referee.foreign == {1: 5}
    assert [fact.policy for fact in hand.made(ForeignSeen)] == ["ignore", "ignore"]
    held = position(setup(Script(LONG, until_ns=ONCE), by=_law_with("ignore")))
    held.hear(told(2), sold(4), told(-2))
    held.bar(12)
    assert held.bracket and held.bracket.open == 2 and held.state == "active"  # what others trade is theirs alone


@pytest.mark.parametrize("policy", ["lock", "adopt"])
def test_where_it_is_not_nobody_enters_and_ours_is_cared_for(policy: str) -> None:
    hand = Hand(setup(Script(LONG), by=_law_with(policy))).opened()
    hand.hear(told(5))
    assert hand.bar() == [] and hand.engine.desk.memory.referee.is_foreign(1)
    assert hand.made(ForeignSeen)[-1].policy == policy


# ---------------------------------------------------------------------- handed over
def foreign_long(qty: int = 3) -> Hand:
    hand = Hand(setup(Script(LONG, until_ns=0))).opened()
    hand.hear(told(qty, qty * 23_990 * 12_500_000))
    return hand


def handing(qty: int = 3, stop_px: int = 23_980, target_px: int = 24_040) -> PositionAdopted:
    return PositionAdopted(ACCOUNT, 1, qty, 23_990, stop_px, target_px, 600 * SECOND, "operator: mine")


def test_a_position_that_is_handed_over_gets_a_stop_in_the_same_turn_and_is_cared_for_like_any_other() -> None:
    hand = foreign_long()
    [protect] = hand.hear(handing())
    assert isinstance(protect, Protect) and (protect.qty, protect.stop_px, protect.target_px) == (3, 23_980, 24_040)
    b = hand.bracket
    assert b and (b.key.strategy, b.open, b.phase) == ("adopted", 3, Phase.EXPOSED) and hand.made(Adopted)[-1].qty == 3
    hand.hear(OrderAccepted(b.ref, Leg.STOP, 3, 23_980))
    assert b.phase is Phase.PROTECTED and not hand.engine.desk.memory.referee.foreign
    hand.bar(12)
    assert hand.state == "active"
    hand.fill(b.ref, Leg.STOP, 3, 23_980)
    hand.hear(told(0))
    [trip] = hand.made(RoundTripClosed)
    assert trip.pnl == 3 * (23_980 - 23_990) and trip.key.strategy == "adopted"


def test_one_that_is_not_covered_is_left() -> None:
    hand = foreign_long()
    hand.hear(handing())
    assert "Exit" in [type(each).__name__ for each in hand.bar(6)]


def test_a_position_in_a_contract_that_is_ours_or_unknown_is_adopted_by_no_event() -> None:
    hand = foreign_long()
    hand.hear(PositionAdopted("DU9", 1, 3, 1, 1, 9, 1, ""), PositionAdopted(ACCOUNT, 7, 3, 1, 1, 9, 1, ""))
    assert hand.bracket is None and hand.engine.desk.memory.referee.foreign == {1: 3}
    hand.hear(handing(), handing())
    assert len(list(hand.engine.desk.supervisor.brackets())) == 1


def test_what_a_hand_closed_and_nobody_told_locks_the_contract_and_asks_for_a_price() -> None:
    hand = position()
    hand.hear(told(2), BrokerSaid(0, "closed-by-hand", "2 of bracket 1 are not at the broker", 1, 1))
    assert hand.engine.desk.memory.referee.is_foreign(1) and "fills type 1 exit" in hand.made(ForeignSeen)[-1].why


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (handing(4), "others hold 3"),
        (handing(-3), "others hold 3"),
        (handing(stop_px=24_010), "go off at once"),
        (handing(target_px=23_990), "fill at once"),
        (PositionAdopted("DU9", 1, 3, 1, 1, 9, 1, ""), "account"),
        (PositionAdopted(ACCOUNT, 7, 3, 1, 1, 9, 1, ""), "does not know"),
    ],
)
def test_what_may_not_be_handed_over_is_said(event: PositionAdopted, word: str) -> None:
    hand = foreign_long()
    assert word in (why_not_adopt(hand.engine.desk, event) or "")


# ---------------------------------------------------------------------- fills that the broker tells no more
def entering(qty: int = 2, leg: Leg = Leg.STOP, id_: str = "flex1", ref: int = 1) -> FillEntered:
    return FillEntered(ref, leg, qty, LONG.stop_px, id_, 4_500_000, "operator: Friday's statement")


def test_a_fill_that_explains_the_difference_is_booked_like_any_other() -> None:
    hand = position()
    hand.hear(told(2), told(0), entering())
    [trip] = hand.made(RoundTripClosed)
    assert trip.how == "stop" and trip.pnl == -2 * 8 and hand.bracket is None
    hand.bar(12)
    assert hand.state == "active"


@pytest.mark.parametrize(
    ("positions", "event", "word"),
    [
        ((2,), entering(), "does not explain it"),
        ((2, 1), entering(), "does not explain it"),
        ((2, 0), entering(3), "3 cannot"),
        ((2, 0), entering(leg=Leg.ENTRY), "may still fill"),
        ((2, 0), entering(ref=5), "not open"),
        ((), entering(), "has not said"),
    ],
)
def test_a_fill_that_does_not_is_refused(positions: tuple[int, ...], event: FillEntered, word: str) -> None:
    hand = position()
    hand.hear(*(told(qty) for qty in positions))
    assert word in (why_not_enter(hand.engine.desk, event) or "")


def test_a_fill_entered_twice_counts_once() -> None:
    hand = position()
    hand.hear(told(2), told(0), entering(1, id_="a"))
    assert "booked already" in (why_not_enter(hand.engine.desk, entering(1, id_="a")) or "")
    hand.hear(entering(1, id_="a"))
    assert hand.bracket and hand.bracket.open == 1


# ---------------------------------------------------------------------- closed by hand, and nobody told of it
def half_gone(*, is_cut_first: bool = False) -> Hand:
    """Two are held; a hand closed one, nobody told of it, and the venue cut the stop."""
    hand = position()
    after = [BrokerSaid(0, "closed-by-hand", "1 of bracket 1 are not at the broker", 1, 1), OrderAccepted(1, Leg.STOP, 1, LONG.stop_px)]
    hand.hear(told(2), told(1), *(reversed(after) if is_cut_first else after))
    return hand


@pytest.mark.parametrize("is_cut_first", [False, True])
def test_what_is_left_of_a_position_that_a_hand_cut_untold_stays_under_its_stop_until_a_person_enters_the_rest(is_cut_first: bool) -> None:
    hand = half_gone(is_cut_first=is_cut_first)
    assert not any(hand.bar() for _ in range(12))  # neither repaired nor left: its stop is over what is there
    assert list(hand.engine.desk.breaker.latched) == ["position of contract 1: the broker holds 1, ours are 2 and foreign 0"]
    hand.hear(entering(1, Leg.EXIT), said(OperatorAction.RESUME))
    [bracket] = hand.engine.desk.supervisor.brackets()
    assert (bracket.open, bracket.held, bracket.phase, hand.state) == (1, 1, Phase.PROTECTED, "active")


def test_a_person_who_resumes_first_enters_the_price_of_what_was_closed_by_hand_afterwards() -> None:
    hand = half_gone()
    assert not any(hand.bar() for _ in range(12))
    hand.hear(said(OperatorAction.RESUME))
    assert hand.engine.desk.memory.referee.foreign == {1: -1}
    assert "does not explain it" in (why_not_enter(hand.engine.desk, entering(2, Leg.EXIT)) or "")
    hand.hear(OrderFilled(1, Leg.STOP, 1, LONG.stop_px, "stop1", None), told(0))
    assert hand.bracket is not None and why_not_enter(hand.engine.desk, entering(1, Leg.EXIT)) is None
    hand.hear(entering(1, Leg.EXIT))
    assert hand.bracket is None and len(hand.made(RoundTripClosed)) == 1 and not hand.engine.desk.memory.referee.foreign
    assert not any(hand.bar() for _ in range(12)) and hand.state == "active"


def test_of_a_position_that_is_gone_untold_nothing_is_repaired_or_left_and_a_flatten_sends_nothing() -> None:
    hand = position()
    hand.hear(told(2), told(0), BrokerSaid(0, "closed-by-hand", "2 of bracket 1 are not at the broker", 1, 1))
    assert not hand.hear(OrderCancelled(1, Leg.STOP, 2), OrderCancelled(1, Leg.TARGET, 2), said(OperatorAction.FLATTEN))
    assert not any(hand.bar() for _ in range(12))
    assert list(hand.engine.desk.breaker.latched)[-1] == "position of contract 1: the broker holds 0, ours are 2 and foreign 0"
    hand.hear(entering(2, Leg.EXIT))
    assert hand.bracket is None and len(hand.made(RoundTripClosed)) == 1


def test_what_was_thought_gone_and_is_there_after_all_is_covered_again() -> None:
    hand = half_gone()
    hand.hear(told(2))
    made = [command for _ in range(3) for command in hand.bar()]
    assert [(type(each), each.qty) for each in made if isinstance(each, Protect)][:1] == [(Protect, 2)]


def test_a_hand_whose_execution_is_told_later_is_booked_and_the_stop_stays_over_what_is_left() -> None:
    hand = half_gone()
    [protect] = hand.hear(sold(1))
    assert isinstance(protect, Protect) and protect.qty == 1
    [bracket] = hand.engine.desk.supervisor.brackets()
    assert (bracket.open, bracket.held, bracket.by_hand) == (1, 1, 0)
