"""Orders of others that end while nobody says so: told as cancelled when whole answers lack them, at once when one says how they ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.venues.ib.hand import ACCOUNT, ENTRY, open_order, translator
from tests.venues.ib.test_venue import BEGIN_NS, broker
from tests.venues.ib.world import MID, Edge, edge
from workbench.domain.events import ForeignOrderSeen
from workbench.execution import reconcile
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.simulation.broker import Order, Type
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.foreign import OVER, Foreign, keys
from workbench.venues.ib.past import Past
from workbench.wire import CompletedOrder, OpenOrder, OrderFields, OrderState, OrderStatus


def typed(perm_id: int = 5, order_id: int = 0) -> OpenOrder:
    return open_order(ENTRY, order_ref="", order_id=order_id, client_id=0, perm_id=perm_id)


def seen(status: str, perm_id: int = 5) -> ForeignOrderSeen:
    return ForeignOrderSeen(ACCOUNT, 1, perm_id, "", 1, 2, 0, "LMT", status)


def foreign() -> Foreign:
    of = translator()
    assert of.hear(typed()) == [seen("Submitted")]
    return of.foreign


def gone(of: Foreign, now_s: float) -> list[object]:
    return list(of.gone(now_s, least=2, apart_s=5.0))


# ---------------------------------------------------------------------- by answers
def test_what_is_over_for_the_venue_is_over_for_the_referee() -> None:
    assert frozenset(OVER) == reconcile.OVER


def test_two_whole_answers_without_it_five_seconds_apart_are_its_end_and_it_is_told_once() -> None:
    of = foreign()
    for now_s in (10.0, 12.0):
        of.count(set(), now_s)
        assert gone(of, now_s) == [] and of.is_missing
    of.count(set(), 15.0)
    assert gone(of, 15.0) == [seen("Cancelled")] and not of.is_missing
    of.count(set(), 30.0)
    assert gone(of, 60.0) == []


def test_one_answer_that_shows_it_makes_all_before_worth_nothing() -> None:
    of = foreign()
    of.count(set(), 10.0)
    of.count(keys([], [OrderStatus(0, "Submitted", 0, 2, perm_id=5)]), 15.0)  # its row was lost, its status was not
    assert not of.is_missing
    of.count(set(), 16.0)
    assert gone(of, 30.0) == []


def test_what_was_missing_over_one_link_to_ib_may_be_there_over_the_next() -> None:
    of = foreign()
    of.count(set(), 10.0)
    of.look_anew()
    of.count(set(), 20.0)
    assert gone(of, 20.0) == [] and of.is_missing


def test_a_completed_order_says_by_itself_what_became_of_it() -> None:
    of = translator()
    of.hear(typed())
    done = CompletedOrder(contract=typed().contract, order=OrderFields(perm_id=5), state=OrderState(status="Filled"))
    assert of.hear(done) == [seen("Filled")] and of.hear(done) == []
    of.foreign.count(set(), 1.0)
    assert not of.foreign.is_missing


def test_an_order_that_was_told_without_a_perm_id_does_not_stay_beside_itself() -> None:
    of = translator()
    assert of.hear(typed(perm_id=0, order_id=-3)) == [seen("Submitted", 0)]
    assert of.hear(typed(perm_id=5, order_id=-3)) == [seen("Cancelled", 0), seen("Submitted", 5)]


# ---------------------------------------------------------------------- by a gateway
def resting(world: Edge) -> int:
    """Let somebody type an order that rests, in TWS."""
    order = Order(
        client_id=0, order_id=0, account=ACCOUNT, contract=1, side=1, qty=1, type=Type.LIMIT, limit_px=MID - 400, outside_rth=True
    )
    perm_id = broker(world).place_by_hand(order, world.gateway.world.now_ns)
    world.gateway.let_speak()
    return perm_id


def told(world: Edge, perm_id: int) -> list[str]:
    return [event.status for event in world.of(ForeignOrderSeen) if event.perm_id == perm_id]


@pytest.mark.parametrize("is_new", [False, True], ids=["the same process", "the next one"])
def test_a_strangers_order_that_was_cancelled_while_we_were_away_is_told_as_cancelled(tmp_path: Path, is_new: bool) -> None:
    mute = Rule(when=When(on="ReqCompletedOrders"), what=(act.Mute(what=("CompletedOrder",)),))

    async def main(loop: VirtualLoop) -> None:
        async with edge(loop, tmp_path, faults=Scenario(rules=(mute,))) as world:
            await world.venue.open()
            await world.ready()
            perm_id = resting(world)
            world.venue.connection.resync()
            await world.until(lambda: told(world, perm_id))
            before = world.of(ForeignOrderSeen)
            if is_new:
                await world.venue.close()
            else:
                world.venue.connection.reconnect("cable")
            broker(world).cancel_by_hand(perm_id, world.gateway.world.now_ns)
            back = world.another(tmp_path, loop) if is_new else world
            if is_new:
                back.venue.recover(Past(foreign=before))
                await back.venue.open()
            await asyncio.sleep(0.5)
            await back.until(lambda: "Cancelled" in told(back, perm_id), 15)
            assert told(back, perm_id).count("Cancelled") == 1
            await back.venue.close()

    run(main, epoch_ns=BEGIN_NS)


def test_one_that_still_works_is_not_told_again_to_the_next_process(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with edge(loop, tmp_path) as world:
            await world.venue.open()
            await world.ready()
            perm_id = resting(world)
            world.venue.connection.resync()
            await world.until(lambda: told(world, perm_id))
            await world.venue.close()
            back = world.another(tmp_path, loop)
            back.venue.recover(Past(foreign=world.of(ForeignOrderSeen)))
            await back.venue.open()
            await asyncio.sleep(12)
            assert told(back, perm_id) == []
            await back.venue.close()

    run(main, epoch_ns=BEGIN_NS)
