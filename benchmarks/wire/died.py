"""A run that died late in its session, as a data folder holds it: records, a journal of so many rows, and a manifest that is open.

Made with the plan of the edge that will take it up, by the loop that makes every log; in one commit, for speed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.wire.session import BEGIN_NS, SESSION
from workbench.config import Mode, load_settings
from workbench.domain.events import AnyEvent, Arrival, BrokerSaid, ClockCompared
from workbench.domain.records import Records
from workbench.domain.units import SECOND
from workbench.engine import Engine
from workbench.market.sessions import number
from workbench.runtime.generated import generated
from workbench.runtime.live import Runner
from workbench.runtime.live.begin import begin
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run as drive
from workbench.simulation.market import MarketSettings
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.tail import Tail
from workbench.venues.recorded import RecordedVenue

ACTIVITY: Final = 0.2
FARM: Final = "Market data farm connection is OK:usfarm"


def market_of(contract: int) -> Records:
    """Make the session's market up to the moment at which the gateway begins."""
    settings = load_settings(environment={})
    made = generated(settings, ["ES"], SESSION, seed=1, market=MarketSettings(activity=ACTIVITY, rows=0), last_ns=BEGIN_NS - SECOND)
    records = made.records
    records["contract"][records["contract"] != 0] = contract
    return records


async def die(runner: Runner, data: Path, n_rows: int) -> dict[str, Any]:
    """Write such a run; give what it holds."""
    plan = runner._plan(SESSION)
    begun = begin(data, SESSION, Mode.PAPER, plan)
    records = market_of(plan.contracts[0].id)
    number(records, begun.run.epoch)
    first_ns = int(records["recv_ns"][0])
    engine = Engine(begun.setup(plan))
    known = [Arrival(begun.before_seq, n, first_ns, event) for n, event in enumerate(runner._opening(begun, plan, {}), 1)]
    heard = known + _heard(records, n_rows - len(known))
    journal = Folders(data).journal(begun.run.run)
    with Tail(Folders(data).tail, session=SESSION, epoch=begun.epoch) as tail, Journal(journal) as made:
        log = RunLog(tail, made, one_commit=True)
        await drive(RecordedVenue(records, heard), engine, log, after_seq=begun.before_seq)
    return {"rows": entries.head(journal).id, "records": len(records), "events": len(heard), "barriers": engine.n_barriers}


def _heard(records: Records, n: int) -> list[Arrival]:
    """Spread events over the session: words of the broker, and its clock."""
    places = np.linspace(1_000, len(records) - 1, n).astype("i8")
    made: list[Arrival] = []
    for i, at in enumerate(places.tolist()):
        event: AnyEvent = ClockCompared(1_000_000) if i % 2 else BrokerSaid(2104, "information", FARM, None, None)
        seq = int(records["seq"][at])
        nth = made[-1].n + 1 if made and made[-1].after_seq == seq else 1
        made.append(Arrival(seq, nth, int(records["recv_ns"][at]), event))
    return made
