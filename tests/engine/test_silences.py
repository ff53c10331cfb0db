"""A feed that falls silent is told once and lets nothing in; when it speaks again, that is told once and all is as before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from tests.engine.hand import LONG, T0, Hand, Script, law, setup
from tests.simulation.pit import quote_record, record
from workbench.domain.decisions import At, Proposal, Reason, Refused, SilenceSeen, StateChanged
from workbench.domain.events import OperatorAction, OperatorSaid
from workbench.domain.orders import Cause
from workbench.domain.records import Kind, Phase, Records
from workbench.domain.units import MS, SECOND
from workbench.domain.views import PositionView, View
from workbench.engine import Engine
from workbench.engine.retelling import _Teller

SILENT, OVER = "no data of ESZ6", "no data of ESZ6 is over"


def market(first_s: int, last_s: int, *, is_silent: bool = False, opens: bool = False) -> Records:
    """Ten quotes a second, and whole seconds."""
    made = []
    for second in range(first_s, last_s):
        now = T0 + second * SECOND
        made.append(record(Kind.TIME, now, 0))
        if opens and second == first_s:
            made.append(record(Kind.PHASE, now, px=20261119, level=Phase.RTH))
        if not is_silent:
            made += [quote_record(now + (100 * n + 1) * MS, 23_999 + n % 2, 24_001 + n % 2) for n in range(10)]
    return np.concatenate(made)


@pytest.fixture
def stalled() -> Hand:
    hand = Hand(setup(Script(), by=law()))
    hand.say(market(0, 200, opens=True), market(200, 215, is_silent=True))
    return hand


@pytest.mark.covers("S0-18", "S4-21")
def test_a_stall_is_told_once_reduces_and_its_end_is_told_once(stalled: Hand) -> None:
    (seen,) = stalled.made(SilenceSeen)
    assert (seen.contract, (seen.since_ns - T0) // SECOND) == (1, 200)
    assert stalled.state == "reducing" and [fact.why for fact in stalled.made(StateChanged)] == [SILENT]
    stalled.say(market(215, 220))
    assert [fact.since_ns is None for fact in stalled.made(SilenceSeen)] == [False, True] and stalled.state == "active"
    assert [fact.why for fact in stalled.made(StateChanged)] == [SILENT, OVER]


class Late(NamedTuple):
    """Wishes the same all the time, once the feed is silent."""

    name: str = "script"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        return LONG if view.now_ns >= T0 + 209 * SECOND else None

    def manage(self, view: View, position: PositionView) -> None:
        return None


@pytest.mark.covers("S0-18", "S2-31")
def test_nothing_is_entered_while_a_feed_is_silent_nor_on_the_bar_in_which_it_came_back() -> None:
    hand = Hand(setup(Late(), by=law()))
    hand.say(market(0, 200, opens=True), market(200, 216, is_silent=True))
    assert hand.state == "reducing" and not hand.made(Refused)
    hand.say(market(216, 221))
    assert [fact.reason for fact in hand.made(Refused)] == [Reason.QUALITY] and not hand.commands
    made = hand.say(market(221, 226))
    assert made, [f for f in hand.facts if isinstance(f, Refused)]


def test_the_market_s_close_ends_it(stalled: Hand) -> None:
    closed = record(Kind.PHASE, T0 + 216 * SECOND, px=20261119, level=Phase.CLOSED)
    opened = record(Kind.PHASE, T0 + 300 * SECOND, px=20261120, level=Phase.RTH)
    stalled.say(closed, opened, market(301, 312))
    assert [fact.since_ns is None for fact in stalled.made(SilenceSeen)] == [False, True] and stalled.state == "active"


def test_a_snapshot_in_the_middle_of_it_goes_on_as_the_engine_did(stalled: Hand) -> None:
    other = Engine(setup(Script(), by=law()))
    other.restore(stalled.engine.snapshot())
    rest = stalled.numbered(market(215, 230))
    for engine in (stalled.engine, other):
        at, commands = engine.feed(rest.ctypes.data, 0, len(rest))
        assert (at, commands) == (len(rest), [])
    assert other.take_facts() == stalled.engine.take_facts() and other.digest() == stalled.engine.digest()


def test_a_process_that_died_meanwhile_is_released_by_the_first_bar_with_data(stalled: Hand) -> None:
    hand = Hand(setup(Script(), by=law()))
    teller = _Teller(hand.engine)
    for fact in stalled.made(SilenceSeen) + stalled.made(StateChanged):
        teller._fact(fact, At(T0, Cause(1, 0)))
    teller.end()
    assert hand.state == "reducing" and not hand.engine.desk.breaker.latched
    hand.say(market(230, 241, opens=True))
    assert hand.state == "active" and [fact.since_ns for fact in hand.made(SilenceSeen)] == [None]


def test_a_person_s_resume_does_not_wake_a_feed(stalled: Hand) -> None:
    stalled.hear(OperatorSaid(OperatorAction.RESUME, "looked"))
    assert stalled.state == "reducing"
