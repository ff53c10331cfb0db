"""Intents that come again, entries that are moved, stops that are gone or of another size: what the supervisor says to it."""

from __future__ import annotations

import pytest

from tests.execution.test_supervisor import CAUSE, KEY, WISH, Desk
from workbench.domain.chase import Chase
from workbench.domain.decisions import Approved
from workbench.domain.events import FillCorrected, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Cancel, Cause, Exit, Leg, OrderType, Protect, Reprice
from workbench.domain.units import SECOND
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import Phase
from workbench.execution.supervisor import MAX_REPAIRS

ENTRY, STOP, TARGET, EXIT = Leg


def working(qty: int = 3) -> Desk:
    return Desk(qty).hear(OrderAccepted(1, ENTRY, qty, 100))


def bracket(desk: Desk) -> Bracket:
    assert desk.bracket is not None
    return desk.bracket


def repair(desk: Desk, now_ns: int = 7) -> Protect | None:
    return desk.supervisor.repair(bracket(desk), now_ns, CAUSE, desk.facts)


# ---------------------------------------------------------------------- intents
@pytest.mark.covers("S2-03", "S1-27")
def test_the_same_intent_again_gives_the_same_command_and_no_second_bracket() -> None:
    desk = Desk()
    first, again = (desk.supervisor.submit(Approved(KEY, WISH, 3, 1), now_ns, CAUSE, 20261120) for now_ns in (5, 9))
    assert first is again and len(desk.supervisor.book.open) == 1
    other = desk.supervisor.submit(Approved(KEY, WISH, 3, 1), 9, Cause(2, 0), 20261120)
    assert other.ref == first.ref + 1


def test_an_intent_is_known_when_its_bracket_is_over() -> None:
    desk = Desk().hear(OrderRejected(1, ENTRY, "no"))
    assert desk.supervisor.submit(Approved(KEY, WISH, 3, 1), 9, CAUSE, 20261120).ref == 1 and desk.bracket is None


# ---------------------------------------------------------------------- an entry that is moved
def reprice(desk: Desk, px: int) -> Reprice | None:
    return desk.supervisor.reprice(bracket(desk), px, 9, CAUSE)


@pytest.mark.covers("S2-06")
def test_a_resting_entry_is_moved_twice_and_no_more() -> None:
    desk, made = working(), list[type]()
    for px in (99, 98, 97):
        made.append(type(reprice(desk, px)))
        desk.hear(OrderAccepted(1, ENTRY, 3, px))
    assert made == [Reprice, Reprice, type(None)]


@pytest.mark.covers("S2-06")
def test_an_entry_whose_move_nobody_confirmed_is_not_moved_again() -> None:
    desk = working()
    assert isinstance(reprice(desk, 99), Reprice) and reprice(desk, 98) is None
    assert isinstance(reprice(desk.hear(OrderAccepted(1, ENTRY, 3, 99)), 98), Reprice)


def test_an_entry_that_chases_goes_as_far_as_its_worst_price_and_no_further() -> None:
    desk = Desk(3, WISH._replace(chase=Chase(102, 10, 1))).hear(OrderAccepted(1, ENTRY, 3, 100))
    assert reprice(desk, 103) is None and isinstance(reprice(desk, 102), Reprice)


def test_an_entry_is_never_moved_to_where_more_would_be_lost_than_was_approved() -> None:
    desk = working()
    assert [reprice(desk, px) for px in (101, 90, 89, 100)] == [None] * 4
    assert isinstance(reprice(desk, 95), Reprice)
    assert isinstance(reprice(desk.hear(OrderAccepted(1, ENTRY, 3, 95)), 100), Reprice)


def test_what_is_not_resting_is_not_moved() -> None:
    assert reprice(Desk(), 99) is None  # not answered
    assert reprice(working().fill(ENTRY, 1), 99) is None
    withdrawn = working()
    withdrawn.supervisor.withdraw(bracket(withdrawn), 8, CAUSE)
    assert reprice(withdrawn, 99) is None
    at_market = Desk()
    bracket(at_market.hear(OrderAccepted(1, ENTRY, 3, 100))).entry_type = OrderType.MARKET
    assert reprice(at_market, 99) is None


def test_an_entry_the_venue_did_not_move_is_remembered_where_it_stands() -> None:
    desk = working()
    reprice(desk, 99)
    desk.hear(OrderAccepted(1, ENTRY, 3, 100))
    assert bracket(desk).entry_px == 100 and bracket(desk).phase is Phase.WORKING


# ---------------------------------------------------------------------- a stop that is gone, or of another size
@pytest.mark.covers("S2-05")
def test_a_position_whose_stop_is_gone_is_to_be_protected_for_what_is_held() -> None:
    desk = working().fill(ENTRY, 3).covered(3).hear(OrderCancelled(1, STOP, 3))
    assert repair(desk) == Protect(1, KEY, 7, CAUSE, 3, 90, 120)
    assert desk.covered(3).bracket and bracket(desk).phase is Phase.PROTECTED and repair(desk) is None


