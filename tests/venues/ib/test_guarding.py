"""The guardian's connection beside the venue's, at the same gateway: what it sees, what it may do, and when it knows nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.gateway.worlds import BEGIN_NS, es
from tests.venues.ib.world import ACCOUNT, RUN, Edge, LoopClock, edge, settings, submit
from workbench.domain.contracts import Contract
from workbench.domain.errors import InvariantError
from workbench.domain.events import OrderFilled, Unknown
from workbench.domain.orders import Leg, OrderType
from workbench.gateway.faults import actions as act
from workbench.simulation.broker import Broker
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.guarding import Link, Seen

TRADER, GUARD = 10, 15


@asynccontextmanager
async def beside(loop: VirtualLoop, folder: Path, client_id: int = GUARD) -> AsyncIterator[tuple[Edge, Link, Contract]]:
    """A venue that trades, and a link beside it."""
    async with edge(loop, folder) as world:
        await world.venue.open()
        await world.ready()
        told = world.gateway.world.contracts[0]
        contract = replace(es(), venue_ids={"ib": told.venue_ids["ib"]})
        contracts = {int(contract.venue_ids["ib"]): contract}
        link = Link("127.0.0.1", settings().ib.port, client_id, ACCOUNT, contracts, folder, LoopClock(loop))
        try:
            yield world, link, contract
        finally:
            link.close()


def test_it_sees_the_orders_of_the_runner_and_what_is_held(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with beside(loop, tmp_path) as (world, link, contract):
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: world.of(OrderFilled))
            await world.venue.send(submit(2, qty=1, kind=OrderType.LIMIT, entry_px=27_000))
            assert await link.open() is None and link.is_open
            seen = await link.look()
            assert isinstance(seen, Seen) and seen.positions == {int(contract.venue_ids["ib"]): 2}
            live = {(each.named.ref, each.named.leg): each.rest for each in seen.orders if each.rest}
            assert live[1, Leg.STOP] == live[1, Leg.TARGET] == 2 and live[2, Leg.ENTRY] == 1
            assert {each.client_id for each in seen.orders if each.rest} == {TRADER} and {each.named.run for each in seen.orders} == {RUN}
            assert sum(each.filled for each in seen.orders if each.named.leg is Leg.ENTRY) == 2  # of the order that is over

    run(main, seed=1, epoch_ns=BEGIN_NS)


def test_the_runners_client_id_is_refused_while_the_runner_lives(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with beside(loop, tmp_path, TRADER) as (world, link, _):
            assert "326" in str(await link.open()) and not link.is_open
            await world.venue.close()
            assert await link.open() is None

    run(main, seed=1, epoch_ns=BEGIN_NS)


def test_a_part_that_is_not_answered_makes_all_of_it_unknown_and_the_connection_is_cut(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with beside(loop, tmp_path) as (world, link, _):
            assert await link.open() is None
            world.gateway.faults.inject(act.Mute(what=("PositionEnd",), for_s=5, who="all"))
            assert isinstance(await link.look(), Unknown) and not link.is_open
            assert await link.open() is None and isinstance(await link.look(), Seen | Unknown)

    run(main, seed=1, epoch_ns=BEGIN_NS)


def test_what_a_tws_without_a_link_to_ib_shows_is_no_answer(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with beside(loop, tmp_path) as (world, link, _):
            assert await link.open() is None
            world.gateway.faults.inject(act.Outage(for_s=3, data="kept"))
            await world.until(lambda: link.is_away)
            assert isinstance(await link.look(), Unknown) and link.is_open
            await world.until(lambda: not link.is_away)
            assert isinstance(await link.look(), Seen)
            world.gateway.faults.inject(act.Outage(for_s=0.001, data="kept"))  # over before the answers are
            assert isinstance(await link.look(), Unknown) and not link.is_away

    run(main, seed=1, epoch_ns=BEGIN_NS)


def test_what_it_closes_bears_the_brackets_name_and_nothing_else_leaves(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with beside(loop, tmp_path) as (world, link, contract):
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: world.of(OrderFilled))
            await link.open()
            with pytest.raises(InvariantError, match="nobody made"):
                link._client.send_payload(b"3\0" + b"7\0" * 60)
            number = link.close_out(contract, RUN, 1, 2)
            await world.until(lambda: [each for each in world.gateway.world.known(Broker).executions() if each.client_id == GUARD])
            seen = await link.look()
            assert isinstance(seen, Seen) and not any(seen.positions.values())
            (mine,) = seen.fills
            assert (mine.order_id, mine.client_id, mine.qty, mine.side) == (number, GUARD, 2, -1)
            assert mine.named.ref == 1 and mine.named.leg is Leg.EXIT
            assert [(each.filled, each.rest) for each in seen.orders if each.named.leg is Leg.EXIT] == [(2, 0)]

    run(main, seed=1, epoch_ns=BEGIN_NS)


def test_another_account_is_not_looked_after(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with edge(loop, tmp_path) as world:
            await world.venue.open()
            await world.ready()
            link = Link("127.0.0.1", settings().ib.port, GUARD, "DUSIM9", {}, tmp_path, LoopClock(loop))
            assert "not DUSIM9" in str(await link.open())

    run(main, seed=1, epoch_ns=BEGIN_NS)


def test_where_nobody_listens_it_says_so(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        link = Link("127.0.0.1", 4, GUARD, ACCOUNT, {}, tmp_path, LoopClock(loop))
        assert "nothing answers" in str(await link.open())

    run(main, seed=1, epoch_ns=BEGIN_NS)
