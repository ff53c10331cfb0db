"""A look tells what ran, by itself and by hand, what is late and who is at work; it starts nothing and never raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.ran import CLOSE, LAST, NOW, fortnight, left, missed, ns_of, ran, schedule
from workbench.dashboard.ran import BY_HAND, HAND, NOBODY, Ran, Row, Runs
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.pipelines.schedule.ledger import LOCK, Ledger, Run, State
from workbench.store.whole import only_one

pytestmark = pytest.mark.covers("S1-12", "S1-30")
NOW_NS = ns_of(NOW)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ran") / "data"
    fortnight(folder, n_days=4, every=120)
    return folder


NO_RESULTS = (  # what no run wrote
    '{"seconds": 1', "[1]", "", '{"failure": "it failed"}', '{"failure": {"kind": "E"}}', '{"seconds": "long"}', '{"seconds": 1e999}',
    '{"seconds": -1}', '{"seconds": 1, "peak_mb": "much"}', '{"seconds": [1]}', "{'seconds': 1}",
)  # fmt: skip


def look(data: Path, places: Path | None = None, now_ns: int = NOW_NS) -> Ran:
    return Runs((data,), (places,) if places else (), wall_ns=lambda: now_ns).look()


def test_every_run_is_told_with_what_it_took_and_why_it_did_not_go_well(data: Path) -> None:
    seen = look(data)
    assert not seen.trouble and len(seen.rows) == 2 * 4 + 3 * 4 + 1
    assert [row.due_ns for row in seen.rows] == sorted((row.due_ns for row in seen.rows), reverse=True)
    failed = next(row for row in seen.rows if row.state is State.FAILED)
    assert (failed.page, failed.session, failed.seconds, failed.peak_mb, failed.has_page) == ("data_quality", 20261119, 6.0, 240.0, True)
    assert "14 %" in failed.why and seen.planned == () and seen.is_scheduled is False


def test_what_a_person_ran_is_told_apart_from_what_ran_by_itself(data: Path) -> None:
    ledger, runs = Ledger(data), Runs((data,), (), wall_ns=lambda: NOW_NS)
    key = next(run.key for run in ledger.runs("daily_report"))
    there = data / "pages" / "daily_report" / "20261119"
    there.mkdir(parents=True, exist_ok=True)
    (there / "result.json").write_bytes((ledger.folder_of(key) / "result.json").read_bytes())  # as a scheduled run publishes it
    assert [row.key for row in runs.look().rows if row.is_by_hand] == [f"{HAND}truth/20261119"]
    left(there, seconds=99.0, peak_mb=1.0, failure={"where": "checks", "kind": "AssertionError", "text": "no data"})
    for n, text in enumerate(NO_RESULTS):
        (data / "pages" / "other" / str(n)).mkdir(parents=True)
        (data / "pages" / "other" / str(n) / "result.json").write_text(text)
    by_hand = {row.page: row for row in runs.look().rows if row.is_by_hand}
    assert by_hand.keys() == {"daily_report", "truth"}
    row = by_hand["daily_report"]
    assert (row.slot, row.state, row.seconds, row.why) == (BY_HAND, State.FAILED, 99.0, "checks: AssertionError: no data")


def test_a_run_that_goes_on_is_timed_and_one_that_nobody_is_at_says_so(data: Path, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, is_written=True)
    begun_ns = NOW_NS - 90 * SECOND
    ledger.claim(Run(key="p/1-close-ab", page="p", digest="ab", session=20261119, slot="close", due_ns=begun_ns, begun_ns=begun_ns))
    folder = ledger.folder_of("p/1-close-ab")
    with only_one(folder / LOCK, "busy"):
        [row] = look(tmp_path).rows
        assert (row.state, row.seconds, row.why) == (State.RUNNING, 90.0, "")
    runs = Runs((tmp_path,), (), wall_ns=lambda: NOW_NS)
    assert [row.why for row in runs.look().rows] == [NOBODY]
    left(folder, seconds=80.0, peak_mb=10.0)
    ledger.end("p/1-close-ab", State.DONE, NOW_NS)
    assert [(row.state, row.seconds) for row in runs.look().rows] == [(State.DONE, 80.0)]


def test_what_is_due_and_not_begun_is_late_and_what_comes_is_named(data: Path, tmp_path: Path) -> None:
    schedule(tmp_path)
    seen = look(data, tmp_path, ns_of(NOW) + 48 * HOUR)  # a Saturday
    assert seen.planned == ("daily_report", "weekly_report")
    assert [(due.page, due.session) for due in seen.owed] == [("daily_report", 20261120), ("weekly_report", 20261120)]
    assert seen.coming[0].page == "daily_report" and seen.coming[0].session == 20261123
    assert seen.budgets["daily_report"].seconds == 900
    (tmp_path / "weekly_report" / "pipeline.toml").write_text("owner = 1")
    assert [each.name for each in look(data, tmp_path).left] == ["weekly_report"]
    with only_one(data / "schedule" / "lock", "busy"):
        assert look(data, tmp_path).is_scheduled is True


def test_a_minute_is_nothing(tmp_path: Path) -> None:
    schedule(tmp_path / "pipelines")
    at_ns = ns_of(NOW.replace(hour=0, minute=0)) + int(CLOSE.total_seconds()) * SECOND
    times = [at_ns + late for late in (-SECOND, 30 * SECOND, 2 * MINUTE)]
    owed = [[due for due in look(tmp_path, tmp_path / "pipelines", now_ns).owed if due.session == 20261119] for now_ns in times]
    assert [len(each) for each in owed] == [0, 0, 1]


def test_what_was_missed_says_why_and_took_no_time(tmp_path: Path) -> None:
    missed(Ledger(tmp_path, is_written=True), "p", LAST, "close", NOW_NS - HOUR, "63 min late, and missed = skip")
    [row] = look(tmp_path).rows
    assert (row.state, row.why, row.seconds, row.has_page) == (State.MISSED, "63 min late, and missed = skip", None, False)


def test_what_ended_is_read_once(data: Path) -> None:
    runs = Runs((data,), (), wall_ns=lambda: NOW_NS)
    before = runs.look().rows
    ledger = Ledger(data)
    key = next(row.key for row in before if row.page == "market_analysis")
    (ledger.folder_of(key) / "result.json").rename(ledger.folder_of(key) / "aside.json")
    assert runs.look().rows == before
    (ledger.folder_of(key) / "aside.json").rename(ledger.folder_of(key) / "result.json")


def test_an_old_run_is_not_shown_and_a_ledger_that_is_none_is_told(data: Path, tmp_path: Path) -> None:
    assert not [row for row in look(data, now_ns=NOW_NS + 40 * 24 * HOUR).rows if not row.is_by_hand]
    (tmp_path / "schedule").mkdir()
    (tmp_path / "schedule" / "runs.db").write_bytes(b"no database at all" * 100)
    seen = look(tmp_path)
    assert "not a database" in seen.trouble and seen.rows == ()


def test_the_first_folder_that_has_runs_counts(data: Path, tmp_path: Path) -> None:
    assert Runs((tmp_path, data), ()).data == data and Runs((tmp_path,), ()).data == tmp_path


def test_runs_of_another_folder_are_not_taken_for_those_of_the_same_name(tmp_path: Path) -> None:
    runs = Runs((tmp_path / "data", tmp_path / "demo"), (), wall_ns=lambda: NOW_NS)
    for name, seconds in (("demo", 5.0), ("data", 77.0)):
        ran(Ledger(tmp_path / name, is_written=True), "p", LAST, "close", NOW_NS - HOUR, seconds=seconds)
        assert [(Path(runs.look().data).name, row.seconds) for row in runs.look().rows] == [(name, seconds)]


def test_a_row_by_hand_is_one_whose_key_says_so() -> None:
    row = Row(f"{HAND}p/1", "p", 0, BY_HAND, 0, State.DONE)
    assert row.is_by_hand and not row._replace(key="p/1").is_by_hand
