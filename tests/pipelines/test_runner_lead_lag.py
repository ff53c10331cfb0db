"""The page on who leads: on its defaults it refuses to conclude, and it fails where that is not allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.teaching import teaching
from workbench.pipelines.contract import Pipeline, read
from workbench.pipelines.runner import run

FOLDER = Path(__file__).parents[2] / "pipelines"


@pytest.fixture(scope="module")
def page() -> Pipeline:
    return read(FOLDER / "lead_lag")


@pytest.mark.proof
@pytest.mark.covers("S1-20", "S1-21")
def test_its_defaults_are_its_test(page: Pipeline, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(teaching(tmp_path_factory))
    made = run(page, {}, tmp_path_factory.mktemp("pages"))
    assert made.failure is None and made.result is not None
    assert made.result.keys() == {"ES-SPY", "RTY-IWM"}
    assert all(each["stage"] == "collect" and "Nothing is concluded" in each["verdict"] for each in made.result.values())
    few = run(page, {"least_days": 7}, tmp_path_factory.mktemp("few"))
    assert few.failure is not None and few.failure.where == "checks" and "too few days of both" in few.failure.text
