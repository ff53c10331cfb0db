"""What is missing from the broker's answers, over a link to IB that breaks meanwhile: an order that waits in TWS is not gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from tests.gateway.worlds import es
from tests.venues.ib.test_venue import BEGIN_NS, broker, edge, leave, submit
from tests.venues.ib.world import Edge
from workbench.domain.events import OrderFilled, OrderRejected, PositionTold
from workbench.domain.orders import Leg
from workbench.gateway.faults import When
from workbench.gateway.faults import actions as act
from workbench.gateway.faults.scenario import Rule, Scenario
from workbench.simulation.virtual import VirtualLoop, run


def test_an_exit_that_waits_in_a_tws_cut_off_from_ib_is_not_told_as_refused(tmp_path: Path) -> None:
    """Two answers of such a TWS, the first asked for before it said so, were its absence: a second exit turned the position round."""
    cut = Rule(when=When(on="PlaceOrder", where={"leg": "X"}, nth=1), what=(act.Outage(for_s=8, data="kept"),))
    said: list[str | None] = []

    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path, faults=Scenario(rules=(cut,))) as world:
            await world.venue.open()
            await world.ready()
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: 1 in world.venue.book.lives and world.venue.book.lives[1].open == 2)
            await world.venue.send(leave(1))
            life = world.venue.book.lives[1]
            await world.until(lambda: life.parts[-1].leg is Leg.EXIT)
            said.append(await world.venue.reconciler.orders())
            assert world.venue.connection.link is None and life.leaving_qty == 2
            said.append(await world.venue.reconciler.orders())
            assert [part.n_missed for part in life.parts] == [0] * len(life.parts)  # such an answer shows nothing
            await world.until(lambda: not life.open)
            await asyncio.sleep(1)
            return world

    world = run(main, epoch_ns=BEGIN_NS)
    assert None not in said and world.of(OrderRejected) == []
    assert [each.leg for each in world.of(OrderFilled)] == [Leg.ENTRY, Leg.EXIT] and broker(world).position("DUSIM1", 1).qty == 0


def test_a_position_that_a_tws_cut_off_from_ib_does_not_name_is_not_told_as_flat(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path) as world:
            await world.venue.open()
            await world.ready()
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: world.of(PositionTold))
            world.gateway.faults.inject(act.Outage(for_s=6, data="kept"))
            assert await world.venue.reconciler.quietly() is not None  # asked for before TWS has said so
            assert await world.venue.reconciler.quietly() is not None and world.venue.connection.link is None
            await asyncio.sleep(10)
            return world

    assert [event.qty for event in run(main, epoch_ns=BEGIN_NS).of(PositionTold)] == [2]


def test_a_contract_that_once_had_another_number_is_held_under_the_one_it_has(tmp_path: Path) -> None:
    """A data folder of the project's gateway goes on with a TWS, which has numbers of its own: under the first one nothing is held."""

    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path, known=[replace(es(), venue_ids={"ib": "7"})]) as world:
            await world.venue.open()
            await world.ready()
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: 1 in world.venue.book.lives and world.venue.book.lives[1].open == 2)
            await asyncio.sleep(5)
            assert await world.venue.desk.look() is None
            await asyncio.sleep(5)
            assert world.venue.book.lives[1].held == 2 and len(broker(world).orders()) == 2  # stop and target stand
            return world

    assert [event.qty for event in run(main, epoch_ns=BEGIN_NS).of(PositionTold)] == [2]
