"""What a text file shows by itself: its separator, a missing header, how its times are written. Opens no file, makes no record.

Found is only what one reading alone explains; two that fit are an error that names both. What a wrong guess would shift unseen (zone,
stamp, length, contract, a decimal comma) is never found: an error says at most what the file looks like.
"""

from __future__ import annotations

import re
import shlex
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from workbench.domain.errors import DataError
from workbench.importers.lines import DELIMITERS, first_fields, quote_line
from workbench.importers.mapping import NEEDED
from workbench.importers.times import EPOCHS, ISO, Ints, read_times

TRIED: Final = ("\t", ";", "|", ",")  # in this order: a decimal comma makes commas that separate nothing
VALUE: Final = re.compile(r"^[+-]?\d[\d.,]*([eE][+-]?\d+)?$|^\d{1,4}[-/.:]\d{1,2}([-/.:]\d{1,4})?([ T].*)?$|^nan$", re.IGNORECASE)
DAY: Final = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$|^\d{8}$|^\d{1,2}-[A-Za-z]{3}-\d{4}$")
CLOCK_ALONE: Final = r"^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?$"
CLOCK: Final = re.compile(r"^\d{1,2}:\d{2}.*$|^\d{6}$")
DAYS: Final = (
    *("%Y%m%d", "%Y.%m.%d", "%Y/%m/%d", "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y"),
    *("%m-%d-%Y", "%d-%m-%Y", "%d-%b-%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y"),
)
CLOCKS: Final = ("%H:%M:%S%.f", "%H:%M", "%H%M%S", "%H%M", "%I:%M:%S %p", "%I:%M %p")
FORMATS: Final = (*EPOCHS, "%Y%m%d%H%M%S", "%Y%m%d%H%M", *(f"{day} {clock}" for day in DAYS for clock in CLOCKS))
SAMPLE: Final = 1_000  # rows by which a form is judged
HALF, NEARLY_ALL = 0.5, 0.9  # shares of them
NOT_A_TIME: Final = np.iinfo(np.int64).min
DAY_ALONE: Final = r"^(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{8})( 0?0:00(:00)?)?$"
ZONE_BEHIND: Final = r"^(.*\d)\s+([A-Za-z]+/[A-Za-z_/]+|UTC|GMT|E[SD]?T|C[SD]?T)$"
DECIMAL_COMMA: Final = r"^[+-]?\d+(\.\d{3})*,\d+$"
THOUSANDS: Final = r"^[+-]?\d{1,3}(,\d{3})+\.\d*$"


def separator(line: str, kind: str) -> str:
    """Find the mark between fields: the first of `TRIED` that cuts a line into as many as are needed, else a comma.

    >>> separator("26.01.2026 09:30;6904,25;10", "prints"), separator("time,price,size", "prints"), separator("time", "prints")
    (';', ',', ',')
    """
    return next((mark for mark in TRIED if len(first_fields(line, mark)) >= len(NEEDED[kind])), ",")


def name_of(mark: str) -> str:
    """Name a separator as ``--delimiter`` does.

    >>> name_of(";"), name_of("~")
    ('semicolon', '~')
    """
    return next((name for name, own in DELIMITERS.items() if own == mark), mark)


def is_values(names: list[str]) -> bool:
    """Tell whether what should be a header is a row: numbers, dates and times in most of its fields.

    >>> is_values(["2026-01-26 10:00", "6904,25", "10", "x"]), is_values(["Date", "Open", "1"])
    (True, False)
    """
    return sum(VALUE.match(name) is not None for name in names) > HALF * len(names)


def columns_for(values: list[str], kind: str) -> str:
    """Suggest what the columns of a file without header may be; a person must say so, for open and close look alike.

    >>> columns_for(["01/26/2026", "09:30", "1", "2", "0", "1", "5"], "bars"), columns_for(["1769437800", "6904", "3", "x"], "prints")
    ('date,time,open,high,low,close,volume', 'time,price,size,-')
    """
    apart = len(values) > 1 and DAY.match(values[0]) is not None and CLOCK.match(values[1]) is not None
    names = [*(["date"] if apart else []), *NEEDED[kind]]
    return ",".join([*names, *["-"] * (len(values) - len(names))])


def are_days(text: pl.Series) -> bool:
    """Tell whether these are days without a clock.

    >>> are_days(pl.Series(["26.01.2026", "27-Jan-2026", "20260128"])), are_days(pl.Series(["2026-01-26 09:30"]))
    (True, False)
    """
    return _nearly_all(text, DAY.pattern)


