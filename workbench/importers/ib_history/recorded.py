"""From the shelf to recordings: the bars of whole log sessions, every contract that was answered in one. Asks nobody.

Rules
-----
1. A session that holds records from elsewhere (a live run, another import) is left alone and named; one that a download made before is
   made again, with what has come since.
2. Bars arrive in the last nanosecond they cover, as those of any import do; they are marked as asked for afterwards.
3. Price x volume is the broker's own VWAP times volume where it tells one.
4. Where the prints of a contract are held whole, they stand in place of its bars: a bar sums prints up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from msgspec.structs import replace as changed

from workbench.calendars import log_session
from workbench.domain.contracts import Contract
from workbench.domain.records import Provenance, Records, provenance_flag
from workbench.domain.units import SECOND
from workbench.importers import base
from workbench.importers.bars import BarColumns, Ints, bar_records
from workbench.importers.decimals import quanta
from workbench.importers.ib_history import tick_records
from workbench.importers.ib_history.plan import SPANS_NS
from workbench.importers.ib_history.shelf import FOLDER, Kept, Shelf
from workbench.importers.quarantine import Rejected
from workbench.importers.reading import FileReport, Reading, Stream, count_kinds
from workbench.store.manifest import find_log
from workbench.venues.history import PastBar

IMPORTER: Final = "history"
NO_BARS: Final = 0
PRICES: Final = ("open", "high", "low", "close")


class Written(NamedTuple):
    """What a download became: `report` is `None` when nothing could be written; ``held`` are sessions that belong to somebody else."""

    report: base.Report | None
    held: tuple[int, ...]


def write(data: Path, sessions: Iterable[int], length_s: int, *, regular_hours: bool = False, tell: base.Tell = lambda _: None) -> Written:
    """Write log sessions anew out of every answer of the shelf with bars of that length."""
    wanted = set(sessions)
    held = tuple(sorted(each for each in wanted if any(not run.source.startswith(f"{IMPORTER}:") for run in find_log(data, each))))
    wanted.difference_update(held)
    tell("reading the answers")
    found: dict[str, list[Kept]] = defaultdict(list)
    for kept in Shelf(data).every():
        if kept.length_s == length_s and kept.regular_hours == regular_hours and not wanted.isdisjoint(sessions_of(kept)):
            found[kept.asked.of].append(kept)
    ticked = tick_records.sessions_with_ticks(data) & wanted
    report: base.Report | None = None
    for group in (wanted - ticked, *({each} for each in sorted(ticked))):
        ticks = tick_records.readings(data, group & ticked)
        readings = [*ticks.readings, *(_reading(kept, group, ticks.with_prints.get(of, ())) for of, kept in found.items())]
        if readings := [each for each in readings if each.report.n_records]:
            report = _joined(report, base.keep(base.plan(IMPORTER, readings), data, replace=True, tell=tell))
    return Written(report, held)


def _joined(one: base.Report | None, other: base.Report) -> base.Report:
    """Tell two imports as one."""
    if one is None:
        return other
    return changed(
        other,
        files=[*one.files, *other.files],
        sessions=sorted([*one.sessions, *other.sessions], key=lambda each: each.session),
        contracts=one.contracts | other.contracts,
        first_ns=min(one.first_ns, other.first_ns),
        last_ns=max(one.last_ns, other.last_ns),
        quarantine=one.quarantine or other.quarantine,
    )


def lengths(data: Path, sessions: Iterable[int]) -> dict[int, set[int]]:
    """Say which bars sessions of ours hold already: length [s], `NO_BARS` where there are none -> sessions."""
    found: dict[int, set[int]] = defaultdict(set)
    for session in sessions:
        words = [kind.removeprefix("bars ") for run in find_log(data, session) for kind in run.streams if kind.startswith("bars ")]
        known = [length for length in SPANS_NS if _short(length) in words]
        found[known[0] if known else NO_BARS].add(session)
    return found


def sessions_of(kept: Kept) -> set[int]:
    """Give the log sessions an answer's bars lie in: two where a share trades on past the future's close."""
    return set(log_session(np.array([end - 1 for end in _ends(kept)], np.int64)).tolist()) if kept.bars else set()


def _ends(kept: Kept) -> list[int]:
    return [min(bar.start_ns + kept.length_s * SECOND, kept.end_ns) for bar in kept.bars]


def _reading(answers: list[Kept], sessions: set[int], printed: Sequence[tuple[int, int]] = ()) -> Reading:
    """Make one stream of a contract's bars in these log sessions, but for those between times of which its prints are held."""
    contract, path = answers[-1].contract, f"{FOLDER}/{answers[-1].asked.of}"
    bars = [bar for kept in answers for bar in kept.bars]
    ends = np.array([end for kept in answers for end in _ends(kept)], np.int64)
    inside = np.isin(log_session(ends - 1), list(sessions))
    for start_ns, end_ns in printed:
        inside &= (ends <= start_ns) | (ends > end_ns)
    bars, ends = [bar for bar, is_in in zip(bars, inside, strict=True) if is_in], ends[inside]
    records, rejected = records_of(contract, bars, ends, path)
    length = f"bars {_short(answers[0].length_s)}"
    report = FileReport(
        path=path,
        schema=length,
        n_rows=len(bars),
        n_records=len(records),
        n_quarantined=len(rejected),
        reasons={rejected[0].reason: len(rejected)} if rejected else {},
        contracts=[contract.symbol],
        kinds=count_kinds(records),
        first_ns=int(records["recv_ns"][0]) if len(records) else None,
        last_ns=int(records["recv_ns"][-1]) if len(records) else None,
    )
    return Reading([Stream(path, length, contract, records)], report, rejected, [])


