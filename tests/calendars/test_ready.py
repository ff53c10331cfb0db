"""A table that was kept is the table that would be made: same spans, same sessions, same answers; in doubt it is made anew."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.calendars.clocks import EQUITY, NYSE
from workbench import calendars
from workbench.calendars import Table, kept, ready, schedule
from workbench.config import load_roots
from workbench.domain.units import DAY, MINUTE

ROOTS = sorted({root.calendar for root in load_roots().values()})
YEARS = date(2015, 1, 1), date(2027, 12, 31)
WITHOUT_PANDAS = """
import sys
from datetime import date
from workbench import calendars
early, late = 1_420_200_000 * 10**9, 1_830_000_000 * 10**9  # January 2015, December 2027
for name in sys.argv[1:]:
    calendars.table(name, date(2015, 1, 1), date(2027, 12, 31)).spans
    calendars.phase_at(name, [early, late])
    calendars.log_session([early, late], name)
    calendars.account_day([early, late], name)
    calendars.session_bounds(20261120, name)
calendars.business_days(date(2015, 1, 1), date(2027, 12, 31))
sys.exit(", ".join(name for name in ("pandas", "pandas_market_calendars") if name in sys.modules) or None)
"""


def assert_same(found: Table, fresh: Table) -> None:
    assert type(found) is type(fresh)
    assert (found.name, found.first_ns, found.last_ns) == (fresh.name, fresh.first_ns, fresh.last_ns)
    assert found.spans == fresh.spans
    assert found.sessions == fresh.sessions
    assert [(column.dtype, column.tolist()) for column in found.columns] == [(column.dtype, column.tolist()) for column in fresh.columns]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    assert ready.prepare([*ROOTS, "24/7"], folder) == [*ROOTS, "24/7", ready.BUSINESS]
    return folder


@pytest.mark.parametrize("calendar", [*ROOTS, "24/7"])
def test_a_kept_table_is_the_one_that_would_be_made(calendar: str, shelf: Path) -> None:
    whole = ready.kept_table(calendar, shelf)
    assert whole is not None
    assert_same(whole.cut(*schedule.bounds(*YEARS)), schedule.table(calendar, *YEARS))
    for year in (1999, 2008, 2013, 2026, 2040):
        first, last = date(year, 1, 1), date(year, 12, 31)
        assert_same(calendars.table(calendar, first, last), schedule.table(calendar, first, last))


@pytest.mark.parametrize("calendar", ROOTS)
def test_it_answers_alike_at_every_quarter_of_an_hour(calendar: str) -> None:
    found, fresh = calendars.table(calendar, *YEARS), schedule.table(calendar, *YEARS)
    every = np.arange(found.first_ns, found.last_ns, 15 * MINUTE)
    for ask in ("phase_at", "session_at", "log_session", "account_day"):
        assert (getattr(found, ask)(every) == getattr(fresh, ask)(every)).all()
    for at in every[:: len(every) // 500].tolist():
        assert found.span_at(at) == fresh.span_at(at)
    for each in fresh.sessions[::50]:
        assert found.session_bounds(each.session) == fresh.session_bounds(each.session)
    first = int(every[0])
    assert (found.phase_records(1, first, first + 90 * DAY) == fresh.phase_records(1, first, first + 90 * DAY)).all()


@pytest.mark.nightly
@settings(max_examples=25)
@given(some.sampled_from(ROOTS), some.dates(date(1999, 1, 1), date(2039, 1, 1)), some.integers(0, 500))
def test_any_range_of_days_is_the_one_that_would_be_made(calendar: str, first: date, n: int) -> None:
    last = first + timedelta(days=n)
    assert_same(calendars.table(calendar, first, last), schedule.table(calendar, first, last))
    assert calendars.business_days(first, last) == schedule.business_days(first, last)


def test_a_range_beyond_what_is_kept_is_made_as_asked() -> None:
    first, last = date(1998, 12, 30), date(1999, 1, 5)
    assert_same(calendars.table(EQUITY, first, last), schedule.table(EQUITY, first, last))
    assert calendars.business_days(first, last) == schedule.business_days(first, last)


def test_business_days_are_those_that_would_be_listed() -> None:
    assert calendars.business_days(ready.FIRST, ready.LAST) == schedule.business_days(ready.FIRST, ready.LAST)
    assert calendars.business_days(*YEARS) == schedule.business_days(*YEARS)


def test_a_look_up_loads_no_calendar_library() -> None:
    ready.prepare(ROOTS)
    said = subprocess.run([sys.executable, "-c", WITHOUT_PANDAS, *ROOTS], check=False, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")


# kept no longer


@pytest.mark.parametrize("body", ["", "half", "flipped", "another"])
def test_what_is_damaged_or_of_somebody_else_is_made_anew(body: str, shelf: Path, tmp_path: Path) -> None:
    path = ready._file("24/7", tmp_path)
    whole = ready._file("24/7", shelf).read_bytes()
    flipped = whole[:50_000] + bytes([whole[50_000] ^ 4]) + whole[50_001:]
    another = ready._file(EQUITY, shelf).read_bytes()
    path.write_bytes({"": b"", "half": whole[: len(whole) // 2], "flipped": flipped, "another": another}[body])
    assert ready.kept_table("24/7", tmp_path) is None
    assert ready.whole_table("24/7", tmp_path).spans == ready.whole_table("24/7", shelf).spans
    assert path.read_bytes() == whole


def test_columns_that_make_no_table_are_made_anew(tmp_path: Path) -> None:
    words = {"name": "24/7", "zone": "UTC", "key": ready._key("UTC")}
    one = np.array([0, 1], np.int64)
    for arrays in ({}, {"edges": one}, dict.fromkeys(("edges", "phases", "numbers", "names", "opens", "closes"), one)):
        kept.write(ready._file("24/7", tmp_path), words, arrays)
        assert ready.kept_table("24/7", tmp_path) is None
    kept.write(ready._file(ready.BUSINESS, tmp_path), {**words, "name": ready.BUSINESS}, {"other": one})
    assert ready.prepare(["24/7"], tmp_path) == ["24/7", ready.BUSINESS]
    assert ready.prepare(["24/7"], tmp_path) == []


@pytest.mark.parametrize("change", ["hours", "code", "library", "summer time"])
def test_what_it_was_made_from_changed_so_it_is_made_anew(
    change: str, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ready.kept_table(NYSE, shelf) is not None
    code = tmp_path / "code"
    shutil.copytree(ready.HERE, code, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(ready, "HERE", code)
    monkeypatch.setattr(schedule, "HOURS_FILE", code / "hours.toml")
    ready._key.cache_clear()
    try:
        assert ready.kept_table(NYSE, shelf) is not None  # what lies elsewhere, and is the same, is the same
        match change:
            case "hours" | "code":
                with (code / {"hours": "hours.toml", "code": "schedule.py"}[change]).open("a") as file:
                    file.write("\n# a word more\n")
            case "library":
                monkeypatch.setattr(ready, "_version", lambda library: f"{library}-99.0")
            case _:
                monkeypatch.setattr(ready, "_zone_rules", lambda zone: zone.encode())
        ready._key.cache_clear()
        assert ready.kept_table(NYSE, shelf) is None
    finally:
        ready._key.cache_clear()


def test_the_libraries_are_known_by_their_versions() -> None:
    for name in ready.LIBRARIES:
        assert __import__(name).__version__ in ready._version(name)
    assert ready._version("no_such_library") == "none"
    assert len(ready._zone_rules("America/Chicago")) > 1_000


def test_where_nothing_can_be_kept_the_answers_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ready.whole_table("24/7", tmp_path / "file").spans == ready.whole_table("24/7").spans
    assert (ready.whole_business(tmp_path / "file") == ready.whole_business()).all()


@pytest.mark.nightly
def test_several_processes_that_miss_at_once_leave_one_whole_table(shelf: Path, tmp_path: Path) -> None:
    code = f"import pathlib; from workbench.calendars import ready; ready.whole_table({NYSE!r}, pathlib.Path({str(tmp_path)!r}))"
    for each in [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]:
        assert each.wait(120) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["calendar-NYSE.table"]
    assert (tmp_path / "calendar-NYSE.table").read_bytes() == ready._file(NYSE, shelf).read_bytes()


def test_it_lies_with_the_compiled_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert ready._file("24/7", None) == ready.HERE / "__pycache__" / "calendar-24_7.table"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert ready._file("24/7", None) == tmp_path / "calendar-24_7.table"


def test_making_a_table_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedule.table(NYSE, date(2026, 1, 1), date(2026, 12, 31))
        schedule.business_days(date(2026, 1, 1), date(2026, 12, 31))
