"""Real-time bars over the wire: what IB counted reaches its file and never the log, whatever happens to the data."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.gateway.worlds import BEGIN_NS, tape
from tests.venues.ib.world import Edge, edge
from workbench import wire
from workbench.config import Mode
from workbench.domain.events import BrokerSaid, StreamChanged
from workbench.domain.records import Kind
from workbench.domain.units import SECOND
from workbench.simulation.virtual import VirtualLoop, run
from workbench.store.told_bars import ToldBar
from workbench.venues.ib.intake import WRITTEN
from workbench.venues.ib.streams import Source

BAR_NS = 5 * SECOND


class Told(Edge):
    """An edge, the bars it was told, and what was wanted."""

    bars: list[ToldBar]
    live: set[Source]


def play(folder: Path, seconds: int, *, mode: Mode = Mode.RECORD, **options: object) -> Told:
    async def main(loop: VirtualLoop) -> Told:
        async with edge(loop, folder, mode=mode, **options) as world:
            made = Told(world.venue, world.gateway, world.door)
            made.said, made.bars = world.said, []
            made.venue.market.told = made.bars.append
            await made.venue.open(timeout_s=120)
            await asyncio.sleep(seconds)
            made.live = {want.source for want in made.venue.market.subscriptions.streams}
        return made

    return run(main, epoch_ns=BEGIN_NS)


def must_be_the_tape(bars: list[ToldBar]) -> None:
    """Each bar has the volume, the count and the prices of the prints that were shown in its five seconds."""
    shown = tape()
    shown = shown[shown["kind"] == Kind.PRINT]
    for each in bars:
        mine = shown[(shown["recv_ns"] >= each.start_ns) & (shown["recv_ns"] < each.start_ns + BAR_NS)]
        assert (each.volume, each.n_prints) == (int(mine["sz"].sum()), len(mine))
        if len(mine):
            prices = mine["px"]
            assert (each.open_px, each.high_px, each.low_px, each.close_px) == (prices[0], prices.max(), prices.min(), prices[-1])
            assert each.wap_pts == pytest.approx(float((prices * mine["sz"]).sum() / mine["sz"].sum()) / 4)


def test_every_bar_is_told_once_and_none_becomes_a_record_or_an_event(tmp_path: Path) -> None:
    world = play(tmp_path, 60)
    starts = [each.start_ns for each in world.bars]
    assert len(starts) >= 11 and {later - first for first, later in pairwise(starts)} == {BAR_NS}
    must_be_the_tape(world.bars)
    assert sum(each.volume for each in world.bars) > 0 and all(each.recv_ns >= each.start_ns + BAR_NS for each in world.bars)
    records = world.venue.intake.records[: world.venue.intake.state[WRITTEN]]
    assert not (records["kind"] == Kind.BAR).any()
    assert {each.stream for each in world.of(StreamChanged)} == {"l1-250ms", "tick-by-tick", "depth"}


def test_what_is_recorded_is_what_is_recorded_without_them(tmp_path: Path) -> None:
    with_bars, without = (play(tmp_path / str(bars), 60, **{"recorder.bars": bars}) for bars in (True, False))
    assert with_bars.bars and not without.bars and Source.BARS not in without.live
    ours, theirs = (each.venue.intake.records[: each.venue.intake.state[WRITTEN]] for each in (with_bars, without))
    assert Counter(ours["kind"].tolist()) == Counter(theirs["kind"].tolist())
    names = ["event_ns", "px", "sz", "px2", "sz2", "contract", "kind", "side", "level", "flags"]
    assert (ours[names] == theirs[names]).all()
    assert [each for each in with_bars.said if isinstance(each, StreamChanged)] == without.of(StreamChanged)


@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.OBSERVE, Mode.LIVE])
def test_a_run_that_decides_asks_for_none(tmp_path: Path, mode: Mode) -> None:
    assert Source.BARS not in play(tmp_path, 30, mode=mode).live


@pytest.mark.parametrize("fault", ["1100_1101_data_lost", "1100_1102_data_kept", "2103_farm_broken", "half_open", "504_not_connected",
                                   "10225_bars_bust"])  # fmt: skip
def test_after_trouble_they_come_again_and_say_the_truth(tmp_path: Path, fault: str) -> None:
    world = play(tmp_path, 300, faults=fault)
    assert {each.start_ns for each in world.bars} >= {BEGIN_NS + n * BAR_NS for n in range(40, 59)}
    assert len({each.start_ns for each in world.bars}) == len(world.bars)
    must_be_the_tape(world.bars)
    assert "bars-5s" not in {each.stream for each in world.of(StreamChanged)}


def test_what_is_refused_is_no_word_in_the_log(tmp_path: Path) -> None:
    world = play(tmp_path, 120, faults="420_realtime_pacing")
    assert not world.bars and not [each for each in world.of(BrokerSaid) if each.code == 420]


class Ear:
    """Hears what leaves."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def left(self, data: bytes) -> None:
        self.heard.append(data[4:])

    def came(self, data: bytes) -> None:
        pass

    def made(self) -> None:
        pass

    def refused(self, why: str) -> None:
        pass

    def ended(self, error: str | None) -> None:
        pass


def test_they_are_asked_for_in_all_hours_and_cancelled_before_the_connection_ends(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> list[wire.Request]:
        ear = Ear()
        async with edge(loop, tmp_path, mode=Mode.RECORD) as world:
            world.venue.client.conn.recorder = ear
            await world.venue.open(timeout_s=120)
            await asyncio.sleep(30)
        frames = [wire.fields(each) for each in ear.heard if each[:3] in {b"50\0", b"51\0"}]
        return [wire.decode_request(each, 178) for each in frames]

    asked, cancelled = run(main, epoch_ns=BEGIN_NS)
    assert isinstance(asked, wire.ReqRealtimeBars) and (asked.bar_size, asked.what, asked.use_rth) == (5, "TRADES", False)
    assert cancelled == wire.CancelRealtimeBars(asked.req_id)
