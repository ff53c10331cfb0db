"""Times of a session: closed days have none, early closes move them, clocks that change neither double nor drop one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.pipelines.schedule.trigger import at, ns_of, parse

NEW_YORK = ZoneInfo("America/New_York")
pytestmark = pytest.mark.covers("S1-12", "S3-21", "S3-31")


def fired(text: str, first: datetime, last: datetime) -> list[str]:
    slots = parse(text).between(ns_of(first), ns_of(last))
    return [f"{at(slot.due_ns).astimezone(NEW_YORK):%m-%d %H:%M}" for slot in slots]


def test_around_thanksgiving_the_close_is_the_calendars() -> None:
    first, last = datetime(2025, 11, 26, tzinfo=UTC), datetime(2025, 12, 2, tzinfo=UTC)
    assert fired("close-15m", first, last) == ["11-26 16:45", "11-27 12:45", "11-28 13:00", "12-01 16:45"]


def test_when_clocks_change_the_market_s_hour_stays() -> None:
    spring = fired("open+30m", datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC))
    autumn = fired("open+30m", datetime(2026, 10, 28, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC))
    assert {each[-5:] for each in spring + autumn} == {"18:30"} and len(spring) == len(autumn) == 6


def test_a_week_and_a_quarter_have_one_each_and_a_holiday_moves_it() -> None:
    fridays = fired("friday close+1h", datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 4, 12, tzinfo=UTC))
    assert fridays == ["04-03 10:15", "04-10 18:00"]  # Good Friday 2026, a payrolls day, closes at 9:15
    quarters = fired("quarterly: last session close+2h", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC))
    assert [each[:5] for each in quarters] == ["03-31", "06-30", "09-30", "12-31"]


YEARS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 6, 1))  # noqa: DTZ001  hypothesis wants them naive


@given(YEARS, st.sampled_from(["close+30m", "open", "maintenance", "open every 1h"]))
def test_the_next_time_is_always_later_and_never_twice_the_same(moment: datetime, text: str) -> None:
    trigger, now = parse(text), moment.replace(tzinfo=UTC)
    fires, before = [], None
    for _ in range(4):
        before = trigger.get_next_fire_time(before, now)
        assert before is not None and before >= now
        fires.append(before)
    assert fires == sorted(set(fires)) and fires[-1] - now < timedelta(days=12)
