"""Lean's ticks, seconds and minutes as records, a command's worth of folders and zips. Writes nothing.

Times are milliseconds since midnight of the file's day: New York's for shares, UTC for futures. Prices of shares count 1 / 10,000.
Sources: QuantConnect/Lean, Data/equity/readme.md, Data/future/readme.md, market-hours-database.json (dataTimeZone).
Open interest is left out and counted: no record tells it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.config import Root
from workbench.domain.contracts import ContractType
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import MINUTE, SECOND
from workbench.importers import csv_checks, lean_files, lean_rows
from workbench.importers.csv_columns import Columns
from workbench.importers.csv_rows import Table
from workbench.importers.lean_files import Entry
from workbench.importers.mapping import Declared
from workbench.importers.mapping import Mapping as How
from workbench.importers.naming import Name, unknown
from workbench.importers.quarantine import Verdicts
from workbench.importers.reading import FileReport, Reading, Stream, count_kinds, span
from workbench.importers.times import from_local, zone

DECI_CENTS: Final = 10_000  # to a dollar; LeanData.Scale, for shares and options only
LENGTHS: Final = {"tick": 0, "second": SECOND, "minute": MINUTE}
STREAM_KINDS: Final = {
    ("trade", "tick"): "tick-by-tick",
    ("quote", "tick"): "tick-by-tick",
    ("trade", "second"): "bars 1s",
    ("quote", "second"): "L1 1 s",
    ("trade", "minute"): "bars 1m",
    ("quote", "minute"): "L1 1 m",
}
N_NAMED: Final = 3  # files left out that a note names
ENOUGH: Final = 200  # rows by whose hours a zone is judged: a far month may trade at any few of them
Ints = npt.NDArray[np.int64]


class Wanted(NamedTuple):
    """What of the files is wanted, and how bad they may be.

    Parameters
    ----------
    resolution
        ``tick second minute``; `None`: whatever there is, of each contract only one.
    only
        Contracts or roots (``ESZ3``, ``SPY``); empty: all.
    zone
        Of the times, where it is not Lean's own.
    max_bad_frac
        Share of a file's rows that may be set aside, 0 to 1.
    trust_times
        Do not hold times against the market's hours.
    """

    resolution: str | None = None
    only: tuple[str, ...] = ()
    zone: str | None = None
    max_bad_frac: float = 0.01
    trust_times: bool = False


EVERYTHING: Final = Wanted()


class _Part(NamedTuple):
    """One entry, read. ``verdicts`` `None`: it was left out whole."""

    streams: list[Stream]
    n_rows: int
    verdicts: Verdicts | None
    notes: list[str]


def read_all(paths: Iterable[Path], roots: Mapping[str, Root], wanted: Wanted = EVERYTHING) -> Iterator[Reading]:
    """Read files and folders, one zip after the other, in the order of time.

    Raises
    ------
    ConfigError
        A contract that no root of the settings fits, or something is asked for that there is not.
    DataError
        A file is damaged, holds too many bad rows, is off its contract's grid or in another zone; one contract comes in two resolutions.
    """
    _check(wanted)
    found = lean_files.find(paths)
    entries = _chosen(found.entries, wanted)
    _refuse_two_resolutions(entries)
    for path, own in groupby(entries, key=lambda entry: entry.path):
        yield _read(path, list(own), roots, wanted)
    if found.left_out:
        some = ", ".join(found.left_out[:N_NAMED])
        more = f" and {len(found.left_out) - N_NAMED:,} more" if len(found.left_out) > N_NAMED else ""
        note = f"left out, as neither ticks, seconds nor minutes of shares and futures: {some}{more}"
        yield Reading([], FileReport(path="(left out)", schema="lean", n_rows=0, n_records=0, notes=[note]), [], [])


def _check(wanted: Wanted) -> None:
    if wanted.resolution is not None and wanted.resolution not in LENGTHS:
        raise ConfigError(f"resolution {wanted.resolution!r} is not read; known are {', '.join(LENGTHS)}")
    if not 0 <= wanted.max_bad_frac <= 1:
        raise ConfigError(f"max_bad_frac is a share from 0 to 1, not {wanted.max_bad_frac}")
    if wanted.zone is not None:
        zone(wanted.zone)


def _chosen(entries: list[Entry], wanted: Wanted) -> list[Entry]:
    there = {name for entry in entries for name in (entry.contract, entry.symbol)}
    if absent := [name for name in wanted.only if name not in there]:
        raise ConfigError(f"no file holds {', '.join(absent)}; there are {', '.join(sorted({entry.contract for entry in entries}))}")
    chosen = [
        entry
        for entry in entries
        if (not wanted.only or entry.contract in wanted.only or entry.symbol in wanted.only)
        and wanted.resolution in (None, entry.resolution)
    ]
    if not chosen:
        have = ", ".join(sorted({entry.resolution for entry in entries}))
        raise DataError(
            f"nothing to read: there is {have} data, none of the {wanted.resolution}"
            if have
            else "no zip of Lean's ticks, seconds or minutes lies here"
        )
    return chosen


def _refuse_two_resolutions(entries: list[Entry]) -> None:
    """Refuse one day of one contract that is told twice, as ticks and as minutes, say."""
    told: dict[tuple[date, str, str], set[str]] = {}
    for entry in entries:
        told.setdefault((entry.day, entry.contract, entry.what), set()).add(entry.resolution)
    for (day, contract, what), resolutions in told.items():
        if len(resolutions) > 1:
            ways = [way for way in LENGTHS if way in resolutions]
            raise DataError(f"{what}s of {contract} on {day} are there as {' and as '.join(ways)}; say which: --resolution {ways[0]}")


def _read(path: Path, entries: list[Entry], roots: Mapping[str, Root], wanted: Wanted) -> Reading:
    """Read the entries of one zip, and judge them together: a far contract may have one row, and that one bad."""
    parts = [_part(entry, roots, wanted) for entry in entries]
    judged = [part.verdicts for part in parts if part.verdicts is not None]
    n_rows, n_bad = sum(part.n_rows for part in parts), sum(verdicts.n_bad for verdicts in judged)
    if n_bad > wanted.max_bad_frac * n_rows:
        said = "; ".join(verdicts.summary() for verdicts in judged if verdicts.n_bad)
        raise DataError(
            f"{path}: {n_bad:,} of {n_rows:,} rows cannot be taken: {said}. Nothing was written. "
            f"Up to {wanted.max_bad_frac:.1%} may be set aside (--max-bad-frac)."
        )
    streams = [stream for part in parts for stream in part.streams]
    reasons: Counter[str] = Counter()
    for verdicts in judged:
        reasons.update(verdicts.counts())
    first_ns, last_ns = span(streams)
    report = FileReport(
        path=str(path),
        schema=f"lean {entries[0].resolution} {entries[0].what}",
        n_rows=n_rows,
        n_records=sum(len(stream.records) for stream in streams),
        n_quarantined=n_bad,
        n_ignored=sum(part.n_rows for part in parts if part.verdicts is None),
        reasons=dict(reasons.most_common()),
        contracts=[stream.contract.symbol for stream in streams],
        kinds=count_kinds(np.concatenate([stream.records for stream in streams])) if streams else {},
        first_ns=first_ns,
        last_ns=last_ns,
        notes=list(dict.fromkeys(note for part in parts for note in part.notes)),
    )
    return Reading(streams, report, [row for verdicts in judged for row in verdicts.rejected()], [])


def _part(entry: Entry, roots: Mapping[str, Root], wanted: Wanted) -> _Part:
    lines = lean_files.read(entry)
    if entry.what == "openinterest":
        return _Part([], len(lines.text), None, ["open interest was left out: no record tells it"])
    name, form = _name(entry, roots), lean_rows.form_of(entry)
    columns = lean_rows.columns(entry, lines)
    verdicts = Verdicts(lines)
    verdicts.mark(~columns.fits, f"not {columns.n} fields")
    is_share = name.root.type is ContractType.STOCK
    length_ns = LENGTHS[entry.resolution]
    local = zone(wanted.zone or ("America/New_York" if is_share else "UTC"))
    wall_ns, start_ns = lean_rows.times(entry.day, verdicts, columns["time"], local)
    table = Table(columns, verdicts, name.root, length_ns=length_ns, per_point=DECI_CENTS if is_share else 1)
    records_of = lean_rows.maker(form, table, start_ns + length_ns)
    csv_checks.backwards(verdicts, start_ns)
    if length_ns:
        csv_checks.repeated(verdicts, start_ns, lines.text)
        verdicts.mark(start_ns % length_ns != 0, f"not on the grid of bars of a {entry.resolution}")
    good = np.flatnonzero(verdicts.good)
    if not len(good):
        return _Part([], len(lines.text), verdicts, [])
    contract = name.contract(int(start_ns[good[0]]))
    if len(good) >= ENOUGH:
        how = How(contract=contract.symbol, kind=form.kind, zone=local.key, trust_times=wanted.trust_times)
        csv_checks.hours(Declared(Path(entry.label), how), contract, start_ns[good], _rereader(wall_ns[good]))
    records = records_of(good)
    stream = Stream(entry.label, STREAM_KINDS[entry.what, entry.resolution], contract, records)
    return _Part([stream], len(lines.text), verdicts, _notes(entry, columns, stream, lines.number[good], good))


def _rereader(wall_ns: Ints) -> csv_checks.Reread:
    return lambda rows, other: from_local(wall_ns[rows], other)[0]


def _notes(entry: Entry, columns: Columns, stream: Stream, line: Ints, good: Ints) -> list[str]:
    """Say what a person should know about rows that were kept."""
    records = stream.records
    doubted = (columns["doubt"].gather(good) == "1").to_numpy() if "doubt" in columns else np.zeros(len(records), np.bool_)
    odd = lean_rows.remarks(records, line.repeat(len(records) // len(line)), doubted)
    notes = [f"{stream.contract.symbol}, kept: {odd}"] if odd else []
    if lean_rows.form_of(entry) is lean_rows.QUOTE_BARS:
        notes.append("of a quote bar the closing bid and ask are kept, as one quote at its end; open, high and low are not")
    return notes


def _name(entry: Entry, roots: Mapping[str, Root]) -> Name:
    if entry.symbol not in roots:
        raise ConfigError(f"{entry.label}: {unknown(entry.symbol, roots)}; or leave it out by --only")
    root = roots[entry.symbol]
    if (entry.month is None) != (root.type is not ContractType.FUTURE):
        said = "a month of delivery" if entry.month else "no month of delivery"
        raise ConfigError(f"{entry.label}: its name has {said}, but by the settings {entry.symbol} is a {root.type}")
    if entry.month is None:
        return Name(entry.symbol, root)
    return Name(entry.contract, root, entry.month[1], str(entry.month[0]), expiry=entry.expiry)
