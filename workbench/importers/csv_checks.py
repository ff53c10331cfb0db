"""Where data contradict what was declared about them: refused with a remedy, rather than written shifted. Reads and writes nothing.

Each check compares the declared reading with others that could have been meant; it refuses only when another explains the data and the
declared one does not, so that odd data alone are never a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.calendars import phase_at
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import Phase
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.importers import csv_found
from workbench.importers.csv_columns import Columns
from workbench.importers.decimals import undo_float32
from workbench.importers.mapping import Declared, Mapping
from workbench.importers.quarantine import Verdicts
from workbench.importers.times import zone

OTHER_ZONES: Final = ("UTC", "America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Asia/Tokyo")
UTC_NAMED: Final = re.compile("utc|gmt")
UTC_ZONES: Final = ("UTC", "GMT", "Etc/UTC", "Etc/GMT", "Zulu")
CLOSED_FRAC: Final = 0.005  # of rows in closed hours; the best vendors have a few odd prints
TIMES_BETTER: Final = 4  # another reading must have this many times fewer rows in closed hours
MOST_REGULAR, FEW_REGULAR = 0.999, 0.95  # a file of regular hours only, and one that by its declaration is not
MOST: Final = 0.5
PRICE_OF: Final = {"bars": "close", "quotes": "bid", "prints": "price"}
SAMPLE: Final = 20_000  # rows that a reading is judged by
ENOUGH: Final = 20  # bars that tell a spacing
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Reread = Callable[[Ints, ZoneInfo], Ints]


def refuse_if_bad(declared: Declared, verdicts: Verdicts, columns: Columns) -> None:
    """Refuse the file when more rows fell than may."""
    n, mapping = len(verdicts.good), declared.mapping
    if verdicts.n_bad < n and verdicts.n_bad <= mapping.max_bad_frac * n:
        return
    fallen = np.flatnonzero(~verdicts.good)[:SAMPLE]
    price = columns[PRICE_OF[mapping.kind]].gather(fallen)
    if mapping.prices == "exact" and (undo_float32(price) != price).sum() > MOST * len(price):
        remedy = "The prices went through 32-bit floats: say --prices float32."
    elif mapping.decimal == "point" and (said := csv_found.numbers(price)):
        remedy = said
    elif "off the grid" in next(iter(verdicts.counts())):
        remedy = "Is it this contract? A finer grid is a setting: [roots.X] price_quantum."
    else:
        remedy = f"Is the declaration right? Up to {mapping.max_bad_frac:.1%} may be set aside (--max-bad-frac)."
    raise DataError(
        f"{declared.path}: {verdicts.n_bad:,} of {n:,} rows cannot be taken: {verdicts.summary()}. Nothing was written. {remedy}"
    )


def direction(declared: Declared, ns: Ints) -> None:
    """Refuse a file that runs backwards, rather than all of its rows."""
    steps = np.diff(ns)
    if len(steps) and np.count_nonzero(steps < 0) > len(steps) / 2:
        way = "--newest-first is not right here" if declared.mapping.newest_first else "say --newest-first"
        raise DataError(f"{declared.path}: time goes back from line to line; {way}")


def offsets(declared: Declared, differs: Mask, text: pl.Series) -> None:
    """Refuse a zone that contradicts the offsets written in the file."""
    if differs.any():
        at = int(np.flatnonzero(differs)[0])
        raise DataError(
            f"{declared.path}: {text[at]!r} carries an offset that {declared.mapping.zone} does not have then. "
            "Times with an offset need no zone: leave --zone away."
        )


def names(declared: Declared, columns: Columns) -> None:
    """Refuse a zone that contradicts the name of the column of times."""
    theirs, own = columns.theirs["time"], declared.mapping.zone
    if own is not None and not declared.mapping.trust_times and UTC_NAMED.search(theirs.lower()) and own not in UTC_ZONES:
        raise DataError(
            f"{declared.path}: its times are called {theirs!r}, and are declared as of {own}. Which is it? --zone UTC, or --trust-times."
        )


def spacing(declared: Declared, end_ns: Ints) -> Mask:
    """Refuse a length that the distances between bars contradict.

    Returns
    -------
    Mask
        Bars that stand off the grid of the others: a stub of the moment the file was made, say.
    """
    path, mapping = declared
    if mapping.length is None or len(end_ns) < 2:
        return np.zeros(len(end_ns), np.bool_)
    length = mapping.length_ns
    steps, n = np.unique(np.diff(end_ns), return_counts=True)
    usual = int(steps[np.argmax(n)])
    if usual < length:
        raise DataError(f"{path}: bars of {mapping.length} stand {words(usual)} apart. Is --length {words(usual)} meant?")
    places, n = np.unique(end_ns % length, return_counts=True)
    astray: Mask = end_ns % length != places[np.argmax(n)]
    common = int(np.gcd.reduce(np.diff(end_ns[~astray]), initial=0))
    if len(end_ns) >= ENOUGH and common > length:
        raise DataError(f"{path}: bars of {mapping.length} stand {words(common)} apart, all. Is --length {words(common)} meant?")
    return astray


def hours(declared: Declared, contract: Contract, ns: Ints, reread: Reread | None) -> None:
    """Refuse a zone or a stamp that puts rows into closed hours which another reading explains.

    Parameters
    ----------
    ns
        The times of the rows that stand, as declared: the end of a bar, the moment of a quote or print.
    reread
        Reads some of these rows (by their place in `ns`) in another zone, as written; `None`: the file tells their zone itself.
    """
    path, mapping = declared
    if mapping.trust_times or not len(ns):
        return
    starts = ns - mapping.length_ns
    own = _phases(contract, starts)
    opens = Phase.MAINTENANCE if mapping.kind == "quotes" else Phase.ETH  # orders are taken, and quotes shown, before trading begins
    n_closed = int(np.count_nonzero(own < opens))
    _refuse_stamp(declared, contract, starts, n_closed)
    if reread is None or n_closed == 1:  # one odd row is no reason
        return
    rows = np.unique(np.linspace(0, len(ns) - 1, min(SAMPLE, len(ns))).astype(np.int64))
    closed, regular = _shares(own[rows], opens)
    before = mapping.length_ns if mapping.stamp == "end" else 0
    for other in OTHER_ZONES:
        other_closed, other_regular = _shares(_phases(contract, reread(rows, zone(other)) - before), opens)
        if closed > CLOSED_FRAC and other_closed * TIMES_BETTER <= closed:
            raise DataError(
                f"{path}: read as {mapping.zone}, {closed:.1%} of the rows lie in hours in which {contract.symbol} is closed; "
                f"read as {other}, {other_closed:.1%}. Which is it? {_trust(mapping)}"
            )
        if regular < FEW_REGULAR and other_regular >= MOST_REGULAR:
            raise DataError(
                f"{path}: read as {other}, all rows lie in the regular hours of {contract.symbol}; read as {mapping.zone}, "
                f"{regular:.0%}. Which is it? {_trust(mapping)}"
            )


def zones_that_fit(mapping: Mapping, calendar: str, reread: Reread, n: int) -> list[str]:
    """Name the zones in which hardly any of `n` rows lies in closed hours: a hint for who must declare one."""
    rows = np.unique(np.linspace(0, n - 1, min(SAMPLE, n)).astype(np.int64))
    before = mapping.length_ns if mapping.stamp == "end" else 0
    opens = Phase.MAINTENANCE if mapping.kind == "quotes" else Phase.ETH
    moments = {other: reread(rows, zone(other)) - before for other in OTHER_ZONES}
    shares = {other: _shares(phase_at(calendar, ns), opens) for other, ns in moments.items() if len(ns)}
    fits = [other for other, (closed, _) in shares.items() if closed <= CLOSED_FRAC]
    return [other for other in fits if shares[other][1] >= MOST_REGULAR] or fits


def backwards(verdicts: Verdicts, ns: Ints) -> None:
    """Take out rows whose time lies before that of an earlier row."""
    rows = np.flatnonzero(verdicts.good)
    latest = np.maximum.accumulate(ns[rows]) if len(rows) else ns[rows]
    verdicts.mark_among(rows[1:], ns[rows][1:] < latest[:-1], "time goes back")


def repeated(verdicts: Verdicts, ns: Ints, text: pl.Series) -> None:
    """Take out bars whose time the bar before them had already."""
    rows = np.flatnonzero(verdicts.good)
    again = ns[rows][1:] == ns[rows][:-1]
    if not again.any():
        return
    alike = (text.gather(rows[1:]) == text.gather(rows[:-1])).to_numpy()
    verdicts.mark_among(rows[1:], again & alike, "the same line again")
    verdicts.mark_among(rows[1:], again & ~alike, "a second bar of this time")


def _refuse_stamp(declared: Declared, contract: Contract, starts: Ints, n_closed: int) -> None:
    """Refuse a stamp by which bars begin before the open or after the close, when by the other none does."""
    path, mapping = declared
    if mapping.stamp is None or n_closed < 2:
        return
    other, shift = ("end", -mapping.length_ns) if mapping.stamp == "start" else ("start", mapping.length_ns)
    n_other = int(np.count_nonzero(_phases(contract, starts + shift) < Phase.ETH))
    if n_other * TIMES_BETTER <= n_closed:
        raise DataError(
            f"{path}: with the time as the {mapping.stamp} of a bar, {n_closed:,} bars lie in hours in which {contract.symbol} is closed; "
            f"as its {other}, {n_other:,}. Which is it? {_trust(mapping)}"
        )


def _trust(mapping: Mapping) -> str:
    return f"If {mapping.zone or 'the time'} and stamp are right nevertheless: --trust-times."


def _phases(contract: Contract, ns: Ints) -> npt.NDArray[np.uint8]:
    return phase_at(contract.calendar, ns)


def _shares(phases: npt.NDArray[np.uint8], opens: Phase) -> tuple[float, float]:
    """Give the shares of closed hours, before the phase that `opens`, and of regular ones."""
    if not len(phases):
        return 1.0, 0.0
    return float(np.mean(phases < opens)), float(np.mean(phases == Phase.RTH))


def words(ns: int) -> str:
    """Write a length as `Mapping.length` reads it.

    >>> words(5 * MINUTE), words(90 * SECOND)
    ('5m', '90s')
    """
    for unit, letter in ((HOUR, "h"), (MINUTE, "m"), (SECOND, "s")):
        if ns and ns % unit == 0:
            return f"{ns // unit}{letter}"
    return f"{ns / SECOND:g}s"
