"""The page's market is the engine's: same bars, same quotes, same features, however the records arrive."""

from __future__ import annotations

import asyncio

import pytest

from tests.replay.world import World, before
from workbench.config import Settings
from workbench.dashboard.feed import Feed
from workbench.domain.records import Phase
from workbench.domain.units import MINUTE, SECOND
from workbench.engine import Engine
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated

pytestmark = pytest.mark.covers("S0-19", "S3-18")


def feed_of(of: World) -> Feed:
    return Feed([terms.contract for terms in of.setup.terms], lengths_ns=of.setup.lengths_ns, leaders=of.setup.leaders)


@pytest.fixture(scope="module")
def engine(of: World) -> Engine:
    made = Engine(of.setup)
    asyncio.run(run(simulated(of.setup, of.records, of.fills), made, RunLog(), after_seq=before(of)))
    return made


@pytest.mark.parametrize("size", [1_000_000, 7_919, 97])
def test_bars_quotes_and_features_are_the_engines(of: World, engine: Engine, size: int) -> None:
    feed, minutes = feed_of(of), []
    for at in range(0, len(of.records), size):
        feed.fold(of.records[at : at + size], minutes.append)
    assert feed.market.bars.tobytes() == engine.market.bars.tobytes()
    for terms in of.setup.terms:
        slot, seen = feed.slot[terms.contract.id], feed.seen(terms.contract.id)
        assert feed.features(terms.contract.id) == engine.bank.row(slot)
        bar = engine.view(terms.contract.id).bar
        assert (seen.bid_px, seen.ask_px, seen.quality_frac) == (bar.bid_px, bar.ask_px, bar.quality / 1000)
        assert seen.phase == Phase(bar.phase) and seen.last_bar_ns == bar.t_end
    assert minutes == sorted(minutes) and set(minutes) <= {ns for ns in minutes if ns % MINUTE == 0} and len(minutes) >= 39
    assert feed.is_generated and feed.n_records == len(of.records) and feed.last_seq == int(of.records["seq"][-1])


def test_before_the_first_record_nothing_is_known(of: World) -> None:
    seen = feed_of(of).seen(1)
    assert (seen.phase, seen.bid_px, seen.quality_frac, seen.last_bar_ns, seen.spread_ticks) == (None,) * 5


def test_a_long_position_is_left_at_the_bid(of: World) -> None:
    feed = feed_of(of)
    feed.fold(of.records, lambda _: None)
    seen = feed.seen(1)
    assert (seen.leave_px(1), seen.leave_px(-1)) == (seen.bid_px, seen.ask_px)
    assert seen.bid_px is not None and seen.ask_px is not None and seen.spread_ticks == seen.ask_px - seen.bid_px


def test_leaders_come_from_the_settings(of: World, settings: Settings) -> None:
    assert settings.roots["SPY"].lead in settings.roots and all(length * SECOND in of.setup.lengths_ns for length in (5, 60))
