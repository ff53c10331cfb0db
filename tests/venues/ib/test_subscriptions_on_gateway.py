"""Streams over the wire: what the gateway's tape holds is what we record, and whatever happens to the data, it comes again or is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.gateway.worlds import BEGIN_NS, tape
from tests.venues.ib.world import Edge, edge
from workbench.domain.events import BrokerSaid, ContractTold, StreamChanged
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind, Records
from workbench.domain.units import SECOND
from workbench.gateway.behaviour import OPEN_INTEREST
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.deeds import State
from workbench.venues.ib.intake import WRITTEN
from workbench.venues.ib.streams import Source

Play = Callable[[Edge], Awaitable[None]]
SETTLED_S = 150  # of a fault: its own 30 to 50 s, retries, and the spacing of tick-by-tick requests


def play(folder: Path, seconds: int, **options: object) -> Edge:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, folder, **options) as world:
            await world.venue.open(timeout_s=120)
            await asyncio.sleep(seconds)
            world.live = {want.source for want, each in world.venue.market.subscriptions.streams.items() if each.state == State.LIVE}
            return world

    return run(main, epoch_ns=BEGIN_NS)


def recorded(world: Edge, start_s: float, end_s: float) -> Records:
    """What was recorded between two moments of the session."""
    records = world.venue.intake.records[: world.venue.intake.state[WRITTEN]]
    since = records["recv_ns"] - BEGIN_NS
    return records[(since >= start_s * SECOND) & (since < end_s * SECOND)]


def by_tick(records: Records, kind: Kind) -> list[tuple[int, ...]]:
    flags = EVENT_TIME | (BID | ASK if kind == Kind.QUOTE else 0)
    names = ["event_ns", "px", "sz", "px2", "sz2", "side"]
    rows = records[(records["kind"] == kind) & (records["flags"] & (flags | CONFLATED) == flags)]
    return [(event_ns // SECOND, *rest) for event_ns, *rest in rows[names].tolist()]


def is_whole(world: Edge, start_s: int, end_s: int) -> None:
    """Every quote and every trade of the tape was recorded tick by tick, once, with its time and its side."""
    truth = tape()
    inside = (truth["recv_ns"] >= BEGIN_NS + start_s * SECOND) & (truth["recv_ns"] < BEGIN_NS + end_s * SECOND)
    ours = recorded(world, start_s, end_s)
    for kind in (Kind.QUOTE, Kind.PRINT):
        assert by_tick(ours, kind) == by_tick(truth[inside], kind)
    assert not (ours["kind"] == Kind.GAP).any()
    assert not (ours["flags"][ours["kind"] <= Kind.PRINT] & CONFLATED).any()


def test_once_tick_by_tick_flows_the_records_are_the_tape_and_nothing_else(tmp_path: Path) -> None:
    world = play(tmp_path, 60)
    is_whole(world, 30, 59)
    assert world.live == {Source.LEVEL1, Source.LAST, Source.BID_ASK, Source.DEPTH}


def test_until_then_the_line_brings_quotes_and_prints_and_says_that_they_are_conflated(tmp_path: Path) -> None:
    world = play(tmp_path, 14)
    early = recorded(world, 2, 13)
    quotes = early[early["kind"] == Kind.QUOTE]
    assert len(quotes) and (quotes["flags"] & CONFLATED).all()
    assert (early["kind"] == Kind.PRINT).any()


@pytest.mark.parametrize(
    "fault",
    ["1100_1101_data_lost", "1100_1102_data_kept", "2103_farm_broken", "2103_farm_broken_kept", "2110_server_broken",
     "10197_competing_session", "317_depth_reset", "half_open", "507_half_frame", "504_not_connected", "quotes_freeze"],
)  # fmt: skip
def test_what_is_lost_comes_again_whole(tmp_path: Path, fault: str) -> None:
    settled = SETTLED_S + 60 * (fault == "half_open")  # which is seen by its heartbeat alone
    world = play(tmp_path, settled + 30, faults=fault)
    is_whole(world, settled, settled + 29)
    assert world.live == {Source.LEVEL1, Source.LAST, Source.BID_ASK, Source.DEPTH}


@pytest.mark.parametrize(("fault", "away"), [("", (0, 0)), ("504_not_connected", (20, 40)), ("1100_1101_data_lost", (20, 49))])
def test_a_trade_is_a_print_once_also_where_a_stream_tick_by_tick_begins_beside_the_line(
    tmp_path: Path, fault: str, away: tuple[int, int]
) -> None:
    world, shown = play(tmp_path, 120, **({"faults": fault} if fault else {})), tape()
    shown, ours = shown[shown["kind"] == Kind.PRINT], recorded(world, 2, 119)
    second = (shown["recv_ns"] - BEGIN_NS) // SECOND
    shown = shown[(second >= 3) & (second < 118) & ((second < away[0]) | (second >= away[1]))]
    ours = ours[ours["kind"] == Kind.PRINT]
    heard = Counter((int(each["event_ns"]) // SECOND, int(each["px"]), int(each["sz"])) for each in ours)
    expected = Counter((int(each["recv_ns"]) // SECOND, int(each["px"]), int(each["sz"])) for each in shown)
    assert not expected - heard  # none is lost
    first_s, last_s = BEGIN_NS // SECOND + 3, BEGIN_NS // SECOND + 118
    assert not {each for each in heard - expected if first_s <= each[0] < last_s}


@pytest.mark.parametrize(
    "fault",
    ["malformed_message", "unknown_tick_type", "unknown_message", "burst", "drip", "2104_farms_are_fine", "2107_2108_farm_inactive"],
)
def test_what_is_odd_but_harmless_loses_no_record(tmp_path: Path, fault: str) -> None:
    world = play(tmp_path, SETTLED_S + 30, faults=fault)
    is_whole(world, SETTLED_S, SETTLED_S + 29)


@pytest.mark.parametrize(
    ("fault", "stream", "without"),
    [("10190_tick_by_tick_full", "tick-by-tick", Source.LAST), ("309_too_many_depth", "depth", Source.DEPTH)],
)
def test_what_is_refused_is_told_and_the_line_goes_on(tmp_path: Path, fault: str, stream: str, without: Source) -> None:
    world = play(tmp_path, 60, faults=fault)
    assert [event.state for event in world.of(StreamChanged) if event.stream == stream and event.state == "refused"]
    assert without not in world.live
    late = recorded(world, 40, 59)
    assert {Kind.QUOTE, Kind.PRINT} <= set(late["kind"].tolist())


def test_delayed_data_is_told_before_its_first_record(tmp_path: Path) -> None:
    world = play(tmp_path, 30, faults="10167_delayed")
    assert ("delayed", "degraded") in [(event.stream, event.state) for event in world.of(StreamChanged)]


def test_a_halt_is_an_event(tmp_path: Path) -> None:
    world = play(tmp_path, 120, faults="trading_halt")
    assert [event.kind for event in world.of(BrokerSaid) if event.contract == 1] == ["halted-volatility", "resumed"]


def test_how_much_is_open_and_traded_is_told_at_the_beginning_and_then_seldom(tmp_path: Path) -> None:
    told = play(tmp_path, 300).of(ContractTold)
    assert told[-1].open_interest == OPEN_INTEREST and {each.contract for each in told} == {1}
    volumes = [each.volume for each in told if each.volume is not None]
    assert volumes == sorted(volumes) and len(volumes) >= 2 and len(told) <= 300 // 60 + 2


def test_a_line_that_comes_back_tells_it_again(tmp_path: Path) -> None:
    assert [each.open_interest for each in play(tmp_path, 120, faults="504_not_connected").of(ContractTold)].count(OPEN_INTEREST) >= 2
