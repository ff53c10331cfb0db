"""What the venue tells beyond order reports: connection, streams, codes nobody knows, money, and answers about what is not known."""

from __future__ import annotations

import pytest

from tests.engine.hand import ACCOUNT, KEY, LONG, ONCE, Hand, Script, day, position, setup
from workbench.domain.decisions import Refused, RoundTripClosed, StateChanged
from workbench.domain.events import (
    AccountTold,
    Answered,
    BrokerSaid,
    ConnectionChanged,
    FeeReported,
    FillCorrected,
    ForeignFilled,
    ForeignOrderSeen,
    Known,
    OperatorAction,
    OperatorSaid,
    OrderAccepted,
    OrderFilled,
    PositionTold,
    RunStarted,
    StreamChanged,
    Unknown,
)
from workbench.domain.orders import Ask, Cancel, Exit, Leg, Modify, Submit
from workbench.domain.units import MICROS, SECOND
from workbench.engine.gating import standing
from workbench.engine.hearing import BRACKET
from workbench.execution.lifecycle import Phase

GONE, BACK = ConnectionChanged(False, "cable"), ConnectionChanged(True, "back")


def asked(hand: Hand, was_there: bool) -> list[object]:
    return list(hand.hear(Answered(1, BRACKET, Known({"entry": was_there, "exit": was_there}))))


# ---------------------------------------------------------------------- outcomes that are not known
def test_an_entry_nobody_answered_is_asked_about_when_the_connection_is_back_and_never_sent_again() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.hear(GONE)
    hand.bar(7)
    assert hand.state == "reducing" and hand.bracket  # silence of a venue that is away is no halt
    [ask] = hand.hear(BACK)
    assert isinstance(ask, Ask) and (ask.ref, ask.key, ask.question, ask.detail) == (1, KEY, BRACKET, "pending")
    assert asked(hand, was_there=True) == [] and hand.bracket.phase is Phase.PENDING  # its reports come by themselves
    assert hand.bar(2) == [] and [type(command) for command in hand.commands] == [Submit, Ask]


def test_an_entry_that_never_reached_the_broker_is_void() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.hear(GONE, BACK)
    assert asked(hand, was_there=False) == [] and hand.bracket is None
    assert asked(hand, was_there=False) == []  # an answer told twice


def test_an_answer_that_is_not_known_leaves_the_bracket_and_its_contract_to_nobody_else() -> None:
    hand = Hand(setup(Script(LONG)))
    hand.entered()
    hand.hear(GONE, BACK, Answered(1, BRACKET, Unknown("timeout")))
    assert hand.bracket and hand.bracket.phase is Phase.PENDING and hand.bar() == []
    hand.bar(7)
    assert hand.state == "halted"  # thirty seconds of silence on a connection that stands


def test_an_exit_that_never_left_is_sent_again_and_one_that_did_is_not() -> None:
    for was_there, sent in ((False, [Exit]), (True, [])):
        hand = position()
        hand.engine.desk.breaker.trip("test", hand.engine.desk.breaker.state, hand.engine.desk.facts, flatten=True)
        [leave] = hand.bar()
        assert isinstance(leave, Exit)
        hand.hear(GONE)
        [ask] = hand.hear(BACK)
        assert isinstance(ask, Ask) and ask.detail == "closing"
        asked(hand, was_there)
        assert [type(command) for command in hand.bar()] == sent


def test_a_cancel_and_a_stop_that_may_not_have_arrived_are_said_again() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.hear(OrderAccepted(1, Leg.ENTRY, 2, 24_000))
    assert [type(command) for command in hand.bar(20)] == [Cancel]
    hand.hear(GONE)
    assert [type(command) for command in hand.hear(BACK)] == [Cancel]
    held = position(breakeven_px=24_008)
    [moved] = held.quote(24_008, 24_009)
    held.hear(GONE)
    [again] = held.hear(BACK)
    assert isinstance(moved, Modify) and isinstance(again, Modify) and again.stop_px == moved.stop_px
    held.hear(OrderAccepted(1, Leg.STOP, 2, moved.stop_px), GONE)
    assert held.hear(BACK) == []


def test_the_account_is_asked_for_again_until_it_is_known() -> None:
    hand = Hand(setup(), is_known=False)
    assert [type(command) for command in hand.hear(RunStarted("paper", "r", {}))] == [Ask]
    hand.hear(Answered(0, "account", Unknown("not connected")))
    assert [type(command) for command in hand.hear(BACK)] == [Ask]
    hand.hear(Answered(0, "account", Known({"equity_micros": 7})))
    assert hand.hear(GONE, BACK) == [] and hand.engine.desk.ledger.equity(ACCOUNT) == 7


# ---------------------------------------------------------------------- what the broker says and sends
def test_a_code_nobody_knows_lets_nothing_in_until_a_person_has_read_it() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    hand.hear(BrokerSaid(2104, "status", "farm is ok", None, None))
    assert hand.state == "active"
    hand.hear(BrokerSaid(99_999, "unknown", "what now", None, None), BACK)
    assert hand.state == "reducing" and hand.bar() == []
    [fact] = hand.made(StateChanged)
    assert "99999" in fact.why and "what now" in fact.why
    hand.hear(OperatorSaid(OperatorAction.RESUME, "read"))
    assert [type(command) for command in hand.bar()] == [Submit]