def test_a_repair_is_said_again_after_a_pause_and_a_few_times() -> None:
    desk = working().fill(ENTRY, 3)
    said = [repair(desk, n * SECOND) is not None for n in range(1, 60)]
    assert sum(said) == MAX_REPAIRS and [n for n, each in enumerate(said) if each] == [0, 5, 10, 15]


def test_a_stop_too_small_or_too_large_is_repaired_and_one_that_waits_for_the_rest_is_not() -> None:
    small = working().fill(ENTRY, 3).covered(2)
    assert (command := repair(small)) is not None and command.qty == 3
    waits = working().fill(ENTRY, 2).covered(3)
    assert repair(waits) is None  # one more may fill
    waits.hear(OrderCancelled(1, ENTRY, 1))
    assert (command := repair(waits)) is not None and command.qty == 2


def test_a_position_that_is_being_left_is_not_repaired() -> None:
    desk = working().fill(ENTRY, 3).covered(3)
    desk.supervisor.leave(bracket(desk), "time", 9, CAUSE, desk.facts)
    assert repair(desk.hear(OrderCancelled(1, STOP, 3))) is None


def test_an_entry_whose_stop_is_gone_before_it_fills_is_withdrawn() -> None:
    for report in (OrderCancelled(1, STOP, 3), OrderRejected(1, STOP, "no")):
        assert [type(command) for command in working().hear(OrderAccepted(1, STOP, 3, 90), report).sent] == [Cancel]


def test_an_exit_that_is_lost_under_a_standing_stop_leaves_the_position_protected() -> None:
    desk = working().fill(ENTRY, 3).covered(3)
    desk.supervisor.leave(bracket(desk), "time", 9, CAUSE, desk.facts)
    assert bracket(desk.hear(OrderRejected(1, EXIT, "no"))).phase is Phase.PROTECTED


def test_what_fills_more_than_was_ordered_is_left() -> None:
    assert [type(command) for command in working().fill(ENTRY, 4).sent] == [Exit]


# ---------------------------------------------------------------------- corrections
@pytest.mark.covers("S2-07", "S2-28")
def test_a_bust_of_all_that_is_held_sends_no_exit_over_nothing() -> None:
    desk = working().fill(ENTRY, 3, id_="x.01").hear(FillCorrected(1, ENTRY, 0, 0, "x.02", "x.01"))
    assert desk.sent == [] and desk.bracket is None and desk.moves()[-1] == "closed"


def test_a_bust_that_comes_before_its_execution_ends_what_never_fills_again() -> None:
    desk = working(2).hear(FillCorrected(1, ENTRY, 0, 0, "x.02", "x.01"))
    assert bracket(desk).rest == 2
    desk.hear(OrderFilled(1, ENTRY, 1, 100, "x.01", None), OrderFilled(1, ENTRY, 1, 100, "x.01", None))
    assert (bracket(desk).open, bracket(desk).rest) == (0, 1)


@pytest.mark.covers("S2-04", "S2-28")
def test_a_stop_that_stood_before_a_bust_is_not_believed_in_until_the_venue_says_so() -> None:
    desk = working(2).covered(2).fill(ENTRY, 1).fill(ENTRY, 1, id_="x.01").hear(FillCorrected(1, ENTRY, 0, 0, "x.02", "x.01"))
    assert isinstance(desk.sent[-1], Exit) and bracket(desk).covered == 0
    desk.hear(OrderRejected(1, EXIT, "no"))
    assert bracket(desk).phase is Phase.EXPOSED
    again = repair(desk)
    assert isinstance(again, Protect) and again.qty == 1
    assert bracket(desk.covered(1)).phase is Phase.PROTECTED


@pytest.mark.covers("S2-04")
def test_a_stop_over_a_part_that_filled_covers_nothing_of_the_rest() -> None:
    desk = Desk(2).fill(ENTRY, 2).covered(1).fill(STOP, 1)
    assert (bracket(desk).open, bracket(desk).covered, bracket(desk).phase) == (1, 0, Phase.EXPOSED)


def test_a_stop_is_not_believed_in_where_a_bust_overtakes_its_execution_and_the_rest_fills() -> None:
    desk = working(2).covered(2).hear(FillCorrected(1, ENTRY, 0, 0, "x.02", "x.01")).fill(ENTRY, 1)
    assert bracket(desk).phase is Phase.PROTECTED
    desk.fill(ENTRY, 1, id_="x.01")
    assert bracket(desk).phase is Phase.EXPOSED and bracket(desk).covered == 0


def test_a_fee_of_an_execution_that_was_corrected_since_is_due_for_the_one_in_its_place() -> None:
    desk = working(1).hear(OrderFilled(1, ENTRY, 1, 100, "x.01", None), FillCorrected(1, ENTRY, 1, 101, "x.02", "x.01"))
    assert desk.supervisor.fee("x.01", 5) is None and bracket(desk).fees_micros == 5
    assert desk.supervisor.fee("x.02", 5) is None and bracket(desk).fees_micros == 5  # told for both: paid once
