"""The engine by hand: where it stops, what it sees there, and what an event may move."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import ACCOUNT, BAR, ES, LONG, SHORT, T0, Hand, Script, law, setup
from tests.simulation.pit import quote_record, record, share
from workbench.domain.bars import BROKEN
from workbench.domain.decisions import At, ForecastMade, Issued, LabelsVoided, Reason, Refused, StateChanged, WatchRefused
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
    OperatorSaid,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RunStarted,
    Unknown,
)
from workbench.domain.orders import Ask, Cancel, Exit, Key, Leg, Modify, Submit
from workbench.domain.records import Kind, Phase, Provenance, provenance_flag
from workbench.domain.units import MICROS, MINUTE
from workbench.engine import Engine
from workbench.learning.recipe import Recipe
from workbench.market.state import N_WATCHES, WatchOn

RECIPE = Recipe(name="r", model="scaled_logistic", features=("ret_1_5s",), horizon_ns=BAR, min_labels=0, min_outcomes=1)
KNOWN = Known({"equity_micros": 300_000 * MICROS, "available_micros": 1})


def said(action: OperatorAction) -> OperatorSaid:
    return OperatorSaid(action, "by hand")


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


# ---------------------------------------------------------------------- watches
SIDES = pytest.mark.parametrize(("wish", "level"), [(LONG, 24_008), (SHORT, 23_992)], ids=["long", "short"])


def touching(wish: Any, level: int) -> tuple[int, int]:
    """A quote at which the position could just be left at `level`."""
    return (level, level + 1) if wish.side > 0 else (level - 1, level)


@SIDES
def test_a_watch_moves_the_stop_to_the_entry_at_the_very_record_that_touched(wish: Any, level: int) -> None:
    hand = Hand(setup(Script(wish._replace(breakeven_px=level))))
    sent = hand.protected()
    bid, ask = touching(wish, level)
    near = quote_record(hand.now_ns, bid - wish.side, ask - wish.side)
    records = hand.numbered(near, quote_record(hand.now_ns + 1, bid, ask), quote_record(hand.now_ns + 2, bid, ask))
    at, commands = hand.engine.feed(records.ctypes.data, 0, 3)
    assert at == 2  # a watch stops behind its record
    [moved] = commands
    assert isinstance(moved, Modify) and (moved.ref, moved.stop_px) == (sent.ref, 24_000)
    assert moved.cause.seq == records["seq"][1] and moved.decided_ns == hand.now_ns + 1
    hand.engine.take_facts()
    assert hand.engine.feed(records.ctypes.data, at, 3) == (3, [])  # it fires once


@SIDES
def test_a_position_without_a_confirmed_stop_has_no_watch(wish: Any, level: int) -> None:
    hand = Hand(setup(Script(wish._replace(breakeven_px=level))))
    hand.filled()
    assert hand.quote(*touching(wish, level)) == []
    assert hand.engine.market.states["n_watch"][0] == 0


def test_a_watch_that_fires_while_the_stop_is_lost_moves_nothing() -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008))))
    sent = hand.protected()
    hand.hear(OrderCancelled(sent.ref, Leg.STOP, sent.qty))
    assert hand.quote(24_008, 24_009) == []
    assert hand.bracket is not None and hand.bracket.stop_px == LONG.stop_px


def test_a_level_that_was_passed_before_the_stop_was_confirmed_fires_at_the_next_quote() -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008))))
    sent = hand.filled()
    hand.quote(24_010, 24_011)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, sent.qty, sent.stop_px))
    [moved] = hand.quote(24_010, 24_011)
    assert isinstance(moved, Modify) and moved.stop_px == 24_000


def test_the_stop_goes_to_the_average_entry_on_the_losing_side_of_the_grid() -> None:
    for wish, level, px in ((LONG, 24_008, 24_000), (SHORT, 23_992, 24_001)):
        hand = Hand(setup(Script(wish._replace(breakeven_px=level))))
        sent = hand.entered()
        hand.fill(sent.ref, Leg.ENTRY, 1, 24_000)
        hand.fill(sent.ref, Leg.ENTRY, 1, 24_001)  # half a tick between
        hand.hear(OrderAccepted(sent.ref, Leg.STOP, 2, sent.stop_px))
        [moved] = hand.quote(*touching(wish, level))
        assert moved.stop_px == px


def test_a_full_table_is_a_fact_and_the_stop_at_the_venue_stays() -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008))))
    hand.filled()
    for _ in range(N_WATCHES):
        hand.engine.market.set_watch(0, WatchOn.BID, 99_999, 1)
    assert hand.hear(OrderAccepted(1, Leg.STOP, 2, 23_992)) == []
    assert hand.made(WatchRefused) == [WatchRefused(1, 24_008)]
    assert hand.quote(24_008, 24_009) == []
    assert hand.bracket is not None and hand.bracket.stop_px == 23_992 and hand.bracket.phase == "protected"


@pytest.mark.parametrize("leg", [Leg.STOP, Leg.TARGET, Leg.EXIT])
def test_a_position_that_ends_leaves_no_watch_behind(leg: Leg) -> None:
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008), until_ns=T0 + 2 * BAR)))
    sent = hand.protected()
    assert hand.engine.market.states["n_watch"][0] == 1
    if leg is Leg.EXIT:
        hand.hear(said(OperatorAction.FLATTEN))
    hand.fill(sent.ref, leg, sent.qty, 24_001)
    assert hand.bracket is None and hand.engine.market.states["n_watch"][0] == 0
    assert hand.quote(24_008, 24_009) == []


# ---------------------------------------------------------------------- operator, connection, account
@pytest.mark.covers("S2-47", "S1-29")
def test_a_halt_stops_entries_until_a_person_resumes() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    assert hand.hear(said(OperatorAction.HALT)) == [] and hand.state == "halted"
    assert hand.bar(3) == []
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


# ---------------------------------------------------------------------- history, closings
def history(hand: Hand, n: int, first_px: int = 24_000) -> list[Any]:
    """`n` minutes of history that came in now."""
    flags = provenance_flag(Provenance.HISTORY)
    made = []
    for k in range(n):
        start = T0 - (n - k) * MINUTE
        px = first_px + k % 3
        made.append(record(Kind.BAR, hand.now_ns, event_ns=start, px=px, px2=px + 2, sz=10, sz2=3, flags=flags))
        end = {"event_ns": start + MINUTE, "px": px - 2, "px2": px + 1, "sz": 10 * px, "sz2": 20261119}
        made.append(record(Kind.BAR, hand.now_ns, level=1, flags=flags, **end))
    return made


@pytest.mark.covers("S4-28")
def test_history_warms_features_and_decides_nothing() -> None:
    hand = Hand(setup(Script(LONG), recipes=((RECIPE, (1,)),)))
    assert hand.engine.view(1)["atr_14_1m"] is None
    hand.say(*history(hand, 40))
    assert hand.engine.view(1)["atr_14_1m"] is not None and hand.engine.view(1)["rsi_14_1m"] is not None
    assert hand.engine.view(1)["ret_1_5s"] is None  # minutes say nothing about shorter bars
    assert hand.facts == [] and hand.commands == [] and hand.engine.n_barriers == 0
    assert dict(hand.engine.view(1).forecasts) == {}
    assert hand.engine.market.bars["t_end"][0] == 0 and hand.engine.market.states["bar"]["n"][0] == 0


def test_what_was_warmed_up_is_still_warm_at_the_first_bar() -> None:
    hand = Hand(setup())
    hand.say(*history(hand, 40))
    warmed = hand.engine.view(1)["atr_14_1m"]
    hand.opened()
    assert hand.engine.n_barriers == 1 and hand.engine.view(1)["atr_14_1m"] == warmed


def test_what_was_said_about_a_contract_that_closes_stands_no_more() -> None:
    of = setup(both=True)._replace(recipes=((RECIPE, (1, 2)),))
    hand = Hand(of)
    for contract in (1, 2):
        hand.phase(contract=contract)
    for bid in range(23_990, 23_998):
        hand.quote(bid, bid + 1)
        hand.quote(bid * 100, bid * 100 + 100, contract=2)
        hand.say(record(Kind.PRINT, hand.now_ns, 1, px=bid, sz=1), record(Kind.PRINT, hand.now_ns, 2, px=bid * 100, sz=1))
        hand.bar()
    assert {fact.contract for fact in hand.made(ForecastMade)} == {1, 2}
    assert set(hand.engine.view(2).forecasts) == {"r"}
    hand.phase(Phase.CLOSED, contract=2)
    hand.quote(23_998, 23_999)
    hand.bar()
    assert dict(hand.engine.view(2).forecasts) == {} and set(hand.engine.view(1).forecasts) == {"r"}
    assert [(fact.contract, fact.n) for fact in hand.made(LabelsVoided)][-1] == (2, 1)
    with pytest.raises(TypeError):
        hand.engine.view(1).forecasts["r"] = None  # type: ignore[index]


# ---------------------------------------------------------------------- snapshots
def test_a_snapshot_with_facts_nobody_took_is_refused() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    records = hand.numbered(record(Kind.TIME, T0 + 2 * BAR, 0))
    hand.engine.feed(records.ctypes.data, 0, 1)
    with pytest.raises(InvariantError, match="take the facts first"):
        hand.engine.snapshot()
    hand.engine.take_facts()
    assert hand.engine.snapshot()


def midway() -> Hand:
    """A position with its watch, a halt, a refusal, a forecast: everything a snapshot must hold."""
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008), until_ns=T0 + 2 * BAR), recipes=((RECIPE, (1,)),)))
    hand.protected()
    hand.hear(ConnectionChanged(False, "cable"), Answered(0, "positions", Unknown("timeout")))
    for bid in (24_001, 24_002):
        hand.say(record(Kind.PRINT, hand.now_ns, px=bid, sz=2, side=1))
        hand.quote(bid, bid + 1)
        hand.bar()
    return hand


def go_on(engine: Engine, of: Hand) -> tuple[list[Any], list[Any], str]:
    """Play the rest: the watch fires, the target fills, the day ends."""
    hand = Hand.__new__(Hand)
    hand.engine, hand.now_ns, hand.seq, hand.n, hand.facts, hand.commands = engine, of.now_ns, of.seq, of.n, [], []
    hand.quote(24_008, 24_009)
    hand.bar(2)
    hand.fill(1, Leg.TARGET, 2, 24_024)
    hand.hear(ConnectionChanged(True, "back"))
    hand.bar(2)
    return hand.facts, hand.commands, engine.digest()


@pytest.mark.parametrize("is_used", [False, True], ids=["fresh engine", "engine that ran on"])
def test_a_restored_engine_is_the_one_that_was_copied(is_used: bool) -> None:
    hand = midway()
    blob, digest, later = hand.engine.snapshot(), hand.engine.digest(), Hand.__new__(Hand)
    later.now_ns, later.seq, later.n = hand.now_ns, hand.seq, hand.n
    other = Engine(hand.engine.setup)
    if is_used:
        other.restore(blob)
        go_on(other, later)
        assert other.digest() != digest
    other.restore(blob)
    assert other.digest() == digest
    assert go_on(hand.engine, later) == go_on(other, later)


def test_an_engine_put_back_over_an_account_day_counts_the_next_day_again() -> None:
    days = ((T0 - MINUTE, 20261118), (T0 + 4 * BAR, 20261119))
    hand = Hand(setup(Script(LONG, until_ns=T0 + 2 * BAR), account_days=days))
    hand.entered()
    blob = hand.engine.snapshot()
    later = Hand.__new__(Hand)
    later.now_ns, later.seq, later.n = hand.now_ns, hand.seq, hand.n
    hand.bar(3)
    assert hand.engine.desk.ledger.day(ACCOUNT).day == 20261119
    hand.engine.restore(blob)
    assert hand.engine.desk.ledger.day(ACCOUNT).day == 20261118
    hand.now_ns, hand.seq, hand.n = later.now_ns, later.seq, later.n
    hand.bar(3)
    today = hand.engine.desk.ledger.day(ACCOUNT)
    assert (today.day, today.n_entries) == (20261119, 0)


def test_digests_of_different_states_differ() -> None:
    a, b = Hand(setup()), Hand(setup())
    assert a.engine.digest() == b.engine.digest()
    a.hear(AccountValued(ACCOUNT, 1, 1))
    assert a.engine.digest() != b.engine.digest()
