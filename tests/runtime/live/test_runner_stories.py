"""What people and upgrades do to a position over the death of a process: handed over, closed by hand, carried into another law."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.replay.world import market
from tests.runtime.live.story import ACCOUNT, Once, Story, law
from workbench.domain.decisions import Adjust, Adopted, ExitWish, Proposal, RoundTripClosed, StateChanged, TradingState
from workbench.domain.orders import Leg
from workbench.domain.records import Kind, Records
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.runtime.generated import Generated
from workbench.venues.ib.book import read_ref

ES = "ESZ6"
FALLS_S = 240.0  # after the beginning: the market falls by 15 points
NEVER = Once(0, 0)


@cache
def tape() -> tuple[Generated, int]:
    """Some minutes of ES with a fall in it; when they begin."""
    contracts, records = market(("ES",), 8, 7, 0.1, before=0)
    fallen: Records = records.copy()
    begin_ns = int(records["recv_ns"][0])
    late = (fallen["kind"] == Kind.QUOTE) & (fallen["recv_ns"] > begin_ns + FALLS_S * SECOND)
    fallen["px"][late] -= 60
    fallen["px2"][late] -= 60
    return Generated(contracts, fallen), begin_ns


def after(seconds: float) -> int:
    return tape()[1] + round(seconds * SECOND)


def story(place: Path, trader: Once, *, is_master: bool = True, faults: Scenario | None = None) -> Story:
    return Story(place, tape()[0], start_ns=after(0), trader=trader, is_master=is_master, faults=faults)


def stops(told: Story) -> list[int]:
    """permIds of the stops of ours that live."""
    found = [each for each in told.broker.orders() if (named := read_ref(each.order.order_ref)) and named.leg is Leg.STOP]
    return [each.perm_id for each in found]


def n_orders(told: Story) -> int:
    """Orders that the broker ever took from us."""
    taken = [*told.broker.orders(), *told.broker.completed()]
    return sum(read_ref(each.order.order_ref) is not None for each in taken)


async def up(told: Story) -> None:
    """Wait until the run is connected."""
    await told.until(lambda: told._wired is not None and told._wired.line.is_up, 60, "a connection")


# ---------------------------------------------------------------------- handed over
@pytest.mark.covers("S2-04", "S1-23")
@pytest.mark.parametrize("fills_while", ["it runs", pytest.param("nobody runs", marks=pytest.mark.proof)])
def test_a_position_handed_over_keeps_its_one_stop_over_a_restart(tmp_path: Path, fills_while: str) -> None:
    seen: list[tuple[list[int], int]] = []

    async def script(told: Story) -> None:
        await told.start()
        await up(told)
        await told.at(after(20))
        told.by_hand(1, 2)
        answer = ""
        while not answer.startswith("adopted"):
            await told.at(told.now_ns + SECOND)
            answer = await told.ask("adopt", root="ES", stop=str(_market_pts(told) - 10), hold_s="3600")
        await told.until(lambda: told.is_protected(ES, 2), 30, "a stop")
        seen.append((stops(told), n_orders(told)))
        await told.kill()  # the word that its stop stands was not heard yet
        await told.at(after(FALLS_S - 60 if fills_while == "it runs" else FALLS_S + 20))
        await told.start()
        await up(told)
        await told.at(after(FALLS_S - 10))
        seen.append((stops(told), n_orders(told)))
        await told.at(after(FALLS_S + 60))

    told = story(tmp_path, NEVER).tell(script)
    [adopted] = told.facts(Adopted)
    if fills_while == "it runs":
        assert seen[0] == seen[1] and len(seen[0][0]) == 1  # known again, not doubled
    assert told.holds(ES) == 0 and told.filled(ES, Leg.STOP) == 2 and not told.at_work(ES)
    [trip] = told.facts(RoundTripClosed)
    assert (trip.ref, trip.qty, trip.key.strategy, trip.how) == (adopted.ref, 2, "adopted", "stop")
    assert told.differs() == [] and not told.ended[-1].engine.desk.breaker.latched


def _market_pts(told: Story) -> float:
    records, contract = tape()[0].records, tape()[0].contracts[0]
    quotes = records[(records["kind"] == Kind.QUOTE) & (records["recv_ns"] <= told.now_ns)]
    return contract.to_pts(int(quotes["px"][-1]))


# ---------------------------------------------------------------------- closed by hand
@pytest.mark.covers("S1-23", "S2-04", "S2-25")
@pytest.mark.parametrize(
    ("qty", "is_master"),
    [(2, True), (2, False), pytest.param(1, True, marks=pytest.mark.proof), pytest.param(1, False, marks=pytest.mark.proof)],
)
def test_what_a_hand_closes_while_nobody_runs_is_found_at_the_take_up(tmp_path: Path, qty: int, is_master: bool) -> None:
    said: list[str] = []

    async def script(told: Story) -> None:
        await told.start()
        await told.until(lambda: told.is_protected(ES, 2), 120, "a position")
        await told.kill()
        told.by_hand(-1, qty)
        await told.at(told.now_ns + 5 * SECOND)
        await told.start()
        await up(told)
        await told.at(told.now_ns + 5 * SECOND)
        work = told.at_work(ES)
        assert work[Leg.STOP] <= 2 - qty and work[Leg.TARGET] <= 2 - qty and told.holds(ES) == 2 - qty
        await told.at(told.now_ns + 50 * SECOND)
        if not is_master:
            px = str(_market_pts(told))
            row = {"ref": 1, "leg": "exit", "qty": qty, "px": px, "exec_id": "typed-1"}
            said.append(await told.ask("enter", rows=json.dumps([row])))
            said.append(await told.ask("resume"))
        await told.at(told.now_ns + 5 * SECOND)

    told = story(tmp_path, Once(after(10), after(40)), is_master=is_master).tell(script)
    desk = told.ended[-1].engine.desk
    assert desk.own(desk.setup.terms[0].contract.id) == told.holds(ES) and told.differs() == []
    assert told.at_work(ES)[Leg.STOP] == told.holds(ES) and not desk.breaker.latched
    halts = [each.why for each in told.facts(StateChanged) if each.state is TradingState.HALTED]
    assert halts == [] if is_master else halts[0].startswith("position of contract 1: the broker holds ")
    if qty == 2:
        [trip] = told.facts(RoundTripClosed)
        assert (trip.ref, trip.qty) == (1, 2) and not desk.memory.book.open
    if not is_master:  # halted until a person typed it
        assert said[0].startswith("booked") and said[1] == "resumed: active"


# ---------------------------------------------------------------------- another law
class Thrice(NamedTuple):
    """Buys in three stretches of time, each under a stop of its own distance."""

    windows: tuple[tuple[float, float, float], ...]  # seconds from, until; points away
    name: str = "once"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        for first_s, last_s, away_pts in self.windows:
            if (wish := Once(after(first_s), after(last_s), away_pts).propose(view)) is not None:
                return wish
        return None

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


@pytest.mark.covers("S2-03")
@pytest.mark.parametrize("is_latched", [False, pytest.param(True, marks=pytest.mark.proof)])
def test_a_position_and_all_that_counts_go_into_a_run_under_another_law(tmp_path: Path, is_latched: bool) -> None:
    seen: list[list[int]] = []

    async def script(told: Story) -> None:
        await told.start()
        await told.until(lambda: told.facts(RoundTripClosed), 150, "a trip that is over")
        await told.until(lambda: told.is_protected(ES, 2), 100, "a position")
        await told.at(after(170))
        seen.append(stops(told))
        await told.kill()
        told.digest, told.law = "another", law(risk={"max_contracts_per_order": 1})
        await told.start()
        await up(told)
        await told.at(after(FALLS_S - 10))
        seen.append(stops(told))
        await told.at(after(FALLS_S + 70))

    words = Scenario(rules=(Rule(when=When(after_s=165.0), what=(act.Say(code=31_415, text="what now", who="all"),)),))
    trader = Thrice(((10, 15, 0.5), (100, 150, 10.0), (FALLS_S + 20, FALLS_S + 50, 25.0)))
    told = story(tmp_path, trader, faults=words if is_latched else None).tell(script)  # one that trades
    run, desk = told.ended[-1].run, told.ended[-1].engine.desk
    assert run.carries == "orders" and run.starts_from and "own" in run.notes
    assert seen[0] == seen[1] and len(seen[0]) == 1  # the stop that stood before
    assert bool(desk.breaker.latched) == is_latched
    assert told.holds(ES) == told.at_work(ES)[Leg.STOP] == (0 if is_latched else 1)  # entered again, under the new law's size
    mine = [each for each in told.broker.executions() if read_ref(each.order_ref) is not None]
    over = [each for each in mine if (named := read_ref(each.order_ref)) and named.ref <= 2]
    contract = tape()[0].contracts[0]
    truth = sum(contract.value_micros(-each.side * each.qty * each.px) - told.broker.commission_of(each).fee_micros for each in over)
    assert desk.ledger.realised_micros[ACCOUNT] == truth and truth < 0
    today = desk.ledger.day(ACCOUNT)
    assert today.n_entries == (2 if is_latched else 3) and len(np.unique([each.exec_id for each in mine])) == len(mine)
    assert told.differs() == []
