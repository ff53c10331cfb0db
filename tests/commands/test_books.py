"""``workbench export | statement check``: books as files, and held against the broker's."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.research.books.ledgered import RUN, flex, journal, rows, traded
from workbench.simulation.broker import Report


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    return traded().told


@pytest.fixture
def data(reports: list[Report], tmp_path: Path) -> Path:
    journal(tmp_path / "data", reports)
    return tmp_path / "data"


def test_fills_go_to_a_file_whole_and_to_the_screen(data: Path, here: Path) -> None:
    said = workbench("export", "fills", "--csv", "--out", "fills.csv", "--data", data)
    assert said.code == 0 and "wrote 5 executions to fills.csv" in said.text
    shown = workbench("export", "fills", "--csv", "--data", data)
    assert shown.out == (here / "fills.csv").read_text() and [path.name for path in here.iterdir() if path.name.startswith(".")] == []
    with (here / "fills.csv").open() as file:
        assert next(csv.DictReader(file))["net"] == "-2479.50"
    assert "5 executions; all columns: --csv" in workbench("export", "fills", "--data", data).text
    listed = json.loads(workbench("export", "fills", "--json", "--foreign", "--data", data).out)
    assert len(listed) == 6 and listed[0]["gross"] == "-2475"


def test_a_traded_session_is_exported_with_trips_and_equity(traded: Path, here: Path) -> None:
    trips = json.loads(workbench("export", "round-trips", "--json", "--data", traded).out)
    worth = json.loads(workbench("export", "equity", "--json", "--data", traded).out)
    assert len(worth) == 1 and worth[0]["n_round_trips"] == len(trips)
    session = str(worth[0]["session"])
    curve = workbench("export", "equity", "--csv", "--curve", "--session", session, "--data", traded)
    assert curve.code == 0 and curve.out.startswith("time_utc,run,equity_usd,")


def test_what_is_not_there_or_cannot_be_meant_is_a_sentence(data: Path, here: Path) -> None:
    nobody = workbench("export", "fills", "--run", "nobody", "--data", data)
    assert nobody.code == 1 and f"runs there: {RUN} (DUSIM1)" in nobody.text
    assert "nothing was traded there" in workbench("export", "fills", "--data", "nowhere").text
    for words, about in (
        (("fills", "--out", "a.csv"), "say both"),
        (("fills", "--csv", "--json"), "not both"),
        (("fills", "--csv", "--out", "."), "is a folder"),
        (("equity", "--curve"), "needs --session"),
        (("fills", "--session", "20261120:20261119"), "earlier session"),
        (("fills", "--session", "yesterday"), "a session is a date"),
    ):
        said = workbench("export", *words, "--data", data)
        assert said.code == 2 and about in said.text and list(here.iterdir()) == [data]


def test_equal_books_are_said_to_be_and_exit_0(data: Path, reports: list[Report], here: Path) -> None:
    flex(here / "FLEX.xml", rows(reports))
    said = workbench("statement", "check", "FLEX.xml", "--data", data)
    assert said.code == 0 and "DUSIM1, 20261119 to 20261119: 5 executions equal, 0 differences" in said.text
    assert "not ours: 20261119 ESZ6 0000e0d5.69e00004.01.01: +1 at 25.00, commission -2.25" in said.text
    assert "2 executions were corrected, 1 of them busted; each counts once" in said.text
    body = json.loads(workbench("statement", "check", "FLEX.xml", "--data", data, "--json").out)[0]
    assert body["same"] is True and [row["commission_ours"] for row in body["sums"]] == ["-11.25", "-2.10"]


def test_a_difference_exits_1_and_an_unusable_file_2(data: Path, reports: list[Report], here: Path) -> None:
    flex(here / "FLEX.xml", rows(reports)[1:])
    broken = workbench("statement", "check", "FLEX.xml", "--data", data)
    assert broken.code == 2 and "take a longer one" in broken.err
    flex(here / "FLEX.xml", [row for row in rows(reports) if not row["ibExecID"].endswith("3.01.01")])
    said = workbench("statement", "check", "FLEX.xml", "--data", data)
    assert said.code == 1 and "missing in the statement" in said.text
    (here / "FLEX.xml").write_text("<a/>")
    assert workbench("statement", "check", "FLEX.xml", "--data", data).code == 2
    assert workbench("statement", "check", "absent.xml", "--data", data).code == 2
