"""The live edge against the simulated gateway: ready is earned, commands become orders, and no fault parts our book from the broker's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.worlds import BEGIN_NS
from tests.venues.ib.world import MID, Edge, ask, cancel, edge, leave, modify, submit
from workbench.config import Mode
from workbench.domain.errors import InvariantError, VenueError
from workbench.domain.events import (
    AccountValued,
    Answered,
    BrokerSaid,
    ConnectionChanged,
    FeeReported,
    FillCorrected,
    ForeignFilled,
    ForeignOrderSeen,
    FrontChanged,
    Known,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionTold,
    StreamChanged,
    Unknown,
)
from workbench.domain.orders import Leg, OrderType
from workbench.simulation.broker.broker import Broker
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.connection import State
from workbench.venues.ib.past import Past

Play = Callable[[Edge], Awaitable[None]]


def play(folder: Path, script: Play, *, seed: int = 1, **options: Any) -> Edge:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, folder, **options) as world:
            await world.venue.open(timeout_s=120)
            await world.ready()
            await script(world)
            return world

    return run(main, seed=seed, epoch_ns=BEGIN_NS)


def broker(world: Edge) -> Broker:
    return world.gateway.world.part(Broker, lambda: pytest.fail("no broker was made"))


def own_fills(world: Edge) -> dict[str, tuple[int, Leg, int, int]]:
    held: dict[str, tuple[int, Leg, int, int]] = {}
    for event in world.of(OrderFilled, FillCorrected):
        if isinstance(event, FillCorrected):
            held.pop(event.replaces, None)
        assert event.exec_id not in held, "an execution was told twice"
        held[event.exec_id] = (event.ref, event.leg, event.qty, event.px)
    return held


# ---------------------------------------------------------------------- the tour


def test_ready_is_earned_within_a_second_and_told_after_all_that_is_known(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        assert asyncio.get_running_loop().time() < 1.0

    world = play(tmp_path, script)
    ups = [n for n, event in enumerate(world.said) if isinstance(event, ConnectionChanged) and event.up]
    before = world.said[: ups[0]]
    assert any(isinstance(event, FrontChanged) for event in before)
    assert any(isinstance(event, AccountValued) for event in before)
    assert any(isinstance(event, StreamChanged) and event.state == "live" for event in before)


def test_a_bracket_is_opened_moved_and_left(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=2))
        await world.until(lambda: world.of(OrderFilled))
        await world.venue.send(modify(1, MID - 380))
        await world.until(lambda: OrderAccepted(1, Leg.STOP, 2, MID - 380) in world.said)
        await world.venue.send(leave(1))
        await world.until(lambda: len(world.of(OrderCancelled)) == 2 and len(world.of(FeeReported)) == 2)
        assert not broker(world).orders() and broker(world).position("DUSIM1", 1).qty == 0

    world = play(tmp_path, script)
    told = [(type(event).__name__, event.leg) for event in world.of(OrderAccepted, OrderFilled, OrderCancelled)]
    assert told[:4] == [
        ("OrderAccepted", Leg.ENTRY),
        ("OrderAccepted", Leg.STOP),
        ("OrderAccepted", Leg.TARGET),
        ("OrderFilled", Leg.ENTRY),
    ]
    assert ("OrderFilled", Leg.EXIT) in told and {leg for name, leg in told if name == "OrderCancelled"} == {Leg.STOP, Leg.TARGET}


def test_an_entry_that_rests_is_withdrawn_with_its_children(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=2, kind=OrderType.LIMIT, entry_px=MID - 40))
        await world.until(lambda: len(world.of(OrderAccepted)) == 3)
        await world.venue.send(cancel(1))
        await world.until(lambda: not broker(world).orders())
        await world.until(lambda: OrderCancelled(1, Leg.ENTRY, 2) in world.said)

    play(tmp_path, script)


@pytest.mark.parametrize("n_filled", [1, 2, 3])
def test_a_partly_filled_entry_is_left_for_what_it_filled(tmp_path: Path, n_filled: int) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=5, kind=OrderType.LIMIT, entry_px=MID + 4))
        await world.until(lambda: sum(event.qty for event in world.of(OrderFilled)) >= n_filled)
        await world.venue.send(leave(1))
        await world.until(lambda: world.venue.book.lives[1].is_over, 120)
        assert not broker(world).orders() and broker(world).position("DUSIM1", 1).qty == 0

    world = play(tmp_path, script, shown=1)
    _our_book_is_the_brokers(world)
    assert sum(event.qty for event in world.of(OrderCancelled) if event.leg is Leg.ENTRY) < 5


def test_a_partly_filled_entry_that_is_withdrawn_keeps_exits_for_what_is_held(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=5, kind=OrderType.LIMIT, entry_px=MID + 4))
        await world.until(lambda: sum(event.qty for event in world.of(OrderFilled)) >= 2)
        await world.venue.send(cancel(1))
        await world.until(lambda: world.venue.book.lives[1].entry.is_over)
        await asyncio.sleep(5)
        held = broker(world).position("DUSIM1", 1).qty
        working = broker(world).orders()
        assert 2 <= held < 5 and len(working) == 2 and all(order.order.qty - order.filled == held for order in working)
        assert [event.qty for event in world.of(OrderAccepted) if event.leg is Leg.STOP][-1] == held

    play(tmp_path, script, shown=1)


def test_an_exit_without_a_position_sends_no_order(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, kind=OrderType.LIMIT, entry_px=MID - 40))
        await world.until(lambda: len(world.of(OrderAccepted)) == 3)
        await world.venue.send(leave(1))
        await world.until(lambda: OrderCancelled(1, Leg.ENTRY, 1) in world.said)
        await asyncio.sleep(3)
        assert not world.of(OrderFilled) and len(world.venue.book.lives[1].parts) == 3

    play(tmp_path, script)


def test_an_order_that_would_not_be_what_was_commanded_never_leaves(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        n = len(broker(world).orders())
        with pytest.raises(InvariantError, match="at most 5 may leave"):
            await world.venue.send(submit(1, qty=6))
        await asyncio.sleep(2)
        assert len(broker(world).orders()) == n
        assert [event.leg for event in world.of(OrderRejected)] == [Leg.ENTRY]
        assert any(event.kind == "validator" for event in world.of(BrokerSaid))

    play(tmp_path, script)


def test_a_ref_is_never_submitted_twice(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        for _ in range(2):
            await world.venue.send(submit(1))
        await asyncio.sleep(3)
        assert world.of(OrderRejected) == []  # the same intent: said once, answered once
        await world.venue.send(submit(1, qty=2))
        assert broker(world).position("DUSIM1", 1).qty == 1

    (refused,) = play(tmp_path, script).of(OrderRejected)
    assert "submitted before" in refused.text


def test_questions_are_answered_known_or_unknown(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1))
        await world.until(lambda: world.of(OrderFilled))
        for question in (
            ask("account"),
            ask("margin", detail="+1"),
            ask("margin", detail="x"),
            ask("bracket", 1),
            ask("positions"),
            ask("tea"),
        ):
            await world.venue.send(question)
        await world.until(lambda: len(world.of(Answered)) == 6)

    answers = {(event.question, type(event.answer)): event.answer for event in play(tmp_path, script).of(Answered)}
    assert answers["account", Known].value["equity_micros"] > 0
    assert answers["margin", Known].value["initial_micros"] == 19_000 * 10**6
    assert answers["bracket", Known].value == {"entry": True, "exit": False}
    assert ("margin", Unknown) in answers and ("tea", Unknown) in answers and list(answers["positions", Known].value.values()) == [1]


# ---------------------------------------------------------------------- modes and accounts


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.OBSERVE])
def test_a_mode_that_sends_nothing_sends_nothing(tmp_path: Path, mode: Mode) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1))
        await asyncio.sleep(2)
        assert not broker(world).orders() and not broker(world).executions()

    assert "not sent" in play(tmp_path, script, mode=mode).of(OrderRejected)[0].text


@pytest.mark.parametrize(("mode", "account"), [(Mode.PAPER, "DUSIM2"), (Mode.LIVE, "U1234567"), (Mode.PAPER, "U1234567")])
def test_another_account_than_the_one_named_is_never_ready(tmp_path: Path, mode: Mode, account: str) -> None:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path, mode=mode, account=account) as world:
            with pytest.raises(VenueError, match="refused"):
                await world.venue.open(timeout_s=20)
            await world.venue.send(submit(1))
            await asyncio.sleep(1)
            assert world.venue.state is State.REFUSED and not broker(world).orders()
            return world

    assert not [event for event in run(main, epoch_ns=BEGIN_NS).of(ConnectionChanged) if event.up]


# ---------------------------------------------------------------------- a kill, a break, a restart


def test_a_kill_reaches_the_gateway_within_a_quarter_second_behind_a_thousand_requests(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=2))
        await world.venue.send(submit(2, kind=OrderType.LIMIT, entry_px=MID - 40))
        await world.until(lambda: world.of(OrderFilled) and len(world.of(OrderAccepted)) == 6)
        for n in range(1000):
            world.venue.client.reqMarketRule(n)
        await asyncio.sleep(5)
        at = asyncio.get_running_loop().time()
        await world.venue.send(leave(1))
        await world.venue.send(cancel(2))
        assert world.venue.client.lane.n_waiting > 800
        await world.until(lambda: broker(world).order(world.venue.book.lives[2].entry.perm_id).status == "Cancelled")
        assert asyncio.get_running_loop().time() - at <= 0.25
        await world.until(lambda: broker(world).position("DUSIM1", 1).qty == 0)

    play(tmp_path, script)


def test_after_a_break_with_an_open_bracket_everything_is_known_again_and_goes_on(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await world.venue.send(submit(1, qty=2))
        await world.until(lambda: world.of(OrderFilled))
        world.venue.connection.reconnect("for the test")
        await world.until(lambda: not world.venue.connection.is_ready)
        await world.venue.send(submit(2))
        await world.venue.send(leave(1))  # kept, and sent once it is known what is held
        await world.ready()
        await world.until(lambda: broker(world).position("DUSIM1", 1).qty == 0)
        await world.until(lambda: world.venue.book.lives[1].is_over)
        assert not broker(world).orders()

    world = play(tmp_path, script)
    assert [event.ref for event in world.of(OrderRejected)] == [2]
    assert len(own_fills(world)) == 2


def test_the_next_process_takes_up_what_the_one_before_left_open(tmp_path: Path) -> None:
    opened = submit(1, qty=2)

    async def main(loop: VirtualLoop) -> None:
        async with edge(loop, tmp_path) as first:
            fills = await first.opened(opened)
            used = max(part.order_id for part in first.venue.book.lives[1].parts)
            await first.venue.close()
            async with first.followed(tmp_path, loop, Past([(opened, opened.stop_px)], fills)) as second:
                assert not second.of(OrderFilled) and second.venue.book.lives[1].open == 2
                assert {event.leg for event in second.of(OrderAccepted)} == {Leg.STOP, Leg.TARGET}
                await second.venue.send(leave(1))
                await second.until(lambda: broker(first).position("DUSIM1", 1).qty == 0 and not broker(first).orders())
                assert second.venue.book.lives[1].leg(Leg.EXIT).order_id > used

    run(main, epoch_ns=BEGIN_NS)


# ---------------------------------------------------------------------- every fault of the catalogue

SCENARIOS = sorted(
    each.name.removesuffix(".toml")
    for each in resources.files("workbench.gateway.faults.scenarios").iterdir()
    if each.name.endswith(".toml")
)
NEVER_READY = {"answers_muted", "open_orders_muted", "weekly_second_factor"}  # within the time of this test, and rightly
QUICK = {
    "201_rejected_margin", "201_stop_rejected", "103_duplicate_id", "10148_cancel_in_state", "1100_1102_reports_lost", "commission_early",
    "daily_restart_ids_rolled_back", "duplicate_executions", "execution_corrected", "half_open", "late_visibility", "order_lost",
    "rough_weather", "status_out_of_order", "504_not_connected", "manual_order", "326_id_held", "507_half_frame", "321_read_only_api",
}  # fmt: skip


async def _a_session(world: Edge) -> None:
    """A bracket moved and left, an entry withdrawn; what was refused or never arrived is said again, as an engine would."""
    venue = world.venue
    await venue.send(submit(1, qty=2))
    await asyncio.sleep(10)
    await venue.send(modify(1, MID - 380))
    await asyncio.sleep(10)
    await venue.send(submit(2, qty=2, kind=OrderType.LIMIT, entry_px=MID - 40))
    await asyncio.sleep(8)
    await venue.send(cancel(2))
    await asyncio.sleep(10)
    await venue.send(leave(1))
    for _ in range(8):
        await asyncio.sleep(15)
        for ref, life in venue.book.lives.items():
            if any(not part.has_lived and not part.is_over for part in life.parts):
                await venue.send(ask("bracket", ref))
                await asyncio.sleep(8)
            await venue.send(leave(ref) if life.open > 0 else cancel(ref))
    await world.until(lambda: venue.connection.is_ready or venue.state is State.REFUSED, 120)


def _our_book_is_the_brokers(world: Edge) -> None:
    truth, fills = broker(world).truth(), own_fills(world)
    told = {each.exec_id: each for each in truth.executions if each.client_id == world.venue.connection.client_id}
    assert set(told) <= set(fills)  # what was busted is gone from the broker's; its word for that is the position alone
    (position,) = [event.qty for event in world.of(PositionTold)][-1:] or [0]
    assert position == broker(world).position("DUSIM1", 1).qty
    for exec_id, (_, _, qty, px) in fills.items():
        if exec_id in told:
            assert (told[exec_id].qty, told[exec_id].px) == (qty, px)
    live = {order.order.order_ref for order in truth.orders if order.order.order_ref.startswith("WB:")}
    ours = [part for life in world.venue.book.lives.values() for part in life.parts if not part.is_over]
    assert not live and not ours
    assert all(life.open == 0 for life in world.venue.book.lives.values())


def _play_fault(name: str, folder: Path) -> Edge:
    world = play(folder, _a_session, faults=name)
    _our_book_is_the_brokers(world)
    return world


@pytest.mark.parametrize("name", sorted(QUICK))
def test_a_fault_leaves_our_book_equal_to_the_brokers(tmp_path: Path, name: str) -> None:
    _play_fault(name, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in NEVER_READY | QUICK])
def test_every_fault_leaves_our_book_equal_to_the_brokers(tmp_path: Path, name: str) -> None:
    _play_fault(name, tmp_path)


@pytest.mark.parametrize("name", ["answers_muted", "open_orders_muted"])
def test_an_answer_that_never_comes_is_not_an_empty_one(tmp_path: Path, name: str) -> None:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, tmp_path, faults=name) as world:
            await world.venue.open(timeout_s=60)
            await asyncio.sleep(90)
            assert not world.venue.connection.is_ready
            await world.venue.send(submit(1))
            await asyncio.sleep(1)
            return world

    world = run(main, epoch_ns=BEGIN_NS)
    assert not [event for event in world.of(ConnectionChanged) if event.up]
    assert "not sent" in world.of(OrderRejected)[0].text and "no answer" in " ".join(event.why for event in world.of(ConnectionChanged))


def test_a_login_that_waits_for_its_second_factor_is_tried_slowly_and_a_person_is_asked(tmp_path: Path) -> None:
    async def script(world: Edge) -> None:
        await asyncio.sleep(200)
        await world.until(lambda: world.venue.state is State.REFUSED)
        assert "second factor" in world.venue.connection.why
        assert world.venue.connection.n_connects == 1

    play(tmp_path, script, faults="weekly_second_factor")


def test_an_order_typed_by_hand_is_told_as_foreign(tmp_path: Path) -> None:
    world = _play_fault("manual_order", tmp_path)
    assert world.of(ForeignOrderSeen, ForeignFilled) or any(event.qty == 3 for event in world.of(PositionTold))
