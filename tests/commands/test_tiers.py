"""``workbench tiers``: what is missing is said in words and as JSON; a name that nobody has is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench

pytestmark = pytest.mark.covers("S3-29")


def test_not_enough_yet_is_an_answer_with_exit_code_one(traded: Path, here: Path) -> None:
    said = workbench("tiers", "learned:flow_1m", "--generated", "--data", traded)
    assert said.code == 1 and "strategy learned:flow_1m · tier 1 day: NOT YET" in said.out
    assert "asked for because" in said.out and "/journal.db" in said.out and "thin evidence" in said.out
    told = json.loads(workbench("tiers", "flow_1m", "--data", traded, "--json").out)
    assert (told["kind"], told["tier"], told["state"], told["evidence"]) == ("recipe", "1 day", "not yet", [])
    assert "no market" in told["notes"][0]


@pytest.mark.parametrize("name", ["nobody", "learned:nobody", "rsi_14", ""])
def test_a_name_that_has_no_tiers_is_refused(here: Path, name: str) -> None:
    said = workbench("tiers", name)
    assert said.code == 2 and "there is no" in said.err and "flow_1m" in said.err
