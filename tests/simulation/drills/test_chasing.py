"""A whole live run whose entries follow the market, over the real wire: the gateway moves them, refuses to, or says nothing of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.simulation.drills.drill import Drill
from workbench.domain.chase import Chase
from workbench.domain.decisions import Adjust, Approved, ExitWish, Issued, Proposal
from workbench.domain.events import BrokerSaid, OrderAccepted, OrderFilled
from workbench.domain.orders import Leg, OrderType, Reprice
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View
from workbench.engine import Setup
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act

WAIT_S = 5
CODES = (104, 105, 110)  # a change that is not taken: what stood before lives on
FIRST, WORST = 6, 2  # ticks below the bid
TAKEN: dict[str, Scenario | None] = {
    "moved": None,
    **{
        f"refused with {code}": Scenario(
            rules=(Rule(when=When(on="PlaceOrder", where={"leg": "E"}, nth=2), what=(act.Refuse(code=code),)),)
        )
        for code in CODES
    },
    "swallowed": Scenario(rules=(Rule(when=When(on="PlaceOrder", where={"leg": "E"}, nth=2), what=(act.Ignore(),)),)),
}


MORE = ("refused with 104", "refused with 105", "swallowed")


class Chasing(NamedTuple):
    """Bid below the market, and follow it."""

    until_ns: int
    name: str = "chasing"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bid, tick = view.bar.bid_px, view.contract.tick
        if bid is None or view.now_ns >= self.until_ns:
            return None
        entry, chase = bid - FIRST * tick, Chase(bid - WORST * tick, WAIT_S * SECOND, 2 * tick)
        return Proposal(1, OrderType.LIMIT, entry, entry - 20 * tick, entry + 20 * tick, 10 * SECOND, chase=chase)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


class ChaseDrill(Drill):
    """One entry after another that is given time to be moved."""

    def _setup(self) -> Setup:
        made, change = super()._setup(), msgspec.structs.replace
        law = change(made.law, execution=change(made.law.execution, entry_ttl_seconds=20.0))
        chasing = Chasing(self.begin_ns + round(self.trades_s * SECOND))
        return made._replace(law=law, strategies=((chasing, tuple(each.id for each in self.contracts)),))


@pytest.mark.covers("S2-06")
@pytest.mark.parametrize("how", ["moved", "refused with 110", *(pytest.param(each, marks=pytest.mark.proof) for each in MORE)])
def test_an_entry_follows_the_market_over_the_wire_twice_at_most_and_never_beyond_its_worst_price(tmp_path: Path, how: str) -> None:
    drill = ChaseDrill(tmp_path, TAKEN[how], trades_s=45, waits_s=30).run()
    wishes = {fact.proposal.entry_px: fact.proposal for fact in drill.facts(Approved)}
    sent = drill.submitted()
    moved = [fact.command for fact in drill.facts(Issued) if isinstance(fact.command, Reprice)]
    worst = {ref: wishes[command.entry_px].worst_px for ref, command in sent.items()}
    assert moved and max(Counter(each.ref for each in moved).values()) == 2
    assert all(sent[each.ref].entry_px < each.entry_px <= worst[each.ref] for each in moved)
    assert all(each.px <= worst[each.ref] for each in drill.of(OrderFilled) if each.leg is Leg.ENTRY)
    stood = {(each.ref, each.px) for each in drill.of(OrderAccepted) if each.leg is Leg.ENTRY}
    never = [each for each in moved if (each.ref, each.entry_px) not in stood]
    assert len(never) <= (how != "moved") and not drill.latched()
    assert [code for code in CODES if f"{code}" in how] == [each.code for each in drill.of(BrokerSaid) if each.code in CODES]
    assert drill.broker is not None and not drill.broker.position("DUSIM1", 1).qty
