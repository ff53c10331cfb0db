"""Whole stories again, with stops that follow, at a venue that confirms where it moved them or refuses to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import BAR
from tests.engine.test_engine_story import Story, Unkind, turns
from workbench.domain.events import OrderAccepted, OrderRejected
from workbench.domain.orders import Leg, Modify, Submit
from workbench.domain.units import MINUTE
from workbench.engine import Engine
from workbench.execution.trailing import MOVES_A_MINUTE

pytestmark = pytest.mark.covers("S0-15", "S2-13", "S2-49")


class Moved(Unkind):
    """It keeps a stop where it was moved to, but every third word on it is a refusal."""

    def __init__(self, sent: Submit) -> None:
        super().__init__(sent)
        self.stands_px, self.n_told = sent.stop_px, 0

    def say(self, word: str, n: int) -> list[Any]:
        if word != "cover" or not self.held:
            return super().say(word, n)
        self.n_told += 1
        asked, self.asked_px = getattr(self, "asked_px", self.stands_px), self.stands_px
        if asked != self.stands_px and self.n_told % 3 == 0:
            return [OrderRejected(self.sent.ref, Leg.STOP, "no"), OrderAccepted(self.sent.ref, Leg.STOP, self.held, self.stands_px)]
        self.stands_px = self.asked_px = asked
        return [OrderAccepted(self.sent.ref, Leg.STOP, self.held, asked)]


class Followed(Story):
    """A story whose stops follow three ticks behind."""

    plan = {"trail_px": 3}  # noqa: RUF012 - never changed
    of = Moved

    def take(self, *, is_by_hand: bool = False) -> None:
        new = self.hand.commands[self.n_seen :]
        super().take(is_by_hand=is_by_hand)
        for command in new:
            if isinstance(command, Modify):
                self.venue[command.ref].asked_px = command.stop_px


def moves(story: Followed) -> list[Modify]:
    return [command for command in story.hand.commands if isinstance(command, Modify)]


@settings(max_examples=150)
@given(st.sampled_from([1, -1]), turns)
def test_whatever_an_honest_venue_says_stops_that_follow_stay_within_their_rules(side: int, told: list[tuple[str, int]]) -> None:
    story = Followed(side)
    for word, n in told:
        story.turn(word, n)
    made = moves(story)
    for ref in {move.ref for move in made}:
        mine, first = [move for move in made if move.ref == ref], story.venue[ref].sent.stop_px
        assert all(side * (move.stop_px - first) > 0 for move in mine)
        assert all(earlier.stop_px != later.stop_px or story.venue[ref].n_told > 2 for earlier, later in pairwise(mine))
        for at in mine:
            of_minute = [move for move in mine if at.decided_ns - MINUTE < move.decided_ns <= at.decided_ns]
            assert len(of_minute) <= MOVES_A_MINUTE + 1  # and once to the entry


@settings(max_examples=60)
@given(st.sampled_from([1, -1]), turns, st.integers(0, 29))
def test_a_story_of_following_stops_that_is_taken_up_in_the_middle_ends_alike(side: int, told: list[tuple[str, int]], at: int) -> None:
    whole, parted = Followed(side), Followed(side)
    for n_turn, (word, n) in enumerate(told):
        if n_turn == at:
            engine = Engine(parted.hand.engine.setup)
            engine.restore(parted.hand.engine.snapshot())
            parted.hand.engine = engine
        whole.turn(word, n)
        parted.turn(word, n)
    assert whole.hand.facts == parted.hand.facts and whole.hand.engine.digest() == parted.hand.engine.digest()


def test_the_stories_do_move_stops_between_barriers_more_than_once_a_bracket() -> None:
    seen = set[int]()

    @settings(max_examples=100)
    @given(st.sampled_from([1, -1]), turns)
    def look(side: int, told: list[tuple[str, int]]) -> None:
        story = Followed(side)
        for word, n in told:
            story.turn(word, n)
        between = [move for move in moves(story) if move.decided_ns % BAR]
        seen.update(sum(move.ref == other.ref for other in between) for move in between)

    look()
    assert max(seen) >= 2
