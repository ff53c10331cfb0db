"""A recorder over the scripted venue: a log that grows turn by turn, and what stands beside it. No test here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tests.replay.world import World, settings, world
from tests.runtime.live.scripted import Broker, Played
from workbench.config import Mode, Settings
from workbench.market.snapshots import Snapshot, Snapshots
from workbench.runtime.logged import open_log


@cache
def small() -> World:
    """Twenty-five quiet minutes of two contracts that nobody trades."""
    of = world(("ES", "SPY"), minutes=25, activity=0.05)
    return of._replace(setup=of.setup._replace(strategies=(), recipes=(), traders=()))


def recorder(data: Path, **more: Any) -> Played:
    """A run that records it."""
    return Played(data, small(), Broker(2), mode=Mode.RECORD, **{"cuts": 0.0} | more)


def often() -> Settings:
    """Settings with a snapshot a minute."""
    shipped = settings()
    return shipped.model_copy(update={"recorder": shipped.recorder.model_copy(update={"snapshot_s": 60})})


def made_of(data: Path, session: int, every_s: int = 60) -> list[Snapshot]:
    """The rows that the log itself gives."""
    logged = open_log(data, session)
    snapshots, at, rows = Snapshots(logged.contracts, every_s * 10**9), 0, list[Snapshot]()
    for arrival in logged.arrivals:
        stop = int(logged.records["seq"].searchsorted(arrival.after_seq, side="right"))
        rows += snapshots.take(logged.records[at:stop])
        snapshots.hear(arrival.event)
        at = stop
    return rows + snapshots.take(logged.records[at:])
