"""From moments to the clock on the wall: a plot shows times without a zone, so they are converted first, and the axis says to what.

Moments that the clock shows twice (the hour before it goes back) would run into one another. Where a plot holds such, it keeps the first
offset throughout and says so; everywhere else it shows the clock of the zone on both sides of a change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.research.frames.times import Moment, moment_ns

Times = npt.NDArray[np.datetime64]
Between = tuple[Moment, Moment] | None
Span = tuple[int, int] | None


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

    def text(self, moment: datetime | int) -> str:
        """Write a moment, or ns UTC, by this clock: ``09:30``."""
        at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment // SECOND, UTC)
        local = at.astimezone(UTC) + self.offset if self.offset is not None else at.astimezone(ZoneInfo(self.zone))
        return local.strftime("%H:%M")


def wall(moments: pl.Series, zone: str) -> Wall:
    """Choose the clock for a plot of `moments`, which rise.

    Raises
    ------
    ConfigError
        No such zone.

    Examples
    --------
    >>> may = pl.Series([datetime(2026, 5, 4, 13, 30), datetime(2026, 5, 4, 20, 0)]).dt.replace_time_zone("UTC")
    >>> wall(may, "America/Chicago").label
    'time in America/Chicago (CDT)'
    """
    place = _place(zone)
    known = moments.drop_nulls()
    if known.is_empty() or zone == "UTC":
        return Wall(zone, "time, UTC" if zone == "UTC" else f"time in {zone}")
    first, last = (moment.astimezone(place) for moment in (known[0], known[-1]))
    if first.utcoffset() == last.utcoffset():
        return Wall(zone, f"time in {zone} ({first.tzname()})")
    if known.dt.convert_time_zone(zone).dt.replace_time_zone(None).is_sorted():
        return Wall(zone, f"time in {zone} ({first.tzname()}, later {last.tzname()})")
    return Wall(zone, f"time in {zone} ({first.tzname()} throughout: the clocks went back meanwhile)", first.utcoffset())


def _place(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"there is no time zone {zone!r}; America/New_York, America/Chicago, Europe/Zurich and UTC are some") from None


def span(between: Between, zone: str) -> Span:
    """Read from when to when a plot is about, in ns UTC; what has no zone is by the plot's own clock.

    Raises
    ------
    ConfigError
        A text that is no moment, or an end that does not come after its beginning.

    Examples
    --------
    >>> first, last = span(("2026-11-19 09:30", "2026-11-19 10:00"), "America/New_York")
    >>> last - first == 30 * 60 * 1_000_000_000
    True
    """
    if between is None:
        return None
    _place(zone)
    first, last = (moment_ns(each, zone) for each in between)
    if not first < last:
        raise ConfigError(f"nothing lies between {between[0]} and {between[1]}")
    return first, last
