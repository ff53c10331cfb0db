"""The connection against the gateway: lost, refused, moved, half-open; and what is told of it. In virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.worlds import BEGIN_NS
from tests.venues.ib.test_venue import broker, play
from tests.venues.ib.world import Edge, edge, settings, submit
from workbench.domain.events import BrokerSaid, ConnectionChanged, StreamChanged
from workbench.domain.units import HOUR
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.connection import State, is_restart
from workbench.venues.ib.roles import Role, client_id


def changes(world: Edge) -> list[ConnectionChanged]:
    return world.of(ConnectionChanged)


@pytest.mark.covers("S0-02")
def test_every_role_has_a_client_id_of_its_own() -> None:
    ids = [client_id(settings().ib.client_id, role) for role in Role]
    assert len(set(ids)) == len(Role) and 0 not in ids


@pytest.mark.parametrize(("hours", "is_in"), [(0, False), (14.5, True), (15.5, False)])
def test_the_daily_restart_is_known_by_the_clock_of_new_york(hours: float, is_in: bool) -> None:
    assert is_restart(BEGIN_NS - 45 * 60 * 10**9 + int(hours * HOUR)) is is_in  # the tape begins at 10:30 in New York


@pytest.mark.covers("S1-02")
def test_one_task_connects_however_often_it_is_asked(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        for _ in range(5):
            world.venue.connection.start()
            world.venue.connection.reconnect("again")
        await asyncio.sleep(10)
        assert world.venue.connection.is_ready and world.venue.connection.n_connects == 2

    play(tmp_path, script)


@pytest.mark.covers("S0-03")
def test_nobody_listening_is_tried_again_ever_more_slowly(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path) as world:
            await world.door.close()
            world.venue.connection.start()
            await asyncio.sleep(300)
            return world

    world = run(main, epoch_ns=BEGIN_NS)
    assert 25 <= world.venue.connection.n_attempts <= 45
    assert [event.up for event in changes(world)] == [False] and "nothing answers" in changes(world)[0].why


def test_a_clock_that_differs_is_told_once(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await asyncio.sleep(60)
        assert abs(world.venue.connection.clock_difference_s or 0) > 1

    assert len([event for event in play(tmp_path, script, faults="clock_skew").of(BrokerSaid) if event.kind == "clock"]) == 1


def test_a_half_open_socket_is_found_by_its_missing_heartbeat(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await asyncio.sleep(180)
        await world.ready()

    assert any("no heartbeat" in event.why for event in changes(play(tmp_path, script, faults="half_open")))


def test_a_port_that_moved_is_followed(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        before = world.venue.connection.port
        await asyncio.sleep(60)
        await world.ready()
        assert world.venue.connection.port != before

    play(tmp_path, script, faults="1300_port_reset")


@pytest.mark.parametrize("name", ["1100_1101_data_lost", "1100_1102_data_kept", "2110_server_broken"])
def test_ready_is_lost_with_the_link_behind_tws_and_earned_anew(tmp_path: Path, name: str) -> None:
    async def script(world: Edge) -> None:
        await world.until(lambda: world.venue.state is State.AWAY, 120)
        await world.venue.send(submit(1))
        await world.ready()
        assert not broker(world).orders() and not broker(world).executions()
        assert world.venue.connection.n_connects == 1  # the socket stood

    world = play(tmp_path, script, faults=name)
    assert [event.up for event in changes(world) if event.up or "away" in event.why] == [True, False, True]
    said = [(n, event) for n, event in enumerate(world.said) if isinstance(event, StreamChanged | ConnectionChanged)]
    last_up = max(n for n, event in said if isinstance(event, ConnectionChanged) and event.up)
    lost = max(n for n, event in said if isinstance(event, StreamChanged) and event.state in ("silent", "lost"))
    assert lost < last_up


def test_a_client_id_that_is_held_is_waited_for_with_the_same_id(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await asyncio.sleep(120)
        await world.ready()

    world = play(tmp_path, script, faults="326_id_held")
    assert any("326" in event.why for event in changes(world))


def test_a_venue_that_is_closed_ends_its_events(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> Any:
        async with edge(loop, tmp_path) as world:
            await world.venue.open()
            ended = loop.create_task(_drain(world))
            await asyncio.sleep(1)
            await world.venue.close()
            await asyncio.wait_for(ended, 5)
            return world.venue.state

    assert run(main, epoch_ns=BEGIN_NS) is State.STOPPED


async def _drain(world: Edge) -> None:
    async for _ in world.venue.events():
        pass
