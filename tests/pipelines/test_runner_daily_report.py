"""The page that ships runs on its defaults and on a session that nobody traded; it fails where it must. Traded ones: tests of the demo."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.research.barred import SESSIONS, traded
from tests.runtime.folders import BARS_SESSION, import_bars
from tests.teaching import teaching
from workbench.commands.notebooks import show_page
from workbench.pipelines.contract import Pipeline, read
from workbench.pipelines.runner import run

FOLDER = Path(__file__).parents[2] / "pipelines"


@pytest.fixture(scope="module")
def report() -> Pipeline:
    return read(FOLDER / "daily_report")


def test_every_shipped_page_keeps_to_the_form_and_is_stored_without_outputs() -> None:
    for path in sorted(FOLDER.glob("*/notebook.ipynb")):
        of = read(path.parent)
        assert of.parameters and of.title.endswith("?")
        assert all(not cell.get("outputs") for cell in json.loads(path.read_text())["cells"]), path


@pytest.mark.covers("S3-18")
def test_its_defaults_are_its_test(report: Pipeline, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = teaching(tmp_path_factory)
    monkeypatch.chdir(workspace)
    page = run(report, {}, tmp_path_factory.mktemp("pages"))
    assert page.failure is None and page.result is not None
    assert page.result["parity"] is True and page.result["round_trips"] > 20 and page.result["hit_frac"].keys() == {"flow_1m"}
    text = page.html.read_text()
    for heading in ("What was traded", "What the forecasts were worth", "What was refused", "How fit the data was"):
        assert f">{heading}<" in re.sub(r"<a .*?</a>", "", text)
    assert text.count("data:image/png;base64,") == 4 and 'alt="Did the account grow?' in text
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\(|<script""", text)
    assert "Generated data: it shows the machine at work" in text and len(text) < 400_000


@pytest.fixture(scope="module")
def barred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two hours of imported bars."""
    data = tmp_path_factory.mktemp("barred")
    import_bars(data, tmp_path_factory.mktemp("files"), "ESH6")
    return data


@pytest.mark.proof
def test_a_session_that_nobody_traded_is_told_as_data(report: Pipeline, barred: Path, tmp_path: Path) -> None:
    page = run(report, {"session": BARS_SESSION, "data": str(barred), "least_fit_frac": 0.0}, tmp_path)
    assert page.failure is None and page.folder == tmp_path / "daily_report" / str(BARS_SESSION)
    assert page.result is not None and page.result["run"] is None and page.result["parity"] is None
    assert "Nobody traded this session" in page.html.read_text()


def test_a_simulation_of_plain_rules_says_what_there_is_not(report: Pipeline, tmp_path: Path) -> None:
    traded(tmp_path)
    page = run(report, {"session": SESSIONS[1], "data": str(tmp_path / "data"), "least_fit_frac": 0.0}, tmp_path)
    assert page.failure is None and page.result is not None and page.result["round_trips"] > 5
    text = page.html.read_text()
    assert "No forecast was made: the strategies are plain rules" in text and "Did forecasts mean what they said?" not in text
    assert "there are no recorded commands to compare" in text and "(none)" not in text
    console = Console(record=True, width=200, file=io.StringIO())
    show_page(console, page)
    told = console.export_text()
    assert "hit_frac           no forecast was made: the strategies are plain rules" in told and "ece" not in told
    assert "parity             a simulation: there are no recorded commands to compare" in told and "_note" not in told


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        pytest.param({"least_fit_frac": 1.01}, "checks", "seldom fit to enter on", marks=pytest.mark.proof),
        ({"session": 20200102}, "inputs", str(BARS_SESSION)),
    ],
)
def test_it_fails_where_its_numbers_would_say_nothing(
    report: Pipeline, barred: Path, tmp_path: Path, given: dict[str, object], where: str, said: str
) -> None:
    page = run(report, {"session": BARS_SESSION, "data": str(barred), **given}, tmp_path)
    assert page.failure is not None and page.failure.where == where and said in page.failure.text
    assert "This page failed" in page.html.read_text()