@pytest.mark.parametrize(
    "told",
    [
        [("delayed", "live")],
        [("l1-250ms", "live"), ("delayed", "live")],
        [("l1-250ms", "lost")],
        [("tick-by-tick", "silent"), ("depth", "live")],
    ],
)
def test_a_contract_whose_data_is_delayed_or_lost_is_not_entered_and_the_refusal_says_so(told: list[tuple[str, str]]) -> None:
    hand = Hand(setup(Script(LONG))).opened()
    hand.hear(*(StreamChanged(1, stream, state, "") for stream, state in told))
    assert hand.bar() == [] and hand.made(Refused)[-1].reason.value == "data kind"
    hand.hear(StreamChanged(1, "delayed", "ended", ""), StreamChanged(1, "l1-250ms", "live", ""))
    assert [type(command) for command in hand.bar()] == [Submit]


def test_another_contract_is_not_touched_by_it_and_a_snapshot_keeps_it() -> None:
    hand = Hand(setup(Script(LONG), both=True)).opened()
    hand.hear(StreamChanged(2, "delayed", "live", ""))
    blob = hand.engine.snapshot()
    hand.engine.restore(blob)
    assert not standing(hand.engine.desk, KEY._replace(contract=2), hand.now_ns).is_delivered
    assert [type(command) for command in hand.bar()] == [Submit]


def test_net_liquidation_in_dollars_is_the_equity_and_other_money_is_not() -> None:
    hand = Hand(setup())
    hand.hear(AccountTold(ACCOUNT, "EUR", {"NetLiquidation": 5}, "1.1"), AccountTold(ACCOUNT, "USD", {"AvailableFunds": 6}, "1"))
    assert hand.engine.desk.ledger.equity(ACCOUNT) == 300_000 * MICROS
    hand.hear(AccountTold(ACCOUNT, "USD", {"NetLiquidation": 7}, "1"))
    assert hand.engine.desk.ledger.equity(ACCOUNT) == 7


def test_what_is_not_ours_in_another_account_moves_nothing() -> None:
    hand = position()
    before = hand.engine.digest()
    hand.hear(
        PositionTold("DU9", 1, 5, 1), ForeignOrderSeen("DU9", 1, 9, "", 1, 1, 0, "LMT", "Submitted"),
        ForeignFilled("DU9", 1, 9, "", 1, 1, 24_000, "f1"),
    )  # fmt: skip
    assert hand.engine.digest() == before


# ---------------------------------------------------------------------- the broker's word on positions
@pytest.mark.covers("S1-23")
def test_a_position_that_our_executions_do_not_make_halts_when_it_lasts() -> None:
    hand = position()
    hand.hear(PositionTold(ACCOUNT, 1, 2, 1))
    hand.bar(12)
    assert hand.state == "active"
    hand.hear(PositionTold(ACCOUNT, 1, 5, 1))
    hand.bar()
    assert hand.state == "active"
    hand.bar(12)
    assert hand.state == "halted" and "the broker holds 5, ours are 2" in next(iter(hand.engine.desk.breaker.causes))
    hand.hear(OperatorSaid(OperatorAction.RESUME, "the three are mine"))
    hand.bar(12)
    assert hand.state == "active" and hand.engine.desk.memory.referee.foreign == {1: 3}


def test_a_broker_that_is_away_has_no_word() -> None:
    hand = position()
    hand.hear(PositionTold(ACCOUNT, 1, 5, 1), GONE)
    hand.bar(12)
    assert hand.state == "reducing"
    hand.hear(BACK, PositionTold(ACCOUNT, 1, 2, 1))
    hand.bar(12)
    assert hand.state == "active"


def test_what_others_were_seen_to_trade_is_theirs_and_nobody_here_enters_beside_them() -> None:
    hand = position()
    hand.hear(ForeignFilled(ACCOUNT, 1, 9, "", 1, 1, 24_000, "f1"), PositionTold(ACCOUNT, 1, 3, 1))
    hand.bar(12)
    assert hand.state == "active" and standing(hand.engine.desk, KEY, hand.now_ns).is_foreign
    assert hand.engine.desk.memory.referee.foreign == {1: 1}


def test_an_order_of_somebody_else_keeps_us_out_while_it_works() -> None:
    hand = Hand(setup())
    for status, is_foreign in (("Submitted", True), ("Cancelled", False)):
        hand.hear(ForeignOrderSeen(ACCOUNT, 1, 9, "", 1, 1, 0, "LMT", status))
        assert standing(hand.engine.desk, KEY, hand.now_ns).is_foreign is is_foreign


