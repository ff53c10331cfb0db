"""A position whose month leads no more: planned, told, moved in two legs by the gate; partial fills, refusals, races, the last hour."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.engine.hand import ACCOUNT, BAR, ES_TERMS, FEE, LAW, LONG, ONCE, T0, Hand, Script, said
from tests.simulation.pit import future, quote_record
from workbench.domain.decisions import RollEnded, RollPlanned, RoundTripClosed
from workbench.domain.events import (
    Answered,
    ConnectionChanged,
    FrontChanged,
    Known,
    OperatorAction,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    RollAsked,
)
from workbench.domain.orders import Ask, Exit, Leg, Submit
from workbench.domain.units import MICROS, SECOND
from workbench.engine import Engine, Setup
from workbench.risk.constitution import parse

H7 = msgspec.structs.replace(future(2), symbol="ESH7")
NOTICE_S = 20.0


def over_the_roll(**changes: Any) -> Hand:
    """Long two ESZ6 from 24,000 under a stop at 23,992; ESH7 trades 100 quanta higher and leads from now on."""
    sessions = LAW["sessions"] | {"horizon": "hold", "roll": "move", "roll_notice_s": NOTICE_S} | changes.pop("sessions", {})
    closes, asks = changes.pop("closes", {}), changes.pop("asks", False)
    law = parse({"profile": "hand", **{part: dict(fields) | changes.get(part, {}) for part, fields in LAW.items()}, "sessions": sessions})
    z6 = (Script(changes.pop("wish", LONG), until_ns=ONCE + (3 * BAR if asks else 0)), (1,))
    hand = Hand(Setup(ACCOUNT, (ES_TERMS, ES_TERMS._replace(contract=H7)), law, strategies=(z6,), closes=closes))
    hand.phase(contract=2)
    hand.quote(24_099, 24_100, contract=2)
    hand.hear(FrontChanged("ES", 1))
    if asks:
        asked_first(hand)
    else:
        hand.protected()
    hand.hear(FrontChanged("ES", 2))
    both(hand)
    return hand


def asked_first(hand: Hand) -> None:
    """Enter under a law that asks what an order would bind."""
    hand.opened()
    [question] = hand.bar()
    hand.hear(Answered(question.ref, question.question, Known({"initial_micros": 30_000 * MICROS})))
    hand.quote()
    [sent] = hand.bar()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, 2, 24_000), OrderFilled(sent.ref, Leg.ENTRY, 2, 24_000, "first", FEE))
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, 2, sent.stop_px))


def both(hand: Hand, bid: int = 23_999) -> None:
    hand.quote(bid, bid + 1)
    hand.quote(bid + 100, bid + 101, contract=2)


def on(hand: Hand, seconds: float) -> list[Any]:
    """Let time pass with both months quoted; give what was commanded."""
    made: list[Any] = []
    end_ns = hand.now_ns + round(seconds * 1e9)
    while hand.now_ns < end_ns:
        both(hand)
        made += hand.bar()
    return made


def leaving() -> tuple[Hand, Exit]:
    hand = over_the_roll()
    [exit_] = on(hand, NOTICE_S + 10)
    assert isinstance(exit_, Exit) and exit_.why == "roll"
    return hand, exit_


def test_a_roll_is_told_with_its_cost_before_its_first_order() -> None:
    hand = over_the_roll()
    assert on(hand, 10) == []
    [plan] = hand.made(RollPlanned)
    spreads, fees = 2 * 2 * 12_500_000, ES_TERMS.fee(2) + 2 * ES_TERMS.fee(2)
    assert (plan.to_contract, plan.qty, plan.near_px, plan.far_px) == (2, 2, 23_999, 24_100)
    assert plan.stop_px == 24_100 - (23_999 - 23_992) and plan.cost_micros == spreads + fees


def test_it_goes_out_first_and_in_again_under_a_stop_as_far_away() -> None:
    hand, exit_ = leaving()
    both(hand)
    assert hand.bar() == []  # nothing is entered while the exit is on its way
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    [command] = on(hand, 5)
    assert isinstance(command, Submit) and command.key.contract == 2 and command.key.strategy == "script"
    assert (command.side, command.qty, command.entry_px, command.stop_px, command.target_px) == (1, 2, 24_100, 24_093, 24_125)
    [ended] = hand.made(RollEnded)
    assert (ended.ref, ended.to_ref, ended.why) == (exit_.ref, command.ref, "roll")
    hand.hear(OrderAccepted(command.ref, Leg.ENTRY, 2, 24_100), OrderFilled(command.ref, Leg.ENTRY, 2, 24_100, "in", FEE))
    hand.hear(OrderAccepted(command.ref, Leg.STOP, 2, command.stop_px))
    assert on(hand, 60) == []  # it is where it should be
    hand.hear(OrderFilled(command.ref, Leg.STOP, 2, 24_093, "stopped", FEE))
    assert [(trip.key.contract, trip.pnl) for trip in hand.made(RoundTripClosed)] == [(1, -2), (2, -14)]  # booked by month


def test_an_exit_in_parts_is_waited_for_and_never_is_more_held_than_was() -> None:
    hand, exit_ = leaving()
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 1, 23_999, "one", FEE))
    assert not [command for command in on(hand, 10) if isinstance(command, Submit)]
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 1, 23_998, "two", FEE))
    assert [command.qty for command in on(hand, 5)] == [2]


def test_an_exit_that_the_venue_refuses_is_sent_again_and_nothing_is_entered_before() -> None:
    hand, exit_ = leaving()
    hand.hear(OrderRejected(exit_.ref, Leg.EXIT, "201: not now"))
    again = on(hand, 5)
    assert [type(command) for command in again] == [Exit]
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    assert [type(command) for command in on(hand, 5)] == [Submit]


def test_a_second_leg_that_the_venue_refuses_leaves_it_flat() -> None:
    hand, exit_ = leaving()
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    [command] = on(hand, 5)
    hand.hear(OrderRejected(command.ref, Leg.ENTRY, "201: outside hours"))
    assert on(hand, 120) == [] and hand.bracket is None and not hand.engine.desk.memory.rolls


def test_a_second_leg_that_the_gate_refuses_leaves_it_flat_and_says_why() -> None:
    hand, exit_ = leaving()
    hand.hear(said(OperatorAction.HALT))
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    assert on(hand, 10) == []
    [ended] = hand.made(RollEnded)
    assert ended.to_ref is None and ended.why == "refused: halted"


def test_a_second_leg_waits_while_the_venue_is_away_for_a_moment() -> None:
    hand, exit_ = leaving()
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE), ConnectionChanged(False, "gone"))
    assert on(hand, 30) == [] and hand.engine.desk.memory.rolls
    hand.hear(ConnectionChanged(True, "back"))
    assert [type(command) for command in on(hand, 5)] == [Submit]
    hand, exit_ = leaving()
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE), ConnectionChanged(False, "gone"))
    assert on(hand, 120) == [] and [ended.why for ended in hand.made(RollEnded)] == ["refused: reducing"]


def test_what_the_second_leg_would_bind_is_asked_and_waited_for() -> None:
    hand = over_the_roll(risk={"ask_margin": True}, asks=True)
    [exit_] = on(hand, NOTICE_S + 10)
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    [question] = on(hand, 5)
    assert isinstance(question, Ask) and question.key.contract == 2 and question.detail == "+2"
    assert on(hand, 10) == [] and hand.engine.desk.memory.rolls
    hand.hear(Answered(question.ref, question.question, Known({"initial_micros": 30_000 * MICROS})))
    assert [type(command) for command in on(hand, 5)] == [Submit]


def test_a_second_leg_whose_margin_nobody_tells_stays_flat() -> None:
    hand = over_the_roll(risk={"ask_margin": True}, asks=True)
    [exit_] = on(hand, NOTICE_S + 10)
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    assert {type(command) for command in on(hand, 120)} == {Ask}
    assert [ended.why for ended in hand.made(RollEnded)] == ["refused: margin"]


def test_the_stop_that_follows_goes_over() -> None:
    hand = over_the_roll(wish=LONG._replace(trail_px=40))
    [exit_] = on(hand, NOTICE_S + 10)
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    [command] = on(hand, 5)
    assert hand.engine.desk.memory.care.tended[command.ref].trail.away_px == 40


def test_where_the_stop_ends_it_first_there_is_nothing_to_move() -> None:
    hand, exit_ = leaving()
    hand.hear(OrderFilled(exit_.ref, Leg.STOP, 2, 23_992, "stopped", FEE))
    assert on(hand, 120) == []
    assert [ended.why for ended in hand.made(RollEnded)] == ["its stop ended it first"]


def test_what_the_stop_took_of_it_meanwhile_is_not_moved() -> None:
    hand, exit_ = leaving()
    hand.hear(OrderFilled(exit_.ref, Leg.STOP, 1, 23_992, "stopped", FEE), OrderFilled(exit_.ref, Leg.EXIT, 1, 23_990, "out", FEE))
    assert [command.qty for command in on(hand, 5)] == [1]


def test_a_second_leg_without_a_quote_waits_a_minute_and_stays_flat() -> None:
    hand, exit_ = leaving()
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    hand.say(quote_record(hand.now_ns, 24_099, None, contract=2))
    made = []
    for _ in range(20):
        hand.quote()
        made += hand.bar()
    assert made == [] and [ended.why for ended in hand.made(RollEnded)] == ["the other month had no quote"]


@pytest.mark.parametrize("sessions", [{"horizon": "day"}, {"roll": "leave"}])
def test_what_ends_with_its_session_or_by_law_stays_is_not_moved(sessions: dict[str, str]) -> None:
    hand = over_the_roll(sessions=sessions)
    assert on(hand, 60) == [] and not hand.made(RollPlanned)


def test_a_person_need_not_wait_for_the_notice() -> None:
    hand = over_the_roll(sessions={"roll": "leave"})
    hand.hear(RollAsked("ES", "the month is over"))
    [exit_] = on(hand, 5)
    assert isinstance(exit_, Exit) and [plan.due_ns <= hand.now_ns for plan in hand.made(RollPlanned)] == [True]


def test_it_waits_while_the_system_is_not_active() -> None:
    hand = over_the_roll()
    hand.hear(said(OperatorAction.HALT))
    assert on(hand, NOTICE_S + 60) == []
    hand.hear(said(OperatorAction.RESUME))
    assert [type(command) for command in on(hand, 5)] == [Exit]


def test_in_the_last_hour_the_close_ends_what_was_not_moved() -> None:
    hand = over_the_roll(sessions={"horizon": "swing", "roll_notice_s": 86_000.0}, closes={1: (T0 + 400 * SECOND,)})
    assert on(hand, 60) == [] and len(hand.made(RollPlanned)) == 1  # planned, not due
    [exit_] = on(hand, 300)
    assert exit_.why == "weekend"  # nobody knows of a session behind this one
    hand.hear(OrderFilled(exit_.ref, Leg.EXIT, 2, 23_999, "out", FEE))
    assert on(hand, 10) == [] and [ended.why for ended in hand.made(RollEnded)] == ["the position ended before it was moved"]


@pytest.mark.parametrize("steps", [1, 3, 6, 8])
def test_a_snapshot_in_the_middle_changes_nothing(steps: int) -> None:
    def played(copies: bool) -> tuple[Any, str]:
        hand = over_the_roll()
        for n in range(12):
            both(hand)
            made = hand.bar()
            if n == steps and copies:
                other = Engine(hand.engine.setup)
                other.restore(hand.engine.snapshot())
                hand.engine = other
            for command in made:
                if isinstance(command, Exit):
                    hand.hear(OrderFilled(command.ref, Leg.EXIT, 2, 23_999, "out", FEE))
        return hand.commands, hand.engine.digest()

    assert played(copies=True) == played(copies=False)
    assert BAR * 12 > NOTICE_S
