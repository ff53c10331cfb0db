"""Written times as nanoseconds UTC, a column at a time. No files; a time that does not exist or cannot be meant is marked.

Rules
-----
1. A time with an offset (``-05:00``, ``Z``) needs no zone; where a zone is declared too, both must say the same.
2. A time without one is local to the declared zone. Of the two 01:30 of an autumn night the first is meant, until the rows step
   back within that hour: from there on it is the second.
3. A local time that the clocks skip in spring does not exist.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND, US
from workbench.importers.decimals import quanta

ISO: Final = "iso"
EPOCHS: Final = {"epoch_s": "0.000000001", "epoch_ms": "0.000001", "epoch_us": "0.001", "epoch_ns": "1"}
OFFSET: Final = r"^(.*[0-9])\s*(Z|z|[+-][0-9]{2}:?[0-9]{2})$"
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  what a clock on the wall counts from
FEW_DAYS: Final = 100
FIRST_YEAR, LAST_YEAR = 1980, 2200  # no intraday data is older; an epoch read in the wrong unit is
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Times(NamedTuple):
    """A column of times: nanoseconds UTC, which of them are times at all, which exist in their zone, which were ambiguous."""

    ns: Ints
    is_time: Mask
    exists: Mask
    n_ambiguous: int
    offset_s: Ints | None  # as written; `None` when no row has one
    has_offset: Mask


def zone(name: str) -> ZoneInfo:
    """Give a time zone by its name, or say which kind of name is meant.

    >>> zone("America/New_York").key
    'America/New_York'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"time zone {name!r} is not known; name it as IANA does: America/New_York, America/Chicago, UTC") from error


def read_times(text: pl.Series, style: str, local: ZoneInfo | None) -> Times:
    """Read a column of times.

    Parameters
    ----------
    text
        What the file says, strings or nulls.
    style
        ``iso`` (2026-01-25 18:00:00, a T, parts of a second, an offset), ``epoch_s epoch_ms epoch_us epoch_ns``, or a pattern
        such as ``%m/%d/%Y %H:%M``.
    local
        Zone of times without an offset; `None`: there are none.

    Raises
    ------
    ConfigError
        A pattern that cannot be read.

    Examples
    --------
    >>> read_times(pl.Series(["2026-01-25 18:00:00"]), "iso", zone("America/New_York")).ns.tolist()
    [1769382000000000000]
    >>> read_times(pl.Series(["2026-01-25T23:00:00Z"]), "iso", None).ns.tolist()
    [1769382000000000000]
    """
    text = text.fill_null("").str.strip_chars()
    if style in EPOCHS:
        return _epochs(text, EPOCHS[style])
    bare, offset = _without_offset(text) if style == ISO else (text, None)
    wall = _wall(bare, style)
    is_time = wall.is_not_null().to_numpy()
    wall_ns = wall.fill_null(0).to_numpy()
    ns, exists, n_ambiguous = from_local(wall_ns, local) if local else (wall_ns, np.ones(len(text), bool), 0)
    if offset is None:
        return Times(ns, is_time & (local is not None), exists, n_ambiguous, None, np.zeros(len(text), bool))
    offset_s, written = _offset_seconds(offset), offset.is_not_null().to_numpy()
    ns = np.where(written, wall_ns - offset_s * SECOND, ns)
    return Times(ns, is_time & (written | (local is not None)), exists | written, n_ambiguous, offset_s, written)


def disagrees(times: Times, local: ZoneInfo) -> Mask:
    """Mark the rows whose written offset is not the zone's at that moment."""
    if times.offset_s is None:
        return np.zeros(len(times.ns), bool)
    utc = pl.Series(values=times.ns).cast(pl.Datetime("ns", "UTC"))
    shown = utc.dt.convert_time_zone(local.key).dt.replace_time_zone(None).cast(pl.Int64).to_numpy()
    differs: Mask = (shown - times.ns) != times.offset_s * SECOND
    return differs & times.has_offset & times.is_time


def show(ns: int, local: str) -> str:
    """Write a moment as a clock on the wall of that zone shows it.

    >>> show(1769382000000000000, "America/Chicago")
    '2026-01-25 17:00:00'
    """
    at = pl.Series([ns]).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone(local)
    text: str = at.dt.strftime("%Y-%m-%d %H:%M:%S%.f")[0]
    return text


