"""``workbench drill``: what it says, and one of them whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from workbench.commands.drill import HELPS
from workbench.store.drills import drills


def test_the_help_names_every_drill() -> None:
    said = workbench("drill", "--help")
    assert said.code == 0 and all(name in said.text for name in HELPS)


@pytest.mark.proof
@pytest.mark.parametrize("name", sorted(HELPS))
def test_a_drill_ends_in_a_verdict_and_all_of_it_holds(here: Path, name: str) -> None:
    said = workbench("drill", name, "--json", "--folder", here / "drill")
    told = json.loads(said.out)
    assert said.code == 0 and told["good"], said.text
    claims = {each["claim"] for each in told["claims"]}
    assert {"stops in place", "our books are the gateway's", "a replay issues the same commands"} <= claims
    assert [path.name for path in here.glob("data/*")] == ["drills"], "the operator's own data folder gets the verdict, and nothing else"
    ((_, kept),) = drills(here / "data")
    assert kept.drill == name and kept.is_good and {claim for claim, *_ in kept.claims} == claims
