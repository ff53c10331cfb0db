"""What is worth a word, and how loud it is said."""

from __future__ import annotations

import pytest

from workbench.domain.decisions import (
    AnyFact,
    BracketMoved,
    Latched,
    ParityBroken,
    Proposal,
    Quarantined,
    Reason,
    Refused,
    RollEnded,
    RollPlanned,
    StateChanged,
    TradingState,
)
from workbench.domain.events import AnyEvent, BrokerSaid, ConnectionChanged, OperatorAction, OperatorSaid, OrderRejected, StreamChanged
from workbench.domain.orders import Key, Leg, OrderType
from workbench.runtime.notify.meaning import notices_of
from workbench.runtime.notify.notice import Notice
from workbench.runtime.notify.standing import Standing
from workbench.store.entries import Entry

SYMBOLS = {1: "ESZ6"}
WISH = Proposal(1, OrderType.LIMIT, 10, 9, 12, 0)
LOGIN = "TWS accepts the connection and its API says nothing: log in (the weekly second factor), or look at its window"


def told(content: AnyEvent | AnyFact, *, held: tuple[int, ...] = (7,)) -> list[Notice]:
    is_fact = content.__class__.__module__.endswith("decisions")
    return list(notices_of(Entry(5, 41, 1, 7_000, (content,) if is_fact else content), SYMBOLS, Standing(held=list(held))))


@pytest.mark.parametrize(
    ("content", "about", "severity"),
    [
        (StateChanged(TradingState.HALTED, "no answer about bracket 7"), "halt", "critical"),
        (StateChanged(TradingState.HALTED, "day loss of DUSIM1"), "loss limit", "critical"),
        (StateChanged(TradingState.HALTED, "week loss of DUSIM1"), "loss limit", "critical"),
        (StateChanged(TradingState.HALTED, "guardian: the runner was silent"), "guardian", "critical"),
        (StateChanged(TradingState.HALTED, "HALT file: guardian: the runner was silent"), "guardian", "critical"),
        (StateChanged(TradingState.HALTED, "operator: lunch"), "halt", "warning"),
        (StateChanged(TradingState.HALTED, "HALT file: notifier: nobody acknowledged"), "halt", "warning"),
        (StateChanged(TradingState.HALTED, "5 violations within 300 s"), "halt", "critical"),
        (RollPlanned(7, 2, 1, 100, 110, 90, 8_000_000, 0), "roll", "warning"),
        (RollEnded(7, None, "the far leg was rejected"), "roll", "warning"),
        (StateChanged(TradingState.REDUCING, "margin: 201"), "reducing", "warning"),
        (ParityBroken("Submit(...)", "none"), "break", "critical"),
        (OrderRejected(7, Leg.STOP, "201: margin"), "protection", "critical"),
        (OrderRejected(7, Leg.EXIT, "201: margin"), "protection", "critical"),
        (OrderRejected(7, Leg.TARGET, "201: margin"), "protection", "warning"),
        (OperatorSaid(OperatorAction.FLATTEN, "guardian: the runner was silent"), "guardian", "critical"),
        (ConnectionChanged(False, LOGIN), "second factor", "critical"),
        (ConnectionChanged(False, "nothing answers at 127.0.0.1:7497"), "connection", "warning"),
        (StreamChanged(1, "tick-by-tick", "silent", "8 s"), "recording", "warning"),
        (BrokerSaid(31_415, "unknown", "what?", None, None), "broker", "warning"),
        (Refused(Key("A", 1, "s"), WISH, Reason.ROLL_DUE, 1.0, 0.0), "roll", "warning"),
        (Quarantined("strategy", "mine", 1, "mine.py:3", "ZeroDivisionError", ()), "quarantine", "warning"),
    ],
)
def test_what_a_person_must_know_is_told_as_loud_as_it_is(content: AnyEvent | AnyFact, about: str, severity: str) -> None:
    (notice,) = told(content)
    assert (notice.about.value, notice.severity.value) == (about, severity)
    assert notice.text and notice.key and notice.at_ns == 7_000


