"""Every instant has one phase, one log session, one account day; the dates the library has wrong are right; recordings agree."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import databento_dbn
import numpy as np
import pytest

from tests.calendars.clocks import (
    CL,
    EQUITY,
    FIRST,
    GC,
    LAST,
    NEW_YORK,
    NYSE,
    PRODUCTS,
    clock_time,
    close_of,
    minutes,
    ns,
    phase,
    two_years,
)
from tests.data import shared
from workbench import calendars
from workbench.calendars import schedule
from workbench.domain.errors import DataError
from workbench.domain.records import Phase, is_open
from workbench.domain.units import HOUR, MINUTE, SECOND


def has_session(calendar: str, session: int) -> bool:
    return any(each.session == session for each in calendars.table(calendar, FIRST, LAST).sessions)


# every minute of two years


@pytest.mark.covers("S0-06", "S4-20")
@pytest.mark.parametrize("product", PRODUCTS)
def test_every_minute_of_two_years_lies_in_exactly_one_phase(product: str) -> None:
    table, every = two_years(product), minutes()
    starts = np.array([span.start_ns for span in table.spans])
    ends = np.array([span.end_ns for span in table.spans])
    assert table.first_ns == every[0]
    assert table.last_ns == every[-1] + MINUTE
    assert (np.searchsorted(starts, every, "right") - np.searchsorted(ends, every, "right") == 1).all()
    for at in range(0, len(every), 9_973):  # the fast look-up against a slow one
        inside = [span for span in table.spans if span.start_ns <= every[at] < span.end_ns]
        assert [inside[0].phase, inside[0].session] == [table.phase_at(every[at]), table.session_at(every[at])]
        assert inside == [table.span_at(int(every[at]))]


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_minute_of_two_years_lies_in_exactly_one_log_session(product: str) -> None:
    table, every = two_years(product), minutes()
    found = table.log_session(every)
    closes = np.array([each.close_ns for each in table.sessions])
    before, upto = np.searchsorted(closes, every, "left"), np.searchsorted(closes, every, "right")
    assert ((upto - before) <= 1).all()
    assert (np.diff(found) >= 0).all()
    expected = [each.session for each in table.sessions if table.first_ns <= each.close_ns < table.last_ns]
    assert sorted(set(found.tolist()) - {found[-1]}) == expected[: len(set(found.tolist())) - 1]
    for at in range(0, len(every), 9_973):
        inside = [b.session for a, b in pairwise(table.sessions) if a.close_ns < every[at] <= b.close_ns]
        assert inside == [found[at]]


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_account_day_never_goes_back_and_rolls_once_a_session_at_its_open(product: str) -> None:
    table, every = two_years(product), minutes()
    found = table.account_day(every)
    rolls = every[1:][np.diff(found) != 0].tolist()
    opens = [each.open_ns for each in table.sessions if every[0] < each.open_ns <= every[-1]]
    assert (np.diff(found) >= 0).all()
    assert rolls == opens


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_session_is_open_at_no_time_but_its_own(product: str) -> None:
    table = two_years(product)
    own = {each.session: each for each in table.sessions}
    for span in table.spans:
        if is_open(span.phase):
            assert own[span.session].open_ns <= span.start_ns < span.end_ns <= own[span.session].close_ns


def test_globex_rolls_its_account_day_at_18_00_new_york_all_year() -> None:
    table = two_years("ES")
    assert {clock_time(each.open_ns) for each in table.sessions} == {"18:00"}


# a usual week and daylight saving


def test_a_usual_weekday_of_the_index_futures() -> None:
    day = calendars.table(EQUITY, date(2026, 11, 18), date(2026, 11, 19))
    told = [(clock_time(span.start_ns), span.phase.name, span.session) for span in day.spans]
    assert told[1:6] == [
        ("09:30", "RTH", 20261118),
        ("16:00", "ETH", 20261118),
        ("17:00", "MAINTENANCE", 20261119),
        ("18:00", "ETH", 20261119),
        ("09:30", "RTH", 20261119),
    ]


@pytest.mark.covers("S1-06")
def test_the_maintenance_hour_is_17_00_to_18_00_new_york_from_monday_to_thursday() -> None:
    for calendar in (EQUITY, CL, GC):
        assert phase(calendar, "2026-11-18 16:59") == Phase.ETH
        assert phase(calendar, "2026-11-18 17:00") == phase(calendar, "2026-11-18 17:59") == Phase.MAINTENANCE
        assert phase(calendar, "2026-11-18 18:00") == Phase.ETH
        assert phase(calendar, "2026-11-20 17:00") == Phase.CLOSED  # Friday


def test_the_pits_old_hours_are_regular_for_oil_and_gold() -> None:
    assert [phase(CL, f"2026-11-18 {at}") for at in ("08:59", "09:00", "14:29", "14:30")] == [Phase.ETH, Phase.RTH, Phase.RTH, Phase.ETH]
    assert [phase(GC, f"2026-11-18 {at}") for at in ("08:19", "08:20", "13:29", "13:30")] == [Phase.ETH, Phase.RTH, Phase.RTH, Phase.ETH]


def test_shares_trade_before_and_after_regular_hours() -> None:
    told = [phase(NYSE, f"2026-11-18 {at}").name for at in ("03:59", "04:00", "09:29", "09:30", "15:59", "16:00", "19:59", "20:00")]
    assert told == ["CLOSED", "ETH", "ETH", "RTH", "RTH", "ETH", "ETH", "CLOSED"]


def test_an_auction_precedes_the_first_open_after_a_weekend_or_a_holiday() -> None:
    assert [phase(EQUITY, f"2026-11-22 {at}") for at in ("16:59", "17:00", "17:59", "18:00")] == [
        Phase.CLOSED,
        Phase.PREOPEN,
        Phase.PREOPEN,
        Phase.ETH,
    ]
    assert phase(EQUITY, "2025-12-25 17:30") == Phase.PREOPEN
    assert phase(EQUITY, "2025-12-25 16:30") == Phase.CLOSED


@pytest.mark.parametrize(
    ("sunday", "is_summer"), [("2025-03-09", True), ("2025-11-02", False), ("2026-03-08", True), ("2026-11-01", False)]
)
def test_opens_and_closes_stay_on_new_york_time_where_its_clock_changes(sunday: str, is_summer: bool) -> None:
    monday = date.fromisoformat(sunday) + timedelta(days=1)
    offset = timedelta(hours=4 if is_summer else 5)
    utc = ZoneInfo("UTC")
    session = int(monday.strftime("%Y%m%d"))
    opened, closed = calendars.session_bounds(session)
    assert opened == ns(f"{sunday} 18:00", utc) + offset // timedelta(seconds=1) * SECOND
    assert closed == ns(f"{monday} 17:00", utc) + offset // timedelta(seconds=1) * SECOND
    table = calendars.table(EQUITY, monday, monday)
    regular = [span for span in table.spans if span.phase is Phase.RTH]
    assert [(clock_time(span.start_ns), clock_time(span.end_ns)) for span in regular] == [("09:30", "16:00")]
    friday = date.fromisoformat(sunday) - timedelta(days=2)
    closed_ns = opened - calendars.session_bounds(int(friday.strftime("%Y%m%d")))[1]
    assert closed_ns == (48 if is_summer else 50) * HOUR


# holidays, early closes, corrections


@pytest.mark.parametrize(
    ("session", "close"),
    [
        (20250109, "09:30"),  # mourning
        (20250120, "13:00"),
        (20250217, "13:00"),
        (20250526, "13:00"),
        (20250619, "13:00"),
        (20250703, "13:15"),
        (20250704, "13:00"),
        (20250901, "13:00"),
        (20251127, "13:00"),
        (20251128, "13:15"),
        (20251224, "13:15"),
        (20260119, "13:00"),
        (20260403, "09:15"),  # Good Friday with a payrolls report
        (20260703, "13:00"),
        (20261126, "13:00"),
        (20261127, "13:15"),
        (20261224, "13:15"),
    ],
)
def test_index_futures_close_early(session: int, close: str) -> None:
    assert close_of(EQUITY, session) == close
    opened, closed = calendars.session_bounds(session)
    assert int(calendars.account_day(closed + HOUR)) == session  # the day goes on
    assert int(calendars.log_session(closed)) == session
    assert int(calendars.log_session(closed + 1)) > session  # the log does not
    assert int(calendars.phase_at(EQUITY, closed)) == Phase.CLOSED
    assert opened < closed


def test_good_friday_without_payrolls_has_no_session_and_belongs_to_monday() -> None:
    assert not has_session(EQUITY, 20250418)
    assert int(calendars.log_session(ns("2025-04-18 08:00"))) == 20250421
    assert int(calendars.account_day(ns("2025-04-18 08:00"))) == 20250417
    with pytest.raises(DataError, match="no session 20250418"):
        calendars.session_bounds(20250418)


def test_an_early_close_cuts_regular_hours_and_can_leave_none() -> None:
    assert [phase(EQUITY, f"2025-11-28 {at}") for at in ("09:30", "13:14", "13:15")] == [Phase.RTH, Phase.RTH, Phase.CLOSED]
    assert [phase(EQUITY, f"2025-01-09 {at}") for at in ("09:29", "09:30")] == [Phase.ETH, Phase.CLOSED]
    assert [phase(EQUITY, f"2026-04-03 {at}") for at in ("09:14", "09:15")] == [Phase.ETH, Phase.CLOSED]


def test_after_thanksgiving_the_post_market_of_shares_ends_at_17_00() -> None:
    told = [phase(NYSE, f"2026-11-27 {at}") for at in ("12:59", "13:00", "16:59", "17:00")]
    assert told == [Phase.RTH, Phase.ETH, Phase.ETH, Phase.CLOSED]


@pytest.mark.parametrize(
    ("session", "close"),
    [
        (20250109, "17:00"),  # mourning: as usual
        (20250120, "14:30"),
        (20250704, "13:00"),
        (20250901, "14:30"),
        (20251127, "14:30"),
        (20251128, "14:45"),
        (20251224, "13:45"),
        (20260619, "13:00"),
        (20260907, "14:30"),
        (20261127, "14:45"),
        (20261224, "13:45"),
    ],
)
def test_oil_and_gold_close_early_at_their_own_times(session: int, close: str) -> None:
    assert close_of(CL, session) == close_of(GC, session) == close


@pytest.mark.parametrize(("calendar", "key"), [(EQUITY, "Future-cme-ES"), (CL, "Future-nymex-CL"), (GC, "Future-comex-GC")])
def test_early_closes_of_two_years_agree_with_an_independent_list(calendar: str, key: str) -> None:
    entries = json.loads(shared("lean/Data/market-hours/market-hours-database.json").read_text())["entries"]
    listed = {datetime.strptime(day, "%m/%d/%Y").date(): at[:5] for day, at in entries[key]["earlyCloses"].items()}  # noqa: DTZ007  days
    theirs = {day: at for day, at in listed.items() if FIRST <= day <= LAST and at != "17:00"}
    ours = {
        date.fromisoformat(str(each.session)): clock_time(each.close_ns)
        for each in calendars.table(calendar, FIRST, LAST).sessions
        if FIRST.year * 10_000 < each.session < (LAST.year + 1) * 10_000 and clock_time(each.close_ns) != "17:00"
    }
    ours.pop(date(2025, 1, 9), None)  # mourning: not on their list; on ours by the exchange's own release
    assert ours == theirs


def test_every_correction_still_says_something_the_library_does_not() -> None:
    """A line of `hours.toml` that the library has caught up with can go."""
    library = {name: schedule._library(name) for name in (EQUITY, CL, GC)}
    for name, known in library.items():
        for day, close in schedule.hours_of(name).dates.items():
            theirs = known.schedule(day.isoformat(), day.isoformat())["market_close"]
            at = theirs.iloc[0].tz_convert(NEW_YORK).time() if len(theirs) else None
            assert at != close, f"{name} {day}: the library knows it by now"


# recordings


@pytest.mark.parametrize(
    ("path", "calendar"),
    [
        ("firstrate_samples/2023-03-08_2023-03-23/ES_1min_sample.csv", EQUITY),  # the clock changes
        ("firstrate_samples/2023-09-24_2023-10-09/ES_1min_sample.csv", EQUITY),
        ("firstrate_samples/2025-04-20_2025-05-05/ES_1min_sample.csv", EQUITY),
        ("firstrate_samples/2026-01-04_2026-01-19/NQ_1min_sample.csv", EQUITY),  # ends on a holiday
        ("firstrate_samples/2026-01-26_2026-02-09/ES_1min_sample.csv", EQUITY),
        ("firstrate_samples/2026-01-26_2026-02-09/SPY_1min_sample.csv", NYSE),
        ("firstrate_samples/2026-01-26_2026-02-09/QQQ_1min_sample.csv", NYSE),
    ],
)
def test_every_recorded_minute_lies_in_an_open_phase(path: str, calendar: str) -> None:
    with shared(path).open() as file:
        rows = [row[0] for row in csv.reader(file) if row[0][0].isdigit()]
    stamps = np.array([ns(row) for row in rows])
    assert len(stamps) > 5_000
    assert (calendars.phase_at(calendar, stamps) >= Phase.ETH).all()


def test_the_minutes_of_2013_lie_in_the_hours_of_2013() -> None:
    for day in ("20131007", "20131008", "20131009", "20131010"):
        path = shared(f"lean/Data/future/cme/minute/es/{day}_trade.zip")
        with zipfile.ZipFile(path) as archive:
            rows = archive.read(f"{day}_es_minute_trade_201312.csv").decode().splitlines()
        midnight = ns(f"{day[:4]}-{day[4:6]}-{day[6:]} 00:00", ZoneInfo("UTC"))
        stamps = midnight + np.array([int(row.split(",")[0]) for row in rows]) * 1_000_000
        assert (calendars.phase_at(EQUITY, stamps) >= Phase.ETH).all()
    assert phase(EQUITY, "2013-10-08 16:20") == Phase.MAINTENANCE  # the daily halt of those years
    assert phase(EQUITY, "2013-10-08 17:10") == Phase.ETH
    assert phase(EQUITY, "2013-10-08 17:15") == Phase.MAINTENANCE


def test_the_recorded_auction_of_christmas_2023_is_an_auction() -> None:
    decoder = databento_dbn.DBNDecoder(compression=databento_dbn.Compression.ZSTD)
    decoder.write(shared("nautilus_databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst").read_bytes())
    orders = [each for each in decoder.decode() if isinstance(each, databento_dbn.MBOMsg)]
    traded = np.array([each.ts_event for each in orders if str(each.action) in ("T", "F")])
    entered = np.array([each.ts_event for each in orders if str(each.action) == "A" and not int(each.flags) & 32])  # 32: snapshot
    assert len(traded) > 1_000
    assert (calendars.phase_at(EQUITY, traded) == Phase.ETH).all()
    assert set(calendars.phase_at(EQUITY, entered).tolist()) == {Phase.PREOPEN, Phase.ETH}
