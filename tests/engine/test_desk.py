"""The desk by hand: entries that wait, and exits, each at the bar at which it must happen."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.engine.hand import (
    BAR,
    FEE,
    KEY,
    LONG,
    ONCE,
    SHORT,
    T0,
    Hand,
    Script,
    day,
    law,
    position,
    setup,
    standing,
)
from tests.simulation.pit import record
from workbench.domain.decisions import Adjust, ExitWish, Proposal, Refused, RoundTripClosed, Thesis
from workbench.domain.events import OperatorAction, OperatorSaid, OrderAccepted, OrderCancelled, OrderRejected
from workbench.domain.orders import Cancel, Exit, Leg, Modify
from workbench.domain.records import Kind
from workbench.domain.units import MICROS, SECOND
from workbench.domain.views import PositionView, View
from workbench.learning.recipe import Recipe


# ---------------------------------------------------------------------- entries
@pytest.mark.covers("S2-06")
def test_an_entry_that_does_not_fill_is_withdrawn_when_its_time_is_over() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(entry_ttl_seconds=10.0)))
    sent = hand.entered()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, 2, 24_000))
    assert hand.bar() == []
    [command] = hand.bar()
    assert isinstance(command, Cancel) and command.ref == sent.ref and command.decided_ns == sent.decided_ns + 10 * SECOND
    assert hand.bar(3) == []  # once
    hand.hear(OrderCancelled(sent.ref, Leg.ENTRY, 2))
    assert hand.bracket is None and hand.made(RoundTripClosed) == []


@pytest.mark.covers("S2-06", "S2-07")
def test_what_is_left_of_a_partly_filled_entry_is_withdrawn_as_well() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(entry_ttl_seconds=10.0)))
    sent = hand.filled(qty=1)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, 1, sent.stop_px))
    assert [type(command) for command in hand.bar(3)] == [Cancel]


@pytest.mark.parametrize("end", [OrderCancelled(1, Leg.ENTRY, 2), OrderRejected(1, Leg.ENTRY, "no")], ids=["cancelled", "rejected"])
def test_an_entry_that_ends_without_a_fill_does_not_count(end: Any) -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    assert day(hand).n_entries == 1
    hand.hear(end)
    assert day(hand).n_entries == 0 and standing(hand).n_open == 0 and not standing(hand).is_owned


def test_an_entry_that_ends_a_day_later_takes_nothing_from_the_new_day() -> None:
    days = ((T0 - SECOND, 20261118), (T0 + 3 * BAR, 20261119))
    hand = Hand(setup(Script(LONG, until_ns=ONCE), account_days=days))
    sent = hand.entered()
    hand.bar(2)
    assert day(hand).day == 20261119
    hand.hear(OrderCancelled(sent.ref, Leg.ENTRY, 2))
    assert day(hand).n_entries == 0


def test_a_bracket_that_waits_or_is_held_counts_its_heat_margin_and_size() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    waiting = standing(hand)
    assert (waiting.n_open, waiting.n_contracts, waiting.heat_micros, waiting.is_owned) == (1, 2, 200 * MICROS, True)
    assert waiting.margin_micros == 2 * 15_000 * MICROS and waiting.ns_since_entry == hand.now_ns - (T0 + 2 * BAR)
    hand.fill(1, Leg.ENTRY, 2, 24_000)
    assert standing(hand)[1:6] == waiting[1:6]
    hand.fill(1, Leg.TARGET, 1, 24_024)
    assert (standing(hand).n_contracts, standing(hand).heat_micros) == (1, 100 * MICROS)


def test_rate_windows_forget_what_is_over() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.hear(OrderRejected(1, Leg.ENTRY, "no"))
    assert (standing(hand).n_orders_minute, standing(hand).n_entries_hour) == (3, 1)  # a bracket is three orders
    hand.until(T0 + 2 * BAR + 60 * SECOND)
    hand.now_ns = T0 + 2 * BAR + 60 * SECOND
    assert (standing(hand).n_orders_minute, standing(hand).n_entries_hour) == (0, 1)
    hand.now_ns = T0 + 2 * BAR + 3_600 * SECOND - 1
    assert standing(hand).n_entries_hour == 1
    hand.now_ns += 1
    assert standing(hand).n_entries_hour == 0


def test_refusals_are_counted_by_their_reason() -> None:
    hand = Hand(setup(Script(LONG), by=law(max_entries_per_day=0)))
    hand.opened().bar(3)
    assert hand.engine.desk.memory.n_refused == {"data quality": 1, "entries a day": 3}
    assert len(hand.made(Refused)) == 4


# ---------------------------------------------------------------------- exits
@pytest.mark.covers("S2-11")
def test_a_position_is_left_by_time_counted_from_its_first_fill() -> None:
    hand = position(hold_ns=10 * SECOND)
    opened = hand.bracket.opened_ns if hand.bracket else 0
    assert hand.bar(2) == []  # ten seconds after the order, but not after the fill
    [command] = hand.bar()
    assert isinstance(command, Exit) and command.why == "time" and command.decided_ns - opened >= 10 * SECOND
    assert hand.bar(3) == []  # once
    hand.fill(1, Leg.EXIT, 2, 24_001)
    [trip] = hand.made(RoundTripClosed)
    assert (trip.how, trip.pnl, trip.qty) == ("exit", 2, 2)


def test_a_later_part_of_the_entry_gives_a_position_no_more_time() -> None:
    hand = Hand(setup(Script(LONG._replace(hold_ns=20 * SECOND), until_ns=ONCE)))
    sent = hand.filled(qty=1)
    hand.hear(OrderAccepted(1, Leg.STOP, 1, sent.stop_px))
    hand.bar(3)
    hand.fill(1, Leg.ENTRY, 1, 24_000)
    hand.hear(OrderAccepted(1, Leg.STOP, 2, sent.stop_px))
    assert [command.why for command in hand.bar(2)] == ["time"]


@pytest.mark.covers("S2-10", "S2-51")
def test_a_position_is_left_when_its_thesis_is_gone() -> None:
    recipe = Recipe(name="r", model="scaled_logistic", features=("ret_1_5s",), horizon_ns=BAR, min_labels=0, min_outcomes=1)
    for floor, left in ((0.0, []), (1.0, ["thesis"])):
        wish = LONG._replace(thesis=Thesis("r", floor))
        hand = position(setup(Script(wish, until_ns=ONCE), recipes=((recipe, (1,)),)))
        hand.say(record(Kind.PRINT, hand.now_ns, px=24_000, sz=1))
        hand.bar(3)
        assert [command.why for command in hand.commands if isinstance(command, Exit)] == left


def test_a_forecast_that_is_not_known_ends_no_thesis() -> None:
    hand = position(thesis=Thesis("nobody", 1.0))
    assert hand.bar(3) == []


def test_a_position_is_left_before_its_session_closes_and_not_after() -> None:
    close = T0 + 200 * SECOND
    for flat_s, at in ((120.0, T0 + 80 * SECOND), (0.0, None)):
        hand = position(setup(Script(LONG, until_ns=ONCE), by=law(flat_before_close_s=flat_s), closes={1: (T0, close, close + BAR * 99)}))
        while hand.now_ns < close - BAR:
            hand.bar()
        exits = [(command.why, command.decided_ns) for command in hand.commands if isinstance(command, Exit)]
        assert exits == ([("close", at)] if at else [])


def test_the_time_to_the_close_is_that_of_the_next_one_and_none_without_a_calendar() -> None:
    desk = Hand(setup(both=True, closes={1: (10, 20)})).engine.desk
    assert [desk.ns_to_close(1, at) for at in (5, 9, 10, 19, 20, 99)] == [5, 1, 10, 1, None, None]
    assert desk.ns_to_close(2, 5) is None


@pytest.mark.covers("S0-17", "S0-18")
def test_a_position_is_left_when_its_data_is_worth_less_than_holding_needs() -> None:
    hand = position()
    late = {"event_ns": 1, "flags": 7}  # by years: 800, enough to stay
    hand.say(record(Kind.QUOTE, hand.now_ns, px=24_000, px2=24_001, sz=1, sz2=1, **late))
    assert hand.bar() == []
    hand.say(record(Kind.GAP, hand.now_ns))  # 500
    [command] = hand.bar()
    assert isinstance(command, Exit) and command.why == "quality"


@pytest.mark.covers("S2-07", "S2-25")
def test_a_halt_withdraws_what_may_still_fill_and_leaves_the_position_to_its_stop() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    sent = hand.filled(qty=1)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, 1, sent.stop_px), OperatorSaid(OperatorAction.HALT, "by hand"))
    assert [type(command) for command in hand.bar()] == [Cancel]
    assert hand.bar() == []


@pytest.mark.covers("S0-15", "S2-09", "S2-33")
def test_a_strategy_may_leave_and_may_bring_its_stop_closer() -> None:
    left = position(setup(Script(LONG, until_ns=ONCE, about=ExitWish("had enough"))))
    assert [command.why for command in left.bar()] == ["had enough"]
    moved = position(setup(Script(LONG, until_ns=ONCE, about=Adjust(23_996))))
    assert [(type(command), command.stop_px) for command in moved.bar()] == [(Modify, 23_996)]
    assert moved.bar(2) == []  # no closer than it is
    wider = position(setup(Script(LONG, until_ns=ONCE, about=Adjust(23_980))))
    assert wider.bar(2) == []


class Trail(NamedTuple):
    """Brings its stop two ticks closer at a time; it knows where it stands from its position alone."""

    name: str = "trail"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        return LONG if view.now_ns <= ONCE else None

    def manage(self, view: View, position: PositionView) -> Adjust | None:
        assert position.qty == 2 and position.entry_px == 24_000 and position.is_protected
        return Adjust(position.stop_px + 2)


def test_a_strategy_sees_its_position_as_it_is_now() -> None:
    hand = position(setup(Trail()))
    for _ in range(3):
        hand.bar()
    assert [command.stop_px for command in hand.commands if isinstance(command, Modify)] == [23_994, 23_996, 23_998]


def test_a_strategy_is_not_asked_about_the_position_of_another() -> None:
    other = Script(None, about=ExitWish("not mine"), name="other")
    hand = position(setup(Script(LONG, until_ns=ONCE), other))
    assert hand.bar(2) == []


@pytest.mark.covers("S2-13", "S2-15")
def test_a_round_trip_tells_prices_money_and_risk() -> None:
    hand = position()
    hand.fill(1, Leg.TARGET, 2, 24_024)
    [trip] = hand.made(RoundTripClosed)
    assert (trip.entry_pts, trip.exit_pts, trip.side, trip.qty, trip.pnl) == (6_000.0, 6_006.0, 1, 2, 48)
    assert trip.fees_micros == 2 * FEE and trip.pnl_micros == 600 * MICROS - 2 * FEE
    assert trip.r == pytest.approx((600 - 9) / 200) and trip.how == "target" and trip.key == KEY
    assert day(hand).realised_micros == trip.pnl_micros


def test_a_short_earns_when_the_price_falls() -> None:
    hand = Hand(setup(Script(SHORT, until_ns=ONCE)))
    hand.protected()
    hand.fill(1, Leg.TARGET, 2, 23_976)
    assert hand.made(RoundTripClosed)[0].pnl == 48
