"""Faults that no trading run sets off by itself: a stop taken away, a code that nobody knows, questions about the past beside orders."""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

from pathlib import Path

import pytest
from ib_async import Contract as IbContract

from tests.simulation.drills.drill import Drill, scenario_of, settings
from tests.simulation.drills.rows import codes, entries_s
from tests.simulation.drills.truth import differences
from workbench.domain.decisions import Issued, StateChanged, TradingState
from workbench.domain.events import BrokerSaid, OrderCancelled
from workbench.domain.orders import Leg, Protect
from workbench.domain.units import MINUTE, SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.venues.history import Bars, BarsAsked, Nothing, Trouble
from workbench.venues.ib.history import open_history


def one(when: When, *what: act.Action) -> Scenario:
    return Scenario(rules=(Rule(when=when, what=what),))


# ---------------------------------------------------------------------- orders that somebody else ends
@pytest.mark.covers("S2-05")
def test_a_stop_that_the_exchange_takes_away_is_put_back_at_once(place: Path) -> None:
    drill = Drill(place, one(When(on="PlaceOrder", where={"leg": "S"}, nth=1), act.CancelSubject(in_s=3)), seed=1).run()
    (said,) = [fact.command for fact in drill.facts(Issued) if isinstance(fact.command, Protect)]
    told = [
        each for each in drill.arrivals if getattr(each.event, "ref", None) == said.ref and getattr(each.event, "leg", None) is Leg.STOP
    ]
    stood, gone, back, *_ = told
    assert isinstance(gone.event, OrderCancelled) and stood.event == back.event and said.decided_ns == gone.recv_ns
    assert back.recv_ns - gone.recv_ns < 5 * SECOND and drill.longest_naked_s() <= 5
    assert not drill.why_left(said.ref) and differences(drill) == [] and not drill.latched()


@pytest.mark.covers("S2-05", "S2-25")
def test_a_stop_that_nobody_will_take_is_tried_a_few_times_and_the_position_is_left(place: Path) -> None:
    """Taken away, and every other one that is asked for refused."""
    away = Rule(when=When(on="PlaceOrder", where={"leg": "S"}, nth=1), what=(act.CancelSubject(in_s=3),))
    refuse = Rule(when=When(on="PlaceOrder", where={"leg": "S", "parent_id": 0}), what=(act.Refuse(code=201),))
    drill = Drill(place, Scenario(rules=(away, refuse)), seed=1).run()
    said = [fact.command for fact in drill.facts(Issued) if isinstance(fact.command, Protect)]
    assert 2 <= len(said) <= 4 and {command.ref for command in said} == {said[0].ref}
    assert drill.why_left(said[0].ref) == "uncovered" and 0 < drill.longest_naked_s() <= 21
    assert differences(drill) == [] and not drill.latched()


def test_an_entry_that_the_exchange_takes_away_is_told_as_cancelled(place: Path) -> None:
    drill = Drill(
        place, one(When(on="PlaceOrder", where={"leg": "E", "order_type": "LMT"}, nth=1), act.CancelSubject(in_s=0.1)), seed=2
    ).run()
    assert drill.gateway.faults.n_fired == {1: 1} and differences(drill) == [] and not drill.latched()
    assert any(event.leg is Leg.ENTRY and event.ref not in drill.filled() for event in drill.of(OrderCancelled))


@pytest.mark.parametrize("name", ["execution_busted", "foreign_order", "manual_order"])
def test_a_position_that_our_executions_do_not_make_is_traded_by_nobody(place: Path, name: str) -> None:
    drill = Drill(place, scenario_of(name), trades_s=90, waits_s=45).run()
    assert drill.latched() or not entries_s(drill, 60)


# ---------------------------------------------------------------------- words
def test_a_code_that_nobody_knows_shuts_entries_until_a_person_has_read_it(place: Path) -> None:
    drill = Drill(place, one(When(after_s=60), act.Say(code=31_415, text="Something new.", who="all"))).run()
    assert [event.kind for event in drill.of(BrokerSaid) if event.code == 31_415] == ["unknown"]
    assert any("31415" in each for each in drill.latched())
    assert [fact.state for fact in drill.facts(StateChanged)].count(TradingState.REDUCING) >= 2
    assert entries_s(drill, 0, 60) and not entries_s(drill, 60.1) and differences(drill) == []


# ---------------------------------------------------------------------- the same connection asked for more
async def _ask_for_more(drill: Drill) -> None:
    """What other parts of a program ask over this connection."""
    client = drill.venue.client
    contract = IbContract(conId=int(drill.gateway.world.contracts[0].venue_ids["ib"]), exchange="CME")
    client.reqAccountSummary(900_001, "All", "NetLiquidation")
    client.reqRealTimeBars(900_002, contract, 5, "TRADES", False, [])
    client.reqHistoricalData(900_003, contract, "", "1800 S", "1 min", "TRADES", 0, 2, True, [])
    client.cancelMktData(900_004)


MORE = ("322_duplicate_request", "505_unknown_message", "420_realtime_pacing", "10225_bars_bust", "10182_no_live_updates", "300_no_ticker")


@pytest.mark.parametrize("name", MORE)
def test_a_refused_question_is_surfaced_and_trading_goes_on(place: Path, name: str) -> None:
    drill = Drill(place, scenario_of(name), aside=_ask_for_more, trades_s=90, waits_s=45).run()
    assert drill.gateway.faults.n_fired and int(name.split("_")[0]) in codes(drill)
    assert differences(drill) == [] and not drill.latched() and entries_s(drill, 35)


# ---------------------------------------------------------------------- history over a connection of its own
class _Past:
    """Asks for half an hour of bars, twice, while orders live."""

    def __init__(self) -> None:
        self.answers: list[Bars | Nothing | Trouble] = []

    async def __call__(self, drill: Drill) -> None:
        roots, port = settings().roots, settings().ib.port
        async with open_history("127.0.0.1", port, settings().ib.client_id + 2, roots) as source:
            contract = drill.gateway.world.contracts[0]
            now_ns = await source.now_ns()
            end_ns = now_ns // MINUTE * MINUTE
            for _ in range(2):
                self.answers.append(await source.bars(BarsAsked(contract, end_ns - 30 * MINUTE, end_ns, 60, False)))


@pytest.mark.parametrize("name", ["162_history_pacing", "162_no_data", "165_history_hangs", "166_expired_contract", "366_no_such_query"])
def test_a_refused_question_about_the_past_is_no_empty_answer_and_no_order_waits_for_it(place: Path, name: str) -> None:
    past = _Past()
    drill = Drill(place, scenario_of(name), aside=past, trades_s=90, waits_s=45).run()
    refused, again = past.answers
    assert drill.gateway.faults.n_fired == {1: 1} and isinstance(refused, Nothing | Trouble) and refused.text
    assert isinstance(refused, Trouble) and refused.is_pace if name == "162_history_pacing" else True
    assert isinstance(again, Nothing) or (isinstance(again, Bars) and again.bars)
    assert differences(drill) == [] and not drill.latched() and entries_s(drill, 35)
