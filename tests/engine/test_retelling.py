"""The order side taken over by an engine of other code, law or contracts: what goes on, what is left behind, what is counted once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.engine.hand import ACCOUNT, ES_TERMS, KEY, LONG, Hand, Script, law, position, said, setup
from tests.simulation.pit import future
from workbench.domain.decisions import Approved, At, Issued, Latched, StateChanged, TradingState
from workbench.domain.events import FillCorrected, OperatorAction, OrderAccepted, OrderFilled, PositionTold
from workbench.domain.orders import Cause, Leg, OrderType
from workbench.domain.units import SECOND
from workbench.engine import Setup
from workbench.engine.retelling import Told, carry, retell
from workbench.execution.rolling import Rolling, Step
from workbench.execution.tended import Shadow

H7 = msgspec.structs.replace(future(2), symbol="ESH7")
OTHER_MONTH = Setup(ACCOUNT, (ES_TERMS._replace(contract=H7),), law())


def taken_over(before: Hand, of: Setup) -> Hand:
    """An engine of another setup that goes on with the order side of one that ended."""
    after = Hand(of, is_known=False, now_ns=before.now_ns + SECOND)
    carry(after.engine, before.engine.snapshot())
    return after


def retold(before: Hand, told: list[Any], of: Setup) -> Hand:
    """One that is told a journal: events and facts, each at its key, a second apart."""
    after = Hand(of, is_known=False)
    retell(after.engine, (Told(1, n, before.now_ns + n * SECOND, content) for n, content in enumerate(told, 1)))
    return after


def test_a_fill_imagined_in_a_month_that_is_streamed_no_more_is_forgotten() -> None:
    before = Hand(setup()).opened()
    before.engine.desk.memory.care.shadows[1] = Shadow(1, OrderType.MARKET, 24_000, before.now_ns)
    after = taken_over(before, OTHER_MONTH)
    after.phase(contract=2)
    after.quote(contract=2)
    assert after.bar(2) == []
    assert after.engine.desk.memory.care.shadows == {}


@pytest.mark.parametrize("step", [Step.LEAVING, Step.FLAT])
def test_a_roll_out_of_or_into_a_month_that_is_streamed_no_more_is_given_up(step: Step) -> None:
    before = Hand(setup()).opened()
    before.engine.desk.memory.fronts["ES"] = 3
    before.engine.desk.memory.rolls[7] = Rolling(7, KEY, 3, 1, 2, 8, 24, 600 * SECOND, None, before.now_ns, before.now_ns, step=step)
    after = taken_over(before, OTHER_MONTH)
    after.phase(contract=2)
    after.quote(contract=2)
    assert after.bar(2) == []
    assert after.engine.desk.memory.rolls == {}


def test_a_price_corrected_in_a_month_that_is_streamed_no_more_halts_and_breaks_nothing() -> None:
    before = Hand(setup(Script(LONG)))
    sent = before.protected()
    before.fill(sent.ref, Leg.STOP, sent.qty, sent.stop_px, id_="out.01")
    after = taken_over(before, OTHER_MONTH)
    after.hear(FillCorrected(sent.ref, Leg.STOP, sent.qty, sent.stop_px - 4, "out.02", "out.01"))
    assert after.state == "halted"


def test_what_is_believed_of_execution_is_what_the_new_law_says() -> None:
    before = Hand(setup(by=law(eqs_prior=0.5)))
    after = taken_over(before, setup(by=law(eqs_prior=0.9)))
    digest, image = after.engine.digest(), after.engine.snapshot()
    assert after.engine.desk.memory.quality.value(1) == 0.9
    after.engine.restore(image)
    assert after.engine.digest() == digest


def test_a_contract_whose_foreign_quantity_was_ignored_is_locked_by_a_law_that_locks() -> None:
    before = Hand(setup(by=law(foreign_by_root={"ES": "ignore"})))
    before.hear(PositionTold(ACCOUNT, 1, 3, 0))
    assert not before.engine.desk.memory.referee.is_foreign(1)
    assert taken_over(before, setup()).engine.desk.memory.referee.is_foreign(1)


def test_an_exit_that_followed_an_event_is_counted_once_when_it_is_told_again() -> None:
    live = Hand(setup(Script(LONG)))
    sent = live.protected()
    issued = next(fact for fact in live.made(Issued) if fact.command == sent)
    journal: list[Any] = [
        (At(sent.decided_ns, sent.cause), *live.made(Approved), issued),
        OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px),
        OrderFilled(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px, "in", 0),
        OrderAccepted(sent.ref, Leg.STOP, sent.qty, sent.stop_px),
    ]
    n = len(live.facts)
    word = said(OperatorAction.FLATTEN)
    live.hear(word)
    journal += [word, tuple(live.facts[n:])]
    after = retold(live, journal, setup(Script(LONG)))
    assert live.bracket is not None and after.bracket is not None
    assert (after.bracket.phase, after.bracket.n_exits) == (live.bracket.phase, live.bracket.n_exits)


@pytest.mark.parametrize("why", ["day loss", "week loss", "month loss"])
def test_a_loss_that_had_all_left_has_it_left_still(why: str) -> None:
    hand = Hand(setup())
    after = retold(hand, [(At(hand.now_ns, Cause(1, 0)), StateChanged(TradingState.HALTED, f"{why} of {ACCOUNT}"))], setup())
    assert after.engine.desk.breaker.must_flatten


@pytest.mark.parametrize("is_resumed", [False, True])
def test_a_loss_that_was_found_while_halted_is_told_and_stands_in_the_next_process_until_a_person_resumes(is_resumed: bool) -> None:
    live = position(setup(Script(LONG), by=law(max_loss_per_week_usd=6_000.0)))
    n, halt = len(live.facts), said(OperatorAction.HALT)
    live.hear(halt)
    live.fill(1, Leg.STOP, 2, LONG.stop_px - 400)
    assert [fact.why for fact in live.facts[n:] if isinstance(fact, StateChanged)] == ["operator"]
    lost = [Latched(f"{name} loss of {ACCOUNT}", TradingState.HALTED, flattens=True) for name in ("day", "week")]
    assert live.made(Latched) == [Latched("operator", TradingState.HALTED, flattens=False), *lost]
    again = [said(OperatorAction.RESUME)] if is_resumed else []
    after = retold(live, [halt, tuple(live.facts[n:]), *again], setup())
    one, other = live.engine.desk.breaker, after.engine.desk.breaker
    assert (other.latched, other.state.value) == (([], "active") if is_resumed else (one.latched, "halted"))
    assert other.must_flatten != is_resumed and len(one.latched) == 3
    after.hear(said(OperatorAction.RESUME))
    assert after.state == "active" and not other.must_flatten


def test_what_only_shuts_entries_does_not_halt_the_next_process_when_what_halted_beside_it_is_over() -> None:
    hand = Hand(setup())
    margin, clock = "margin: 201", StateChanged(TradingState.HALTED, "clock")
    facts = (At(hand.now_ns, Cause(1, 0)), clock, Latched(margin, TradingState.REDUCING, flattens=False))
    over = StateChanged(TradingState.REDUCING, "clock is over")
    after = retold(hand, [facts, (At(hand.now_ns, Cause(1, 0)), over)], setup())
    assert (after.state, after.engine.desk.breaker.latched) == ("reducing", [margin])
