"""The page on how good the data was: on its defaults, on bars with a hole, and failing where a recording is not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.folders import BARS_SESSION, import_bars
from tests.teaching import teaching
from workbench.pipelines.contract import Pipeline, read
from workbench.pipelines.runner import run

FOLDER = Path(__file__).parents[2] / "pipelines"


@pytest.fixture(scope="module")
def page() -> Pipeline:
    return read(FOLDER / "data_quality")


@pytest.mark.covers("S3-42", "S4-22")
@pytest.mark.proof
def test_its_defaults_are_its_test(page: Pipeline, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(teaching(tmp_path_factory))
    made = run(page, {}, tmp_path_factory.mktemp("pages"))
    assert made.failure is None and made.result is not None
    assert made.result["complete_frac"].keys() == made.result["fit_frac"].keys() == {"ESZ6", "RTYZ6", "SPY", "IWM"}
    assert min(made.result["fit_frac"].values()) > 0.99 and made.result["gaps"] > 0
    text = made.html.read_text()
    assert "Was the data fit to decide on?" in text and "nothing until the close" in text


@pytest.mark.proof
@pytest.mark.covers("S4-21", "S4-22")
def test_a_recording_that_is_not_whole_fails_it(page: Pipeline, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "files").mkdir()
    import_bars(data, tmp_path / "files", "ESH6")
    made = run(page, {"session": BARS_SESSION, "data": str(data), "least_complete_frac": 0.999, "least_fit_frac": 0.0}, tmp_path)
    assert made.failure is not None and made.failure.where == "checks" and "too few minutes" in made.failure.text
