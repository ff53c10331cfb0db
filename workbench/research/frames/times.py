"""Moments as people write them, as integer nanoseconds UTC. Pure; reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from workbench.domain.errors import ConfigError
from workbench.domain.units import DAY, SECOND, US

Moment = str | int | datetime | np.datetime64
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_ns(time: Moment, zone: str) -> int:
    """Give a moment in ns UTC.

    Parameters
    ----------
    time
        Text, a `datetime` (of pandas too, with its nanoseconds), a `numpy.datetime64` in UTC, or ns UTC.
    zone
        Where it is meant, if it does not say.

    Raises
    ------
    ConfigError
        A text that is no moment.

    Examples
    --------
    >>> moment_ns("2026-11-19 09:30", "America/New_York") == moment_ns("2026-11-19T14:30Z", "UTC") == 1_795_098_600_000_000_000
    True
    """
    if isinstance(time, int | np.integer):
        return int(time)
    if isinstance(time, np.datetime64):
        return int(time.astype("datetime64[ns]").astype(np.int64))
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        raise ConfigError(f"a moment is written 2026-11-19 10:30, or 2026-11-19T15:30Z, not {time!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    since = moment - EPOCH
    return since.days * DAY + since.seconds * SECOND + since.microseconds * US + int(getattr(since, "nanoseconds", 0))