def are_clocks(text: pl.Series) -> bool:
    """Tell whether these are clocks without a day; six digits could be anything.

    >>> are_clocks(pl.Series(["09:30", "9:31:00.5", "1:00 PM"])), are_clocks(pl.Series(["093000"]))
    (True, False)
    """
    return _nearly_all(text, CLOCK_ALONE)


def time_format(text: pl.Series, where: str, day: str | None = None) -> str:
    """Find how times are written.

    Parameters
    ----------
    text
        The times as the file has them; some may be none.
    where
        What an error calls them.
    day
        The column that they are all of, as the file calls it; `None`: they are of two columns, or have no name.

    Raises
    ------
    DataError
        No form that is known reads them, or two read them differently.

    Examples
    --------
    >>> time_format(pl.Series(["26.01.2026 09:30", "27.01.2026 09:30"]), "a.csv"), time_format(pl.Series(["1769437800"]), "a.csv")
    ('%d.%m.%Y %H:%M', 'epoch_s')
    """
    sample = _sample(text)
    if not len(sample) or _n_read(_moments(sample, ISO)) >= HALF * len(sample):
        return ISO
    read = {form: _moments(sample, form) for form in FORMATS}
    best = max(_n_read(ns) for ns in read.values())
    first = quote_line(str(sample[0]))
    if best < NEARLY_ALL * len(sample):
        raise DataError(f"{where}: times such as {first} {_why(sample, where, day)}")
    rivals: dict[bytes, str] = {}
    for form, ns in read.items():
        if _n_read(ns) == best:
            rivals.setdefault(ns.tobytes(), form)
    if len(rivals) > 1:
        ways = " or ".join(f"--time-format '{form}'" for form in rivals.values())
        raise DataError(f"{where}: times such as {first} can be read in {len(rivals)} ways; say which: {ways}")
    return next(iter(rivals.values()))


def numbers(text: pl.Series) -> str:
    """Say what it may be that makes most of these no numbers; empty if nothing is known.

    >>> numbers(pl.Series(["6904,25", "6904,5"]))
    "Prices such as '6904,25' have a decimal comma: say --decimal comma."
    """
    text = text.fill_null("").str.strip_chars()
    if not len(text):
        return ""
    odd = quote_line(str(text[0]))
    if _mostly(text, THOUSANDS):
        return f"Prices such as {odd} have marks between thousands: write the file without them."
    if _mostly(text, DECIMAL_COMMA):
        return f"Prices such as {odd} have a decimal comma: say --decimal comma."
    return ""


def _why(sample: pl.Series, where: str, day: str | None) -> str:
    """Say why no form reads these times, and what to do."""
    if _mostly(sample, DAY_ALONE):
        said = "are days without a clock: bars of a day have no exact end to place them by, and are not read"
        return f"{said}; if the clock is in another column: --columns {shlex.quote(f'date={day}')},time=NAME" if day else said
    parts = pl.select(pl.lit(sample).str.extract_groups(ZONE_BEHIND)).to_series().struct
    named = parts.field("2").drop_nulls().unique()
    if len(named) == 1:
        form = time_format(parts.field("1").drop_nulls(), where)
        form = "%Y-%m-%d %H:%M:%S" if form == ISO else form
        return f"end in the name of a zone: say --time-format '{form} {named[0]}', and --zone for what it means (as IANA names it)"
    return "are of no form that is known; say how they are written: --time-format '%d.%m.%Y %H:%M'"


def _nearly_all(text: pl.Series, pattern: str) -> bool:
    sample = _sample(text)
    return len(sample) > 0 and int(sample.str.contains(pattern).sum()) >= NEARLY_ALL * len(sample)


def _mostly(text: pl.Series, pattern: str) -> bool:
    return int(text.str.contains(pattern).sum()) > HALF * len(text)


def _sample(text: pl.Series) -> pl.Series:
    text = text.fill_null("").str.strip_chars()
    text = text.filter(text.str.len_bytes() > 0)
    if len(text) <= SAMPLE:
        return text
    return text.gather(np.linspace(0, len(text) - 1, SAMPLE).astype(np.int64))


def _moments(sample: pl.Series, form: str) -> Ints:
    times = read_times(sample, form, ZoneInfo("UTC"))
    return np.where(times.is_time, times.ns, NOT_A_TIME)


def _n_read(ns: Ints) -> int:
    return int(np.count_nonzero(ns != NOT_A_TIME))
