"""An entry that rests follows the market: a step at a time, twice, to its worst price and no further; nowhere while anything is unclear."""

from __future__ import annotations

import pytest

from tests.engine.hand import ACCOUNT, BAR, ES, LONG, ONCE, SHORT, Hand, Script, law, setup
from workbench.domain.chase import Chase
from workbench.domain.decisions import Approved, Proposal, Reason, Refused, TradingState
from workbench.domain.events import ConnectionChanged, ForeignOrderSeen, OperatorAction, OperatorSaid, OrderAccepted
from workbench.domain.orders import AnyCommand, Leg, OrderType, Reprice
from workbench.engine import Engine
from workbench.engine.exposure import exposure

AFTER = 2 * BAR
RESTS = LONG._replace(entry_type=OrderType.LIMIT, chase=Chase(24_003, AFTER, 2))


def resting(wish: Proposal = RESTS) -> Hand:
    """An entry that the venue has confirmed, under a market that ran away from it."""
    hand = Hand(setup(Script(wish, until_ns=ONCE)))
    sent = hand.entered()
    hand.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
    side = wish.side
    hand.quote(24_008 * (side > 0) + 23_988 * (side < 0), 24_009 * (side > 0) + 23_989 * (side < 0))
    return hand


def moves(commands: list[AnyCommand]) -> list[int]:
    return [each.entry_px for each in commands if isinstance(each, Reprice)]


def confirm(hand: Hand, px: int) -> None:
    assert hand.bracket is not None
    hand.hear(OrderAccepted(hand.bracket.ref, Leg.ENTRY, hand.bracket.qty, px))


@pytest.mark.covers("S2-06")
@pytest.mark.parametrize("side", [1, -1])
def test_an_entry_follows_the_market_twice_and_to_its_worst_price(side: int) -> None:
    short = SHORT._replace(entry_type=OrderType.LIMIT, chase=Chase(23_997, AFTER, 2))
    hand = resting(RESTS if side > 0 else short)
    assert moves(hand.bar()) == [] and moves(hand.bar()) == [24_000 + 2 * side]
    assert moves(hand.bar(4)) == []  # the venue has not said that it stands there
    confirm(hand, 24_000 + 2 * side)
    assert moves(hand.bar()) == [24_000 + 3 * side]
    confirm(hand, 24_000 + 3 * side)
    assert moves(hand.bar(4)) == [] and hand.bracket is not None and hand.bracket.n_changes == 2


def test_an_entry_goes_no_further_than_to_the_price_that_fills_it_at_once() -> None:
    hand = resting()
    hand.quote(24_000, 24_001)
    assert moves(hand.bar(2)) == [24_001]


def test_what_the_venue_did_not_move_is_tried_once_more_from_where_it_stands() -> None:
    hand = resting()
    assert moves(hand.bar(2)) == [24_002]
    confirm(hand, 24_000)
    assert moves(hand.bar(2)) == [24_002]
    confirm(hand, 24_000)
    assert moves(hand.bar(4)) == []


@pytest.mark.parametrize("trouble", ["a part filled", "withdrawn", "away", "reducing", "a stranger"])
def test_an_entry_stays_where_it_is_while_anything_is_unclear(trouble: str) -> None:
    hand = resting()
    assert hand.bracket is not None
    if trouble == "a part filled":
        hand.fill(hand.bracket.ref, Leg.ENTRY, 1, 24_000)
    elif trouble == "withdrawn":
        hand.hear(OperatorSaid(OperatorAction.FLATTEN, "enough"))
    elif trouble == "away":
        hand.hear(ConnectionChanged(False, "lost"))
    elif trouble == "a stranger":
        hand.hear(ForeignOrderSeen(ACCOUNT, 1, 77, "", 1, 2, 0, "LMT", "Submitted"))
    else:
        hand.engine.desk.breaker.trip("why", TradingState.REDUCING, hand.facts, latched=True)
    assert moves(hand.bar(4)) == []


def test_what_an_entry_binds_beside_the_next_one_is_counted_at_its_worst_price_from_the_beginning() -> None:
    hand = resting()
    before = exposure(hand.engine.desk, list(hand.engine.desk.supervisor.brackets()))
    assert moves(hand.bar(2)) == [24_002]
    confirm(hand, 24_002)
    assert exposure(hand.engine.desk, list(hand.engine.desk.supervisor.brackets())) == before


def test_risk_is_sized_from_the_worst_price_and_counted_in_the_day() -> None:
    by = law(max_loss_per_trade_usd=220.0)  # two at 100 USD from the entry, one at 137.50 from the worst price
    near, far = (Hand(setup(Script(wish), by=by)) for wish in (RESTS._replace(chase=None), RESTS))
    assert near.entered().qty == 2 and far.entered().qty == 1
    [approved] = far.made(Approved)
    assert approved.risk_micros == ES.cost_micros(24_003 - LONG.stop_px)
    assert far.bracket is not None and far.bracket.risk_micros == approved.risk_micros


@pytest.mark.parametrize(("worst_px", "why"), [(24_024, Reason.FRICTION), (24_030, Reason.MALFORMED), (23_999, Reason.MALFORMED)])
def test_a_chase_that_leads_nowhere_is_refused(worst_px: int, why: Reason) -> None:
    hand = Hand(setup(Script(RESTS._replace(chase=Chase(worst_px, AFTER, 1)))))
    hand.opened()
    assert hand.bar() == [] and hand.made(Refused)[-1].reason is why


def test_costs_are_held_against_what_is_left_to_gain_from_the_worst_price() -> None:
    by = law(max_friction_frac=0.25)  # of 24 ticks the costs are less, of two they are more
    near, far = (Hand(setup(Script(RESTS._replace(chase=each)), by=by)) for each in (None, Chase(24_022, AFTER, 1)))
    assert near.entered().qty == 2
    far.opened()
    assert far.bar() == [] and far.made(Refused)[-1].reason is Reason.FRICTION


def test_a_process_that_takes_it_up_moves_it_on_as_the_first_would_have() -> None:
    hand = resting()
    assert moves(hand.bar(2)) == [24_002]
    confirm(hand, 24_002)
    image, digest = hand.engine.snapshot(), hand.engine.digest()
    hand.engine = Engine(setup(Script(RESTS, until_ns=ONCE)))
    hand.engine.restore(image)
    assert hand.engine.digest() == digest and moves(hand.bar(2)) == [24_003]
