"""A session is opened by its date, whoever wrote it and whether it has ended; what is not there is told with what is."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.data import shared
from tests.replay.world import SESSION, settings
from tests.research.conftest import Traded
from tests.runtime.folders import BARS_SESSION
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import HOUR
from workbench.importers import base, csv_files
from workbench.importers.mapping import declare
from workbench.research import Session, open_session, simulate_session
from workbench.research.frames.columns import FRAMES
from workbench.research.frames.known import AS_OF
from workbench.runtime import play
from workbench.runtime.logged import open_log
from workbench.store.folders import Folders
from workbench.store.sealer import seal


@pytest.fixture(scope="module")
def simulated(traded: Traded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The traded folder with two simulations of the session more."""
    data = tmp_path_factory.mktemp("again") / "data"
    shutil.copytree(traded.data, data)
    for _ in range(2):
        logged = open_log(data, SESSION)
        asyncio.run(play.trade_anew(settings(), logged, play.setup_of(settings(), logged, "demo", [("vwap_reversion", "")])))
    return data


# ------------------------------------------------------------------ which session
def test_a_date_is_written_as_one_likes(traded: Traded, day: Session) -> None:
    for session in ("2026-11-19", "20261119", 20261119, date(2026, 11, 19)):
        assert open_session(session, data=str(traded.data)).sessions == day.sessions == (date(2026, 11, 19),)


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({"session": "20261120"}, DataError, f"holds no session 20261120; sessions there: {SESSION}"),
        ({"session": "2026-11-01", "to": "2026-11-18"}, DataError, "holds no session from 20261101 to 20261118; sessions there: 20261119"),
        ({"session": "2026-11-19", "to": "2026-11-18"}, ConfigError, "from the earlier session to the later one, not from 20261119 to"),
        ({"session": "yesterday"}, ConfigError, "a session is a date, 2026-11-19, not 'yesterday'"),
        ({"session": SESSION, "zone": "New York"}, ConfigError, "there is no time zone 'New York'; America/New_York"),
        ({"session": SESSION, "roots": ["ES", "GC"]}, DataError, "has no GC from 20261119 to 20261119; there are ES, ESZ6, SPY"),
        ({"session": SESSION, "run": "tuesday"}, DataError, "session 20261119 has no run 'tuesday'; runs there: 20261119-paper-1"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(traded: Traded, asked: dict[str, object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        open_session(data=traded.data, **asked)


def test_an_empty_folder_says_what_to_do_and_where_the_demo_lies(traded: Traded, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sessions there: none; import one, or run the demo"):
        open_session(SESSION, data=tmp_path)
    shutil.copytree(traded.data, tmp_path / "demo")
    with pytest.raises(DataError, match=r"demo holds session 20261119: give data='.*demo'"):
        open_session(SESSION, data=tmp_path)
    assert open_session(SESSION, data=tmp_path / "demo").sessions


def test_the_settings_say_where_data_lies_if_nobody_else_does(
    traded: Traded, day: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_DATA_FOLDER", str(traded.data))
    assert open_session(SESSION).prints.equals(day.prints)


# ------------------------------------------------------------------ which run
def test_the_run_that_traded_tells_and_a_simulation_when_it_is_asked_for(simulated: Path, day: Session) -> None:
    whole = open_session(SESSION, data=simulated)
    assert [run.run for run in whole.runs] == ["20261119-paper-1", "20261119-simulate-1", "20261119-simulate-2"]
    shown = str(whole.runs).splitlines()  # a line a run, never a whole manifest
    assert [line.split()[0] for line in shown] == ["run", *(run.run for run in whole.runs)] and "profile" in shown[0]
    assert whole.run is not None and whole.run.mode == "paper" and whole.fills.equals(day.fills)
    newest = open_session(SESSION, data=simulated, run="simulate")
    assert newest.run is not None and newest.run.run == "20261119-simulate-2"
    assert set(newest.equity["run"]) == {"20261119-simulate-2"}
    first = open_session(SESSION, data=simulated, run="20261119-simulate-1")
    assert first.equity.drop("run").equals(newest.equity.drop("run")) and first.quotes.equals(day.quotes)
    assert first.bars(length="5s").equals(day.bars(length="5s"))
    assert "simulate run 20261119-simulate-1 over 20261119-paper-1 (ended)" in repr(first)


def test_of_an_imported_session_the_newest_simulation_tells(barred: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(barred, data)
    assert open_session(BARS_SESSION, data=data).run is None
    played = asyncio.run(simulate_session(BARS_SESSION, data=data))
    again = open_session(BARS_SESSION, data=data)
    assert again.run is not None and played.run == again.run and again.run.mode == "simulate"
    assert again.states.equals(played.states) and len(again.equity) > 0
    with pytest.raises(DataError, match=r"nobody traded in run 20260126-import-1 .* runs that could tell: .*20260126-simulate-1"):
        _ = open_session(BARS_SESSION, data=data, run="import").fills


def test_a_simulation_that_was_cut_off_says_so(simulated: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(simulated, data)
    folder = Folders(data).run("20261119-simulate-2")
    manifest = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(manifest.replace('"is_closed": true', '"is_closed": false'))
    (folder / "journal.db").unlink()
    with pytest.raises(DataError, match="20261119-simulate-2 is not done, or was cut off: its journal comes in one piece at its end"):
        _ = open_session(SESSION, data=data, run="simulate").fills


# ------------------------------------------------------------------ a range
def test_a_range_is_its_sessions_one_after_the_other(tmp_path: Path) -> None:
    for at, day in enumerate((26, 27, 28)):
        path = tmp_path / f"{day}.csv"
        prices = f"{6900 + at}.0,{6901 + at}.0,{6899 + at}.0,{6900 + at}.5"
        rows = [f"2026-01-{day} {10 + n // 60}:{n % 60:02},{prices},{n + 1}" for n in range(90)]
        path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n")
        declared = {"zone": "America/New_York", "stamp": "start", "length": "1m"}
        readings = [csv_files.read(one, settings().roots) for one in declare([f"ESH6={path}"], None, declared)]
        base.keep(base.plan("csv", readings), tmp_path / "data")
    week = open_session("2026-01-25", "2026-01-27", data=tmp_path / "data")
    assert [str(each) for each in week.sessions] == ["2026-01-26", "2026-01-27"]
    single = [open_session(f"2026-01-{day}", data=tmp_path / "data").bars("ES") for day in (26, 27)]
    assert week.bars("ES").equals(pl.concat(single)) and week.scan("bars").collect().equals(pl.concat(single))
    assert week.features.shape[0] == sum(open_session(each, data=tmp_path / "data").features.shape[0] for each in week.sessions)
    assert len(week.scan("bars").head(3).collect()) == 3
    seen = week.as_seen_at("2026-01-26 23:00")
    assert seen.bars("ES").equals(single[0])
    assert "sessions 2026-01-26 to 2026-01-27 (2 of them)" in repr(week)


# ------------------------------------------------------------------ wherever it lies, and while it grows
def test_it_does_not_matter_whether_it_was_sealed(traded: Traded, day: Session, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(traded.data, data)
    seal(data)
    sealed = open_session(SESSION, data=data)
    for name in FRAMES:
        assert sealed.frame(name).equals(day.frame(name)), name


@pytest.mark.proof
def test_a_run_in_another_process_is_read_while_it_writes(day: Session, tmp_path: Path) -> None:
    data = tmp_path / "data"
    writer = subprocess.Popen([sys.executable, "-m", "tests.research.writing", str(data)], cwd=Path(__file__).parents[3])
    try:
        looks = list(_looks(data, writer))
    finally:
        writer.wait(timeout=120)
    assert writer.returncode == 0
    assert len(looks) > 3 and looks[0].is_unfinished and " (running) " in f"{looks[0]!r}".replace("\n", " ")
    grown = [len(each.prints) for each in looks]
    assert grown[0] < grown[-1] and grown == sorted(grown)
    last = looks[-1].refresh()
    assert not last.is_unfinished and " (ended) " in f"{last!r}".replace("\n", " ")
    for name in FRAMES:
        whole = last.frame(name, length="5s")
        for each in looks:
            part = each.frame(name, length="5s")
            late = [column for column in ("is_up", "fee_usd") if column in part.columns]
            assert whole.head(len(part)).drop(late).equals(part.drop(late)), name
        assert whole.equals(day.frame(name, length="5s")), name


def _looks(data: Path, writer: subprocess.Popen[bytes]) -> list[Session]:
    """Open it again and again until its writer has gone, and read all of it each time."""
    looks: list[Session] = []
    while writer.poll() is None:
        time.sleep(0.25)  # let the writer write between two looks
        try:
            day = looks[-1].refresh() if looks else open_session(SESSION, data=data)
            repr(day)
            for name in FRAMES:
                day.frame(name, length="5s")
            looks.append(day)
        except DataError as error:
            if looks or not any(text in str(error) for text in ("holds no session", "there are no ")):
                raise  # only what was not begun may be missing
    return looks


# ------------------------------------------------------------------ real data
@pytest.mark.covers("S1-14")
def test_an_imported_day_of_es_is_read_with_its_reference_values(tmp_path: Path) -> None:
    folder = shared("firstrate_samples/2026-01-26_2026-02-09")
    path = next(each for each in sorted(folder.iterdir()) if each.name.upper().startswith("ES"))
    declared = {"zone": "America/New_York", "stamp": "start", "length": "1m"}
    readings = [csv_files.read(one, settings().roots) for one in declare([f"ESH6={path}"], None, declared)]
    base.keep(base.plan("csv", readings), tmp_path)
    made = pl.read_csv(path, try_parse_dates=True)
    made.columns = [name.lower() for name in made.columns]
    stamps = made[made.columns[0]].cast(pl.Datetime("ns")).dt.replace_time_zone("America/New_York")
    day = open_session("2026-01-27", "2026-01-28", data=tmp_path, zone="America/New_York")
    bars = day.bars("ES", "1m").filter(pl.col("volume") > 0)
    ends = stamps.dt.offset_by("1m")
    own = made.filter(ends.is_in(bars["time"].implode()))
    assert len(bars) == len(own) > 2_000
    for ours, theirs in (("open_pts", "open"), ("high_pts", "high"), ("low_pts", "low"), ("close_pts", "close"), ("volume", "volume")):
        assert bars[ours].to_list() == own[theirs].cast(pl.Float64).to_list(), ours


@pytest.mark.covers("S3-27")
def test_a_page_that_reads_as_of_the_close_sees_nothing_later_and_the_session_shows_itself_as_ever(
    traded: Traded, day: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle_ns = int(day.quotes["time"].dt.epoch("ns")[len(day.quotes) // 2])
    monkeypatch.setenv(AS_OF, str(middle_ns))
    cut = open_session(SESSION, data=traded.data)
    assert cut.quotes.equals(day.as_seen_at(middle_ns).quotes) and cut.forecasts.equals(day.as_seen_at(middle_ns).forecasts)
    assert 0 < len(cut.quotes) < len(day.quotes) and repr(cut) == repr(day)
    assert len(cut.refresh().quotes) == len(cut.as_seen_at(middle_ns + HOUR).quotes) == len(cut.quotes)
    assert "as seen at" in repr(cut.as_seen_at(middle_ns - 1)) and cut.refresh().until_ns == middle_ns
