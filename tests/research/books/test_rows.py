"""Rows for an accountant: every column filled that can be, the same bytes each time, nothing rounded away."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from tests.research.books.ledgered import closed, journal, traded
from workbench.calendars.schedule import zone_of
from workbench.research.books import rows
from workbench.research.books.executions import account_books


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    journal(folder, traded().told, facts=[closed(1, pnl_micros=-9_000_000, fees_micros=9_000_000)])
    return folder


def table(columns: tuple[str, ...], made: list[rows.Row]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(rows.as_csv(columns, made))))


def test_a_fill_says_when_where_what_and_for_how_much(data: Path) -> None:
    first, *_, last = table(rows.FILLS, rows.fill_rows(account_books(data)))
    assert (first["time_utc"], first["time_exchange"]) == ("2026-11-19T15:00:03.000000Z", "2026-11-19T09:00:03.000000-06:00")
    assert last["time_exchange"].endswith("-05:00") and (last["session"], last["account"], last["mode"]) == ("20261119", "DUSIM1", "paper")
    assert [first[name] for name in ("symbol", "con_id", "type", "multiplier", "side", "quantity", "price_pts")] == [
        "ESZ6", "1001", "future", "50", "BUY", "2", "24.75",
    ]  # fmt: skip
    money = ("gross", "commission", "net", "currency", "rate_to_base", "base_currency", "net_base")
    assert [first[name] for name in money] == ["-2475.00", "-4.50", "-2479.50", "USD", "1", "USD", "-2479.50"]
    assert first["exec_id"] == "0000e0d5.69e00001.01.02" and first["how"] == "corrected"


def test_others_are_there_when_asked_for(data: Path) -> None:
    made = table(rows.FILLS, rows.fill_rows(account_books(data), with_foreign=True))
    assert [(row["how"], row["commission"], row["net"], row["bracket"]) for row in made if row["how"] == "foreign"] == [
        ("foreign", "", "", "")
    ]


def test_a_round_trip_and_a_run_say_what_they_earned(data: Path) -> None:
    books = account_books(data)
    (trip,) = table(rows.TRIPS, rows.trip_rows(books))
    assert [trip[name] for name in ("side", "quantity", "entry_pts", "exit_pts", "gross", "commission", "net", "r")] == [
        "LONG", "2", "25.0", "24.75", "0.00", "-9.00", "-9.00", "-0.5",
    ]  # fmt: skip
    (run,) = table(rows.EQUITY, rows.equity_rows(books))
    assert [run[name] for name in ("equity_first", "change", "n_fills", "n_round_trips", "round_trips_net", "commission", "is_flat")] == [
        "1000000.00", "0.00", "5", "1", "-9.00", "-13.35", "yes",
    ]  # fmt: skip


def test_the_same_journals_give_the_same_bytes(data: Path) -> None:
    one, two = (rows.as_csv(rows.FILLS, rows.fill_rows(account_books(data))) for _ in range(2))
    assert one == two and one.splitlines()[0].startswith("time_utc,time_exchange,session,account")


def test_no_digit_is_lost() -> None:
    assert [rows.text(Decimal(each)) for each in ("1", "-0.005", "1E+3", "0.10")] == ["1.00", "-0.005", "1000.00", "0.10"]
    assert [rows.text(each) for each in (None, True, 7, "a")] == ["", "yes", "7", "a"]


@pytest.mark.proof
def test_zones_known_by_heart_are_the_calendars_own() -> None:
    assert [zone_of(calendar) for calendar in ("CME Globex Equity", "CMEGlobex_CL", "NYSE")] == [
        rows.ZONES["CME"], rows.ZONES["CME"], rows.ZONES["NYSE"],
    ]  # fmt: skip
