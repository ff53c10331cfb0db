"""What a law asks of a broker before money moves: the margin of each size, how much is open and traded. And two that move alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from tests.simulation.drills.drill import Drill
from tests.simulation.drills.truth import differences
from workbench.domain.decisions import Issued, Reason, Refused
from workbench.domain.events import Answered, ContractTold, Known
from workbench.domain.orders import Ask
from workbench.engine import Setup
from workbench.engine.margin import MARGIN
from workbench.gateway.behaviour import OPEN_INTEREST
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.gateway.session import Session
from workbench.venues.ib.book import read_ref
from workbench.wire import PlaceOrder, Request

DEAF = Scenario(rules=(Rule(when=When(on="PlaceOrder", where={"what_if": 1}), what=(act.Ignore(),)),))
SIGN = {"BUY": 1, "SELL": -1}


class Asking(Drill):
    """Two that move alike, under a law that asks for margin and lets no two alike be held on one side."""

    roots = ("ES", "NQ")
    data: ClassVar[dict[str, Any]] = {}
    risk: ClassVar[dict[str, Any]] = {"ask_margin": True, "max_correlation": 0.7}

    def __init__(self, *args: Any, **more: Any) -> None:
        self.placed: list[tuple[str, str]] = []  # what came in: (kind, contract and signed size)
        super().__init__(*args, **more)

    def _setup(self) -> Setup:
        made, change = super()._setup(), msgspec.structs.replace
        law = change(made.law, risk=change(made.law.risk, **self.risk), data=change(made.law.data, **self.data))
        return made._replace(law=law)

    def _listen(self) -> None:
        super()._listen()
        asked = self.gateway.asked

        def heard(session: Session, request: Request) -> None:
            if isinstance(request, PlaceOrder):
                order, named = request.order, read_ref(request.order.order_ref)
                if order.what_if or (named is not None and named.leg.name == "ENTRY"):
                    about = f"{request.contract.con_id} {SIGN[order.action] * int(order.total_quantity):+d}"
                    self.placed.append(("what-if" if order.what_if else "entry", about))
            asked(session, request)

        self.gateway.asked = heard


@pytest.mark.covers("S0-16", "S1-28", "S4-05")
def test_the_first_entry_of_a_contract_and_size_stands_behind_an_answered_what_if(place: Path) -> None:
    drill = Asking(place, None, trades_s=90.0, waits_s=45.0).run()
    first: dict[str, str] = {}
    for kind, about in drill.placed:
        first.setdefault(about, kind)
    entered = {about for kind, about in drill.placed if kind == "entry"}
    assert entered and all(first[about] == "what-if" for about in entered)
    asked = [fact.command for fact in drill.facts(Issued) if isinstance(fact.command, Ask) and fact.command.question == MARGIN]
    answers = [event for event in drill.of(Answered) if event.question == MARGIN]
    told = Counter(kind for kind, _ in drill.placed)
    assert told["what-if"] == len(asked) == len(answers) and all(isinstance(each.answer, Known) for each in answers)
    assert len({(each.key.contract, each.detail) for each in asked}) == len(asked)  # each once
    assert drill.ended is not None and drill.ended.engine.desk.memory.tally.margins.n_asked == len(asked)
    alike = [fact for fact in drill.facts(Refused) if fact.reason is Reason.CORRELATION]
    assert alike and all((fact.value, fact.threshold) == (1.0, 0.7) for fact in alike)  # one group, while nobody knows better
    assert differences(drill) == [] and not drill.latched()


@pytest.mark.covers("S0-16", "S1-28")
def test_where_no_what_if_is_answered_nothing_is_ever_entered_and_the_refusal_says_why(place: Path) -> None:
    drill = Asking(place, DEAF, trades_s=90.0, waits_s=30.0).run()
    assert not drill.submitted() and not drill.all_orders() and drill.ended is not None
    told = Counter(kind for kind, _ in drill.placed)
    assert told["what-if"] > 2 and set(told) == {"what-if"}  # asked again and again
    refused = Counter(fact.reason for fact in drill.facts(Refused))
    assert refused[Reason.MARGIN] > 5 and all(fact.value == float("inf") for fact in drill.facts(Refused) if fact.reason is Reason.MARGIN)
    unknown = [event for event in drill.of(Answered) if event.question == MARGIN]
    assert unknown and not any(isinstance(each.answer, Known) for each in unknown)
    assert differences(drill) == [] and drill.ended.engine.desk.memory.tally.margins.refused


class Dry(Asking):
    """A law that wants more open interest than the broker tells."""

    roots = ("ES",)
    risk: ClassVar[dict[str, Any]] = {}
    data: ClassVar[dict[str, Any]] = {"min_open_interest": OPEN_INTEREST + 1}


class Wet(Dry):
    data: ClassVar[dict[str, Any]] = {"min_open_interest": OPEN_INTEREST, "min_volume": 1}


def test_what_is_less_than_the_floor_lets_nothing_in_and_the_refusal_names_what_the_broker_told(place: Path) -> None:
    drill = Dry(place, None, trades_s=60.0, waits_s=15.0).run()
    assert not drill.submitted() and [each.open_interest for each in drill.of(ContractTold)].count(OPEN_INTEREST)
    refused = [fact for fact in drill.facts(Refused) if fact.reason is Reason.LIQUIDITY]
    assert (refused[-1].value, refused[-1].threshold) == (-OPEN_INTEREST, -OPEN_INTEREST - 1)


def test_what_reaches_the_floors_trades(place: Path) -> None:
    drill = Wet(place, None, trades_s=60.0, waits_s=45.0).run()
    assert drill.submitted() and differences(drill) == []
