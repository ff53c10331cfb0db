"""The engine by hand: where it stops, what it sees there, what an event may move, and who may stop it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import (
    ACCOUNT,
    BAR,
    ES,
    LONG,
    SHORT,
    T0,
    Hand,
    Script,
    law,
    said,
    setup,
)
from tests.simulation.pit import quote_record, record, share
from workbench.domain.bars import BROKEN
from workbench.domain.decisions import At, Issued, Reason, Refused, StateChanged
from workbench.domain.errors import ConfigError, InvariantError
from workbench.domain.events import (
    AccountValued,
    Answered,
    AnyEvent,
    ClockStepped,
    ConnectionChanged,
    ContractDefined,
    FeeReported,
    FrontChanged,
    Known,
    OperatorAction,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RunStarted,
    Unknown,
)
from workbench.domain.orders import Ask, Cancel, Exit, Key, Leg, Submit
from workbench.domain.records import Kind
from workbench.domain.units import MICROS
from workbench.engine import Engine

KNOWN = Known({"equity_micros": 300_000 * MICROS, "available_micros": 1})


# ---------------------------------------------------------------------- feed
def test_feed_stops_at_the_first_command_and_takes_nothing_beyond_it() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    times = [hand.now_ns, hand.now_ns + 1, T0 + 2 * BAR, T0 + 2 * BAR + 1, T0 + 3 * BAR]
    records = hand.numbered(*(quote_record(t, 23_999, 24_000) for t in times))
    at, commands = hand.engine.feed(records.ctypes.data, 0, len(records))
    assert at == 2  # the record that reached the boundary is not consumed
    assert [type(command) for command in commands] == [Submit]
    bar = hand.engine.market.states["bar"][0]
    assert bar["n"] == 0 and hand.engine.view(1).bar.n == 2


def test_nothing_consumed_is_an_answer_and_the_call_is_made_again() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    records = hand.numbered(record(Kind.TIME, T0 + 2 * BAR, 0))
    at, commands = hand.engine.feed(records.ctypes.data, 0, 1)
    assert (at, len(commands)) == (0, 1)
    assert hand.engine.feed(records.ctypes.data, 0, 1) == (1, [])


def test_a_decision_is_dated_by_the_record_that_closed_the_bar_and_sees_nothing_of_it() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    late = T0 + 2 * BAR + 17
    [command] = hand.say(quote_record(late, 1, 2))
    assert (command.decided_ns, command.cause.seq, command.cause.n) == (late, hand.seq, 0)
    assert command.entry_px == 24_000 and hand.engine.view(1).bar.bid == 23_999


def test_facts_of_a_barrier_stand_behind_one_head() -> None:
    hand = Hand(setup(Script(LONG)))
    hand.opened().bar()
    heads = [at for at, fact in enumerate(hand.facts) if isinstance(fact, At)]
    kinds = [type(fact).__name__ for fact in hand.facts]
    assert kinds == ["At", "Refused", "At", "Approved", "Issued"] and heads == [0, 2]


def test_a_bar_in_which_the_opening_lies_buys_nothing() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    [refused] = hand.made(Refused)
    assert refused.reason is Reason.QUALITY and hand.engine.view(1).bar.flags & BROKEN


def test_wishes_of_one_barrier_are_judged_each_behind_the_one_before() -> None:
    one = setup(Script(LONG), both=True, by=law(max_open_brackets=1))
    wish = LONG._replace(entry_px=6_000_000, stop_px=5_990_000, target_px=6_030_000)
    hand = Hand(one._replace(strategies=((Script(LONG), (1,)), (Script(wish, name="other"), (2,)))))
    for contract in (1, 2):
        hand.phase(contract=contract)
    hand.quote()
    hand.quote(5_999_900, 6_000_000, contract=2)
    hand.bar()
    commands = hand.bar()
    assert [command.key.contract for command in commands] == [1]
    assert hand.made(Refused)[-1].reason is Reason.N_OPEN and hand.made(Refused)[-1].key.contract == 2


def test_of_two_wishes_for_a_contract_one_goes_on_and_an_owned_contract_asks_nobody() -> None:
    sure = Script(LONG._replace(confidence=0.9), name="sure")
    hand = Hand(setup(Script(SHORT), sure))
    command = hand.entered()
    assert command.key.strategy == "sure"
    assert hand.made(Refused)[-1].reason is Reason.OUTRANKED
    n = len(hand.made(Refused))
    hand.bar(3)
    assert len(hand.made(Refused)) == n  # nobody was asked while the contract was owned


def test_a_record_of_an_unknown_contract_breaks_an_invariant() -> None:
    with pytest.raises(InvariantError, match="never defined"):
        Hand(setup()).phase(contract=9)


def test_a_strategy_that_needs_what_no_feature_gives_is_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigError, match="moonlight_5s"):
        Engine(setup(Script(needs=("moonlight_5s",))))


# ---------------------------------------------------------------------- step
def bars_of(engine: Engine) -> tuple[bytes, ...]:
    return engine.market.bars.tobytes(), engine.market.states["bar"].tobytes(), engine.market.clock.tobytes()


HARMLESS: list[AnyEvent] = [
    RunStarted("simulate", "r", {}), ContractDefined(ES), FrontChanged("ES", 1), ClockStepped(7), AccountValued(ACCOUNT, 1, 1),
    Answered(0, "account", KNOWN), Answered(0, "account", Unknown("no")), FeeReported("x", 5), ConnectionChanged(False, "cable"),
    ConnectionChanged(True, "cable"), said(OperatorAction.HALT), said(OperatorAction.RESUME), said(OperatorAction.FLATTEN),
]  # fmt: skip
LIFE: list[AnyEvent] = [
    OrderAccepted(1, Leg.ENTRY, 2, 24_000), OrderFilled(1, Leg.ENTRY, 1, 24_000, "a", 5), OrderAccepted(1, Leg.STOP, 1, 23_992),
    OrderFilled(1, Leg.ENTRY, 1, 24_000, "b", None), OrderAccepted(1, Leg.STOP, 2, 23_992), FeeReported("b", 5),
    OrderCancelled(1, Leg.STOP, 2), OrderRejected(1, Leg.TARGET, "no"), OrderFilled(1, Leg.TARGET, 2, 24_024, "c", 5),
]  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.sampled_from(HARMLESS), max_size=6), st.lists(st.integers(0, len(LIFE)), max_size=6))
def test_no_event_moves_a_bar(between: list[AnyEvent], places: list[int]) -> None:
    story = list(LIFE)
    for event, place in zip(between, places, strict=False):
        story.insert(place, event)
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008))))
    hand.entered()
    before = bars_of(hand.engine)
    hand.hear(*story)
    assert bars_of(hand.engine) == before


def test_a_command_out_of_an_event_has_that_event_as_its_cause() -> None:
    hand = Hand(setup(Script(LONG)))
    hand.protected()
    [command] = hand.hear(said(OperatorAction.FLATTEN))
    assert isinstance(command, Exit) and (command.cause.seq, command.cause.n) == (hand.seq, hand.n)
    head = [fact for fact in hand.facts if isinstance(fact, At)][-1]
    assert head.cause == command.cause and head.now_ns == command.decided_ns == hand.now_ns


def test_a_contract_other_than_the_one_it_was_built_with_breaks_an_invariant() -> None:
    hand = Hand(setup())
    hand.hear(ContractDefined(ES))
    for other in (share(7), msgspec.structs.replace(ES, multiplier="5"), msgspec.structs.replace(ES, version=2)):
        with pytest.raises(InvariantError, match="start it anew"):
            hand.hear(ContractDefined(other))


# ---------------------------------------------------------------------- operator, connection, account
@pytest.mark.covers("S2-47", "S1-29")
def test_a_halt_stops_entries_until_a_person_resumes() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    assert hand.hear(said(OperatorAction.HALT)) == [] and hand.state == "halted"
    n = len(hand.made(Refused))
    assert hand.bar(3) == [] and len(hand.made(Refused)) == n  # nobody is asked for what nobody may have
    hand.hear(said(OperatorAction.RESUME))
    assert [type(command) for command in hand.bar()] == [Submit]
    assert [(fact.state.value, fact.why) for fact in hand.made(StateChanged)] == [("halted", "operator"), ("active", "by hand")]


def test_a_halt_withdraws_an_entry_that_waits() -> None:
    hand = Hand(setup(Script(LONG)))
    sent = hand.entered()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, 2, 24_000), said(OperatorAction.HALT))
    assert [type(command) for command in hand.bar()] == [Cancel]
    assert hand.bar() == []  # once


@pytest.mark.covers("S2-25", "S2-47")
def test_flatten_leaves_positions_withdraws_entries_and_halts_at_once() -> None:
    wish = LONG._replace(entry_px=6_000_000, stop_px=5_990_000, target_px=6_030_000)
    of = setup(both=True)._replace(strategies=((Script(LONG), (1,)), (Script(wish, name="other"), (2,))))
    hand = Hand(of)
    for contract in (1, 2):
        hand.phase(contract=contract)
    hand.quote()
    hand.quote(5_999_900, 6_000_000, contract=2)
    hand.bar()
    first, second = hand.bar()
    hand.fill(first.ref, Leg.ENTRY, first.qty, 24_000)
    commands = hand.hear(said(OperatorAction.FLATTEN))
    assert [(type(command), command.ref) for command in commands] == [(Exit, first.ref), (Cancel, second.ref)]
    assert hand.state == "halted" and hand.hear(said(OperatorAction.FLATTEN)) == []  # what is under way is not sent again
    assert [fact.command for fact in hand.made(Issued)][-2:] == commands


def test_resume_alone_starts_nothing_that_was_not_stopped() -> None:
    hand = Hand(setup())
    assert hand.hear(said(OperatorAction.RESUME)) == [] and hand.facts == [] and hand.state == "active"


@pytest.mark.covers("S2-08", "S2-26")
def test_a_lost_connection_lets_nothing_in_and_what_is_held_goes_on_until_it_is_back() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    hand.hear(ConnectionChanged(False, "cable"))
    assert hand.state == "reducing" and hand.bar() == []
    hand.hear(ConnectionChanged(False, "still"), ConnectionChanged(True, "back"))
    assert hand.state == "active" and [type(command) for command in hand.bar()] == [Submit]


def test_a_connection_that_comes_back_does_not_lift_a_halt() -> None:
    hand = Hand(setup())
    hand.hear(ConnectionChanged(False, "cable"), said(OperatorAction.HALT), ConnectionChanged(True, "back"))
    assert hand.state == "halted"


@pytest.mark.covers("S2-23", "S2-27")
def test_a_run_begins_with_a_question_and_until_it_is_answered_nothing_is_bought() -> None:
    hand = Hand(setup(Script(LONG)), is_known=False)
    [asked] = hand.hear(RunStarted("paper", "r", {}))
    assert isinstance(asked, Ask) and (asked.question, asked.key) == ("account", Key(ACCOUNT, 0, ""))
    assert [fact.command for fact in hand.made(Issued)] == [asked]
    hand.opened()
    assert hand.bar() == [] and hand.made(Refused)[-1].reason is Reason.UNKNOWN
    hand.hear(Answered(asked.ref, "account", KNOWN))
    assert [type(command) for command in hand.bar()] == [Submit]


def test_an_answer_that_is_not_known_takes_what_was_known_away() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    hand.hear(Answered(0, "account", KNOWN), Answered(0, "account", Unknown("timeout")))
    assert hand.bar() == [] and hand.made(Refused)[-1].reason is Reason.UNKNOWN
    hand.hear(AccountValued(ACCOUNT, 300_000 * MICROS, 1))
    assert len(hand.bar()) == 1


def test_an_answer_to_another_question_says_nothing_about_the_account() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    hand.hear(Answered(0, "positions", Unknown("timeout")), AccountValued("DUSIM9", 0, 0))
    assert len(hand.bar()) == 1
