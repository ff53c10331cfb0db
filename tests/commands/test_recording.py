"""``workbench record``: the plan it prints without asking anybody, and the process beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench


@pytest.mark.covers("S1-11")
def test_a_dry_run_prints_the_plan_and_writes_nothing(tmp_path: Path) -> None:
    said = workbench("record", "--dry-run", "--data", tmp_path)
    assert said.code == 0
    for word in ("ES", "SPY", "degraded: no room", "asked for", "requests", "GB a day", "3 of 3 by-tick", "5 s bars", "ESM8", "ESH4"):
        assert word in said.text
    assert not list(tmp_path.iterdir())


def test_it_is_json_for_scripts(tmp_path: Path) -> None:
    said = workbench("record", "--dry-run", "--roots", "MES", "--data", tmp_path, "--json")
    told = json.loads(said.out)
    assert told["requests"] == 5 and told["budget"]["lines"] == {"used": 2, "of": 100} and told["gb_a_day"] > 0
    assert {row["is_asked"] for row in told["streams"]} == {True} and told["measured_gb_a_day"] is None


def test_without_a_recorder_a_keeper_has_nothing_to_do(tmp_path: Path) -> None:
    said = workbench("keeper", "--once", "--data", tmp_path)
    assert said.code == 0 and "sealed 0 records" in said.text
