"""A position is cared for at a broker: its stop follows the market there, and it is flat before its session ends."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.simulation.drills.drill import Drill
from tests.simulation.drills.truth import differences
from workbench.domain.decisions import Adjust, ExecutionScored, ExitWish, Issued, Proposal, RoundTripClosed
from workbench.domain.events import OrderAccepted, RunStarted
from workbench.domain.orders import Exit, Leg, Modify, OrderType
from workbench.domain.units import DAY, MINUTE, SECOND
from workbench.domain.views import PositionView, View
from workbench.engine import Setup
from workbench.execution.trailing import MOVES_A_MINUTE

pytestmark = [pytest.mark.covers("S0-15", "S2-13", "S3-11")]


class Patient(NamedTuple):
    """Buy and sell in turn while nothing is held, and leave all else to stop, trail and session."""

    until_ns: int
    trail_ticks: int | None
    stop_ticks: int = 8
    name: str = "patient"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        bar, tick = view.bar, view.contract.tick
        if view.now_ns >= self.until_ns or bar.bid_px is None or bar.ask_px is None:
            return None
        side = 1 if view.now_ns // (20 * SECOND) % 2 else -1
        entry = bar.ask_px if side > 0 else bar.bid_px
        away, trail = self.stop_ticks * tick, None if self.trail_ticks is None else self.trail_ticks * tick
        return Proposal(side, OrderType.MARKET, entry, entry - side * away, entry + side * 5 * away, 20 * MINUTE, trail_px=trail)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


class Cared(Drill):
    """A drill of the patient strategy, in a market that closes after so many seconds."""

    trail_ticks: int | None = 3
    closes_s: float = 3_600.0
    horizon: str = "day"

    def _setup(self) -> Setup:
        made, ids = super()._setup(), tuple(contract.id for contract in self.contracts)
        change = msgspec.structs.replace
        sessions = change(made.law.sessions, flat_before_close_s=30.0, no_entry_before_close_s=60.0, horizons={"patient": self.horizon})
        close_ns = self.begin_ns + round(self.closes_s * SECOND)
        patient = Patient(self.begin_ns + round(self.trades_s * SECOND), self.trail_ticks)
        return made._replace(
            strategies=((patient, ids),), law=change(made.law, sessions=sessions), closes=dict.fromkeys(ids, (close_ns, close_ns + DAY))
        )


class Closing(Cared):
    trail_ticks = None
    closes_s = 120.0


class Swinging(Closing):
    horizon = "swing"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_stop_that_follows_stands_at_the_broker_where_it_was_sent_and_only_closer(place: Path, seed: int) -> None:
    drill = Cared(place, None, seed=seed).run()
    moves = [fact.command for fact in drill.facts(Issued) if isinstance(fact.command, Modify)]
    assert len(moves) >= 3 and differences(drill) == [] and not drill.latched()
    entries = drill.submitted()
    for ref in {move.ref for move in moves}:
        mine, sent = [move for move in moves if move.ref == ref], entries[ref]
        stops = [sent.stop_px, *(move.stop_px for move in mine)]
        assert stops == sorted(stops, reverse=sent.side < 0) and len(set(stops)) == len(stops)
        told = [each.px for each in drill.of(OrderAccepted) if (each.ref, each.leg) == (ref, Leg.STOP)]
        assert [px for px in stops[1:] if px not in told] in ([], stops[-1:])  # the last may have been overtaken by the end
        assert all(sum(at.decided_ns - MINUTE < move.decided_ns <= at.decided_ns for move in mine) <= MOVES_A_MINUTE for at in mine)
    assert any(move.decided_ns % (5 * SECOND) for move in moves) and drill.facts(ExecutionScored)


@pytest.mark.covers("S3-33")
def test_a_position_of_the_day_is_flat_before_its_session_ends_and_none_is_entered_any_more(place: Path) -> None:
    drill = Closing(place, None, trades_s=100, waits_s=30).run()  # the venue goes on behind this close
    left = [fact.command for fact in drill.facts(Issued) if isinstance(fact.command, Exit) and fact.command.why == "close"]
    assert left and all(85 <= drill.s_of(command.decided_ns) <= 96 for command in left)
    trips = drill.facts(RoundTripClosed)
    assert trips and max(drill.s_of(trip.closed_ns) for trip in trips) < 120
    assert all(drill.s_of(sent.decided_ns) <= 60 for sent in drill.submitted().values())
    assert differences(drill) == [] and drill.of(RunStarted) and not drill.latched()


@pytest.mark.covers("S3-33")
def test_a_swing_stays_over_the_night_under_its_stop_at_the_broker(place: Path) -> None:
    drill = Swinging(place, None, trades_s=100, waits_s=30).run()
    assert not [fact for fact in drill.facts(Issued) if isinstance(fact.command, Exit)]
    assert drill.sampled[-1].held != 0 and drill.sampled[-1].naked == 0 and differences(drill) == []
