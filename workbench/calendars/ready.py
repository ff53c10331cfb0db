"""Tables of 42 years, made once and kept, so that no start waits for the calendar library. Same class, same answers as `schedule`.

Rules
-----
1. What is kept lies with the compiled code: in ``__pycache__`` here, or where NUMBA_CACHE_DIR says. ``make`` puts it there, or whoever
   misses it first.
2. It answers only while all that it was made from is as it was: the libraries' versions, the rules of summer time, `hours.toml`, the code
   of this package, the numbers of `Phase`. Otherwise, and when it is damaged, it is made anew, and nobody is told.
3. A range that reaches beyond the years kept is made as asked, and not kept.
"""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache
from importlib import util
from pathlib import Path
from typing import Final
from zoneinfo import TZPATH

import numpy as np

from workbench.calendars import kept, schedule
from workbench.calendars.table import Columns, Ints, Table
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import Phase

HERE: Final = Path(__file__).parent
FIRST: Final = date(1999, 1, 1)
LAST: Final = date(2040, 12, 31)
LIBRARIES: Final = ("pandas_market_calendars", "exchange_calendars", "pandas")
BUSINESS: Final = "business days"


@lru_cache(maxsize=64)
def table(calendar: str, first: date, last: date) -> Table:
    """Give the table of a calendar from 0:00 UTC of `first` to the end of `last` (UTC), both included.

    Parameters, errors and answers are those of `schedule.table`.

    >>> one = table("CME Globex Equity", date(2026, 11, 27), date(2026, 11, 27))   # the day after Thanksgiving closes at 13:15 New York
    >>> [(span.phase.name, span.session) for span in one.spans]
    [('ETH', 20261127), ('RTH', 20261127), ('CLOSED', 20261130)]
    """
    whole = _whole(calendar) if FIRST <= first <= last <= LAST else None
    if whole is not None:
        try:
            return whole.cut(*schedule.bounds(first, last))
        except DataError:  # nothing is known there: `schedule` says so
            pass
    return schedule.table(calendar, first, last)


def business_days(first: date, last: date) -> tuple[date, ...]:
    """List the days on which US exchanges clear, by which futures expire (`market.rolls`).

    >>> business_days(date(2026, 6, 18), date(2026, 6, 22))       # 19 June is Juneteenth
    (datetime.date(2026, 6, 18), datetime.date(2026, 6, 22))
    """
    if not FIRST <= first <= last <= LAST:
        return schedule.business_days(first, last)
    known = _business()
    return tuple(map(date.fromordinal, known[bisect_left(known, first.toordinal()) : bisect_right(known, last.toordinal())]))


def prepare(calendars: Iterable[str], folder: Path | None = None) -> list[str]:
    """Make sure that the tables of these calendars, and business days, are kept; name those that were not."""
    made = [name for name in calendars if kept_table(name, folder) is None]
    for name in made:
        whole_table(name, folder)
    if kept_business(folder) is None:
        made.append(BUSINESS)
        whole_business(folder)
    return made


def whole_table(calendar: str, folder: Path | None = None) -> Table:
    """Give the table of all years kept; make and keep it if there is none."""
    found = kept_table(calendar, folder)
    if found is None:
        found = schedule.table(calendar, FIRST, LAST)
        _keep(calendar, schedule.zone_of(calendar), found.columns._asdict(), folder)
    return found


def kept_table(calendar: str, folder: Path | None = None) -> Table | None:
    """Give the table that is kept, if it may still answer."""
    arrays = _kept(calendar, folder)
    try:
        return None if arrays is None else Table.of(calendar, Columns(**arrays))
    except (TypeError, DataError):
        return None


def whole_business(folder: Path | None = None) -> Ints:
    """Give the ordinals of business days of all years kept; make and keep them if there are none."""
    days = kept_business(folder)
    if days is None:
        days = np.array([day.toordinal() for day in schedule.business_days(FIRST, LAST)], np.int64)
        _keep(BUSINESS, schedule.zone_of("NYSE"), {"days": days}, folder)
    return days


def kept_business(folder: Path | None = None) -> Ints | None:
    """Give the ordinals that are kept, if they may still answer."""
    return (_kept(BUSINESS, folder) or {}).get("days")


@cache
def _whole(calendar: str) -> Table | None:
    try:
        return whole_table(calendar)
    except ConfigError:  # no such calendar, or one that does not know so many years
        return None


@cache
def _business() -> list[int]:
    days: list[int] = whole_business().tolist()
    return days


def _keep(name: str, zone: str, arrays: dict[str, kept.Array], folder: Path | None) -> None:
    kept.write(_file(name, folder), {"name": name, "zone": zone, "key": _key(zone)}, arrays)


def _kept(name: str, folder: Path | None) -> dict[str, kept.Array] | None:
    found = kept.read(_file(name, folder))
    if found is None or found.words.get("name") != name or found.words.get("key") != _key(found.words.get("zone", "")):
        return None
    return found.arrays


def _file(name: str, folder: Path | None) -> Path:
    beside_code = Path(os.environ.get("NUMBA_CACHE_DIR") or HERE / "__pycache__")
    return (folder or beside_code) / f"calendar-{re.sub(r'[^A-Za-z0-9]', '_', name)}.table"


@cache
def _key(zone: str) -> str:
    """Digest of all that a table in a zone was made from, but for its calendar's name."""
    made_of = hashlib.sha256(f"{[_version(name) for name in LIBRARIES]} {list(Phase)} {FIRST} {LAST}".encode())
    for path in sorted([*HERE.glob("*.py"), schedule.HOURS_FILE]):
        made_of.update(f"\n{path.name}\n".encode() + path.read_bytes())
    for name in (zone, str(schedule.NEW_YORK)):
        made_of.update(_zone_rules(name))
    return made_of.hexdigest()


@cache
def _version(library: str) -> str:
    """Version of a library as its installation is named: to ask `importlib.metadata` takes longer than to read a table."""
    spec = util.find_spec(library)
    if spec is None or spec.origin is None:
        return "none"
    beside = Path(spec.origin).parents[1]
    return " ".join(sorted(path.name for path in beside.glob(f"{library}-*.*-info"))) or spec.origin


@cache
def _zone_rules(zone: str) -> bytes:
    """The file of a time zone, from where `zoneinfo` takes it."""
    spec = util.find_spec("tzdata")  # the package that stands in where a system has none
    packaged = str(Path(spec.origin).parent / "zoneinfo") if spec and spec.origin else ""
    files = (Path(folder, zone) for folder in (*TZPATH, packaged))
    return next((path.read_bytes() for path in files if path.is_file()), b"none")
