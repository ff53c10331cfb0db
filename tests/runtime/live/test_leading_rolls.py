"""A position held while another month begins to lead: moved in two legs through the whole edge, whatever happens on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runtime.live.story import Once, Story, law
from tests.runtime.live.test_leading import H7, NEW, OLD, Z6, at
from workbench import calendars
from workbench.domain.decisions import FeeCharged, RollEnded, RollPlanned, RoundTripClosed
from workbench.domain.orders import Leg
from workbench.domain.records import Kind, Phase
from workbench.domain.units import SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.market.sessions import weave
from workbench.runtime.generated import Generated
from workbench.simulation.market import MarketSettings, generate

NOTICE_S = 30.0
TRADER = Once(at("15:58"), at("15:59"))
FALL = at("17:02")


@pytest.fixture(scope="module")
def around() -> Generated:
    """The last minutes of one session and the first of the next, in both months, at a low tide."""
    parts = []
    for session, first, last in ((OLD, at("15:57"), at("16:00")), (NEW, at("17:00"), at("17:06"))):
        shown = {contract.id: [(first, last, Phase.ETH)] for contract in (Z6, H7)}
        parts.append(generate(session, (Z6, H7), shown, seed=3, settings=MarketSettings(activity=0.1)))
    phases = np.concatenate([calendars.phase_records(contract, at("15:57"), at("17:06")) for contract in (Z6, H7)])
    records = weave(np.concatenate(parts), phases, first_ns=at("15:57"), last_ns=at("17:06"))
    return Generated((Z6, H7), records)


def story(place: Path, day: Generated, *, roll: str = "move", faults: Scenario | None = None) -> Story:
    made = law(sessions={"roll": roll, "roll_notice_s": NOTICE_S})
    return Story(place, day, start_ns=at("15:57"), trader=TRADER, faults=faults, constitution=made)


async def come_over(told: Story) -> None:
    """Come to the next session with a position in the month that led in the one before."""
    await told.start()
    await told.until(lambda: told.is_protected("ESZ6", 2), 150, "a position")
    await told.at(at("17:00") + SECOND)


async def moved(told: Story) -> None:
    await told.until(lambda: told.is_protected("ESH7", 2), 200, "the other month")


def when_placed(leg: str, nth: int, *what: act.Action) -> Scenario:
    return Scenario(rules=(Rule(when=When(on="PlaceOrder", where={"leg": leg}, nth=nth), what=what),))


def is_between(told: Story) -> bool:
    """Whether the first leg is done and nothing of the second was sent."""
    return told.filled("ESZ6", Leg.EXIT) == 2 and told.holds("ESZ6") == 0 and not told.at_work("ESH7")[Leg.ENTRY]


def was_moved_once(told: Story) -> None:
    """What the broker has is the position in the other month, once, under its stop; the books and the logs say the same."""
    assert told.is_protected("ESH7", 2) and told.holds("ESZ6") == 0 and not told.at_work("ESZ6")
    assert (told.filled("ESZ6", Leg.EXIT), told.filled("ESH7", Leg.ENTRY)) == (2, 2)
    assert told.differs() == [] and not told.ended[-1].engine.desk.memory.breaker.latched


@pytest.mark.covers("S2-43")
@pytest.mark.proof
def test_a_position_is_moved_into_the_month_that_leads_now(tmp_path: Path, around: Generated) -> None:
    async def script(told: Story) -> None:
        await come_over(told)
        await told.until(lambda: told.facts(RollPlanned), 60, "a plan")
        assert told.is_protected("ESZ6", 2)  # a person is told before anything leaves
        await moved(told)

    told = story(tmp_path, around).tell(script)
    was_moved_once(told)
    [plan], [ended] = told.facts(RollPlanned), told.facts(RollEnded)
    assert plan.qty == 2 and (ended.ref, ended.to_ref, ended.why) == (plan.ref, plan.ref + 1, "roll")
    assert [each.symbol for each in told.ended[-1].run.contracts] == ["ESZ6", "ESH7"] and told.ended[-1].run.carries == "orders"
    desk = told.ended[-1].engine.desk
    [b] = desk.supervisor.brackets()
    assert abs((b.entry_px - b.stop_px) - (plan.far_px - plan.stop_px)) <= 1  # as far away as it was
    [trip] = told.facts(RoundTripClosed)
    assert (trip.ref, trip.qty) == (plan.ref, 2) and desk.contract(trip.key).symbol == "ESZ6"  # booked by contract
    near = [each for each in told.broker.executions() if told.symbol(each.contract) == "ESZ6"]
    assert trip.pnl == -sum(each.side * each.qty * each.px for each in near)
    truth = Z6.value_micros(trip.pnl) - sum(told.broker.commission_of(each).fee_micros for each in near)
    assert trip.pnl_micros - sum(each.fee_micros for each in told.facts(FeeCharged) if each.ref == trip.ref) == truth


@pytest.mark.proof
def test_an_exit_in_parts_is_followed_by_one_entry(tmp_path: Path, around: Generated) -> None:
    thin = around.records.copy()
    quotes = (thin["kind"] == Kind.QUOTE) & (thin["contract"] == Z6.id) & (thin["recv_ns"] > at("16:30"))
    thin["sz"][quotes] = thin["sz2"][quotes] = 1  # a quote shows one contract at a time

    async def script(told: Story) -> None:
        await come_over(told)
        await moved(told)

    told = story(tmp_path, Generated(around.contracts, thin)).tell(script)
    was_moved_once(told)
    assert len([each for each in told.broker.executions() if told.symbol(each.contract) == "ESZ6"]) >= 3


@pytest.mark.proof
def test_a_second_leg_that_the_broker_refuses_leaves_it_flat(tmp_path: Path, around: Generated) -> None:
    async def script(told: Story) -> None:
        await come_over(told)
        await told.until(lambda: told.facts(RollEnded), 120, "an end")
        await told.at(told.now_ns + 40 * SECOND)

    refused = when_placed("E", 2, act.Refuse(code=201, text="Order rejected - reason:no new positions"))
    told = story(tmp_path, around, faults=refused).tell(script)
    assert told.holds("ESZ6") == told.holds("ESH7") == 0 and not told.at_work("ESZ6") and not told.at_work("ESH7")
    desk = told.ended[-1].engine.desk
    assert not desk.memory.book.open and not desk.memory.rolls and told.differs() == []


@pytest.mark.proof
def test_a_stop_that_fills_while_the_exit_is_on_its_way_is_the_end_of_it(tmp_path: Path, around: Generated) -> None:
    fallen = around.records.copy()
    quotes = (fallen["kind"] == Kind.QUOTE) & (fallen["contract"] == Z6.id) & (fallen["recv_ns"] > FALL)
    fallen["px"][quotes] -= 200
    fallen["px2"][quotes] -= 200

    async def script(told: Story) -> None:
        await come_over(told)
        await told.at(FALL - 8 * SECOND)
        assert (await told.ask("roll", root="ES")).startswith("ES is moved at the next barrier")
        await told.until(lambda: told.facts(RollEnded), 120, "an end")
        await told.at(told.now_ns + 60 * SECOND)

    late = Scenario(rules=(Rule(when=When(on="CancelOrder"), what=(act.Delay(for_s=20),)),))  # what makes way for the exit
    told = story(tmp_path, Generated(around.contracts, fallen), roll="leave", faults=late).tell(script)
    assert told.filled("ESZ6", Leg.STOP) == 2 and told.filled("ESH7", Leg.ENTRY) == 0
    assert told.holds("ESZ6") == told.holds("ESH7") == 0 and not told.at_work("ESZ6")
    assert [each.why for each in told.facts(RollEnded)] == ["its stop ended it first"] and told.differs() == []


@pytest.mark.proof
def test_a_person_asks_what_it_would_cost_and_then_for_it(tmp_path: Path, around: Generated) -> None:
    said: list[str] = []

    async def script(told: Story) -> None:
        await come_over(told)
        await told.at(at("17:01"))
        assert not told.facts(RollPlanned)
        said.append(await told.ask("roll", root="ES", preview="yes"))
        await told.at(told.now_ns + 15 * SECOND)
        assert told.is_protected("ESZ6", 2) and not told.facts(RollPlanned)
        said.append(await told.ask("roll", root="ES"))
        await moved(told)
        said.append(await told.ask("roll", root="ES"))

    was_moved_once(story(tmp_path, around, roll="leave").tell(script))
    assert "2 out of ESZ6 at about" in said[0] and "costs about" in said[0]
    assert said[1].startswith("ES is moved") and said[2] == "refused: ESH7 is held, and it leads"


@pytest.mark.parametrize(
    "what",
    [
        pytest.param("the very same", marks=pytest.mark.proof),
        pytest.param("an exit on its way", marks=pytest.mark.proof),
        pytest.param("another law", marks=pytest.mark.proof),
        pytest.param("another law, an exit on its way", marks=pytest.mark.proof),
    ],
)
def test_a_process_that_dies_between_the_legs_is_taken_up_and_the_second_follows(tmp_path: Path, around: Generated, what: str) -> None:
    on_its_way = "on its way" in what

    def dies(told: Story) -> bool:
        return told.at_work("ESZ6")[Leg.EXIT] > 0 if on_its_way else is_between(told)

    async def script(told: Story) -> None:
        await come_over(told)
        await told.dies(dies)
        told.digest = "another" if "another law" in what else ""
        await told.start()
        await moved(told)

    told = story(tmp_path, around).tell(script)
    was_moved_once(told)
    [ended] = told.facts(RollEnded)
    assert ended.why == "roll" and ended.to_ref is not None


@pytest.mark.proof
def test_a_line_lost_between_the_legs_is_waited_for(tmp_path: Path, around: Generated) -> None:
    async def script(told: Story) -> None:
        await come_over(told)
        await moved(told)

    cut = Scenario(rules=(Rule(when=When(on="ExecutionData", where={"leg": "X"}, nth=1), what=(act.Outage(for_s=12, in_s=0.2),)),))
    was_moved_once(story(tmp_path, around, faults=cut).tell(script))
