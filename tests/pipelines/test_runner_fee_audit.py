"""The page that audits commissions: right on the sample, and failing where the broker charges more than everything counts with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.research.books.ledgered import journal, traded
from workbench.pipelines.contract import read
from workbench.pipelines.runner import run

PAGE = Path(__file__).parents[2] / "pipelines" / "fee_audit"


@pytest.mark.proof
@pytest.mark.covers("S3-49")
def test_a_broker_that_charges_otherwise_fails_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal(tmp_path / "data", traded().told)
    (tmp_path / "workbench.toml").write_text('[roots.ES]\ncommission = "2.05"\n')
    monkeypatch.chdir(tmp_path)
    made = run(read(PAGE), {"data": str(tmp_path / "data")}, tmp_path / "pages")
    assert made.failure is not None and made.failure.where == "checks" and "'ESZ6': 0." in made.failure.text


@pytest.mark.proof
@pytest.mark.covers("S3-49")
def test_with_room_for_it_the_page_tells_what_was_charged(tmp_path: Path) -> None:
    journal(tmp_path / "data", traded().told)
    made = run(read(PAGE), {"data": str(tmp_path / "data"), "most_off_usd": 5.0}, tmp_path / "pages")
    assert made.failure is None and made.result is not None and made.result["executions"] == 5 and made.result["not_told_yet"] == 0
