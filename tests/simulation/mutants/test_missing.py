"""What planted bugs found that no test of the suite would have noticed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.engine.hand import ACCOUNT, LONG, ONCE, T0, Hand, Script, day, law, setup
from tests.venues.ib.test_venue import play
from tests.venues.ib.world import Edge, ask, submit
from workbench.domain.decisions import Proposal, Reason, Refused
from workbench.domain.events import Answered, Known
from workbench.domain.orders import OrderType, Submit
from workbench.domain.units import HOUR, SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act

BUY_SPY = LONG._replace(entry_type=OrderType.MARKET, entry_px=6_000_000, stop_px=5_990_000, target_px=6_030_000)
SELL_SPY = BUY_SPY._replace(side=-1, entry_px=5_999_900, stop_px=6_009_900, target_px=5_969_900)


@pytest.mark.covers("S1-29")
@pytest.mark.parametrize(("together", "wish", "is_refused"), [(1, BUY_SPY, True), (1, SELL_SPY, False), (-1, SELL_SPY, True)])
def test_what_moves_as_one_with_what_is_held_is_not_entered_on_the_same_side(together: int, wish: Proposal, is_refused: bool) -> None:
    one = setup(Script(LONG), both=True, by=law(max_heat_frac=0.2, max_correlation=0.7))
    hand = Hand(one._replace(strategies=((Script(LONG, until_ns=ONCE), (1,)), (Script(wish, name="other"), (2,)))))
    moves = hand.engine.desk.memory.tally.moves
    moves.begin([1, 2])
    for n in range(60):
        moves.update([24_000 + n % 2, 6_000_000 + together * 250 * (n % 2)], keep=0.99)
    hand.protected()
    hand.phase(contract=2)
    for _ in range(3):
        hand.quote(5_999_900, 6_000_000, contract=2)
        hand.quote()
        hand.bar()
    refused = [each.reason for each in hand.made(Refused) if each.key.contract == 2]
    entered = [each for each in hand.commands if isinstance(each, Submit) and each.key.contract == 2]
    assert (Reason.CORRELATION in refused, not entered) == (is_refused, is_refused)


@pytest.mark.covers("S2-26")
def test_a_clock_that_goes_back_over_midnight_and_on_again_forgets_no_entry_of_the_day() -> None:
    hand = Hand(setup(Script(LONG, until_ns=ONCE), account_days=((T0 - HOUR, 20261118), (T0, 20261119), (T0 + 9 * HOUR, 20261120))))
    hand.protected()
    assert (day(hand).day, day(hand).n_entries) == (20261119, 1)
    desk = hand.engine.desk
    for at_ns in (T0 - 60 * SECOND, hand.now_ns):
        desk.begin_day(at_ns)
        assert (day(hand).day, day(hand).n_entries) == (20261119, 1)
    assert desk.ledger.day(ACCOUNT).day == 20261119


@pytest.mark.parametrize(("late_s", "arrived"), [(0.0, True), (3.0, True), (0.0, False)])
def test_an_order_that_a_gateway_shows_late_is_not_said_never_to_have_come(tmp_path: Path, late_s: float, arrived: bool) -> None:
    """I3: only what two answers some seconds apart do not show never came."""
    what = act.Delay(for_s=late_s) if late_s else act.Ignore()
    rules = tuple(Rule(when=When(on="PlaceOrder", nth=n), what=(what,)) for n in (1, 2, 3)) if late_s or not arrived else ()

    async def script(world: Edge) -> None:
        await world.venue.send(submit(1))
        await world.venue.send(ask("bracket", 1))
        await asyncio.sleep(30)

    answers = [each.answer for each in play(tmp_path, script, faults=Scenario(rules=rules)).of(Answered) if each.question == "bracket"]
    assert [each.value["entry"] for each in answers if isinstance(each, Known)] == [arrived]
