"""The main job on a generated day: record and trade it on paper, seal it, replay it from the recordings, compare. Prints nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from workbench.config import load_settings
from workbench.domain.decisions import AnyFact, ParityBroken
from workbench.domain.units import SECOND
from workbench.learning.models import DEFAULT
from workbench.runtime import build
from workbench.runtime.generated import generated
from workbench.runtime.logged import Logged, open_log
from workbench.runtime.paper import Paper, paper
from workbench.runtime.replay import Outcome, first_difference, issued, replay
from workbench.simulation.market import MarketSettings
from workbench.store.sealer import seal

ROOTS: Final = ("ES", "NQ", "RTY", "SPY", "QQQ", "IWM")
SESSION: Final = 20261119
ACCOUNT: Final = "DUSIM-DEMO"
PROFILE: Final = "demo"
OPENS_HOUR: Final = 18  # New York; of the log session, the evening before
WIRE_FOLDER: Final = "wire"  # in the demo's: what goes over TCP beside it (`rehearsal`) has stores of its own
TRADERS: Final = (("learned", DEFAULT), ("vwap_reversion", ""))

Step = Callable[[str, int | None], AbstractContextManager[Callable[[int], Any]]]


class Demonstration(NamedTuple):
    """What a day came to: its log, what was traded, what the replay made of it, and how long both took."""

    logged: Logged
    facts: list[AnyFact]
    traded: Paper
    replayed: Outcome
    difference: ParityBroken | None
    trading_s: float
    replaying_s: float

    @property
    def is_same(self) -> bool:
        """Whether the replay issued the recorded commands and ended in the same state."""
        same = (self.traded.commands_digest, self.traded.state_digest) == (self.replayed.commands_digest, self.replayed.state_digest)
        return self.difference is None and same


def moment(session: int, at: time_of_day) -> int:
    """Give the instant of a time of day in New York within a log session: from 18:00 on it is the evening before.

    >>> (moment(20261119, time_of_day(9, 30)) - moment(20261119, time_of_day(18, 0))) / 3_600_000_000_000
    15.5
    """
    day = date(session // 10_000, session // 100 % 100, session % 100) - timedelta(days=at.hour >= OPENS_HOUR)
    return int(datetime.combine(day, at, ZoneInfo("America/New_York")).timestamp()) * SECOND


def demonstrate(
    data: Path,
    *,
    seed: int,
    activity: float,
    source: str,
    step: Step,
    speed: float | None = None,
    watched_from_ns: int | None = None,
) -> Demonstration:
    """Do the main job in an empty data folder.

    Parameters
    ----------
    seed, activity
        Of the generated market.
    source
        What the log says its records are.
    step
        ``step(name, size)`` is entered around each part; what it yields hears how far a part of known size is.
    speed
        Of log time while it is traded, in wall clocks, so that one can watch it; `None`: as fast as it goes.
    watched_from_ns
        Log time from which on `speed` holds (`moment`); `None`: from the beginning.
    """
    settings = load_settings()
    with step("generate the market", None):
        made = generated(settings, ROOTS, SESSION, seed=seed, market=MarketSettings(activity=activity))
    law = build.constitution(PROFILE)
    setup = build.setup(settings, made.contracts, [SESSION], law, account=ACCOUNT, strategies=TRADERS)
    began = time.perf_counter()
    with step(f"trade {len(made.records):,} records on paper", len(made.records)) as tell:
        run = paper(
            data,
            SESSION,
            made.contracts,
            made.records,
            setup,
            build.fills(settings),
            digests={"settings": settings.digest},
            source=source,
            progress=tell,
            speed=speed,
            watched_from_ns=watched_from_ns,
        )
        traded = asyncio.run(run)
    trading_s = time.perf_counter() - began
    with step("seal the tail into recordings", None):
        seal(data)
    with step("read the day back", None):
        logged = open_log(data, SESSION)
        facts = list(logged.facts())
    began = time.perf_counter()
    with step("replay it from the recordings", None):
        replayed = asyncio.run(replay(setup, logged.records, logged.arrivals))
    difference = first_difference(issued(facts), issued(replayed.facts))
    return Demonstration(logged, facts, traded, replayed, difference, trading_s, time.perf_counter() - began)
