"""What is asked for: each session once, no month forgotten at a roll, nothing that has not ended."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importers.ib_history.pasts import ESH6
from workbench.calendars import session_bounds
from workbench.config import load_roots
from workbench.domain.errors import ConfigError
from workbench.domain.units import DAY, SECOND
from workbench.importers.ib_history.plan import SPANS_NS, Stretch, Wanted, last_session, questions, since, stretches

ROOTS = load_roots()
QUARTERS = ("2025-12-19", "2026-03-20", "2026-06-18", "2026-09-18")
CHAIN = [ROOTS["ES"].contract(n, expiry) for n, expiry in enumerate(QUARTERS, 1)]
WANTED = Wanted("ES", date(2026, 1, 26), date(2026, 2, 9), 60)
LATER_NS = session_bounds(20260601)[1]


def test_minutes_of_two_weeks_are_one_question_a_session():
    asked = list(questions(Stretch(ESH6, WANTED.since, WANTED.until), WANTED, LATER_NS))
    assert len(asked) == 11 and {each.length_s for each in asked} == {60}
    assert (asked[0].start_ns, asked[0].end_ns) == session_bounds(20260126)


@given(length_s=st.sampled_from(sorted(SPANS_NS)), day=st.integers(0, 300))
@settings(max_examples=40, deadline=None)
def test_questions_tile_every_session_and_none_is_too_long(length_s, day):
    first = date.fromordinal(date(2026, 1, 2).toordinal() + day)
    asked = list(questions(Stretch(ESH6, first, first), Wanted("ES", first, first, length_s), 2**62))
    for one, then in pairwise(asked):
        assert one.end_ns == then.start_ns
    assert all(0 < each.end_ns - each.start_ns <= SPANS_NS[length_s] for each in asked)
    if asked:
        assert (asked[0].start_ns, asked[-1].end_ns) == session_bounds(int(first.strftime("%Y%m%d")))


def test_what_has_not_ended_is_not_asked_for():
    start, end = session_bounds(20260209)
    running = list(questions(Stretch(ESH6, WANTED.since, WANTED.until), WANTED, end - SECOND))
    assert len(running) == 10 and running[-1].end_ns < start


def test_two_months_overlap_where_a_series_is_stitched():
    found = stretches(Wanted("ES", date(2025, 12, 1), date(2026, 6, 30), 60), CHAIN)
    assert [(each.contract.symbol, str(each.first), str(each.last)) for each in found] == [
        ("ESZ5", "2025-12-01", "2025-12-19"),
        ("ESH6", "2025-12-05", "2026-03-20"),
        ("ESM6", "2026-03-06", "2026-06-18"),
        ("ESU6", "2026-06-04", "2026-06-30"),
    ]


def test_a_share_is_asked_for_as_it_is():
    spy = ROOTS["SPY"].contract(1)
    assert stretches(WANTED, [spy]) == [Stretch(spy, WANTED.since, WANTED.until)]


def test_days_before_every_contract_are_refused_in_words():
    with pytest.raises(ConfigError, match="ES: no contract has history between 2020-01-01 and 2020-01-31"):
        stretches(Wanted("ES", date(2020, 1, 1), date(2020, 1, 31), 60), [])


@pytest.mark.parametrize("text", ["", "2", "y", "-3d", "0d", "2026-13-01", "2999-01-01", "3 w"])
def test_a_span_that_cannot_be_meant_is_refused(text):
    with pytest.raises(ConfigError, match="since"):
        since(text, date(2026, 11, 20))


def test_the_last_day_that_can_have_ended_is_a_business_day():
    sunday_ns = session_bounds(20260209)[0] + DAY * 0
    assert last_session(sunday_ns) == date(2026, 2, 6)
