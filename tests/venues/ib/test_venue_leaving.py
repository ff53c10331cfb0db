"""A position is left over a link that loses words: a swallowed exit is told as refused, a swallowed cancel is not waited for.

An exit whose number was taken is placed under another one as soon as it is certain that it is not there.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.venues.ib.test_venue import BEGIN_NS, broker, edge, leave, submit
from tests.venues.ib.world import Edge, ask
from workbench.domain.events import Answered, Known, OrderFilled, OrderRejected
from workbench.domain.orders import Leg
from workbench.execution.book import Booked
from workbench.gateway.faults import When
from workbench.gateway.faults import actions as act
from workbench.gateway.faults.scenario import Rule, Scenario
from workbench.simulation.broker.orders import Order, Type
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.past import Past
from workbench.venues.ib.questions import OPEN_ORDERS


def left(folder: Path, scenario: Scenario, seconds: float) -> Edge:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, folder, faults=scenario) as world:
            await world.venue.open()
            await world.ready()
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: 1 in world.venue.book.lives and world.venue.book.lives[1].open == 2)
            await asyncio.sleep(1)
            await world.venue.send(leave(1))
            await asyncio.sleep(seconds)
            return world

    return run(main, epoch_ns=BEGIN_NS)


def swallowed(on: str, **where: str) -> Scenario:
    return Scenario(rules=(Rule(when=When(on=on, where=dict(where), times=4), what=(act.Ignore(),)),))


def test_an_exit_that_is_swallowed_is_told_as_refused_after_two_answers_without_it(tmp_path: Path) -> None:
    world = left(tmp_path, swallowed("PlaceOrder", leg="X"), 12)
    [refused] = world.of(OrderRejected)
    assert (refused.leg, refused.text) == (Leg.EXIT, "it never reached the broker")
    assert world.venue.book.lives[1].held == 2 and not world.venue.book.lives[1].is_leaving


def test_a_cancel_that_is_swallowed_keeps_no_exit_for_more_than_some_seconds(tmp_path: Path) -> None:
    world = left(tmp_path, swallowed("CancelOrder"), 5)
    assert broker(world).position("DUSIM1", 1).qty == 0 and world.venue.book.lives[1].held == 0
    assert [each.leg for each in world.of(OrderFilled)][-1] is Leg.EXIT


def test_one_answer_of_two_that_is_lost_is_asked_for_once_more_and_the_first_one_counts(tmp_path: Path) -> None:
    lost = Rule(when=When(on="ReqAllOpenOrders", nth=3), what=(act.Ignore(),))  # ready, the first look, the second
    world = left(tmp_path, Scenario(rules=(*swallowed("PlaceOrder", leg="X").rules, lost)), 18)
    assert [(each.leg, each.text) for each in world.of(OrderRejected)] == [(Leg.EXIT, "it never reached the broker")]


@pytest.mark.parametrize(
    "muted",
    [("Position", "PositionEnd"), ("OpenOrder", "OpenOrderEnd"), ("ExecutionData", "ExecutionDataEnd")],
    ids=["positions", "open orders", "executions"],
)
def test_an_exit_is_known_to_be_refused_soon_after_a_question_is_answered_again(tmp_path: Path, muted: tuple[str, ...]) -> None:
    """I7: what else is answered shows meanwhile that it had arrived; twenty seconds are all that a position may be bare."""
    deeds = (act.Mute(what=muted, for_s=14), act.Refuse(code=201, why="no"))
    world = left(tmp_path, Scenario(rules=(Rule(when=When(on="PlaceOrder", where={"leg": "X"}, nth=1), what=deeds),)), 18.9)
    assert [(each.leg, each.text[:3]) for each in world.of(OrderRejected)] == [(Leg.EXIT, "201")]


def test_an_exit_whose_number_was_taken_leaves_under_another_one_without_a_word_of_refusal(tmp_path: Path) -> None:
    taken = Rule(when=When(on="PlaceOrder", where={"leg": "X"}, times=1), what=(act.Refuse(code=103),))
    world = left(tmp_path, Scenario(rules=(taken,)), 8)
    assert broker(world).position("DUSIM1", 1).qty == 0 and world.venue.book.lives[1].held == 0
    assert [each.leg for each in world.of(OrderFilled)][-1] is Leg.EXIT and not world.of(OrderRejected)
    assert not world.venue.translator.clashed and not world.venue.translator.must_look


def test_an_exit_under_another_number_that_a_gateway_shows_late_is_not_said_never_to_have_come(tmp_path: Path) -> None:
    """I3: else whoever leaves would send a second one beside it."""
    taken = Rule(when=When(on="PlaceOrder", where={"leg": "X"}, times=1), what=(act.Refuse(code=103),))
    late = Rule(when=When(on="PlaceOrder", where={"leg": "X"}, times=2), what=(act.Delay(for_s=3.0),))
    world = left(tmp_path, Scenario(rules=(taken, late)), 15)
    assert broker(world).position("DUSIM1", 1).qty == 0 and not world.of(OrderRejected)


def test_nor_is_an_entry_under_another_number(tmp_path: Path) -> None:
    taken = Rule(when=When(on="PlaceOrder", where={"leg": "E"}, times=1), what=(act.Refuse(code=103),))
    late = [Rule(when=When(on="PlaceOrder", nth=n), what=(act.Delay(for_s=3.0),)) for n in (4, 5, 6)]

    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path, faults=Scenario(rules=(taken, *late))) as world:
            await world.venue.open()
            await world.ready()
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: world.venue.book.lives[1].entry.order_id > 3, 15)
            await world.venue.send(ask("bracket", 1))
            await asyncio.sleep(12)
            return world

    world = run(main, epoch_ns=BEGIN_NS)
    answers = [each.answer for each in world.of(Answered) if each.question == "bracket"]
    assert [each.value["entry"] for each in answers if isinstance(each, Known)] == [True]
    assert broker(world).position("DUSIM1", 1).qty == 2 and not world.of(OrderRejected)


def test_an_answer_that_was_asked_for_before_a_number_was_taken_says_nothing_about_the_order(tmp_path: Path) -> None:
    slow = Rule(when=When(on="ReqAllOpenOrders", nth=2), what=(act.Hold(what=("OpenOrderEnd",), for_s=4.0),))
    taken = Rule(when=When(on="PlaceOrder", where={"leg": "X"}, times=1), what=(act.Refuse(code=103),))

    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path, faults=Scenario(rules=(slow, taken))) as world:
            await world.venue.open()
            await world.ready()
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: 1 in world.venue.book.lives and world.venue.book.lives[1].open == 2)
            world.venue.translator.must_look = True
            await asyncio.sleep(3)  # it is asked, and the answer is under way
            await world.venue.send(leave(1))
            await asyncio.sleep(5)
            assert next(part.n_missed for part in world.venue.book.lives[1].parts if part.leg is Leg.EXIT) < 2
            assert not any(part.has_lived for part in world.venue.book.lives[1].parts if part.leg is Leg.EXIT)
            await world.until(lambda: world.venue.book.lives[1].held == 0, 12)
            return world

    world = run(main, epoch_ns=BEGIN_NS)
    assert broker(world).position("DUSIM1", 1).qty == 0 and not world.of(OrderRejected)


def test_an_exit_that_is_sent_while_an_answer_is_under_way_is_not_missing_from_it(tmp_path: Path) -> None:
    slow = Rule(when=When(on="ReqAllOpenOrders", nth=2), what=(act.Hold(what=("OpenOrderEnd",), for_s=3.0),))

    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path, faults=Scenario(rules=(slow, *swallowed("PlaceOrder", leg="X").rules))) as world:
            await world.opened(submit(1, qty=2))
            world.venue.translator.must_look = True
            await asyncio.sleep(3)  # it is asked, and the answer is under way
            await world.venue.send(leave(1))
            await world.until(lambda: world.venue.book.lives[1].parts[-1].leg is Leg.EXIT)
            exit_ = world.venue.book.lives[1].parts[-1]
            await world.until(lambda: exit_.n_missed or not world.venue.questions.is_asking(OPEN_ORDERS))
            assert exit_.n_missed == 0
            return world

    run(main, epoch_ns=BEGIN_NS)


def test_an_exit_waits_while_a_hand_may_have_closed_some_and_nobody_answers(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path) as world:
            await world.venue.open()
            await world.ready()
            await world.venue.send(submit(1, qty=2))
            await world.until(lambda: 1 in world.venue.book.lives and world.venue.book.lives[1].open == 2)
            await asyncio.sleep(5)
            world.gateway.faults.inject(act.Mute(what=("ExecutionData", "ExecutionDataEnd"), for_s=9))
            sold = Order(client_id=0, order_id=0, account="DUSIM1", contract=1, side=-1, qty=1, type=Type.MARKET)
            broker(world).place_by_hand(sold, world.gateway.now_ns)
            await asyncio.sleep(7)
            assert not world.venue.connection.is_known
            await world.venue.send(leave(1))
            await asyncio.sleep(20)
            return world

    world = run(main, epoch_ns=BEGIN_NS)
    assert broker(world).position("DUSIM1", 1).qty == 0
    assert [each.qty for each in world.of(OrderFilled) if each.leg is Leg.EXIT] == [1]


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("after_s", [None, 0.2, 1.0])
def test_what_a_hand_closed_untold_a_moment_ago_or_while_nobody_ran_is_not_closed_again(
    tmp_path: Path, is_new: bool, after_s: float | None
) -> None:
    """I8: the position never turns round. ``after_s`` behind being ready, or before it, somebody wants to leave."""

    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path) as world:
            await world.venue.open()
            await world.ready()
            opened = submit(1, qty=2)
            await world.venue.send(opened)
            await world.until(lambda: 1 in world.venue.book.lives and world.venue.book.lives[1].open == 2)
            await asyncio.sleep(5)
            fills = {each.exec_id: Booked(1, each.leg, 1, each.qty, each.px) for each in world.of(OrderFilled)}
            await world.venue.close() if is_new else world.venue.connection.reconnect("cable")
            sold = Order(client_id=0, order_id=0, account="DUSIM1", contract=1, side=-1, qty=1, type=Type.MARKET)
            broker(world).place_by_hand(sold, world.gateway.now_ns)
            await world.until(lambda: broker(world).position("DUSIM1", 1).qty == 1)
            back = world.another(tmp_path, loop) if is_new else world
            if is_new:
                back.venue.recover(Past([(opened, opened.stop_px)], fills))
                await back.venue.open()
            if after_s is not None:
                await back.ready()
                await asyncio.sleep(after_s)
            await back.venue.send(leave(1))
            await back.until(lambda: broker(world).position("DUSIM1", 1).qty != 1, 20)
            await asyncio.sleep(3)
            await back.venue.close()
            return back

    world = run(main, epoch_ns=BEGIN_NS)
    assert broker(world).position("DUSIM1", 1).qty == 0
    assert [each.qty for each in world.of(OrderFilled) if each.leg is Leg.EXIT] == [1]
