"""Execution quality at work: what each order that is over counts for, and how a contract that is shut comes back by shadows alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.engine.hand import ACCOUNT, BAR, FEE, LONG, ONCE, T0, Hand, Script, law, position, said, setup
from workbench.domain.decisions import ExecutionScored, Proposal, Reason, Refused
from workbench.domain.events import FillEntered, OperatorAction, OrderAccepted, OrderCancelled, OrderRejected, PositionTold
from workbench.domain.orders import Exit, Key, Leg, OrderType, Submit
from workbench.domain.units import MINUTE, SECOND
from workbench.engine import Engine, scoring
from workbench.execution.quality import Scale
from workbench.risk.tables import EQS_WEIGHTS

pytestmark = pytest.mark.covers("S2-32")
LIMIT = LONG._replace(entry_type=OrderType.LIMIT, entry_px=23_998)


def scores(hand: Hand) -> list[float]:
    """The score of each bracket that counted, read back from the qualities that followed."""
    found, total, weight, keeps = [], 0.0, 0.0, 0.5 ** (1 / 20)
    for fact in hand.made(ExecutionScored):
        now = fact.quality * (10 + weight * keeps + 1) - 10
        found.append(round(now - total * keeps, 6))
        total, weight = now, weight * keeps + 1
    return found


def trip(entry_px: int = 24_000, leg: Leg = Leg.TARGET, exit_px: int | None = None, late_ns: int = 0) -> Hand:
    """One round trip in two ES from a decision at 24,000."""
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    sent = hand.entered()
    hand.now_ns += late_ns
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
    hand.fill(sent.ref, Leg.ENTRY, 2, entry_px)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, 2, sent.stop_px))
    hand.fill(sent.ref, leg, 2, exit_px if exit_px is not None else (sent.target_px if leg is Leg.TARGET else sent.stop_px))
    return hand


def test_a_round_trip_as_it_was_decided_is_worth_all_but_what_its_answer_took() -> None:
    hand = trip()
    [fact] = hand.made(ExecutionScored)
    assert (fact.contract, fact.ref) == (1, 1) and fact.quality == hand.engine.desk.memory.quality.value(1)
    assert scores(hand) == [pytest.approx(1.0, abs=1e-4)]  # a millisecond of five seconds


@pytest.mark.parametrize(
    ("played", "lost"),
    [
        (trip(entry_px=24_002), 0.4 * (1 - 0.5) / 4),  # two ticks worse in, none out: one a side, half of one assumed
        (trip(entry_px=23_990), 0.0),
        (trip(leg=Leg.STOP, exit_px=LONG.stop_px - 20), 0.4),
        (trip(leg=Leg.TARGET, exit_px=LONG.target_px + 2), 0.0),
        (trip(late_ns=2_500_000_000), 0.05),
        (trip(late_ns=60 * SECOND), 0.1),
    ],
    ids=["slipped in", "better in", "slipped out of the stop", "better out", "answered late", "answered far too late"],
)
def test_what_an_execution_loses_is_what_is_wrong_with_it(played: Hand, lost: float) -> None:
    assert scores(played) == [pytest.approx(1 - lost, abs=1e-3)]


def test_an_exit_at_market_is_held_against_the_quote_it_was_decided_on() -> None:
    hand = Hand(setup(Script(LONG._replace(hold_ns=20 * SECOND), until_ns=ONCE)))
    sent = hand.protected()
    hand.quote(24_005, 24_006)
    [left] = hand.until((hand.now_ns // BAR + 5) * BAR)
    assert isinstance(left, Exit) and left.why == "time"
    hand.fill(sent.ref, Leg.EXIT, 2, 24_002)  # three ticks worse than it was
    assert scores(hand) == [pytest.approx(1 - 0.4 * (1.5 - 0.5) / 4, abs=1e-3)]


def test_an_exit_by_hand_and_a_fill_a_person_entered_say_nothing() -> None:
    hand = position()
    hand.hear(said(OperatorAction.FLATTEN))
    hand.fill(1, Leg.EXIT, 2, 23_900)
    assert scores(hand) == [pytest.approx(1.0, abs=1e-3)]  # its entry does
    typed = position()
    typed.hear(PositionTold(ACCOUNT, 1, 0, 0))
    typed.hear(FillEntered(1, Leg.STOP, 2, 23_992, "typed", FEE, "from the statement"))
    assert typed.bracket is None and typed.made(ExecutionScored) == []
    assert typed.engine.desk.memory.care.tended == {}


def test_an_entry_that_is_refused_is_worth_nothing() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    sent = hand.entered()
    hand.hear(OrderRejected(sent.ref, Leg.ENTRY, "no"))
    assert scores(hand) == [0.0] and hand.bracket is None


def test_refused_stops_count_a_half_each_and_parts_of_an_entry_by_their_share() -> None:
    hand = position()
    hand.hear(OrderRejected(1, Leg.STOP, "no"), OrderAccepted(1, Leg.STOP, 2, LONG.stop_px))
    hand.fill(1, Leg.TARGET, 2, LONG.target_px)
    assert scores(hand) == [pytest.approx(0.9, abs=1e-3)]
    part = Hand(setup(Script(LIMIT, until_ns=ONCE)))
    sent = part.entered()
    part.hear(OrderAccepted(sent.ref, Leg.ENTRY, 2, sent.entry_px))
    part.fill(sent.ref, Leg.ENTRY, 1, sent.entry_px)
    part.hear(OrderCancelled(sent.ref, Leg.ENTRY, 1), OrderAccepted(sent.ref, Leg.STOP, 1, sent.stop_px))
    part.fill(sent.ref, Leg.TARGET, 1, sent.target_px)
    assert scores(part) == [pytest.approx(0.85, abs=1e-3)]


def test_an_entry_whose_price_nobody_came_to_says_nothing_and_one_at_market_that_nobody_filled_does() -> None:
    for wish, said_ in ((LIMIT, []), (LONG, [pytest.approx(0.5, abs=1e-3)])):  # of fill, reject and latency, the fill is lost
        hand = Hand(setup(Script(wish, until_ns=ONCE)))
        sent = hand.entered()
        hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, 2, sent.entry_px), OrderCancelled(sent.ref, Leg.ENTRY, 2))
        assert hand.bracket is None and scores(hand) == said_
        assert hand.engine.desk.memory.care.tended == {}


def test_an_execution_that_is_told_twice_counts_once() -> None:
    once, twice = position(), position()
    for hand, n in ((once, 1), (twice, 3)):
        for _ in range(n):
            hand.fill(1, Leg.STOP, 1, LONG.stop_px - 6, id_="same")
        hand.fill(1, Leg.STOP, 1, LONG.stop_px - 6, id_="other")
    assert scores(once) == scores(twice) != []


# ---------------------------------------------------------------------- shadows
def shut(wish: Proposal = LONG, **changes: Any) -> Hand:
    """A market that is open, of a contract whose executions have been worth nothing, and a wish refused for it."""
    hand = Hand(setup(Script(wish), by=law(**changes)))
    hand.opened()
    for _ in range(8):
        hand.engine.desk.memory.quality.note(1, 0.0, Scale(EQS_WEIGHTS))
    return hand


def refused(hand: Hand, wish: Proposal = LONG) -> None:
    """Refuse a wish as the gate does, in the place where the engine looks."""
    desk, mark = hand.engine.desk, len(hand.engine.desk.facts)
    now = hand.engine.desk.memory.quality.value(1)
    desk.facts.append(Refused(Key(ACCOUNT, 1, "script"), wish, Reason.EXECUTION_QUALITY, 1 - now, 0.25))
    scoring.notice(desk, mark, hand.now_ns)
    hand.facts += hand.engine.take_facts()


def imagined(wish: Proposal, *quotes: tuple[int, int]) -> Hand:
    """Refuse a wish for execution quality, and close a bar on each of these quotes."""
    hand = Hand(setup())
    hand.opened()
    refused(hand, wish)
    for bid, ask in quotes:
        hand.quote(bid, ask)
        hand.bar()
    return hand


def test_a_shadow_is_filled_by_a_later_quote_at_the_worse_side_with_slippage_on_top() -> None:
    hand = imagined(LONG, (24_001, 24_003))
    [fact] = hand.made(ExecutionScored)
    assert (fact.ref, hand.commands) == (0, [])
    assert scores(hand) == [pytest.approx((0.3 + 0.4 * (1 - 3 / 4)) / 0.7)]  # three ticks worse than decided; the law's own are no fault


def test_a_shadow_of_a_limit_waits_for_its_price_and_of_a_stop_for_its_trigger() -> None:
    assert scores(imagined(LIMIT, (23_999, 24_000), (23_999, 24_000))) == []
    assert scores(imagined(LIMIT, (23_999, 24_000), (23_996, 23_997))) == [1.0]
    trigger = LONG._replace(entry_type=OrderType.STOP, entry_px=24_004)
    assert scores(imagined(trigger, (23_999, 24_000))) == []
    assert scores(imagined(trigger, (23_999, 24_000), (24_003, 24_004))) == [1.0]


def test_a_shadow_nobody_came_to_in_an_entrys_time_to_live_is_forgotten() -> None:
    hand = imagined(LIMIT, *[(23_999, 24_000)] * 30)
    assert scores(hand) == [] and hand.engine.desk.memory.care.shadows == {}


def test_shadows_keep_the_pace_of_entries_and_stand_one_at_a_time() -> None:
    hand = Hand(setup(by=law(min_seconds_between_entries=300.0)))
    hand.opened()
    for _ in range(200):
        refused(hand)
        hand.quote()
        hand.bar()
    assert len(scores(hand)) == 1 + 200 * 5 // 300


def test_a_copy_in_the_middle_of_a_shadow_goes_on_alike() -> None:
    whole, parted = Hand(setup()), Hand(setup())
    for hand in (whole, parted):
        hand.opened()
        refused(hand)
    engine = Engine(parted.engine.setup)
    engine.restore(parted.engine.snapshot())
    parted.engine = engine
    for hand in (whole, parted):
        hand.quote(24_001, 24_002)
        hand.bar()
    assert whole.facts == parted.facts and scores(whole) and whole.engine.digest() == parted.engine.digest()


def test_only_what_execution_quality_refused_is_imagined() -> None:
    hand = Hand(setup(Script(LONG), by=law(max_entries_per_day=0)))
    hand.opened()
    hand.bar(5)
    assert {fact.reason for fact in hand.made(Refused)} == {Reason.QUALITY, Reason.N_DAY}
    assert hand.engine.desk.memory.care.shadows == {} and scores(hand) == []


def test_a_contract_that_is_shut_comes_back_by_shadows_and_is_traded_again() -> None:
    hand = shut()
    assert hand.engine.desk.memory.quality.value(1) < 0.75
    for _ in range(20 * MINUTE // BAR):
        hand.quote()
        hand.bar()
        if hand.commands:
            break
    assert {fact.reason for fact in hand.made(Refused)} == {Reason.QUALITY, Reason.EXECUTION_QUALITY}  # of the opening, and then
    assert [fact.ref for fact in hand.made(ExecutionScored)] and {fact.ref for fact in hand.made(ExecutionScored)} == {0}
    [sent] = hand.commands
    assert isinstance(sent, Submit) and sent.decided_ns > T0 and hand.engine.desk.memory.quality.value(1) >= 0.75


def test_the_prior_is_the_laws_also_after_a_copy() -> None:
    of = law()
    of = msgspec.structs.replace(of, execution=msgspec.structs.replace(of.execution, eqs_prior=0.9))
    hand = Hand(setup(by=of))
    engine = Engine(hand.engine.setup)
    engine.restore(hand.engine.snapshot())
    assert hand.engine.desk.memory.quality.value(1) == engine.desk.memory.quality.value(1) == 0.9
