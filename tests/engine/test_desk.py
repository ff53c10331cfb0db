"""The desk by hand: days, limits, exits and reports, each at the bar or event at which it must happen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import ACCOUNT, BAR, LONG, SHORT, T0, Hand, Script, law, setup
from tests.simulation.pit import record
from workbench.domain.decisions import Adjust, ExitWish, Reason, Refused, RoundTripClosed, StateChanged, Thesis
from workbench.domain.events import FeeReported, OperatorAction, OperatorSaid, OrderAccepted, OrderCancelled, OrderRejected
from workbench.domain.orders import Cancel, Exit, Key, Leg, Modify, Submit
from workbench.domain.records import Kind
from workbench.domain.units import MICROS, SECOND
from workbench.learning.recipe import Recipe

FEE = 4_500_000  # of two ES, a side
KEY = Key(ACCOUNT, 1, "script")
RESUME = OperatorSaid(OperatorAction.RESUME, "looked at it")
ONCE = T0 + 2 * BAR  # until then the script wishes: one entry


def day(hand: Hand) -> Any:
    return hand.engine.desk.ledger.day(ACCOUNT)


def standing(hand: Hand) -> Any:
    """What limits would look at now."""
    return hand.engine.desk._standing(KEY, hand.now_ns)


def lost(hand: Hand, px: int = LONG.stop_px) -> None:
    """Enter, be covered, be stopped out at `px`."""
    sent = hand.protected()
    hand.fill(sent.ref, Leg.STOP, sent.qty, px)


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
def position(of: Any = None, **wish: Any) -> Hand:
    """A protected position in two ES, long from 24,000."""
    hand = Hand(of or setup(Script(LONG._replace(**wish), until_ns=ONCE)))
    hand.protected()
    return hand


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
        hand.until(close - 1)
        exits = [(command.why, command.decided_ns) for command in hand.commands if isinstance(command, Exit)]
        assert [why for why, _ in exits] == (["close"] if at else [])
        assert at is None or hand.commands[-1].cause.seq == hand.seq


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


# ---------------------------------------------------------------------- the day
def test_a_new_account_day_counts_anew_once_losses_in_a_row_as_well() -> None:
    roll = T0 + 4 * BAR
    hand = Hand(setup(Script(LONG, until_ns=ONCE), account_days=((T0 - SECOND, 20261118), (roll, 20261119), (roll + 99 * BAR, 20261120))))
    lost(hand)
    hand.until(roll - 1)
    assert (day(hand).day, day(hand).n_entries, day(hand).n_round_trips) == (20261118, 1, 1)
    hand.until(roll)
    assert (day(hand).day, day(hand).n_entries, day(hand).n_round_trips, day(hand).realised_micros) == (20261119, 0, 0, 0)
    assert hand.engine.desk.ledger.losses_in_row(ACCOUNT) == 0
    day(hand).n_entries = 7
    hand.bar(5)
    assert day(hand).n_entries == 7  # not again


def test_before_the_first_account_day_nothing_is_begun() -> None:
    hand = Hand(setup(account_days=((T0 + 2 * BAR, 20261119),)))
    hand.opened()
    assert day(hand).day == 0
    hand.bar()
    assert day(hand).day == 20261119


def halted() -> Hand:
    """A long of two that stands 20 ticks lower, with a day's limit of 450 USD: 500 lost, were it left now."""
    hand = position(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=450.0), account_days=((T0, 1), (T0 + 9 * BAR, 2))))
    hand.quote(23_980, 23_981)
    return hand


@pytest.mark.covers("S0-16", "S1-29", "S3-12")
def test_a_day_lost_halts_and_leaves_positions() -> None:
    hand = halted()
    [command] = hand.bar()
    assert isinstance(command, Exit) and command.why == "halted" and hand.state == "halted"
    assert [(fact.state.value, fact.why) for fact in hand.made(StateChanged)] == [("halted", f"day loss of {ACCOUNT}")]


def test_a_day_lost_stays_lost_over_flat_and_the_next_day_until_a_person_resumes() -> None:
    hand = halted()
    hand.bar()
    hand.fill(1, Leg.EXIT, 2, 23_980)
    hand.bar(10)
    assert day(hand).day == 2 and hand.state == "halted"
    hand.hear(RESUME)
    assert hand.state == "active"


def test_a_person_cannot_resume_what_still_holds() -> None:
    hand = halted()
    hand.bar()
    hand.hear(RESUME)
    hand.bar()
    assert hand.state == "halted"


def test_fees_and_the_fee_of_leaving_count_towards_the_day() -> None:
    for limit, state in ((508.9, "halted"), (509.0, "active")):  # 500 on the price, 4.50 paid, 4.50 to come
        hand = position(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=limit)))
        hand.quote(23_980, 23_981)
        hand.bar()
        assert hand.state == state


def test_what_cannot_be_priced_counts_at_its_stop() -> None:
    for limit, state in ((208.9, "halted"), (209.0, "active")):
        hand = position(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=limit, kill_quality=0.0)))
        hand.say(record(Kind.GAP, hand.now_ns))
        hand.bar()
        assert hand.state == state


def test_a_day_lost_by_the_last_stop_halts_as_well() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=450.0)))
    lost(hand, 23_970)
    hand.bar()
    assert hand.state == "halted"


@pytest.mark.covers("S2-41")
def test_before_an_entry_the_loss_of_the_day_is_counted_before_costs() -> None:
    hand = Hand(setup(Script(LONG), by=law(max_loss_per_day_usd=400.0)))
    lost(hand)
    assert standing(hand).day_loss_before_costs_micros == 200 * MICROS
    hand.quote()
    assert [type(command) for command in hand.bar()] == [Submit]  # 200 lost and 200 planned fit; fees do not count here


# ---------------------------------------------------------------------- reports
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
    assert hand.commands == [] and {fact.reason for fact in hand.made(Refused)} == {Reason.MALFORMED}
