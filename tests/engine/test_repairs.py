"""The engine and a stop that is gone: answered in the same turn, looked at again, left where no stop helps; and lacking margin."""

from __future__ import annotations

import pytest

from tests.engine.hand import LONG, ONCE, Hand, Script, law, position, setup
from workbench.domain.decisions import StateChanged
from workbench.domain.events import ConnectionChanged, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Cancel, Exit, Leg, Protect
from workbench.domain.units import SECOND

LOST = OrderCancelled(1, Leg.STOP, 2)


def whys(commands: list[AnyCommand]) -> list[str]:
    return [command.why for command in commands if isinstance(command, Exit)]


@pytest.mark.covers("S2-05")
def test_a_stop_that_is_gone_is_asked_for_in_the_same_turn_and_confirmed_it_protects() -> None:
    hand = position()
    (said,) = hand.hear(LOST)
    assert isinstance(said, Protect) and (said.qty, said.stop_px, said.target_px) == (2, LONG.stop_px, LONG.target_px)
    hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
    assert hand.bracket is not None and hand.bracket.phase == "protected" and hand.bar(9) == []


def test_a_stop_that_grows_with_its_entry_is_given_a_moment() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.filled()
    assert hand.hear() == [] and hand.bracket is not None
    hand.until(hand.now_ns // (5 * 10**9) * 5 * 10**9 + 5 * 10**9)
    assert all(isinstance(command, Protect) for command in hand.commands[1:])


def test_a_stop_whose_level_the_market_has_passed_is_not_placed_again_the_position_is_left() -> None:
    hand = position()
    hand.quote(23_990, 23_991)
    hand.bar()
    assert whys(hand.hear(LOST)) == ["stop passed"]


def test_what_fills_of_an_entry_behind_its_own_stop_is_left_and_behind_its_target_covered() -> None:
    for leg, px, kind in ((Leg.STOP, LONG.stop_px, Exit), (Leg.TARGET, LONG.target_px, Protect)):
        hand = Hand(setup(Script(LONG, until_ns=ONCE)))
        hand.filled(qty=1)
        hand.hear(OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
        assert [type(command) for command in hand.fill(1, leg, 1, px)] == [Cancel]
        assert [type(command) for command in hand.hear(OrderFilled(1, Leg.ENTRY, 1, 24_000, "late", None))] == [kind]


def test_while_the_broker_is_away_nothing_is_repaired_and_the_first_barrier_after_looks() -> None:
    hand = position(setup(Script(LONG, until_ns=ONCE), by=law(cover_seconds=60.0)))
    hand.hear(ConnectionChanged(False, "lost"))
    assert hand.hear(LOST) == [] and hand.bar(2) == []
    hand.hear(ConnectionChanged(True, "back"))
    assert [type(command) for command in hand.bar()] == [Protect]


@pytest.mark.covers("S2-05")
def test_the_first_exit_that_is_refused_behind_the_end_of_its_stop_is_sent_again_in_the_same_turn_further_ones_at_barriers() -> None:
    hand, refused = position(hold_ns=SECOND), OrderRejected(1, Leg.EXIT, "201: no")
    assert whys(hand.bar()) == ["time"] and hand.hear(LOST) == []
    assert whys(hand.hear(refused)) == ["time"]
    assert hand.hear(refused) == [] and whys(hand.bar()) == ["time"]


def test_what_our_own_door_keeps_back_is_never_sent_again_in_the_same_turn() -> None:
    """It would be kept back again, and again."""
    hand, kept = position(hold_ns=SECOND), OrderRejected(1, Leg.EXIT, "not sent: the fence is up")
    assert whys(hand.bar()) == ["time"] and hand.hear(LOST) == [] and hand.hear(kept) == []
    assert whys(hand.bar()) == whys(hand.hear(OrderRejected(1, Leg.EXIT, "201: no"))) == ["time"]
    assert hand.hear(kept) == [] and whys(hand.bar()) == ["time"]


def test_one_that_is_refused_beside_its_stop_waits_for_a_barrier() -> None:
    hand = position(hold_ns=SECOND)
    assert whys(hand.bar()) == ["time"]
    assert hand.hear(OrderRejected(1, Leg.EXIT, "201: no")) == [] and whys(hand.bar()) == ["time"]


def test_a_stop_that_was_refused_a_move_is_left_where_it_is_told_to_stand() -> None:
    hand = position(breakeven_px=24_008)
    hand.quote(24_008, 24_009)
    assert hand.hear(OrderRejected(1, Leg.STOP, "too close"), OrderAccepted(1, Leg.STOP, 2, LONG.stop_px)) == []
    assert hand.bracket is not None and hand.bracket.stop_px == LONG.stop_px and hand.bracket.phase == "protected"


def test_a_stop_that_stays_too_large_is_put_right_at_the_second_look_and_at_last_left() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.filled(qty=1)
    hand.hear(OrderCancelled(1, Leg.ENTRY, 1), OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
    made = [command for _ in range(8) for command in hand.bar()]
    assert [type(command) for command in made[:5]] == [Protect] * 4 + [Exit] and whys(made)[0] == "stop too large"
    assert {command.qty for command in made if isinstance(command, Protect)} == {1}


@pytest.mark.covers("S3-12")
def test_margin_that_is_lacking_shuts_entries_with_the_brokers_words_until_a_person_has_read_them() -> None:
    hand = Hand(setup(Script(LONG)))
    hand.entered()
    hand.hear(OrderRejected(1, Leg.ENTRY, "201: Order rejected - reason:YOUR EQUITY MUST EXCEED THE INITIAL MARGIN"))
    assert hand.state == "reducing" and "INITIAL MARGIN" in hand.made(StateChanged)[-1].why and hand.bar(3) == []
    other = Hand(setup(Script(LONG)))
    other.entered()
    other.hear(OrderRejected(1, Leg.ENTRY, "201: Order rejected - reason:The time is outside of trading hours"))
    assert other.state == "active"
