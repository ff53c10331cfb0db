"""When pages are due: known dates, both ends of summer time, and what holds on every day."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.calendars import LOG_CALENDAR, phase_at, session_bounds, table
from workbench.domain.records import Phase
from workbench.domain.units import HOUR, MINUTE
from workbench.pipelines.schedule.trigger import Slot, at, ns_of, parse

NEW_YORK = ZoneInfo("America/New_York")


def slots(text: str, first: str, last: str) -> list[Slot]:
    """Give the slots of the New York days first to last."""
    begin = datetime.fromisoformat(first).replace(tzinfo=NEW_YORK)
    end = datetime.fromisoformat(last).replace(tzinfo=NEW_YORK) + timedelta(days=1)
    return list(parse(text).between(ns_of(begin.astimezone(UTC)) - 1, ns_of(end.astimezone(UTC)) - 1))


def times(text: str, first: str, last: str) -> list[str]:
    return [at(slot.due_ns).astimezone(NEW_YORK).strftime("%m-%d %H:%M") for slot in slots(text, first, last)]


def test_early_closes_move_what_hangs_on_the_close() -> None:
    """Thanksgiving closes at 13:00 and the day after at 13:15, as checked against the exchange's hours."""
    assert times("close-15m", "2025-11-26", "2025-12-01") == ["11-26 16:45", "11-27 12:45", "11-28 13:00", "12-01 16:45"]
    assert times("close+30m", "2026-11-25", "2026-11-30") == ["11-25 17:30", "11-26 13:30", "11-27 13:45", "11-30 17:30"]


def test_a_holiday_has_no_slot_and_needs_no_edit() -> None:
    assert times("close", "2025-04-17", "2025-04-21") == ["04-17 17:00", "04-21 17:00"]  # Good Friday 2025: Globex closed
    assert times("open+5m", "2025-12-24", "2025-12-26") == ["12-25 18:05"]  # Christmas evening opens the session of the 26th


def test_summer_time_moves_no_slot_away_from_its_session() -> None:
    """The clocks change on 9 March and 2 November 2025: the same New York times, another distance in UTC."""
    for first, last, apart_h in (("2025-03-07", "2025-03-10", 71), ("2025-10-31", "2025-11-03", 73)):
        found = slots("close+30m", first, last)
        assert [at(slot.due_ns).astimezone(NEW_YORK).strftime("%H:%M") for slot in found] == ["17:30", "17:30"]
        assert found[1].due_ns - found[0].due_ns == apart_h * HOUR


def test_every_five_minutes_covers_a_session_from_open_to_close_and_stops_early_with_it() -> None:
    usual = [slot for slot in slots("open+5m every 5m until close", "2026-11-18", "2026-11-19") if slot.session == 20261119]
    assert len(usual) == 23 * 12 and usual[0].name == "open+5m" and usual[-1].name == "open+23h"
    short = [slot for slot in slots("every 5m", "2026-11-25", "2026-11-26") if slot.session == 20261126]
    assert len(short) == 19 * 12 + 1 and short[0].name == "open" and short[-1].due_ns == session_bounds(20261126)[1]


def test_a_slot_in_the_maintenance_break_is_of_the_session_that_has_just_closed() -> None:
    (slot,) = slots("close+30m", "2026-11-19", "2026-11-19")
    assert slot.session == 20261119 and phase_at(LOG_CALENDAR, [slot.due_ns])[0] == Phase.MAINTENANCE


def test_maintenance_is_where_the_calendar_has_a_break_and_nowhere_else() -> None:
    assert times("maintenance+10m", "2026-11-16", "2026-11-22") == ["11-16 17:10", "11-17 17:10", "11-18 17:10", "11-19 17:10"]  # no Friday
    assert times("maintenance", "2026-11-26", "2026-11-27") == []  # half days: an afternoon lies behind them


