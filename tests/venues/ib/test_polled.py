"""Three failed streams of a contract: its minutes are polled from history into bars, its kind of data is told, until the stream is back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.gateway.worlds import BEGIN_NS, es, tape
from tests.venues.ib.world import Edge, LoopClock, edge
from workbench.domain.events import StreamChanged
from workbench.domain.records import PROVENANCE_SHIFT, Kind, Provenance, Records
from workbench.domain.units import MINUTE, SECOND
from workbench.engine.delivery import is_delivered
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.intake import WRITTEN, Intake
from workbench.venues.ib.polled import KIND, Polled
from workbench.wire import HistoricalBar, HistoricalData

LINE_BACK_S = 300.0


def failing(*more: Rule) -> Scenario:
    """No stream is answered for five minutes; history is."""
    silent = [Rule(when=When(on=kind, times=n), what=(act.Ignore(),)) for kind, n in (("ReqMktData", 9), ("ReqTickByTick", 20))]
    return Scenario(rules=(*silent, *more))


def play(folder: Path, seconds: int, faults: Scenario) -> Edge:
    async def main(loop: VirtualLoop) -> Edge:
        async with edge(loop, folder, faults=faults, n_seconds=1200) as world:
            await world.venue.open(timeout_s=120)
            await asyncio.sleep(seconds)
            return world

    return run(main, epoch_ns=BEGIN_NS)


def bars(world: Edge) -> Records:
    records = world.venue.intake.records[: world.venue.intake.state[WRITTEN]]
    return records[records["kind"] == Kind.BAR]


def told(world: Edge, stream: str) -> list[str]:
    return [event.state for event in world.of(StreamChanged) if event.stream == stream]


@pytest.mark.covers("S3-06")
def test_minutes_of_a_contract_whose_stream_failed_three_times_are_polled_until_it_is_back(tmp_path: Path) -> None:
    world = play(tmp_path, 600, failing())
    found, truth = bars(world), tape(1200)
    assert told(world, KIND) == ["live", "ended"] and told(world, "l1-250ms")[-1] == "live"
    assert len(found) >= 6 and (found["flags"] >> PROVENANCE_SHIFT & 3 == Provenance.BACKFILL).all()
    assert found["level"].tolist() == [0, 1] * (len(found) // 2)
    assert set(np.diff(found["event_ns"][1::2]).tolist()) == {MINUTE}  # each minute once
    prints = truth[truth["kind"] == Kind.PRINT]
    found = found[np.repeat(found["event_ns"][0::2] >= BEGIN_NS, 2)]  # the gateway has a past before its tape
    for head, tail in zip(found[0::2], found[1::2], strict=True):
        own = prints[(prints["event_ns"] >= head["event_ns"]) & (prints["event_ns"] < tail["event_ns"])]
        assert (head["px"], head["px2"], tail["px"], tail["px2"]) == (own["px"][0], own["px"].max(), own["px"].min(), own["px"][-1])
        assert (head["sz"], head["sz2"]) == (own["sz"].sum(), len(own)) and tail["recv_ns"] >= tail["event_ns"]
        assert abs(int(tail["sz"]) - int((own["px"] * own["sz"]).sum())) <= int(head["sz"])  # IB's mean is rounded
    records = world.venue.intake.records[: world.venue.intake.state[WRITTEN]]
    assert (records["kind"][-50:] != Kind.BAR).all()  # the stream brings it again


def test_nobody_enters_on_polled_minutes(tmp_path: Path) -> None:
    world = play(tmp_path, 200, failing())
    streams: dict[str, str] = {}
    for event in world.of(StreamChanged):
        streams[event.stream] = event.state
    assert streams[KIND] == "live" and not is_delivered(streams)


def test_a_connection_that_was_lost_while_polling_polls_again(tmp_path: Path) -> None:
    cut = Rule(when=When(after_s=150.0), what=(act.Disconnect(),))
    world = play(tmp_path, 260, failing(cut))
    assert told(world, KIND) == ["live", "ended", "live"]


def test_history_that_is_refused_is_asked_again_later(tmp_path: Path) -> None:
    world = play(tmp_path, 200, failing(Rule(when=When(on="ReqHistoricalData", times=1), what=(act.Refuse(code=162),))))
    assert told(world, KIND) == ["live"] and len(bars(world))


def bar(at_s: int, close: str = "6800.25", volume: int = 4) -> HistoricalBar:
    return HistoricalBar(str(BEGIN_NS // SECOND + at_s), 6800.0, 6800.5, 6800.0, float(close), volume, 6800.1, 3)


@pytest.mark.parametrize("odd", [bar(60, close="6800.3"), bar(60, close="6801"), bar(60, volume=-1)])
def test_what_is_no_bar_is_left_out_and_none_is_told_twice(tmp_path: Path, odd: HistoricalBar) -> None:
    async def main(loop: VirtualLoop) -> None:
        intake, said = Intake(LoopClock(loop), 64), list[object]()
        polled = Polled(intake, said.append)
        await asyncio.sleep(200)
        assert polled.take(es(), HistoricalData(1, bars=(bar(-120), bar(-60), bar(180)))) == 1 and len(said) == 1  # 180 is not over
        assert polled.take(es(), HistoricalData(1, bars=(bar(-60), bar(0), odd, bar(120)))) == 2
        assert polled.take(es(), HistoricalData(1)) == 0
        polled.end(1, "back")
        polled.end(1, "back")
        assert len(said) == 2 and intake.n_waiting == 6

    run(main, epoch_ns=BEGIN_NS)
