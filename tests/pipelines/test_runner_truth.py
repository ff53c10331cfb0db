"""The page of the seventeen: what the journals come to, and zeros where nobody traded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.research.books.ledgered import RUN, journal, traded
from workbench.pipelines.contract import Pipeline, read
from workbench.pipelines.runner import run
from workbench.research.books.truth import truth

FOLDER = Path(__file__).parents[2] / "pipelines"


@pytest.fixture(scope="module")
def page() -> Pipeline:
    return read(FOLDER / "truth")


@pytest.mark.covers("S3-32", "S3-38", "S3-39")
def test_it_tells_what_the_journals_come_to_and_fails_beyond_its_limit(page: Pipeline, tmp_path: Path) -> None:
    journal(tmp_path / "data", traded().told)
    made = run(page, {"data": str(tmp_path / "data")}, tmp_path / "pages")
    told = truth(tmp_path / "data")
    assert made.failure is None and made.result is not None and len(made.result) == 17
    assert made.result["trade_count"] == told.trade_count == 2 and made.result["net_pnl"] == str(told.net_pnl)
    assert f">{RUN}<" in made.html.read_text()


@pytest.mark.proof
@pytest.mark.covers("S3-39")
def test_on_nothing_it_is_nothing(page: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    made = run(page, {"data": str(tmp_path / "data")}, tmp_path / "pages")
    assert made.failure is None and made.result is not None
    assert made.result["trade_count"] == 0 and made.result["first_scan_at"] is None and "No run traded." in made.html.read_text()
