"""What counts against the loss limits, held against an independent model in decimals: all of it, missing commissions at what is assumed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import ACCOUNT, ES_TERMS, KEY, LONG, ONCE, Hand, Script, law, lost, position, setup, standing
from workbench.domain.bars import BAR_AT
from workbench.domain.decisions import Reason, Refused, StateChanged
from workbench.domain.events import FeeReported, OrderAccepted
from workbench.domain.orders import Leg
from workbench.domain.units import MICROS
from workbench.engine.money import day_loss

pytestmark = pytest.mark.covers("S2-41", "S0-16", "S1-28")
POINT, TICK, FEE = Decimal(50), Decimal("0.25"), Decimal(ES_TERMS.fee_micros) / MICROS  # of one ES


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    filled=st.integers(1, 2), closed=st.integers(0, 2), bid=st.integers(23_993, 24_020), out=st.integers(23_993, 24_010),
    entry_fee=st.one_of(st.none(), st.integers(0, 9_000_000)), exit_fee=st.one_of(st.none(), st.integers(0, 9_000_000)),
)  # fmt: skip
def test_the_day_is_what_the_model_says(filled: int, closed: int, bid: int, out: int, entry_fee: int | None, exit_fee: int | None) -> None:
    closed = min(closed, filled)
    hand = Hand(setup(Script(LONG, until_ns=ONCE)))
    sent = hand.entered()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
    hand.fill(sent.ref, Leg.ENTRY, filled, 24_000, entry_fee)
    hand.hear(OrderAccepted(sent.ref, Leg.STOP, filled, sent.stop_px))
    if closed:
        hand.fill(sent.ref, Leg.TARGET, closed, out, exit_fee)
    hand.quote(bid, bid + 1)
    cells = hand.engine.desk.places[1].cells  # the model marks at the bid of the last bar, as a person reads it off the page
    hand.bar()
    mark = cells[BAR_AT["bid"]]
    told = [Decimal(fee) / MICROS if fee is not None else FEE * n for fee, n in ((entry_fee, filled), (exit_fee, closed)) if n]
    model = (closed * (out - 24_000) + (filled - closed) * (mark - 24_000)) * TICK * POINT - sum(told) - FEE * (filled - closed)
    assert Decimal(str(day_loss(hand.engine.desk)[0])) == pytest.approx(-model, abs=Decimal("0.000002"))


def test_a_commission_that_comes_late_takes_the_place_of_what_was_assumed() -> None:
    hand = position()
    sent = hand.bracket
    assert sent is not None
    hand.fill(sent.ref, Leg.STOP, 2, LONG.stop_px, None, "late")
    assert hand.bracket is None
    before, _ = day_loss(hand.engine.desk)
    assert before == 200 + 4.5 + 4.5  # two ES lost eight ticks; entry told, exit assumed
    hand.hear(FeeReported("late", 6_000_000))
    assert day_loss(hand.engine.desk)[0] == 200 + 4.5 + 6


def test_a_share_of_equity_is_the_bound_where_it_is_tighter() -> None:
    hand = Hand(setup(by=law(max_loss_per_day_usd=6_000.0, max_loss_per_day_frac=0.01)))
    assert day_loss(hand.engine.desk) == (0, 3_000)


def after_a_day_lost(**figures: float) -> Hand:
    """Two ES stopped out on a Monday, 209 USD with costs; the day had no room for another, and Tuesday begins."""
    hand = Hand(setup(Script(LONG), by=law(max_loss_per_day_usd=399.0, **figures)))
    hand.engine.desk.ledger.begin_day(ACCOUNT, 20261116)
    lost(hand)
    assert standing(hand).week_loss_micros == 209 * MICROS == standing(hand).month_loss_micros and not hand.bar()
    hand.engine.desk.ledger.begin_day(ACCOUNT, 20261117)
    return hand


@pytest.mark.parametrize(("figure", "name"), [("max_loss_per_week_usd", "week loss"), ("max_loss_per_month_usd", "month loss")])
def test_a_week_and_a_month_lost_halt_beyond_the_day(figure: str, name: str) -> None:
    hand = after_a_day_lost(**{figure: 420.0})
    [sent] = hand.bar()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
    hand.fill(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px)
    hand.fill(sent.ref, Leg.STOP, sent.qty, 23_990)
    assert hand.state == "halted" and hand.made(StateChanged)[-1].why == f"{name} of {ACCOUNT}"


def test_an_entry_that_could_break_the_week_is_refused_before() -> None:
    hand = after_a_day_lost(max_loss_per_week_usd=408.0)
    assert not hand.bar() and hand.made(Refused)[-1].reason is Reason.WEEK_LOSS and hand.made(Refused)[-1].value == 409


def test_a_new_week_begins_on_monday_and_a_month_with_its_first_day() -> None:
    ledger = Hand(setup()).engine.desk.ledger
    for day, week, month in ((20261127, 1, 1), (20261130, 0, 1), (20261201, 0, 0)):
        ledger.begin_day(ACCOUNT, day)
        if day == 20261127:
            ledger._add(KEY, 5)
        assert (bool(ledger.week_micros(ACCOUNT)), bool(ledger.month_micros(ACCOUNT))) == (bool(week), bool(month))