@pytest.mark.parametrize(
    "content",
    [
        OrderRejected(7, Leg.ENTRY, "201: margin"),
        OrderRejected(7, Leg.EXIT, "not sent: the mode is observe"),
        Refused(Key("A", 1, "s"), WISH, Reason.SPREAD, 1.0, 0.0),
        StreamChanged(1, "tick-by-tick", "degraded", ""),
        ConnectionChanged(False, "not connected yet"),
        ConnectionChanged(False, "ended by hand; stops stay at the broker"),
        StateChanged(TradingState.REDUCING, "connection"),  # the link's own notice tells it
        OperatorSaid(OperatorAction.HALT, "operator: lunch"),  # the state that follows tells it
        BrokerSaid(2104, "farm_ok", "fine", None, None),
    ],
)
def test_what_is_for_the_page_is_not_told(content: AnyEvent | AnyFact) -> None:
    assert told(content) == []


def test_a_login_that_waits_halts_nothing_for_entries_are_shut_anyway_and_its_end_settles_it() -> None:
    (waits,), (up,) = told(ConnectionChanged(False, LOGIN)), told(ConnectionChanged(True, "connected"))
    assert not waits.halts and waits.subject == up.settles == "link" and up.is_quiet


def test_a_resume_by_hand_answers_what_was_told_of_the_halt() -> None:
    (halted,), (resumed,) = told(StateChanged(TradingState.HALTED, "stray fill")), told(OperatorSaid(OperatorAction.RESUME, "operator: ok"))
    assert halted.subject == resumed.settles


def test_contracts_are_named_and_every_fact_of_one_row_is_told() -> None:
    facts = (StateChanged(TradingState.REDUCING, "margin: 201"), StateChanged(TradingState.HALTED, "stray fill"))
    assert [each.about.value for each in notices_of(Entry(5, 41, 1, 7_000, facts), SYMBOLS, Standing())] == ["reducing", "halt"]
    assert "ESZ6" in told(StreamChanged(1, "depth", "lost", ""))[0].text


def test_what_is_latched_beside_another_cause_is_told_and_what_moved_the_state_is_not_told_twice() -> None:
    halted = TradingState.HALTED
    facts = (StateChanged(halted, "operator: lunch"), Latched("operator: lunch", halted, flattens=False))
    facts += (Latched("week loss of DUSIM1", halted, flattens=True),)
    notices = list(notices_of(Entry(5, 41, 1, 7_000, facts), SYMBOLS, Standing()))
    assert [(each.about.value, each.text) for each in notices] == [
        ("halt", "HALTED: operator: lunch"),
        ("loss limit", "HALTED: week loss of DUSIM1"),
    ]


def test_an_account_number_leaves_shortened() -> None:
    (notice,) = told(StateChanged(TradingState.HALTED, "day loss of U1234567"))
    assert "1234567" not in notice.text and "U\N{BULLET}\N{BULLET}67" in notice.text


def test_a_stop_that_is_refused_with_its_entry_leaves_nothing_open_and_wants_no_answer() -> None:
    (notice,) = told(OrderRejected(7, Leg.STOP, "it never reached the broker"), held=())
    assert notice.severity.value == "info" and "Nothing is held" in notice.text


def test_what_is_held_is_followed_over_entries() -> None:
    standing, moved = Standing(), BracketMoved(9, "working", "filled", "exposed")
    assert not list(notices_of(Entry(1, 41, 1, 7, (moved,)), SYMBOLS, standing))
    (refused,) = notices_of(Entry(2, 41, 2, 7, OrderRejected(9, Leg.STOP, "201")), SYMBOLS, standing)
    assert refused.severity.value == "critical"
    list(notices_of(Entry(3, 41, 3, 7, (BracketMoved(9, "exposed", "flat", "closed"),)), SYMBOLS, standing))
    assert standing.held == []