def test_what_was_there_before_us_is_foreign() -> None:
    hand = Hand(setup()).opened()
    hand.hear(PositionTold(ACCOUNT, 1, -2, 1))
    hand.bar(12)
    assert hand.state == "active" and standing(hand.engine.desk, KEY, hand.now_ns).is_foreign
    hand.hear(PositionTold(ACCOUNT, 1, 0, 0), ForeignFilled(ACCOUNT, 1, 9, "", 1, 2, 24_000, "f1"))
    hand.bar(12)
    assert hand.state == "active" and not standing(hand.engine.desk, KEY, hand.now_ns).is_foreign


# ---------------------------------------------------------------------- corrections
def closed_long() -> Hand:
    hand = position()
    hand.fill(1, Leg.TARGET, 2, 24_024, id_="out")
    return hand


def test_a_corrected_price_of_an_open_bracket_is_in_its_round_trip() -> None:
    hand = position()
    entry = next(iter(hand.engine.desk.memory.book.executions))
    correction = FillCorrected(1, Leg.ENTRY, 2, 24_002, f"{entry}.02", entry)
    assert hand.hear(correction, correction, OrderFilled(1, Leg.ENTRY, 2, 24_000, entry, None)) == []
    assert hand.bracket and (hand.bracket.filled, hand.bracket.entry_value) == (2, 48_004) and hand.state == "active"
    hand.fill(1, Leg.TARGET, 2, 24_024)
    [trip] = hand.made(RoundTripClosed)
    assert trip.pnl == 2 * (24_024 - 24_002)


def test_a_corrected_price_of_a_round_trip_that_is_over_is_in_the_books() -> None:
    hand = closed_long()
    before = day(hand).realised_micros
    hand.hear(FillCorrected(1, Leg.TARGET, 2, 24_020, "out.02", "out"))
    assert day(hand).realised_micros - before == -2 * 4 * 12_500_000 and hand.state == "active"
    hand.hear(FillCorrected(1, Leg.TARGET, 2, 24_024, "out.03", "out.02"))
    assert day(hand).realised_micros == before


def test_a_correction_of_a_correction_counts_the_last_one() -> None:
    hand = position()
    entry = next(iter(hand.engine.desk.memory.book.executions))
    hand.hear(FillCorrected(1, Leg.ENTRY, 2, 24_002, "b", entry), FillCorrected(1, Leg.ENTRY, 2, 24_001, "c", "b"))
    assert hand.bracket and hand.bracket.entry_value == 48_002


def test_a_correction_that_comes_before_its_execution_is_the_execution() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.hear(FillCorrected(1, Leg.ENTRY, 2, 24_001, "x.02", "x.01"), OrderFilled(1, Leg.ENTRY, 2, 24_000, "x.01", None))
    assert hand.bracket and (hand.bracket.filled, hand.bracket.entry_value) == (2, 48_002)
    hand.hear(FeeReported("x.02", 5))
    assert (hand.bracket.fees_micros, hand.bracket.n_fees_unknown) == (5, 0)


def test_a_bust_takes_the_position_back_and_halts_and_nothing_is_sent_where_nothing_is_held() -> None:
    hand = position()
    entry = next(iter(hand.engine.desk.memory.book.executions))
    assert hand.hear(FillCorrected(1, Leg.ENTRY, 0, 0, "bust", entry)) == []  # its exits hang, and the venue cancels them
    assert hand.state == "halted" and hand.bracket is None
    assert hand.made(RoundTripClosed) == [] and day(hand).realised_micros == 0


def test_a_bust_of_half_an_entry_leaves_the_rest() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    hand.entered()
    hand.fill(1, Leg.ENTRY, 1, 24_000, id_="a")
    hand.fill(1, Leg.ENTRY, 1, 24_000, id_="b")
    hand.hear(OrderAccepted(1, Leg.STOP, 2, 23_992))
    [leave] = hand.hear(FillCorrected(1, Leg.ENTRY, 0, 0, "a.02", "a"))
    assert isinstance(leave, Exit) and hand.bracket and (hand.bracket.open, hand.bracket.rest) == (1, 0)
    hand.fill(1, Leg.EXIT, 1, 24_001)
    assert hand.bracket is None and hand.state == "halted" and hand.made(RoundTripClosed)[0].qty == 1


def test_a_bust_of_an_exit_leaves_again_and_one_of_a_closed_bracket_halts() -> None:
    hand = position()
    hand.fill(1, Leg.STOP, 1, 23_992, id_="half")
    [leave] = hand.hear(FillCorrected(1, Leg.STOP, 0, 0, "half.02", "half"))
    assert isinstance(leave, Exit) and hand.bracket and hand.bracket.open == 2
    over = closed_long()
    assert over.hear(FillCorrected(1, Leg.TARGET, 0, 0, "out.02", "out")) == [] and over.state == "halted"
    assert over.bar(2) == []


def test_silence_is_counted_anew_once_the_connection_is_back() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    sent = hand.entered()
    hand.hear(GONE)
    hand.bar(60)
    hand.hear(BACK)
    assert hand.bracket and hand.bracket.since_ns - sent.decided_ns > 200 * SECOND
    hand.bar(5)
    assert hand.state == "active"
