"""What ends a position at a barrier beside its stop and target: its session by its horizon, volatility, worthless data or execution."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.engine.hand import BAR, ES, ES_TERMS, LONG, ONCE, Hand, Script, law, setup
from tests.engine.test_engine_memory import history
from tests.simulation.pit import record
from workbench.domain.decisions import AnyFact, Proposal
from workbench.domain.events import OrderAccepted
from workbench.domain.orders import AnyCommand, Cancel, Exit, Leg, OrderType
from workbench.domain.records import Kind
from workbench.domain.units import DAY, HOUR, MINUTE, SECOND
from workbench.execution.exits import RANGE
from workbench.execution.quality import Scale
from workbench.risk.constitution import Constitution


def by(table: str, **changes: Any) -> Constitution:
    """A law with fields of one table changed, also those that have a default."""
    made = law()
    return msgspec.structs.replace(made, **{table: msgspec.structs.replace(getattr(made, table), **changes)})


def holding(of: Constitution, closes: tuple[int, ...] = ()) -> Hand:
    """A protected position that may last for days, in a contract that expires on 18 December; the session is of 19 November."""
    wished = LONG._replace(hold_ns=9 * DAY)
    traded = setup(Script(wished, until_ns=ONCE), by=of, closes={1: closes} if closes else {})
    dated = ES_TERMS._replace(contract=msgspec.structs.replace(ES, expiry="2026-12-18"))
    hand = Hand(traded._replace(terms=(dated,)))
    hand.protected()
    return hand


def exits(commands: list[AnyCommand]) -> list[str]:
    return [command.why for command in commands if isinstance(command, Exit)]


# ---------------------------------------------------------------------- session
NIGHT, WEEKEND = (24 * HOUR,), (72 * HOUR,)


@pytest.mark.covers("S3-33")
@pytest.mark.parametrize(
    ("horizon", "then", "why"),
    [
        ("day", NIGHT, ["close"]),
        ("day", WEEKEND, ["close"]),
        ("swing", NIGHT, []),
        ("swing", WEEKEND, ["weekend"]),
        ("swing", (), ["weekend"]),  # nobody knows how long it will be closed
        ("hold", WEEKEND, []),
    ],
)
def test_a_position_stays_as_far_as_the_horizon_of_its_strategy_reaches(horizon: str, then: tuple[int, ...], why: list[str]) -> None:
    close_ns = Hand(setup()).now_ns + 10 * MINUTE
    closes = (close_ns, *(close_ns + after for after in then))
    hand = holding(by("sessions", horizons={"script": horizon}), closes)
    assert exits(hand.until(close_ns - 125 * SECOND)) == []
    assert exits(hand.until(close_ns - 120 * SECOND)) == why


def test_a_strategy_nobody_named_has_the_horizon_of_the_law_and_another_ones_name_changes_nothing() -> None:
    close_ns = Hand(setup()).now_ns + 10 * MINUTE
    for sessions, why in (({"horizon": "hold"}, []), ({"horizons": {"other": "hold"}}, ["close"])):
        hand = holding(by("sessions", **sessions), (close_ns,))
        assert exits(hand.until(close_ns - MINUTE)) == why


def test_a_swing_leaves_before_the_days_in_which_its_contract_must_be_rolled() -> None:
    close_ns = Hand(setup()).now_ns + 10 * MINUTE
    closes = (close_ns, close_ns + DAY)
    for cutoff, why in ((7, []), (27, []), (28, ["roll"])):
        hand = holding(by("sessions", horizons={"script": "swing"}, roll_cutoff_days=cutoff), closes)
        assert exits(hand.until(close_ns - MINUTE)) == why, cutoff


# ---------------------------------------------------------------------- volatility
def ranging(hand: Hand, minutes: int, ticks: int) -> list[AnyCommand]:
    """Let the market swing by so many ticks within each of some minutes."""
    made: list[AnyCommand] = []
    for _ in range(minutes):
        for px in (24_000, 24_000 + ticks, 24_000):
            made += hand.say(record(Kind.PRINT, hand.now_ns, 1, px=px, sz=1))
        hand.quote()
        made += hand.until((hand.now_ns // MINUTE + 1) * MINUTE)
    return made


def warm(of: Constitution, minutes: int = 40) -> Hand:
    """A position whose entry saw a warm range."""
    hand = Hand(setup(Script(LONG._replace(hold_ns=9 * DAY), until_ns=ONCE), by=of))
    if minutes:
        hand.say(*history(hand, minutes))
    hand.protected()
    return hand


@pytest.mark.covers("S2-12")
def test_a_burst_of_the_minutes_range_ends_a_position_and_calm_does_not() -> None:
    hand = warm(by("execution", volatility_exit=2.0))
    then = hand.engine.desk.memory.care.tended[1].atr
    assert then is not None and then > 0
    assert exits(ranging(hand, 3, 3)) == []
    assert exits(ranging(hand, 12, 40)) == ["volatility"]
    now = hand.engine.view(1)[RANGE]
    assert now is not None and now > 2 * then


def test_without_a_multiple_or_without_a_range_at_the_entry_no_burst_ends_anything() -> None:
    assert exits(ranging(warm(law()), 12, 40)) == []
    cold = warm(by("execution", volatility_exit=2.0), minutes=0)
    assert cold.engine.desk.memory.care.tended[1].atr is None
    assert exits(ranging(cold, 20, 40)) == [] and cold.engine.view(1)[RANGE] is not None


# ---------------------------------------------------------------------- quality
def valued(hand: Hand, worth: float) -> None:
    """Let the contract's executions be worth so much."""
    hand.engine.desk.memory.quality.note(1, worth, Scale({}, prior_n=0.0))


@pytest.mark.covers("S2-32")
def test_execution_under_the_kill_tier_ends_a_position_and_above_it_does_not() -> None:
    hand = holding(law())
    valued(hand, 0.3)
    assert exits(hand.bar()) == []
    valued(hand, 0.0)
    assert exits(hand.bar()) == ["execution quality"]


LIMIT: Proposal = LONG._replace(entry_type=OrderType.LIMIT, entry_px=23_998)


@pytest.mark.covers("S2-32")
def test_execution_under_the_hold_tier_takes_back_an_entry_that_waits() -> None:
    hand = Hand(setup(Script(LIMIT, until_ns=ONCE)))
    sent = hand.entered()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
    valued(hand, 0.6)
    assert hand.bar() == []
    valued(hand, 0.1)
    assert [type(command) for command in hand.bar()] == [Cancel]


def test_data_worth_less_than_the_kill_tier_takes_back_an_entry_that_waits_but_an_opening_does_not() -> None:
    hand = Hand(setup(Script(LIMIT, until_ns=ONCE), by=law(kill_quality=0.55)))
    sent = hand.entered()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
    hand.phase()
    hand.quote()
    assert hand.bar() == []
    hand.say(record(Kind.GAP, hand.now_ns, 1))
    assert [type(command) for command in hand.bar()] == [Cancel]


def test_nothing_ends_a_position_that_is_worth_holding() -> None:
    hand = holding(by("execution", volatility_exit=2.0, trail=0.0))
    mark: list[AnyFact] = list(hand.facts)
    assert hand.until((hand.now_ns // BAR + 200) * BAR) == [] and hand.facts == mark
