"""Every page that ships runs on its own defaults, the sample, and says something of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.teaching import teaching
from workbench.pipelines.contract import read
from workbench.pipelines.runner import run

FOLDER = Path(__file__).parents[2] / "pipelines"
SAYS = {
    "market_analysis": ("Where prices are", {"ESZ6", "RTYZ6", "SPY", "IWM"}),
    "parity": ("Session by session", {"20261119"}),
    "retrain": ("The models", {"state", "n_written"}),
    "trade_performance": ("What became of wishes", {"round_trips", "pnl_usd", "fees_usd", "wishes", "acted"}),
    "weekly_report": ("What was traded", {"sessions", "round_trips", "pnl_usd"}),
}


@pytest.mark.proof
@pytest.mark.covers("S3-32", "S3-42", "S3-43", "S3-44", "S3-15")
@pytest.mark.parametrize("name", sorted(SAYS))
def test_its_defaults_are_its_test(
    name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(teaching(tmp_path_factory))
    heading, keys = SAYS[name]
    page = run(read(FOLDER / name), {}, tmp_path)
    assert page.failure is None and page.result is not None, page.failure
    assert keys <= page.result.keys() and heading in page.html.read_text()