def test_a_weekly_page_is_moved_by_a_holiday_and_never_dropped() -> None:
    assert times("friday close+1h", "2025-04-07", "2025-04-27") == ["04-11 18:00", "04-17 18:00", "04-25 18:00"]
    assert times("monday open+1h", "2025-12-28", "2026-01-04") == ["12-28 19:00", "01-04 19:00"]
    for year in (2024, 2025, 2026):
        found = slots("wednesday close", f"{year}-01-01", f"{year}-12-31")
        weeks = [date.fromisoformat(str(slot.session)).isocalendar()[:2] for slot in found]
        assert len(weeks) == len(set(weeks)) and len(weeks) in (52, 53)


def test_quarterly_and_monthly_are_the_first_or_last_session_there_is() -> None:
    ends = [slot.session for slot in slots("quarterly: last session close+2h", "2024-01-01", "2024-12-31")]
    assert ends == [20240328, 20240628, 20240930, 20241231]  # 29 March 2024 was Good Friday
    begins = [slot.session for slot in slots("monthly: first session open", "2024-12-15", "2025-02-28")]
    assert begins == [20250102, 20250203]
    assert [slot.session for slot in slots("yearly: first session close", "2025-01-01", "2026-12-31")] == [20250102, 20260102]


CHOSEN = st.sampled_from(["", "", "", "friday ", "monday ", "weekly: first session ", "monthly: last session ", "quarterly: last session "])
POINTS = st.sampled_from(["open", "open+5m", "open-30m", "open+20h", "close", "close-15m", "close+6h", "close-20h", "maintenance+5m"])
GRIDS = st.sampled_from(["every 5m", "open+5m every 1h until close-1h", "close-1h every 7m", "open every 2h30m until open+19h"])
DAYS = st.integers(0, 8_000).map(lambda n: datetime(2010, 1, 3, tzinfo=UTC) + timedelta(days=n))


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.one_of(st.tuples(CHOSEN, POINTS).map("".join), GRIDS), DAYS)
def test_slots_strictly_rise_and_none_falls_on_a_closed_day(text: str, start: datetime) -> None:
    trigger, begin = parse(text), ns_of(start)
    found = [slot for slot, _ in zip(trigger.after(begin), range(40), strict=False)]
    assert all(a.due_ns < b.due_ns for a, b in pairwise([Slot(0, "", begin), *found]))
    assert len({(slot.session, slot.name) for slot in found}) == len(found)
    for slot in found:
        open_ns, close_ns = session_bounds(slot.session)
        days = {at(ns).astimezone(NEW_YORK).date() for ns in (open_ns, close_ns)}
        assert at(slot.due_ns).astimezone(NEW_YORK).date() in days and open_ns - 6 * HOUR <= slot.due_ns <= close_ns + 6 * HOUR
        assert "every" not in text or open_ns <= slot.due_ns <= close_ns
    before, previous = at(begin + 1_000), None
    for slot in found[:3]:
        previous = trigger.get_next_fire_time(previous, before)
        assert previous == at(slot.due_ns)


def test_the_last_slot_before_an_instant_is_found_however_long_ago() -> None:
    saturday = ns_of(datetime(2026, 11, 21, 12, tzinfo=UTC))
    found = parse("every 5m").latest(saturday)
    assert found is not None and found.session == 20261120 and found.due_ns == session_bounds(20261120)[1]
    quarter = parse("quarterly: last session close").latest(saturday)
    assert quarter is not None and quarter.session == 20260930


def test_a_trigger_survives_a_job_store() -> None:
    trigger = pickle.loads(pickle.dumps(parse("friday close+1h", "CMEGlobex_CL")))
    assert str(trigger) == "friday close+1h" and trigger.calendar == "CMEGlobex_CL"
    known = table("CMEGlobex_CL", date(2026, 11, 1), date(2026, 11, 30))
    slot = next(trigger.after(known.first_ns))
    assert slot.due_ns - known.session_bounds(slot.session)[1] == 60 * MINUTE
