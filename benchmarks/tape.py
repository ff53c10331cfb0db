"""The tape that engines are run over: one real day of ES, quotes and prints, framed and repeated. Makes arrays; measures nothing.

The day is ESH4 of 2023-12-25 (order by order; our importer rebuilds the book): an hour of trading after the holiday, 28,396 quotes
and prints, forty a bar. Without it a generated day stands in, and says so.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from workbench import calendars
from workbench.config import load_settings
from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Phase, Records, empty
from workbench.domain.units import DAY, HOUR, SECOND
from workbench.market.sessions import number, weave

REAL: Final = Path(__file__).parents[2] / "shared" / "data" / "nautilus_databento"
FILES: Final = ("esh4-glbx-mdp3-20231225.mbo.dbn.zst", "definition-glbx-es-fut.dbn.zst")
OPEN_NS: Final = 1_703_545_200 * SECOND  # 2023-12-25 23:00 UTC
END_NS: Final = OPEN_NS + HOUR
FIRST_NS: Final = OPEN_NS - HOUR  # the auction
SESSION: Final = 20231226
EPOCH: Final = 1


class Tape(NamedTuple):
    """Records as a log holds them, and what they are."""

    contracts: tuple[Contract, ...]
    records: Records
    n_market: int  # quotes, prints and depth; not TIME, not PHASE
    n_days: int
    name: str

    @property
    def closes(self) -> tuple[int, ...]:
        """Ends of the days."""
        return tuple(END_NS + day * DAY for day in range(self.n_days))

    @property
    def account_days(self) -> tuple[tuple[int, int], ...]:
        """Start and date of each day."""
        return tuple((FIRST_NS + day * DAY, _date(day)) for day in range(self.n_days))


@cache
def es() -> Contract:
    """Give ES as settings define it, of a month that outlives the longest tape: a contract about to expire takes no entries."""
    root = load_settings(environment={}).roots["ES"]
    return root.contract(1, datetime(2024, 12, 20, tzinfo=UTC).date())


@cache
def market(*, with_depth: bool = False) -> tuple[Records, str]:
    """Give the market records of the day after its open, contract 1, and a name for them."""
    from workbench.importers.databento import read_all

    paths = [REAL / name for name in FILES]
    if not all(path.exists() for path in paths):
        return generated(), "generated day (the recorded one is not here)"
    streams = [stream for reading in read_all(paths, load_settings(environment={}).roots) for stream in reading.streams]
    records = streams[0].records
    records = records[(records["recv_ns"] >= OPEN_NS) & (records["recv_ns"] < END_NS)]
    if not with_depth:
        records = records[(records["kind"] == Kind.QUOTE) | (records["kind"] == Kind.PRINT)]
    records["contract"] = 1
    return records, "ESH4 2023-12-25" + (" with depth" if with_depth else "")


def generated() -> Records:
    """Make an hour of the seeded market, as busy as the real one."""
    from workbench.simulation.market import MarketSettings, generate

    shown = {1: [(OPEN_NS, END_NS, Phase.ETH)]}
    made = generate(SESSION, [es()], shown, seed=7, settings=MarketSettings())
    return made[(made["kind"] == Kind.QUOTE) | (made["kind"] == Kind.PRINT)]


def one_day(records: Records, contracts: int = 1) -> Records:
    """Frame a day with phases and whole seconds; of more contracts than one, each gets the same records a millisecond after the other."""
    copies = [records.copy() for _ in range(contracts)]
    for n, copy in enumerate(copies):
        copy["contract"] = n + 1
        copy["recv_ns"] += n * 1_000_000
    mixed = np.concatenate(copies)
    mixed = mixed.take(np.argsort(mixed["recv_ns"], kind="stable"))
    mixed = mixed[mixed["recv_ns"] < END_NS]
    ends = empty(contracts)
    ends["recv_ns"], ends["kind"], ends["level"], ends["px"] = END_NS, Kind.PHASE, Phase.CLOSED, SESSION
    ends["contract"] = range(1, contracts + 1)
    phases = [calendars.phase_records(_nth(n + 1), FIRST_NS, END_NS) for n in range(contracts)]
    return weave(mixed, np.concatenate([*phases, ends]), first_ns=FIRST_NS, last_ns=END_NS)


def repeat(day: Records, n_days: int) -> Records:
    """Play a day on following dates, numbered through."""
    tape = np.tile(day, n_days)
    shift = np.repeat(np.arange(n_days), len(day))
    tape["recv_ns"] += shift * DAY
    tape["event_ns"] += shift * DAY
    is_phase = tape["kind"] == Kind.PHASE
    tape["px"][is_phase] = np.array([_date(n) for n in range(n_days)])[shift[is_phase]]
    return number(tape, EPOCH)


def tape(n_days: int, *, contracts: int = 1, with_depth: bool = False) -> Tape:
    """Give the day so many times over, on so many contracts."""
    records, name = market(with_depth=with_depth)
    day = one_day(records, contracts)
    n_market = int((~np.isin(day["kind"], (Kind.TIME, Kind.PHASE))).sum())
    return Tape(tuple(_nth(n + 1) for n in range(contracts)), repeat(day, n_days), n_market * n_days, n_days, f"{name} x {n_days}")


@cache
def _nth(n: int) -> Contract:
    """Give the n-th contract of a tape: all have the day of ES."""
    return es() if n == 1 else msgspec.structs.replace(es(), id=n, symbol=f"{es().symbol}-{n}")


def _date(day: int) -> int:
    first = datetime.strptime(str(SESSION), "%Y%m%d").replace(tzinfo=UTC)
    return int((first + timedelta(days=day)).strftime("%Y%m%d"))