def records_of(contract: Contract, bars: list[PastBar], ends: Ints, path: str) -> tuple[Records, list[Rejected]]:
    """Make the records of the bars that lie on the contract's grid and are bars: low <= open, close <= high, nothing negative traded."""
    read = {name: quanta(pl.Series([getattr(bar, name) for bar in bars]), contract.price_quantum) for name in PRICES}
    volume = quanta(pl.Series([bar.volume for bar in bars]), contract.size_quantum)
    o, h, low, c = (read[name].value for name in PRICES)
    good = volume.on_grid & (volume.value >= 0) & (low <= np.minimum(o, c)) & (h >= np.maximum(o, c))
    for each in read.values():
        good &= each.on_grid
    counts = np.array([max(bar.n_prints, 0) for bar in bars], np.int64)
    start = np.array([bar.start_ns for bar in bars], np.int64)
    typical = BarColumns(start, ends, o, h, low, c, volume.value).typical_pv
    pv = np.array([_pv(contract, bar, int(n), int(t)) for bar, n, t in zip(bars, volume.value, typical, strict=True)], np.int64)
    columns = (start, ends, o, h, low, c, volume.value, counts, pv)
    records = bar_records(BarColumns(*(column[good] for column in columns)))
    records["flags"] |= provenance_flag(Provenance.BACKFILL)
    rejected = [Rejected(path, int(at) + 1, "no bar on the contract's grid", str(bars[int(at)])) for at in np.flatnonzero(~good)]
    return records, rejected


def _pv(contract: Contract, bar: PastBar, volume: int, typical: int) -> int:
    """Give price x volume in quanta by the bar's own VWAP; `typical` where the broker tells none."""
    vwap = Decimal(bar.vwap) if bar.vwap else Decimal(0)
    if vwap == 0 or not vwap.is_finite():
        return typical
    return int((vwap / Decimal(contract.price_quantum) * volume).to_integral_value(ROUND_HALF_EVEN))


def _short(length_s: int) -> str:
    """Name a length.

    >>> _short(60), _short(5), _short(3600)
    ('1m', '5s', '1h')
    """
    for unit, seconds in (("h", 3600), ("m", 60)):
        if length_s % seconds == 0:
            return f"{length_s // seconds}{unit}"
    return f"{length_s}s"
