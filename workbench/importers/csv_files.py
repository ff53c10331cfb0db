"""Bars, quotes and prints out of text files whose form the user declares (`mapping`). Makes records; writes nothing.

Every line is either taken exactly or rejected with a reason. A row is rejected when its number of fields, its time or a number in it
cannot be read, a price is off the contract's grid, a size is negative, a bar's high or low is not its highest or lowest, its time
goes back, or (bars) its time was there already. Too many of them, or a declaration that contradicts the data as a whole, refuse
the file: `DataError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec.structs import replace

from workbench.config import Root
from workbench.domain.errors import DataError
from workbench.importers import csv_checks, csv_found, naming
from workbench.importers.csv_checks import Reread
from workbench.importers.csv_columns import Columns, columns_of
from workbench.importers.csv_names import own_rows
from workbench.importers.csv_rows import MAKERS, Table
from workbench.importers.lines import read_lines
from workbench.importers.mapping import Declared
from workbench.importers.preview import preview
from workbench.importers.quarantine import Verdicts
from workbench.importers.reading import FileReport, Reading, Stream, count_kinds, span
from workbench.importers.times import EPOCHS, Times, disagrees, read_times, zone

N_SHOWN: Final = 3  # rows of a preview
Ints = npt.NDArray[np.int64]


def read(declared: Declared, roots: Mapping[str, Root]) -> Reading:
    """Read one file as declared.

    Raises
    ------
    ConfigError
        The contract, the zone or the time format cannot be meant.
    DataError
        The file cannot be read, contradicts the declaration, or holds too many bad rows. The text names file, line and remedy.
    """
    name = naming.name(declared.mapping.contract, roots, expiry=naming.day(declared.mapping.expiry))
    columns, body, notes = columns_of(read_lines(declared.path), declared.mapping)
    columns, body, left_out = own_rows(declared, columns, body, roots)
    notes += left_out
    declared = _with_form(declared, columns)
    path, mapping = declared
    verdicts = Verdicts(body)
    verdicts.mark(~columns.fits, f"not {columns.n} fields")
    table = Table(columns, verdicts, name.root, mapping.prices == "float32", mapping.length_ns, has_comma=mapping.decimal == "comma")
    times = _times(declared, table)
    known_ns = times.ns + (mapping.length_ns if mapping.stamp == "start" else 0)
    records_of = MAKERS[mapping.kind](table, known_ns)
    _reject_disorder(table, known_ns, declared, body.text)
    csv_checks.refuse_if_bad(declared, verdicts, columns)
    good = np.flatnonzero(verdicts.good)
    contract = name.contract(int(known_ns[good[0]]))
    reread = _rereader(declared, columns.time.gather(good)) if mapping.zone else None
    csv_checks.hours(declared, contract, known_ns[good], reread)
    stream = Stream(str(path), f"bars {mapping.length}" if mapping.length else "tick-by-tick", contract, records_of(good))
    if times.n_ambiguous:
        notes.append(f"{times.n_ambiguous:,} times lie in an hour that an autumn night has twice: the first, after a step back the second")
    first_ns, last_ns = span([stream])
    report = FileReport(
        path=str(path),
        schema=f"csv {mapping.kind}",
        n_rows=len(body.text),
        n_records=len(stream.records),
        n_quarantined=verdicts.n_bad,
        reasons=verdicts.counts(),
        contracts=[contract.symbol],
        kinds=count_kinds(stream.records),
        first_ns=first_ns,
        last_ns=last_ns,
        notes=notes,
    )
    shown = preview(declared, contract, columns, body.text.gather(good[:N_SHOWN]).to_list(), records_of(good[:N_SHOWN]))
    return Reading([stream], report, list(verdicts.rejected()), shown)


def _with_form(declared: Declared, columns: Columns) -> Declared:
    """Find how times are written, where that was not declared."""
    path, mapping = declared
    if mapping.time_format is not None:
        return declared
    form = csv_found.time_format(columns.time.filter(pl.Series(columns.fits)), str(path), columns.day_alone(mapping))
    if form in EPOCHS and mapping.zone is not None:
        raise DataError(f"{path}: its times count from 1970 UTC ({form}), which needs no zone: leave --zone away")
    return Declared(path, replace(mapping, time_format=form))


def _times(declared: Declared, table: Table) -> Times:
    path, mapping = declared
    assert mapping.time_format is not None  # `_with_form`
    local = None if mapping.zone is None else zone(mapping.zone)
    times = read_times(table.columns.time, mapping.time_format, local)
    stands = table.verdicts.good
    if local is None and stands.any() and not times.has_offset[stands].any():
        rows = np.flatnonzero(stands)
        reread = _rereader(declared, table.columns.time.gather(rows))
        fit = csv_checks.zones_that_fit(mapping, table.root.calendar, reread, len(rows)) if reread else []
        hint = f" By the market's hours it could be {' or '.join(fit)}." if fit else ""
        raise DataError(f"{path}: its times have no offset, so their zone must be declared: --zone America/New_York, --zone UTC ...{hint}")
    csv_checks.names(declared, table.columns)
    if local is not None:
        csv_checks.offsets(declared, disagrees(times, local) & stands, table.columns.time)
    table.verdicts.mark(~times.is_time, f"no time of the form {mapping.time_format}")
    table.verdicts.mark(~times.exists, f"no such time in {mapping.zone}")
    return times


def _rereader(declared: Declared, text: pl.Series) -> Reread | None:
    """Make what reads these times in another zone; `None` where they count from 1970 UTC."""
    form = declared.mapping.time_format
    if form is None or form in EPOCHS:
        return None

    def reread(rows: Ints, other: ZoneInfo) -> Ints:
        times = read_times(text.gather(rows), form, other)
        return times.ns[times.is_time & times.exists]

    return reread


def _reject_disorder(table: Table, ns: Ints, declared: Declared, text: pl.Series) -> None:
    """Reject rows whose time goes back, and bars that were there already or stand between the others."""
    verdicts = table.verdicts
    csv_checks.direction(declared, ns[verdicts.good])
    csv_checks.backwards(verdicts, ns)
    if declared.mapping.kind == "bars":
        csv_checks.repeated(verdicts, ns, text)
        rows = np.flatnonzero(verdicts.good)
        verdicts.mark_among(rows, csv_checks.spacing(declared, ns[rows]), f"not on the grid of bars of {declared.mapping.length}")
