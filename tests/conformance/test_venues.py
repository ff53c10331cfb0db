"""What every venue owes the loop, shown for each that needs no socket: answers, order of time, and that cutting changes nothing."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.driving import Heard, Sent, chunks, drive, plan, recorded, simulated, tape, told
from workbench.domain.errors import InvariantError
from workbench.domain.events import AccountValued, Answered, Known, OrderAccepted, OrderFilled, OrderRejected, Unknown
from workbench.domain.orders import Ask, Leg, Submit
from workbench.domain.records import Records
from workbench.domain.units import MS
from workbench.simulation.matching.models import CAUTIOUS, PLAIN, QUEUED
from workbench.venues.base import Venue
from workbench.venues.simulated import SimulatedVenue

pytestmark = pytest.mark.covers("S0-22", "S2-28", "S3-09")
MODELS = {"cautious": CAUTIOUS, "plain": PLAIN, "queued": QUEUED}
TRAVEL_NS = 2 * 30 * MS  # there and back
SEEDS = range(40)


@cache
def case(seed: int, model: str) -> tuple[Records, list[Sent], list[Heard]]:
    """A market, what is sent into it, and what the simulated venue says when it may cut as it likes."""
    records = tape(seed)
    sent = plan(seed, records)
    return records, sent, drive(simulated(records, MODELS[model]), sent)


def venue_of(name: str, seed: int, model: str, cut: int | None = None) -> Venue:
    records, _, heard = case(seed, model)
    chunk = None if cut is None else chunks(cut)
    return simulated(records, MODELS[model], chunk) if name == "simulated" else recorded(records, heard, chunk)


EVERY = pytest.mark.parametrize("name", ["simulated", "recorded"])
cases = st.tuples(st.sampled_from(SEEDS), st.sampled_from(sorted(MODELS)))


def test_the_markets_of_these_tests_are_worth_it() -> None:
    heard = [each.event for seed in SEEDS for each in case(seed, "plain")[2]]
    kinds = {type(event).__name__ for event in heard}
    assert kinds == {"OrderAccepted", "OrderFilled", "OrderCancelled", "OrderRejected", "AccountValued", "Answered"}
    assert sum(isinstance(event, OrderFilled) for event in heard) > 100


@EVERY
@settings(max_examples=60)
@given(cases)
def test_every_bracket_that_was_submitted_in_time_is_accepted_or_rejected(name: str, of: tuple[int, str]) -> None:
    records, sent, _ = case(*of)
    heard = drive(venue_of(name, *of), sent)
    answered = {e.event.ref for e in heard if isinstance(e.event, OrderAccepted | OrderRejected) and e.event.leg is Leg.ENTRY}
    answered |= {e.event.ref for e in heard if isinstance(e.event, OrderFilled)}
    last = int(records["recv_ns"][-1])
    for each in sent:
        if isinstance(each.command, Submit) and each.command.decided_ns + TRAVEL_NS < last - MS:
            assert each.command.ref in answered


@EVERY
@settings(max_examples=60)
@given(cases)
def test_every_question_is_answered_known_or_not(name: str, of: tuple[int, str]) -> None:
    _, sent, _ = case(*of)
    heard = drive(venue_of(name, *of), sent)
    asked = [each.command for each in sent if isinstance(each.command, Ask)]
    answers = [each.event for each in heard if isinstance(each.event, Answered)]
    assert sorted((a.ref, a.question) for a in answers) == sorted((command.ref, command.question) for command in asked)
    assert all(isinstance(answer.answer, Known if answer.question == "account" else Unknown) for answer in answers)


@EVERY
@settings(max_examples=80)
@given(cases, st.integers(0, 10**6))
def test_stamps_never_go_back(name: str, of: tuple[int, str], cut: int) -> None:
    records, sent, _ = case(*of)
    now, place = 0, 0
    for each in drive(venue_of(name, *of, cut), sent):
        assert each.place >= place
        place = each.place
        before = int(records["recv_ns"][place - 1]) if place else 0
        assert max(now, before) <= each.recv_ns
        assert place == len(records) or each.recv_ns <= int(records["recv_ns"][place])
        now = each.recv_ns


@EVERY
@settings(max_examples=150)
@given(cases, st.integers(0, 10**6))
def test_cutting_the_records_otherwise_changes_no_event_and_no_place(name: str, of: tuple[int, str], cut: int) -> None:
    _, sent, whole = case(*of)
    assert told(drive(venue_of(name, *of, cut), sent)) == told(whole)


@settings(max_examples=40)
@given(cases)
def test_every_fill_is_followed_by_what_the_account_is_worth(of: tuple[int, str]) -> None:
    heard = case(*of)[2]
    for one, after in zip(heard, [*heard[1:], None], strict=True):
        if isinstance(one.event, OrderFilled):
            assert after is not None and isinstance(after.event, AccountValued) and after[:2] == one[:2]


class RunsAhead(SimulatedVenue):
    """Planted: what the exchange did beyond the place of the engine stays done."""

    def settle(self, consumed: int) -> None:
        if self._ran and consumed != self._stop:
            self._due = False
            self.at = consumed
        else:
            super().settle(consumed)


class LosesAnswers(SimulatedVenue):
    """Planted: a question is heard and forgotten."""

    def _answer(self, asked: Ask) -> Answered:
        return Answered(asked.ref, "another", Unknown("planted"))


@pytest.mark.parametrize("planted", [RunsAhead, LosesAnswers])
def test_a_venue_that_breaks_its_word_is_seen(planted: type[SimulatedVenue]) -> None:
    seen = 0
    for seed in SEEDS[:10]:
        records, sent, whole = case(seed, "cautious")
        try:
            seen += told(drive(simulated(records, chunk=chunks(seed), venue=planted), sent)) != told(whole)
        except InvariantError:
            seen += 1
    assert seen
