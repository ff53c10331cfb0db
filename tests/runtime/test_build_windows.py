"""Windows without entries are minutes of a wall clock, on whichever side of a change of clocks a day lies."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from workbench.domain.errors import ConfigError
from workbench.runtime import build
from workbench.runtime.build import _windows

pytestmark = pytest.mark.covers("S2-42", "S4-20")


def cut(*windows: str, first: int = 20261030, last: int = 20261102, zone: str = "America/New_York") -> list[tuple[str, str]]:
    law = build.constitution("micro")
    law = msgspec.structs.replace(law, sessions=msgspec.structs.replace(law.sessions, no_entry_windows=windows, window_zone=zone))
    return [tuple(f"{datetime.fromtimestamp(at // 10**9, UTC):%m-%d %H:%M}" for at in each) for each in _windows(law, first, last)]


def test_half_past_nine_in_new_york_is_an_hour_later_by_the_log_when_summer_time_is_over() -> None:
    found = cut("09:30-09:35")
    assert ("10-30 13:30", "10-30 13:35") in found and ("11-02 14:30", "11-02 14:35") in found


def test_windows_that_meet_are_one_and_one_past_midnight_goes_on() -> None:
    assert ("10-30 15:00", "10-30 18:00") in cut("11:00-13:00", "13:00-14:00")
    assert ("10-31 02:00", "10-31 05:00") in cut("22:00-01:00") and cut() == []


def test_a_zone_nobody_knows_is_said() -> None:
    with pytest.raises(ConfigError, match="no time zone 'Mars/Olympus'"):
        cut("09:30-09:35", zone="Mars/Olympus")
