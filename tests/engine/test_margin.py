"""Margin is asked before the first order of a contract, side and size; unanswered is not known, and what is not known is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.hand import ACCOUNT, LONG, SHORT, T0, Hand, Script, law, setup
from workbench.domain.decisions import Reason, Refused
from workbench.domain.events import Answered, Known, Unknown
from workbench.domain.orders import Ask, Submit
from workbench.domain.units import MICROS, SECOND
from workbench.engine import Setup
from workbench.engine.margin import MARGIN

pytestmark = pytest.mark.covers("S0-16", "S1-28", "S3-12")


def asking(wish: Any = LONG, **more: Any) -> Hand:
    return Hand(setup(Script(wish), by=law(ask_margin=True, **more))).opened()


def says(ask: Any, usd: float | None) -> Answered:
    said = Unknown("no answer in time") if usd is None else Known({"initial_micros": round(usd * MICROS), "warning": ""})
    return Answered(ask.ref, MARGIN, said)


def test_the_first_order_of_a_size_is_a_question_and_its_answer_lets_it_in() -> None:
    hand = asking()
    [ask] = hand.bar()
    assert isinstance(ask, Ask) and (ask.question, ask.detail, ask.key.contract) == ("margin", "+2", 1) and ask.ref < 0
    assert hand.made(Refused)[-1].reason is Reason.MARGIN and hand.bar() == []  # asked once
    hand.hear(says(ask, 30_000))
    [sent] = hand.bar()
    assert isinstance(sent, Submit) and sent.qty == 2


@pytest.mark.parametrize("usd", [None, 300_001.0])
def test_what_the_broker_cannot_say_or_binds_too_much_is_refused(usd: float | None) -> None:
    hand = asking()
    [ask] = hand.bar()
    hand.hear(says(ask, usd))
    assert not [each for each in hand.bar(3) if isinstance(each, Submit)] and hand.made(Refused)[-1].reason is Reason.MARGIN


def test_silence_is_asked_again_and_a_late_answer_is_as_good() -> None:
    hand = asking()
    [first] = hand.bar()
    [again] = hand.until(hand.now_ns + 40 * SECOND)
    assert isinstance(again, Ask) and again.ref != first.ref
    hand.hear(says(first, 30_000))
    [sent] = hand.bar()
    assert isinstance(sent, Submit)


def test_an_answer_is_of_one_side_and_size_and_of_one_day() -> None:
    days = ((T0 - 1, 20261119), (T0 + 3600 * SECOND, 20261120))
    hand = Hand(setup(Script(SHORT), by=law(ask_margin=True), account_days=days)).opened()
    [ask] = hand.bar()
    assert isinstance(ask, Ask) and ask.detail == "-2"
    hand.hear(says(ask, 30_000))
    margins = hand.engine.desk.memory.tally.margins
    assert margins.told == {1: {"-2": 30_000 * MICROS}} and margins.day == 20261119
    hand.bar()
    hand.until(T0 + 3601 * SECOND)
    hand.phase()
    margins.begin_day(20261120)
    assert not margins.told and not margins.asked


def test_an_answer_nobody_asked_for_changes_nothing() -> None:
    hand = asking()
    before = hand.engine.digest()
    hand.hear(Answered(-99, MARGIN, Known({"initial_micros": 1})))
    assert hand.engine.digest() == before


def test_a_law_that_asks_nobody_takes_what_settings_assume() -> None:
    of: Setup = setup(Script(LONG))
    [sent] = Hand(of).opened().bar()
    assert isinstance(sent, Submit) and sent.key.account == ACCOUNT


def test_what_was_asked_and_told_is_in_a_snapshot() -> None:
    hand = asking()
    [ask] = hand.bar()
    hand.hear(says(ask, 30_000))
    other = Hand(hand.engine.setup, is_known=False)
    other.engine.restore(hand.engine.snapshot())
    assert other.engine.digest() == hand.engine.digest() and other.engine.desk.memory.tally.margins.told[1]["+2"] == 30_000 * MICROS
