"""From moments to the clock on the wall: a plot shows times without a zone, so they are converted first, and the axis says to what.

Moments that the clock shows twice (the hour before it goes back) would run into one another. Where a plot holds such, it keeps the first
offset throughout and says so; everywhere else it shows the clock of the zone on both sides of a change.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import DataError

Times = npt.NDArray[np.datetime64]


class Wall(NamedTuple):
    """The clock a plot shows. ``offset`` is set where it is held against the zone's own change."""

    zone: str
    label: str
    offset: timedelta | None = None

    def times(self, moments: pl.Series) -> Times:
        """Read moments off this clock, as bokeh draws them: without a zone.

        >>> at = pl.Series([datetime(2026, 11, 19, 14, 30)]).dt.replace_time_zone("UTC")
        >>> wall(at, "America/New_York").times(at)
        array(['2026-11-19T09:30:00.000000000'], dtype='datetime64[ns]')
        """
        if self.offset is not None:
            shown = (moments.dt.convert_time_zone("UTC") + self.offset).dt.replace_time_zone(None)
        else:
            shown = moments.dt.convert_time_zone(self.zone).dt.replace_time_zone(None)
        made: Times = shown.cast(pl.Datetime("ns")).to_numpy()
        return made

    def text(self, moment: datetime, pattern: str = "%H:%M") -> str:
        """Write one moment by this clock."""
        local = moment.astimezone(ZoneInfo("UTC")) + self.offset if self.offset is not None else moment.astimezone(ZoneInfo(self.zone))
        return local.strftime(pattern)


def zone_of(frame: pl.DataFrame, zone: str | None) -> str:
    """Say in which zone a frame is shown: the one asked for, else the one it was read in.

    Raises
    ------
    DataError
        No such zone.
    """
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise DataError(f"there is no time zone {zone!r}; such are 'America/New_York', 'America/Chicago', 'UTC'") from None
        return zone
    dtype: Any = frame.schema["time"]
    return dtype.time_zone or "UTC"


def wall(moments: pl.Series, zone: str) -> Wall:
    """Choose the clock for a plot of `moments`, which rise.

    Examples
    --------
    >>> may = pl.Series([datetime(2026, 5, 4, 13, 30), datetime(2026, 5, 4, 20, 0)]).dt.replace_time_zone("UTC")
    >>> wall(may, "America/Chicago").label
    'time in America/Chicago (CDT)'
    """
    known = moments.drop_nulls()
    if known.is_empty() or zone == "UTC":
        return Wall(zone, "time, UTC" if zone == "UTC" else f"time in {zone}")
    place = ZoneInfo(zone)
    first, last = (moment.astimezone(place) for moment in (known[0], known[-1]))
    if first.utcoffset() == last.utcoffset():
        return Wall(zone, f"time in {zone} ({first.tzname()})")
    if known.dt.convert_time_zone(zone).dt.replace_time_zone(None).is_sorted():
        return Wall(zone, f"time in {zone} ({first.tzname()}, later {last.tzname()})")
    return Wall(zone, f"time in {zone} ({first.tzname()} throughout: the clocks went back meanwhile)", first.utcoffset())
