"""What the edge says of its own fitness, and which evidence keeps entries shut: clocks, pauses, the account's currency. I9 as a table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.hand import ACCOUNT, LONG, ONCE, Hand, Script, position, setup
from workbench.domain.events import (
    AccountTold,
    AccountValued,
    Answered,
    AnyEvent,
    BrokerSaid,
    ClockCompared,
    ClockStepped,
    ConnectionChanged,
    ContractTold,
    ForeignFilled,
    ForeignOrderSeen,
    Known,
    OperatorAction,
    OperatorSaid,
    PositionTold,
    StreamChanged,
    TradingPaused,
    Unknown,
)
from workbench.domain.orders import Exit, Submit
from workbench.domain.units import MICROS, SECOND

HALT = OperatorSaid(OperatorAction.HALT, "HALT file: smoke")
GONE, BACK = ConnectionChanged(False, "1100"), ConnectionChanged(True, "back")
WAYS: dict[str, tuple[AnyEvent, AnyEvent | None]] = {  # what shuts entries, and what opens them again by itself
    "1100, or the socket is lost, or silence": (GONE, BACK),
    "the clock is two seconds off": (ClockCompared(3 * SECOND), ClockCompared(0)),
    "the clock is behind": (ClockCompared(-3 * SECOND), ClockCompared(0)),
    "the clock is five seconds off": (ClockCompared(6 * SECOND), ClockCompared(0)),
    "a message that nobody knows": (BrokerSaid(9_999, "unknown", "?", None, None), None),
    "the HALT file": (HALT, None),
    "the guardian": (OperatorSaid(OperatorAction.HALT, "guardian: runner silent"), None),
    "the lock is gone": (OperatorSaid(OperatorAction.HALT, "runner: the lock is gone"), None),
    "equity is not known": (Answered(0, "account", Unknown("muted")), Answered(0, "account", Known({"equity_micros": 300_000 * MICROS}))),
    "market data is silent": (StreamChanged(1, "tick-by-tick", "silent", ""), StreamChanged(1, "tick-by-tick", "live", "")),
    "market data is delayed": (StreamChanged(1, "delayed", "live", ""), StreamChanged(1, "delayed", "ended", "")),
    "a foreign order": (ForeignOrderSeen(ACCOUNT, 1, 9, "", 1, 1, 0, "LMT", "Submitted"),
                        ForeignOrderSeen(ACCOUNT, 1, 9, "", 1, 1, 0, "LMT", "Cancelled")),
    "a foreign fill": (ForeignFilled(ACCOUNT, 1, 9, "", 1, 1, 24_000, "f"), None),
    "a position that is not ours": (PositionTold(ACCOUNT, 1, 3, 1), None),
}  # fmt: skip
STAY = {"a foreign fill", "a position that is not ours", "market data is delayed"}  # somebody else's still; and no other stream is there


@pytest.mark.covers("S0-17", "S2-47", "S2-26")
@pytest.mark.parametrize("name", WAYS)
def test_nothing_that_adds_risk_leaves_without_all_of_the_evidence(name: str) -> None:
    shut, opened = WAYS[name]
    hand = Hand(setup(Script(LONG))).opened()
    hand.hear(shut)
    assert not [each for each in hand.bar(3) if isinstance(each, Submit)]
    hand.hear(*([opened] if opened else [OperatorSaid(OperatorAction.RESUME, "operator: looked")]))
    sent = [each for each in hand.bar(2) if isinstance(each, Submit)]
    assert bool(sent) == (name not in STAY)


@pytest.mark.parametrize("name", WAYS)
def test_none_of_it_keeps_a_position_from_being_left(name: str) -> None:
    hand = position()
    hand.hear(WAYS[name][0])
    sent = hand.hear(OperatorSaid(OperatorAction.FLATTEN, "operator: out"))
    assert hand.bracket is None or [type(each) for each in sent] == [Exit]


def test_nothing_is_decided_before_equity_was_said() -> None:
    hand = Hand(setup(Script(LONG)), is_known=False).opened()
    assert hand.bar(3) == []


# ---------------------------------------------------------------------- clocks
def test_a_clock_that_is_off_shuts_and_one_that_is_far_off_halts_until_it_is_right_again() -> None:
    hand = Hand(setup()).opened()
    states = []
    for skew_s in (1.5, 2.5, 5.5, 4.0, -3.0, 0.0):
        hand.hear(ClockCompared(round(skew_s * SECOND)))
        states.append(hand.state)
    assert states == ["active", "reducing", "halted", "reducing", "reducing", "active"]


def test_a_step_back_of_the_wall_begins_no_day_anew_and_uses_no_number_twice() -> None:
    hand = position()
    hand.engine.desk.ledger.enter(ACCOUNT)
    before, ref = hand.engine.desk.ledger.day(ACCOUNT).n_entries, hand.engine.desk.memory.book.next_ref
    hand.hear(ClockStepped(-86_400 * SECOND))
    hand.engine.desk.begin_day(hand.now_ns - 86_400 * SECOND)
    hand.bar(2)
    day = hand.engine.desk.ledger.day(ACCOUNT)
    assert day.n_entries == before and hand.engine.desk.memory.book.next_ref >= ref


# ---------------------------------------------------------------------- what is told of a contract
def test_a_pause_at_the_exchange_is_remembered_until_it_ends_or_its_stream_is_gone() -> None:
    hand = Hand(setup())
    paused = hand.engine.desk.memory.paused
    hand.hear(TradingPaused(1, True, "halted-volatility"))
    assert paused == {1: "halted-volatility"}
    hand.hear(TradingPaused(1, False, "resumed"))
    assert paused == {}
    hand.hear(TradingPaused(1, True, "halted"), StreamChanged(1, "l1-250ms", "lost", "1101"))
    assert paused == {}
    hand.hear(TradingPaused(1, True, "halted"), ConnectionChanged(False, "away: 1100: lost"), BACK)
    assert paused == {1: "halted"}
    hand.hear(ConnectionChanged(False, "the run was taken up"), BACK)
    assert paused == {}


def test_what_is_not_told_again_of_a_contract_stays_as_it_was() -> None:
    hand = Hand(setup())
    hand.hear(ContractTold(1, 2_000_000, None), ContractTold(1, None, 900))
    assert hand.engine.desk.memory.markets == {1: (2_000_000, 900)}


# ---------------------------------------------------------------------- money
def equity(hand: Hand) -> Any:
    return hand.engine.desk.ledger.equity(ACCOUNT)


@pytest.mark.covers("S2-23", "S2-27")
def test_an_account_in_euro_counts_by_the_rate_that_was_told_and_is_not_known_without_one() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE)), is_known=False)
    hand.hear(AccountTold(ACCOUNT, "EUR", {"NetLiquidation": 276_000 * MICROS}, "1"), AccountValued(ACCOUNT, 276_000 * MICROS, 1))
    assert equity(hand) is None
    hand.hear(AccountTold(ACCOUNT, "USD", {"CashBalance": 5}, "0.92"), AccountValued(ACCOUNT, 276_000 * MICROS, 1))
    assert equity(hand) == 300_000 * MICROS
    hand.hear(AccountTold(ACCOUNT, "USD", {"CashBalance": 5}, "0.96"))
    assert equity(hand) is None  # until it is counted at the new rate
    hand.hear(AccountTold(ACCOUNT, "EUR", {"NetLiquidation": 288_000 * MICROS}, "1"))
    assert equity(hand) == 300_000 * MICROS


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "n/a"])
def test_a_rate_that_is_none_is_not_known(rate: str) -> None:
    hand = Hand(setup(), is_known=False)
    hand.hear(AccountTold(ACCOUNT, "USD", {}, rate), AccountTold(ACCOUNT, "EUR", {"NetLiquidation": 5}, "1"))
    assert equity(hand) is None
