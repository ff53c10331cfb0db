"""What drills have found, once each, by the seed that found it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.drills.drill import Drill, scenario_of
from tests.simulation.drills.truth import differences
from workbench.domain.events import BrokerSaid
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.wire import PlaceOrder, ReqAllOpenOrders


@pytest.mark.parametrize("seed", [2, 3])
def test_an_exit_does_not_leave_while_a_stop_may_have_filled_unheard(place: Path, seed: int) -> None:
    """It waited in TWS through 1100, the target filled meanwhile, and the exit turned the position round."""
    drill = Drill(place, scenario_of("rough_weather", seed=seed), seed=seed).run()
    assert differences(drill) == [] and not drill.latched()


def rule(on: str, *what: act.Action, nth: int | None = None, **where: str) -> Rule:
    return Rule(when=When(on=on, where=dict(where), nth=nth), what=what)


def at(after_s: float, *what: act.Action) -> Rule:
    return Rule(when=When(after_s=after_s), what=what)


def test_a_position_that_went_flat_while_away_is_told_as_flat(place: Path) -> None:
    """A flat position is not among those that the broker names: what was told before has to be taken back."""
    restart = rule("OrderStatus", act.Restart(in_s=1, down_s=90), nth=2, leg="E", status="Filled")
    drill = Drill(place, Scenario(rules=(restart,)), seed=1, trades_s=40, waits_s=150).run()
    (lost, back), *_ = drill.downs()[1:]
    held_s = [sample.at_s for sample in drill.sampled if sample.held]
    assert any(abs(at_s - lost) < 1 for at_s in held_s) and not any(abs(at_s - back) < 1 for at_s in held_s)
    assert differences(drill) == []


def test_a_child_of_an_entry_that_ended_with_a_part_filled_is_over_when_all_of_that_is_closed(place: Path) -> None:
    """Its Filled was read as the whole of what was ordered; the rest was asked about every three seconds from then on."""
    drill = Drill(place, Scenario(rules=(at(51.67, act.Freeze(for_s=30)),)), seed=18).run()
    qtys = {ref: command.qty for ref, command in drill.submitted().items()}
    assert any(0 < n < qtys[ref] for ref, n in drill.filled().items())
    assert differences(drill) == []
    assert drill.n_asked[ReqAllOpenOrders] < 25


def test_a_bracket_whose_entry_was_refused_is_not_placed_anew_because_a_child_clashed(place: Path) -> None:
    """103 on the target called for new numbers; the entry had been refused for good, and came to life a second time."""
    refuse, clash = act.Refuse(code=10329), act.Refuse(code=103)
    rules = (rule("PlaceOrder", refuse, nth=2, leg="E"), rule("PlaceOrder", clash, nth=2, leg="T"))
    drill = Drill(place, Scenario(rules=rules), seed=1).run()
    assert {refused.code for refused in drill.of(BrokerSaid)} >= {10329, 103}
    assert differences(drill) == [] and not drill.latched()


def test_an_exit_that_never_arrived_is_forgotten_once_its_position_is_gone(place: Path) -> None:
    drill = Drill(place, Scenario(rules=(rule("PlaceOrder", act.Ignore(), nth=1, leg="X"),)), seed=27).run()
    assert drill.n_asked[PlaceOrder] and differences(drill) == []