def _without_offset(text: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """Part times from their offsets; `None` when no row has one."""
    if not text.str.contains(OFFSET).any():
        return text, None
    parts = pl.select(pl.lit(text).str.extract_groups(OFFSET)).to_series().struct
    offset = parts.field("2")
    return pl.select(pl.when(offset.is_not_null()).then(parts.field("1")).otherwise(text)).to_series(), offset


def _wall(text: pl.Series, style: str) -> pl.Series:
    """Read what the clock showed, as nanoseconds; null where it is no time, or not of our time."""
    if "%z" in style or "%:z" in style or "%Z" in style:
        raise ConfigError(f"time format {style!r}: a zone inside a pattern is not read; times with an offset are read by the format iso")
    if style == ISO:
        text = text.str.replace("T", " ", literal=True) if text.str.contains("T", literal=True).any() else text
        short = text.str.len_bytes() == len("2026-01-25 18:00")
        text = pl.select(pl.when(short).then(text + ":00").otherwise(text)).to_series() if short.any() else text
    pattern = "%Y-%m-%d %H:%M:%S%.f" if style == ISO else style
    try:
        coarse = text.str.to_datetime(pattern, time_unit="us", strict=False, ambiguous="null")
        ours = coarse.dt.year().is_between(FIRST_YEAR, LAST_YEAR)
        parts_of_us = pattern.endswith("f") and (text.str.len_bytes() > len("2026-01-25 18:00:00.123456")).any()
        fine = text.str.to_datetime(pattern, time_unit="ns", strict=False, ambiguous="null") if parts_of_us else coarse
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise ConfigError(f"time format {style!r} cannot be read ({error}); use iso, {', '.join(EPOCHS)}, or %Y-%m-%d %H:%M:%S") from error
    ns = fine.cast(pl.Int64) * (1 if parts_of_us else US)
    return pl.select(pl.when(ours).then(ns).otherwise(None)).to_series()


def from_local(wall_ns: Ints, local: ZoneInfo) -> tuple[Ints, Mask, int]:
    """Turn what clocks of a zone showed (rules 2 and 3) into UTC.

    Returns
    -------
    tuple[Ints, Mask, int]
        Nanoseconds UTC, which of them exist, and how many could have been two moments.
    """
    offset_s = _only_offset(wall_ns, local)
    if offset_s is not None:
        return wall_ns - offset_s * SECOND, np.ones(len(wall_ns), np.bool_), 0
    wall = pl.Series(values=wall_ns).cast(pl.Datetime("ns"))
    first, second = (
        wall.dt.replace_time_zone(local.key, ambiguous=which, non_existent="null").cast(pl.Int64) for which in ("earliest", "latest")
    )
    exists = first.is_not_null().to_numpy()
    early, late = first.fill_null(0).to_numpy(), second.fill_null(0).to_numpy()
    twice = early != late
    if not twice.any():
        return early, exists, 0
    back = np.zeros(len(wall_ns), np.int64)
    back[1:] = twice[1:] & twice[:-1] & (np.diff(wall_ns) < 0)
    night = np.cumsum(np.diff(twice.astype(np.int8), prepend=0) == 1)  # one number a run of ambiguous rows
    stepped = np.cumsum(back)
    at_start = np.zeros(night.max() + 1, np.int64)
    starts = np.flatnonzero(np.diff(twice.astype(np.int8), prepend=0) == 1)
    at_start[1:] = stepped[starts]
    return np.where(twice & (stepped > at_start[night]), late, early), exists, int(twice.sum())


def _only_offset(wall_ns: Ints, local: ZoneInfo) -> int | None:
    """Give the offset from UTC [s] of all these times, if they are few days and none of those moved the clocks; else `None`."""
    if not len(wall_ns):
        return None
    first, last = (EPOCH + timedelta(seconds=int(ns) // SECOND) for ns in (wall_ns.min(), wall_ns.max()))
    if last - first > timedelta(days=FEW_DAYS):
        return None
    days = [first + timedelta(days=n) for n in range(-1, (last - first).days + 3)]  # a day more on both sides: zones lie apart
    offsets = {day.replace(tzinfo=local).utcoffset() for day in days}
    only = offsets.pop()
    return None if offsets or only is None else int(only.total_seconds())


def _epochs(text: pl.Series, quantum: str) -> Times:
    read = quanta(text, quantum)
    ns: Any = read.value
    year = pl.Series(values=ns).cast(pl.Datetime("ns")).dt.year().to_numpy()
    ours = read.on_grid & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    n = len(text)
    return Times(np.where(ours, ns, 0), ours, np.ones(n, bool), 0, None, np.ones(n, bool))


def _offset_seconds(offset: pl.Series) -> Ints:
    """Read ``Z`` and ``-05:00`` as seconds; null gives 0."""
    text = offset.fill_null("Z").str.replace(":", "", literal=True).str.to_uppercase().str.replace("Z", "+0000", literal=True)
    hours, minutes = text.str.slice(1, 2).cast(pl.Int64), text.str.slice(3, 2).cast(pl.Int64)
    sign = pl.select(pl.when(text.str.starts_with("-")).then(-1).otherwise(1)).to_series().cast(pl.Int64)
    seconds: Ints = (sign * (hours * 3600 + minutes * 60)).to_numpy()
    return seconds
