"""Written times: zones, offsets, the night with two hours of one name, and the one that lacks an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.importers.times import disagrees, read_times, zone

NEW_YORK = ZoneInfo("America/New_York")
EPOCH = datetime.fromtimestamp(0, UTC)
MOMENTS = st.integers(631_152_000_000_000, 4_102_444_800_000_000).map(lambda us: EPOCH + timedelta(microseconds=us))  # 1990 to 2100


def read(texts, style="iso", local=NEW_YORK):
    return read_times(pl.Series(texts, dtype=pl.String), style, local)


def nanoseconds(moment):
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000


@given(st.lists(MOMENTS, min_size=1, max_size=10), st.sampled_from(["America/New_York", "Asia/Kolkata", "UTC"]))
def test_a_time_with_its_offset_is_that_moment_whatever_the_zone(moments, name):
    times = read([moment.astimezone(ZoneInfo(name)).isoformat(sep=" ") for moment in moments], local=None)
    assert times.is_time.all()
    assert times.ns.tolist() == [nanoseconds(moment) for moment in moments]


@given(st.lists(MOMENTS, min_size=1, max_size=10))
def test_a_local_time_is_read_as_python_reads_it_outside_the_nights_of_the_change(moments):
    local = [moment.astimezone(NEW_YORK) for moment in moments if moment.month not in (3, 4, 10, 11)]
    times = read([each.strftime("%Y-%m-%dT%H:%M:%S.%f") for each in local])
    assert times.is_time.all()
    assert times.ns.tolist() == [nanoseconds(each) for each in local]


def test_nanoseconds_survive():
    assert read(["2026-01-25 18:00:00.123456789"]).ns[0] % SECOND == 123_456_789


def test_of_an_hour_that_comes_twice_the_rows_after_the_step_back_are_the_second():
    times = read(["2025-11-02 00:59:00", "2025-11-02 01:30:00", "2025-11-02 01:00:00", "2025-11-02 01:30:00", "2025-11-02 02:00:00"])
    assert np.diff(times.ns).tolist() == [31 * 60 * SECOND, 30 * 60 * SECOND, 30 * 60 * SECOND, 30 * 60 * SECOND]
    assert times.n_ambiguous == 3


def test_a_time_that_the_clocks_skipped_does_not_exist():
    times = read(["2026-03-08 01:59:00", "2026-03-08 02:30:00"])
    assert times.is_time.tolist() == [True, True]
    assert times.exists.tolist() == [True, False]


@pytest.mark.parametrize("text", ["", "garbage", "2026-13-01 00:00:00", "2026-01-25", "1901-01-01 00:00:00", "9999-01-01 00:00:00", "24"])
def test_what_is_no_time_of_ours_is_marked(text):
    assert not read([text]).is_time[0]


def test_an_epoch_in_the_wrong_unit_is_no_time():
    assert read(["1703545200"], "epoch_s").is_time[0]
    assert not read(["1703545200"], "epoch_ms").is_time[0]
    assert not read(["1703545200000"], "epoch_s").is_time[0]
    assert read(["1703545200.123456789"], "epoch_s").ns[0] == 1703545200123456789


def test_a_pattern_is_read_and_one_that_cannot_be_is_named():
    assert read(["01/25/2026 06:00 PM"], "%m/%d/%Y %I:%M %p").ns[0] == 1769382000 * SECOND
    with pytest.raises(ConfigError, match="inside a pattern"):
        read(["01/25/2026 18:00 -0500"], "%m/%d/%Y %H:%M %z")


def test_an_offset_that_the_declared_zone_does_not_have_is_seen():
    times = read(["2026-01-25 18:00:00-05:00", "2026-07-25 18:00:00-05:00", "2026-07-25 18:00:00"])
    assert disagrees(times, NEW_YORK).tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "EDT+"])
def test_an_unknown_zone_is_told_with_an_example(name):
    with pytest.raises(ConfigError, match="America/New_York"):
        zone(name)


WALLS = st.integers(0, 730 * 24 * 4).map(lambda n: datetime(2025, 1, 1) + timedelta(minutes=15 * n))  # noqa: DTZ001  two years of quarters


@given(st.lists(WALLS, min_size=1, max_size=6), st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC"]))
def test_few_days_and_many_are_read_the_same(walls, name):
    """The offset of all rows is looked up once where the clocks did not move; a row of another year takes the general way."""
    walls = sorted(walls)
    texts = [wall.strftime("%Y-%m-%d %H:%M:%S") for wall in walls]
    for alone, text in enumerate(texts):
        one, among = read([text], local=zone(name)), read([text, "1999-01-01 00:00:00"], local=zone(name))
        assert (one.ns[0], one.exists[0]) == (among.ns[0], among.exists[0]), (alone, text)
