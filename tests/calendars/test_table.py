"""Tables of phases and sessions: cut, refused, asked beyond their range."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.calendars.clocks import (
    EQUITY,
    FIRST,
    LAST,
    clock_time,
    minutes,
    ns,
    two_years,
)
from workbench import calendars
from workbench.calendars import Session, Span, Table
from workbench.config import load_roots
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import EVENT_TIME, Kind, Phase
from workbench.domain.units import MINUTE


def test_a_table_is_what_its_columns_are() -> None:
    table, every = two_years("CL"), minutes()[::17]
    again = Table.of(table.name, table.columns)
    assert (again.spans, again.sessions) == (table.spans, table.sessions)
    assert Table(table.name, table.spans, table.sessions).spans == table.spans
    assert (again.phase_at(every) == table.phase_at(every)).all()
    assert (again.account_day(every) == table.account_day(every)).all()


def test_a_cut_tells_of_its_own_range_alone() -> None:
    table = two_years("ES")
    first, last = ns("2026-11-26 12:00"), ns("2026-11-27 13:00")  # in a span, and in another
    cut = table.cut(first, last, 20261120, 20261201)
    assert (cut.first_ns, cut.last_ns) == (first, last)
    assert [each for each in cut.spans[1:-1] if each not in table.spans] == []
    assert (cut.span_at(first).phase, cut.span_at(last - 1).phase) == (table.span_at(first).phase, table.span_at(last - 1).phase)
    assert [each.session for each in cut.sessions][:: len(cut.sessions) - 1] == [20261120, 20261201]
    with pytest.raises(DataError, match="make a longer one"):
        table.cut(table.first_ns - 1, last, 20261120, 20261201)
    with pytest.raises(DataError, match="reach"):
        table.cut(first, last, 20261127, 20261127)


def test_a_table_answers_nothing_outside_of_its_range() -> None:
    table = two_years("ES")
    for instant in (table.first_ns - 1, table.last_ns):
        for ask in (table.phase_at, table.log_session, table.account_day, table.session_at, table.span_at):
            with pytest.raises(DataError, match="make a longer one"):
                ask(instant)
    assert table.phase_at([]).size == 0
    assert calendars.phase_at(EQUITY, []).size == 0


@pytest.mark.parametrize(
    ("spans", "sessions", "why"),
    [
        ([Span(0, 5, Phase.RTH, 1), Span(6, 9, Phase.ETH, 1)], [Session(1, 0, 9)], "hole"),
        ([], [Session(1, 0, 9)], "none"),
        ([Span(0, 0, Phase.RTH, 1)], [Session(1, 0, 9)], "ends before"),
        ([Span(0, 9, Phase.RTH, 1)], [Session(1, 0, 9), Session(2, 8, 12)], "overlap"),
        ([Span(0, 9, Phase.RTH, 1)], [Session(1, 0, 8)], "reach"),
        ([Span(0, 9, Phase.RTH, 1)], [Session(1, 1, 9)], "reach"),
    ],
)
def test_a_table_that_cannot_be_is_refused(spans: list[Span], sessions: list[Session], why: str) -> None:
    with pytest.raises(DataError, match=why):
        Table("toy", spans, sessions)


def test_phase_records_tell_the_phase_at_the_start_and_each_change() -> None:
    contract = load_roots()["ES"].contract(7, "2026-12-18")
    first, last = ns("2026-11-18 12:00"), ns("2026-11-18 18:00")
    records = calendars.phase_records(contract, first, last)
    told = [(clock_time(int(each["recv_ns"])), Phase(int(each["level"])).name, int(each["px"])) for each in records]
    assert told == [("12:00", "RTH", 20261118), ("16:00", "ETH", 20261118), ("17:00", "MAINTENANCE", 20261119), ("18:00", "ETH", 20261119)]
    assert (records["recv_ns"] == records["event_ns"]).all()
    assert set(records["flags"].tolist()) == {EVENT_TIME}
    assert set(records["kind"].tolist()) == {Kind.PHASE}
    assert set(records["contract"].tolist()) == {7}
    across = calendars.phase_records(contract, ns("2025-12-30 12:00"), ns("2026-01-02 12:00"))  # over a new year
    assert [Phase(int(level)).name for level in across["level"]][-4:] == ["CLOSED", "PREOPEN", "ETH", "RTH"]


def test_phase_records_and_phase_at_say_the_same() -> None:
    table = two_years("CL")
    first, last = ns("2025-11-20 00:00"), ns("2025-12-05 00:00")
    records = table.phase_records(1, first, last)
    every = np.arange(first, last, MINUTE)
    at = np.searchsorted(records["recv_ns"], every, "right") - 1
    assert (records["level"][at] == table.phase_at(every)).all()
    assert (records["px"][at] == table.session_at(every)).all()


def test_a_round_the_clock_calendar_never_closes() -> None:
    table = calendars.table("24/7", date(2026, 11, 1), date(2026, 11, 3))
    assert {span.phase for span in table.spans} == {Phase.RTH}
    assert [span.session for span in table.spans] == [20261101, 20261102, 20261103]


def test_business_days_are_those_on_which_futures_clear() -> None:
    days = set(calendars.business_days(date(2025, 1, 1), date(2026, 12, 31)))
    assert date(2025, 1, 9) in days  # the stock exchange alone stayed closed
    for holiday in (date(2025, 1, 20), date(2025, 4, 18), date(2026, 6, 19), date(2026, 7, 3), date(2026, 12, 25)):
        assert holiday not in days
    assert date(2025, 10, 13) in days  # Columbus Day


def test_an_unknown_calendar_is_told_with_what_is_known() -> None:
    with pytest.raises(ConfigError, match="CME Globex Equity"):
        calendars.phases("CMEGlobex_ES", FIRST, LAST)
    with pytest.raises(ConfigError, match="empty"):
        calendars.phases(EQUITY, LAST, FIRST)


def test_sixteen_years_are_one_table() -> None:
    table = calendars.table(EQUITY, date(2010, 1, 1), date(2025, 12, 31))
    assert len(table.sessions) > 16 * 250
    assert sum(span.end_ns - span.start_ns for span in table.spans) == table.last_ns - table.first_ns
