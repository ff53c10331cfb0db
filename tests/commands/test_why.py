"""``workbench why``: a story for a person, values for a program, a sentence for whoever means nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.replay.world import SESSION


def test_an_order_has_a_story_and_the_same_as_json(traded: Path, here: Path) -> None:
    assert workbench("shadow", "enter", "tour", "--profile", "demo", "--data", traded).code == 0
    assert workbench("shadow", "run", "tour", "--session", SESSION, "--data", traded).code == 0
    said = workbench("why", "#1", "--session", SESSION, "--run", "shadow", "--data", traded)
    assert said.code == 0, said.text
    assert "SHADOW: modelled fills, nothing was sent" in said.out and "workbench/strategies/tour.py:" in said.out
    told = json.loads(workbench("why", "#1", "--session", SESSION, "--run", "shadow", "--data", traded, "--json").out)
    assert told["strategy"]["name"] == "tour" and told["features"]["is_known"] and str(SESSION) in told["title"]


@pytest.mark.parametrize(("word", "code"), [("", 2), ("WB:x", 2), ("999999", 1), ("00ff.1", 1)])
def test_whoever_means_nothing_hears_what_there_is(traded: Path, here: Path, word: str, code: int) -> None:
    said = workbench("why", word, "--data", traded)
    assert said.code == code and said.err.startswith("error: ") and "Traceback" not in said.text
