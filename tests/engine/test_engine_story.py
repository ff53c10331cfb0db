"""Whole stories of an engine and a venue that is honest but unkind: parts, refusals, late and doubled words, in any order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import BAR, LONG, SHORT, Hand, Script, law, said, setup
from tests.simulation.pit import record
from workbench.domain.decisions import Approved, Issued, RoundTripClosed
from workbench.domain.events import (
    ConnectionChanged,
    FeeReported,
    OperatorAction,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from workbench.domain.orders import Cancel, Exit, Leg, Modify, Submit
from workbench.domain.records import Kind
from workbench.domain.units import SECOND
from workbench.engine import Engine

pytestmark = pytest.mark.covers("S2-01", "S2-03", "S2-07", "S2-08", "S2-49")
WORDS = ("accept", "fill", "cover", "lose stop", "stop out", "target", "cancel", "exit accept", "exit fill", "exit lost", "again", "fee")
TURNS = ("bar", "bar", "bar", "up", "down", "gap", "halt", "resume", "flatten", "offline", "online")


class Unkind:
    """One bracket's side of the venue. It fills no more than was ordered and closes no more than is held; else it does as it likes."""

    def __init__(self, sent: Submit) -> None:
        self.sent, self.rest, self.held, self.n = sent, sent.qty, 0, 0
        self.is_leaving = self.is_covered = False
        self.told: list[OrderFilled] = []

    @property
    def is_over(self) -> bool:
        return self.rest == 0 and self.held == 0

    def fill(self, leg: Leg, qty: int, px: int) -> OrderFilled:
        self.n += 1
        self.rest -= qty if leg is Leg.ENTRY else 0
        self.held += qty if leg is Leg.ENTRY else -qty
        fee = None if self.n % 3 == 0 else 7
        self.told.append(OrderFilled(self.sent.ref, leg, qty, px, f"{self.sent.ref}.{self.n}", fee))
        return self.told[-1]

    def say(self, word: str, n: int) -> list[Any]:
        """Turn a word into what the venue tells, if it can mean it now."""
        ref, s = self.sent.ref, self.sent
        entry, some, out = min(n, self.rest), min(n, self.held), self.is_leaving and self.held
        match word:
            case "accept" if self.rest:
                return [OrderAccepted(ref, Leg.ENTRY, s.qty, s.entry_px)]
            case "fill" if entry:
                return [self.fill(Leg.ENTRY, entry, s.entry_px + n)]
            case "cover" if self.held:
                return [OrderAccepted(ref, Leg.STOP, self.held, s.stop_px)]
            case "lose stop":
                return [(OrderCancelled(ref, Leg.STOP, 1), OrderRejected(ref, Leg.STOP, "no"))[n % 2]]
            case "stop out" if some:
                return [self.fill(Leg.STOP, some, s.stop_px - n)]
            case "target" if some:
                return [self.fill(Leg.TARGET, some, s.target_px)]
            case "cancel" if self.rest:
                gone, self.rest = self.rest, 0
                return [OrderCancelled(ref, Leg.ENTRY, gone)]
            case "exit accept" if self.is_leaving:
                return [OrderAccepted(ref, Leg.EXIT, self.held, 0)]
            case "exit fill" if out:
                return [self.fill(Leg.EXIT, some, s.entry_px - 2)]
            case "exit lost" if out:
                self.is_leaving = False
                return [(OrderCancelled(ref, Leg.EXIT, self.held), OrderRejected(ref, Leg.EXIT, "no"))[n % 2]]
            case "again" if self.told:
                return [self.told[n % len(self.told)]]
            case "fee" if self.told:
                return [FeeReported(self.told[n % len(self.told)].exec_id, 7)]
        return []


