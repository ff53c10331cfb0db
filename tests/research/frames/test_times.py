"""A moment is the same however it is written, to the nanosecond where it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.errors import ConfigError
from workbench.research.frames.times import moment_ns

NS = 1_795_098_600_123_456_789  # 2026-11-19 14:30:00.123456789 UTC


@pytest.mark.parametrize(
    ("time", "ns"),
    [
        (NS, NS),
        (np.int64(NS), NS),
        (np.datetime64(NS, "ns"), NS),
        (pd.Timestamp(NS, tz="UTC"), NS),
        (pd.Timestamp(NS, tz="UTC").tz_convert("America/New_York"), NS),
        (datetime(2026, 11, 19, 14, 30, 0, 123456, UTC), NS - 789),
        (datetime(2026, 11, 19, 9, 30, 0, 123456), NS - 789),  # noqa: DTZ001  of the session's zone
        ("2026-11-19 09:30", NS - 123_456_789),
        ("2026-11-19T14:30:00Z", NS - 123_456_789),
        ("2026-11-19", NS - 123_456_789 - 9 * 3_600_000_000_000 - 1_800_000_000_000),
    ],
)
def test_a_moment_is_the_same_however_it_is_written(time: object, ns: int) -> None:
    assert moment_ns(time, "America/New_York") == ns


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-12, 12))  # noqa: DTZ001  a clock on a wall
def test_no_microsecond_is_lost(time: datetime, hours: int) -> None:
    aware = time.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert moment_ns(aware, "UTC") == int(pd.Timestamp(aware).as_unit("ns").value)


def test_what_is_no_moment_is_told_how_to_be_written() -> None:
    with pytest.raises(ConfigError, match="a moment is written 2026-11-19 10:30, or 2026-11-19T15:30Z, not 'noon'"):
        moment_ns("noon", "UTC")
