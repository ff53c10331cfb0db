"""The promise again, with stops that follow, volatility that ends positions, and executions bad enough to shut contracts."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import pytest

from tests.replay.test_parity import stopped_and_taken_up
from tests.replay.world import World, closed_loop, played_back, random_chunks, same, world
from workbench.domain.decisions import Adjust, ExecutionScored, ExitWish, Proposal, Reason, Refused
from workbench.domain.orders import Exit, Modify
from workbench.domain.views import PositionView, View
from workbench.engine import Engine
from workbench.runtime.replay import Outcome, first_difference

pytestmark = [pytest.mark.covers("S0-15", "S0-22", "S2-12", "S2-32")]


class Following(NamedTuple):
    """A strategy as it is, but that its stops follow and no belief ends it."""

    inner: Any
    trail_ticks: int = 4

    @property
    def name(self) -> str:
        return str(self.inner.name)

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(self.inner.needs)

    def propose(self, view: View) -> Proposal | None:
        wish: Proposal | None = self.inner.propose(view)
        return (
            None if wish is None else wish._replace(trail_px=self.trail_ticks * view.contract.tick, hold_ns=5 * wish.hold_ns, thesis=None)
        )

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        said: Adjust | ExitWish | None = self.inner.manage(view, position)
        return said


def cared_for(roots: tuple[str, ...], *, minutes: int = 40) -> World:
    """A world in which slippage that is no matter elsewhere shuts contracts, and comes back."""
    made = world(roots, minutes=minutes)
    law, change = made.setup.law, msgspec.structs.replace
    execution = change(
        law.execution, volatility_exit=1.05, slippage_ticks=0.0, eqs_prior=0.9, eqs_prior_n=1.0, eqs_halflife_n=3.0,
        eqs_entry=0.85, eqs_hold=0.7, eqs_kill=0.3, entry_ttl_seconds=20.0,
    )  # fmt: skip
    strategies = tuple((Following(strategy), ids) for strategy, ids in made.setup.strategies)
    return made._replace(setup=made.setup._replace(law=change(law, execution=execution), strategies=strategies))


@pytest.fixture(scope="module", params=[("NQ",), ("ES", "NQ", "SPY")], ids=len)
def case(request: pytest.FixtureRequest) -> tuple[World, Outcome]:
    made = cared_for(request.param)
    return made, closed_loop(made)


def test_the_world_is_worth_its_proofs(case: tuple[World, Outcome]) -> None:
    _, whole = case
    moves = [command for command in whole.commands if isinstance(command, Modify)]
    assert len(moves) > 5 and any(move.decided_ns % 5_000_000_000 for move in moves)  # between barriers
    assert {fact.ref == 0 for fact in whole.facts if isinstance(fact, ExecutionScored)} == {True, False}
    assert any(fact.reason is Reason.EXECUTION_QUALITY for fact in whole.facts if isinstance(fact, Refused))
    assert any(command.why == "volatility" for command in whole.commands if isinstance(command, Exit))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_same_however_it_is_cut_and_whoever_plays_it(case: tuple[World, Outcome], seed: int) -> None:
    made, whole = case
    assert same(whole, closed_loop(made, random_chunks(seed)))
    again = played_back(made, whole, random_chunks(seed))
    assert first_difference(whole.commands, again.commands) is None and same(whole, again)


def test_stopping_and_taking_up_again_changes_nothing(case: tuple[World, Outcome]) -> None:
    made, whole = case
    assert stopped_and_taken_up(made, whole, every=60) == 0


@pytest.mark.proof
def test_stopping_at_every_barrier_changes_nothing() -> None:
    made = cared_for(("NQ",), minutes=25)
    assert stopped_and_taken_up(made, closed_loop(made), every=1) == 0


class Forgetful(Engine):
    """Planted: a snapshot forgets the watches of stops that follow."""

    def restore(self, blob: bytes) -> None:
        super().restore(blob)
        for tended in self.desk.memory.care.tended.values():
            tended.trail = None


def test_a_snapshot_that_forgets_how_stops_follow_is_caught(case: tuple[World, Outcome]) -> None:
    made, whole = case
    assert stopped_and_taken_up(made, whole, every=12, engine=Forgetful) > 0