class Story:
    """An engine, its venue, and what must hold after every word."""

    plan: dict[str, Any] = {}  # noqa: RUF012 - fields of the wish beside those below
    of: type[Unkind] = Unkind

    def __init__(self, side: int) -> None:
        wish = (LONG if side > 0 else SHORT)._replace(breakeven_px=24_000 + 8 * side, hold_ns=40 * SECOND, **self.plan)
        self.hand = Hand(setup(Script(wish), by=law(entry_ttl_seconds=20.0, max_losses_in_row=1_000, max_contracts_per_order=4)))
        self.venue: dict[int, Unkind] = {}
        self.n_seen = 0
        self.hand.entered()
        self.take()

    def turn(self, word: str, n: int) -> None:
        hand = self.hand
        match word:
            case "bar":
                hand.bar(n)
            case "up" | "down":
                px = 24_000 + (n * 5 if word == "up" else -n * 5)
                hand.quote(px - 1, px)
            case "gap":
                hand.say(record(Kind.GAP, hand.now_ns))
                hand.quote()
            case "offline" | "online":
                hand.hear(ConnectionChanged(word == "online", "cable"))
            case "halt" | "resume" | "flatten":
                hand.hear(said(OperatorAction(word)))
            case _:
                for each in [each for each in self.venue.values() if not each.is_over or word in ("again", "fee")]:
                    hand.hear(*each.say(word, n))
        self.take(is_by_hand=word == "flatten")
        self.check()

    def take(self, *, is_by_hand: bool = False) -> None:
        """Let what the engine sent reach the venue."""
        for command in self.hand.commands[self.n_seen :]:
            match command:
                case Submit():
                    assert command.ref not in self.venue
                    self.venue[command.ref] = self.of(command)
                case Exit():
                    mine = self.venue[command.ref]
                    assert is_by_hand or not mine.is_leaving, "one exit at a time, but for a person who tries again"
                    assert mine.held > 0
                    mine.is_leaving = True
                case Modify():
                    assert self.venue[command.ref].held > 0
                case Cancel():
                    assert self.venue[command.ref].rest > 0
        self.n_seen = len(self.hand.commands)

    def check(self) -> None:
        desk = self.hand.engine.desk
        held = {ref: each.held for ref, each in self.venue.items() if not each.is_over}
        assert {b.ref: b.open for b in desk.supervisor.brackets()} == held
        assert desk.supervisor.owned == {1} if held else not desk.supervisor.owned
        assert len(held) <= 1, "a contract that is owned is not entered again"
        for b in desk.supervisor.brackets():
            assert b.fees_micros + 7 * sum(due.ref == b.ref for due in desk.memory.book.fees_due.values()) == 7 * self.venue[b.ref].n
            assert 0 <= b.rest == self.venue[b.ref].rest
        trails = [each.trail for each in desk.memory.care.tended.values() if each.trail is not None]
        watched = sum(b.watch is not None for b in desk.supervisor.brackets()) + sum(trail.watch is not None for trail in trails)
        assert set(desk.memory.care.tended) == set(held), "care ends with the bracket"
        assert int(self.hand.engine.market.states["n_watch"][0]) == watched
        assert [fact.command for fact in self.hand.made(Issued)] == self.hand.commands
        self.money()

    def money(self) -> None:
        """The books are the sum of the executions of brackets that are over."""
        over = [each for each in self.venue.values() if each.is_over and each.told]
        trips = self.hand.made(RoundTripClosed)
        assert [trip.ref for trip in trips] == [each.sent.ref for each in over]
        for trip, each in zip(trips, over, strict=True):
            signed = [(fill.qty if fill.leg is Leg.ENTRY else -fill.qty) * fill.px for fill in each.told]
            assert trip.pnl == -each.sent.side * sum(signed)
        assert len(self.venue) == len(self.hand.made(Approved))


USUAL = ("accept", "fill", "fill", "cover", "cover", "cover", "up", "bar", "exit accept", "exit fill")
turns = st.lists(st.tuples(st.sampled_from(WORDS + TURNS + USUAL), st.integers(1, 3)), min_size=30, max_size=60)


@settings(max_examples=200)
@given(st.sampled_from([1, -1]), turns)
def test_whatever_an_honest_venue_says_the_books_are_its_executions(side: int, told: list[tuple[str, int]]) -> None:
    story = Story(side)
    for word, n in told:
        story.turn(word, n)


@pytest.mark.proof
@settings(max_examples=5_000)
@given(st.sampled_from([1, -1]), turns)
def test_five_thousand_stories_end_in_the_books_of_their_executions(side: int, told: list[tuple[str, int]]) -> None:
    story = Story(side)
    for word, n in told:
        story.turn(word, n)


@settings(max_examples=60)
@given(st.sampled_from([1, -1]), turns, st.integers(0, 29))
def test_a_story_that_is_taken_up_in_the_middle_ends_alike(side: int, told: list[tuple[str, int]], at: int) -> None:
    whole, parted = Story(side), Story(side)
    for n_turn, (word, n) in enumerate(told):
        if n_turn == at:
            engine = Engine(parted.hand.engine.setup)
            engine.restore(parted.hand.engine.snapshot())
            parted.hand.engine = engine
        whole.turn(word, n)
        parted.turn(word, n)
    assert whole.hand.facts == parted.hand.facts and whole.hand.engine.digest() == parted.hand.engine.digest()


def test_the_stories_lead_everywhere() -> None:
    seen = set[str]()

    @settings(max_examples=200)
    @given(st.sampled_from([1, -1]), turns)
    def look(side: int, told: list[tuple[str, int]]) -> None:
        story = Story(side)
        for word, n in told:
            story.turn(word, n)
        seen.update(type(command).__name__ for command in story.hand.commands)
        seen.update(f"{trip.how}" for trip in story.hand.made(RoundTripClosed))
        seen.update(b.phase.value for b in story.hand.engine.desk.supervisor.brackets())

    look()
    assert seen >= {"Submit", "Cancel", "Exit", "Modify", "stop", "target", "exit", "exposed", "protected", "closing", "pending"}
    assert BAR < 40 * SECOND
