"""What files show by themselves: one reading is found, two are an error that names both, none an error that says what to do."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.errors import DataError
from workbench.importers.csv_found import FORMATS, columns_for, is_values, numbers, separator, time_format
from workbench.importers.times import EPOCHS, read_times, zone

JANUARY = datetime(2026, 1, 26, 9, 30)  # noqa: DTZ001  a clock on a wall
EARLY = datetime(2026, 2, 1, 9, 30)  # noqa: DTZ001  a clock on a wall


def written(form, start=JANUARY, n=50):
    return [(start + timedelta(minutes=k)).strftime(form) for k in range(n)]


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("%Y-%m-%d %H:%M:%S", "iso"),
        ("%Y-%m-%dT%H:%M:%S-05:00", "iso"),
        ("%Y%m%d %H%M%S", "%Y%m%d%H%M%S"),
        ("%Y%m%d  %H:%M:%S", "%Y%m%d %H:%M:%S%.f"),
        ("%Y.%m.%d %H:%M", "%Y.%m.%d %H:%M"),
        ("%d.%m.%Y %H:%M:%S.000", "%d.%m.%Y %H:%M:%S%.f"),
        ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
        ("%d-%b-%Y %H:%M", "%d-%b-%Y %H:%M"),
        ("%m/%d/%y %H:%M", "%m/%d/%y %H:%M"),
    ],
)
def test_a_form_that_one_reading_alone_explains_is_found_and_reads_what_was_written(form, found):
    texts = written(form)
    assert time_format(pl.Series(texts), "a.csv") == found
    times = read_times(pl.Series(texts), found, zone("America/New_York"))
    assert times.is_time.all()
    assert times.ns[0] == 1_769_437_800_000_000_000


def test_epochs_are_told_apart_by_the_years_they_mean():
    for form, unit in zip(EPOCHS, (1, 10**3, 10**6, 10**9), strict=True):
        assert time_format(pl.Series([str(1_769_437_800 * unit + k) for k in range(5)]), "a.csv") == form


def test_a_date_that_may_be_in_january_or_in_february_is_asked_about():
    with pytest.raises(DataError, match=r"2 ways; say which: --time-format '%m/%d/%Y %H:%M' or --time-format '%d/%m/%Y %H:%M'"):
        time_format(pl.Series(written("%m/%d/%Y %H:%M", EARLY)), "a.csv")
    later = written("%m/%d/%Y %H:%M", EARLY) + written("%m/%d/%Y %H:%M", JANUARY)
    assert time_format(pl.Series(later), "a.csv") == "%m/%d/%Y %H:%M"


def test_a_few_rows_that_are_no_times_change_nothing():
    texts = written("%d.%m.%Y %H:%M")
    assert time_format(pl.Series([*texts, "total", None, ""]), "a.csv") == "%d.%m.%Y %H:%M"


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (written("%Y-%m-%d"), "days without a clock"),
        (written("%Y%m%d"), "if the clock is in another column: --columns date=Day,time=NAME$"),
        (written("%Y%m%d %H:%M:%S US/Eastern"), r"--time-format '%Y%m%d %H:%M:%S%.f US/Eastern'"),
        (written("%Y-%m-%d %H:%M:%S EST"), r"--time-format '%Y-%m-%d %H:%M:%S EST'"),
        (["yesterday", "today"], "no form that is known"),
    ],
)
def test_what_no_form_reads_is_told_with_what_to_do(texts, says):
    with pytest.raises(DataError, match=says):
        time_format(pl.Series(texts), "a.csv", "Day")


@given(st.lists(st.one_of(st.none(), st.text(max_size=20), st.sampled_from(FORMATS)), max_size=20))
def test_any_text_at_all_has_a_form_or_is_refused(texts):
    with suppress(DataError):
        assert time_format(pl.Series(texts, dtype=pl.String), "a.csv") in ("iso", *FORMATS)


def test_the_separator_is_the_one_that_cuts_enough_fields():
    assert separator("date;open;high;low;close;volume", "bars") == ";"
    assert separator("26.01.2026 09:30;6904,25;6904,5;6904,0;6904,25;100", "bars") == ";"
    assert separator('"a;b",open,high,low,close,volume', "bars") == ","
    assert separator("time\tbid\tbid_size\task\task_size", "quotes") == "\t"


def test_a_row_is_not_a_header_and_a_header_not_a_row():
    assert is_values(["26.01.2026", "09:30", "6904,25", "1"])
    assert is_values(["2026-01-26T10:00:00Z", "6904.25", "B"])
    assert not is_values(["time", "bid", "ask"])
    assert not is_values([""])


def test_columns_are_suggested_in_the_usual_order():
    assert columns_for(["20260126", "093000", "1", "1", "1", "1", "5", "0"], "bars") == "date,time,open,high,low,close,volume,-"


def test_odd_numbers_are_named():
    assert "--decimal comma" in numbers(pl.Series(["6904,25", "6904,5"]))
    assert "thousands" in numbers(pl.Series(["6,904.25", "6,904.5"]))
    assert numbers(pl.Series(["6904.25", "x"])) == numbers(pl.Series([], dtype=pl.String)) == ""
