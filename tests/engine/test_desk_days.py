"""The desk's days: counters that begin anew, the loss that ends a day, and who alone may end that."""

from __future__ import annotations

import pytest

from tests.engine.hand import (
    ACCOUNT,
    BAR,
    LONG,
    ONCE,
    T0,
    Hand,
    Script,
    day,
    law,
    lost,
    position,
    setup,
    standing,
)
from tests.simulation.pit import record
from workbench.domain.decisions import StateChanged
from workbench.domain.events import OperatorAction, OperatorSaid
from workbench.domain.orders import Exit, Leg, Submit
from workbench.domain.records import Kind
from workbench.domain.units import MICROS, SECOND

RESUME = OperatorSaid(OperatorAction.RESUME, "looked at it")


def test_a_new_account_day_counts_anew_once_losses_in_a_row_as_well() -> None:
    roll = T0 + 4 * BAR
    hand = Hand(setup(Script(LONG, until_ns=ONCE), account_days=((T0 - SECOND, 20261118), (roll, 20261119), (roll + 99 * BAR, 20261120))))
    lost(hand)
    hand.until(roll - 1)
    assert (day(hand).day, day(hand).n_entries, day(hand).n_round_trips) == (20261118, 1, 1)
    hand.until(roll)
    assert (day(hand).day, day(hand).n_entries, day(hand).n_round_trips, day(hand).realised_micros) == (20261119, 0, 0, 0)
    assert hand.engine.desk.ledger.losses_in_row(ACCOUNT) == 0
    day(hand).n_entries = 7
    hand.bar(5)
    assert day(hand).n_entries == 7  # not again


def test_before_the_first_account_day_nothing_is_begun() -> None:
    hand = Hand(setup(account_days=((T0 + 2 * BAR, 20261119),)))
    hand.opened()
    assert day(hand).day == 0
    hand.bar()
    assert day(hand).day == 20261119


def halted() -> Hand:
    """A long of two that stands 20 ticks lower, with a day's limit of 450 USD: 500 lost, were it left now."""
    hand = position(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=450.0), account_days=((T0, 1), (T0 + 9 * BAR, 2))))
    hand.quote(23_980, 23_981)
    return hand


@pytest.mark.covers("S0-16", "S1-29", "S3-12")
def test_a_day_lost_halts_and_leaves_positions() -> None:
    hand = halted()
    [command] = hand.bar()
    assert isinstance(command, Exit) and command.why == "halted" and hand.state == "halted"
    assert [(fact.state.value, fact.why) for fact in hand.made(StateChanged)] == [("halted", f"day loss of {ACCOUNT}")]


def test_a_day_lost_stays_lost_over_flat_and_the_next_day_until_a_person_resumes() -> None:
    hand = halted()
    hand.bar()
    hand.fill(1, Leg.EXIT, 2, 23_980)
    hand.bar(10)
    assert day(hand).day == 2 and hand.state == "halted"
    hand.hear(RESUME)
    assert hand.state == "active"


def test_a_person_cannot_resume_what_still_holds() -> None:
    hand = halted()
    hand.bar()
    hand.hear(RESUME)
    hand.bar()
    assert hand.state == "halted"


def test_fees_and_the_fee_of_leaving_count_towards_the_day() -> None:
    for limit, state in ((508.9, "halted"), (509.0, "active")):  # 500 on the price, 4.50 paid, 4.50 to come
        hand = position(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=limit)))
        hand.quote(23_980, 23_981)
        hand.bar()
        assert hand.state == state


def test_what_cannot_be_priced_counts_at_its_stop() -> None:
    for limit, state in ((208.9, "halted"), (209.0, "active")):
        hand = position(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=limit, kill_quality=0.0)))
        hand.say(record(Kind.GAP, hand.now_ns))
        hand.bar()
        assert hand.state == state


def test_a_day_lost_by_the_last_stop_halts_as_well() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), by=law(max_loss_per_day_usd=450.0)))
    lost(hand, 23_970)
    hand.bar()
    assert hand.state == "halted"


@pytest.mark.covers("S2-41")
def test_before_an_entry_the_loss_of_the_day_is_counted_before_costs() -> None:
    hand = Hand(setup(Script(LONG), by=law(max_loss_per_day_usd=400.0)))
    lost(hand)
    assert standing(hand).day_loss_before_costs_micros == 200 * MICROS
    hand.quote()
    assert [type(command) for command in hand.bar()] == [Submit]  # 200 lost and 200 planned fit; fees do not count here
