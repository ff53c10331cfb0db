"""``workbench data``: what there is, how complete, whether it is whole, and what goes when."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.commands.calling import workbench
from tests.replay.world import SESSION
from tests.runtime.folders import HEAD, import_bars
from workbench.store.bars import kept_bars
from workbench.store.folders import Folders
from workbench.store.log import read_log
from workbench.store.recordings import Recordings

OLD = 20240122
OPENS = datetime(2026, 1, 25, 18)  # noqa: DTZ001  New York, as the file says; to 17:00 are 1,380 minutes


def whole_session(data: Path, folder: Path, missing: int) -> None:
    """Import a session of ES in minute bars, some of which are missing in the middle."""
    minutes = [n for n in range(1_380) if not 700 <= n < 700 + missing]
    rows = [f"{OPENS + timedelta(minutes=n):%Y-%m-%d %H:%M},6900.0,6901.0,6899.0,6900.25,10" for n in minutes]
    import_bars(data, folder, "ESH6", rows="\n".join([HEAD, *rows]) + "\n", replace=True)


@pytest.mark.covers("S4-22")
def test_more_than_999_of_a_thousand_minutes_are_complete_and_less_is_named(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    files = tmp_path_factory.mktemp("files")
    for missing, said in ((1, "yes, 1"), (2, "ESH6 99.86%")):
        whole_session(here / "data", files, missing)
        shown = workbench("data", "status")
        assert shown.code == 0 and said in shown.text
    (row,) = json.loads(workbench("data", "status", "--json").out)
    assert row["complete"] == {"ESH6": pytest.approx(1_378 / 1_380)} and row["n_records"] > 2_700 and row["n_bytes"] > 1_000


def test_what_is_whole_is_verified_and_what_is_not_is_named_with_what_to_do(traded: Path) -> None:
    assert workbench("seal", "--data", traded).code == 0
    good = workbench("data", "verify", "--data", traded)
    assert good.code == 0 and "everything is as it was written" in good.text
    path = max((Folders(traded).recordings).rglob("part-*.parquet"), key=lambda each: each.stat().st_size)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    bad = workbench("data", "verify", "--data", traded)
    assert bad.code == 1 and "WRONG" in bad.text and path.name in bad.text and "workbench restore" in bad.text
    body = json.loads(workbench("data", "verify", "--data", traded, "--json").out)
    assert body["right"] is False and body["findings"][0]["where"].endswith(path.name)
    assert workbench("data", "verify", "--session", "2020-01-01", "--data", traded).code == 0


@pytest.mark.covers("S3-30")
def test_old_records_go_when_it_is_said_and_their_bars_stay(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [f"2024-01-22 {10 + n // 60}:{n % 60:02},4900.0,4901.0,4899.0,4900.25,10" for n in range(120)]
    import_bars(here / "data", tmp_path_factory.mktemp("files"), "ESH4", rows="\n".join([HEAD, *rows]) + "\n")
    assert json.loads(workbench("data", "compact", "--json").out)["let_go"] == []  # what a person brought stays
    assert "stays: it was imported" in workbench("data", "prune", "--dry-run").text
    asked = workbench("data", "prune", "--imported")
    assert asked.code == 2 and "say --yes" in asked.err and len(read_log(here / "data", OLD)) > 200
    done = workbench("data", "prune", "--imported", "--yes", "--json")
    assert done.code == 0 and [each["session"] for each in json.loads(done.out)] == [OLD]
    assert "1m" in [each.length for each in kept_bars(here / "data")]
    assert workbench("data", "verify").code == 0 and "let go" in workbench("data", "status").text
    refused = workbench("replay", "--session", OLD)
    assert refused.code == 1 and "it cannot be played" in refused.err
    assert workbench("sessions").code == 0 and workbench("data", "prune", "--yes").code == 0
    assert workbench("data", "export", "--session", OLD, "--length", "1m", "--out", "es.csv").code == 0


def test_what_would_go_is_said_ahead_of_time_with_the_windows_that_stay(traded: Path, here: Path) -> None:
    assert workbench("seal", "--data", traded).code == 0
    n_before = Recordings.of(traded).sessions()[0].n
    said = workbench("data", "prune", "--dry-run", "--as-of", "2027-06-01", "--data", traded)
    assert said.code == 0 and f"{SESSION} records: {n_before:,} records" in said.text and "around own orders" in said.text
    assert Recordings.of(traded).sessions()[0].n == n_before
    assert "0 due" in workbench("data", "prune", "--dry-run", "--as-of", SESSION, "--data", traded).text
    assert workbench("data", "prune", "--as-of", "2027-06-01", "--data", traded).code == 2


@pytest.mark.covers("S4-23")
def test_market_data_is_written_for_other_tools(traded: Path, here: Path) -> None:
    said = workbench("data", "export", "--session", SESSION, "--what", "records", "--out", "day.parquet", "--data", traded)
    records = read_log(traded, SESSION)
    assert said.code == 0 and f"wrote {len(records):,} records" in said.text
    frame = pl.read_parquet(here / "day.parquet")
    assert frame["seq"].to_list() == records["seq"].tolist() and frame["seq"].is_unique().all()
    assert not frame.select("recv_ns", "symbol").is_unique().all()  # times collide, numbers do not
    bars = ("data", "export", "--session", SESSION, "--length", "1m", "--roots", "ES", "--out", "es.csv", "--data", traded)
    assert workbench(*bars).code == 0
    es = pl.read_csv(here / "es.csv", try_parse_dates=True)
    assert es["symbol"].n_unique() == 1 and es["symbol"][0].startswith("ES")
    assert {"open_pts", "bid_pts", "volume"} <= set(es.columns) and [path.name for path in here.glob(".*")] == []


def test_what_cannot_be_meant_is_a_sentence(traded: Path, here: Path) -> None:
    for words, about in (
        (("export", "--session", SESSION, "--what", "sums", "--out", "a.csv"), "there are records, quotes"),
        (("export", "--session", SESSION, "--out", "a.xlsx"), ".parquet or .csv"),
        (("verify", "--session", "then"), "a session is a date"),
    ):
        said = workbench("data", *words, "--data", traded)
        assert said.code == 2 and about in said.text
    absent = workbench("data", "export", "--session", "2020-01-01", "--out", "a.csv", "--data", traded)
    assert absent.code == 1 and "no session 20200101" in absent.err and not (here / "a.csv").exists()
