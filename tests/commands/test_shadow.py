"""``workbench shadow``: enter, run, leave, list; whoever is not in, or does not exist, is refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.replay.world import SESSION

pytestmark = pytest.mark.covers("S3-29")


def test_a_candidate_enters_goes_through_a_session_and_leaves(traded: Path, here: Path) -> None:
    where = ("--data", traded)
    assert "nobody is in" in workbench("shadow", "list", *where).text
    assert "not in the shadow slot" in workbench("shadow", "run", "tour", "--session", SESSION, *where).err
    said = workbench("shadow", "enter", "tour", "--profile", "demo", *where)
    assert said.code == 0 and "is in the shadow slot, law demo" in said.text
    ran = workbench("shadow", "run", "tour", "--session", SESSION, "--json", *where)
    assert ran.code == 0, ran.text
    told = json.loads(ran.out)
    assert told["account"] == "shadow:tour" and told["commands"] > 0 and "nothing of it is sent" in ran.err
    twice = workbench("shadow", "run", "tour", "--session", SESSION, *where)
    assert twice.code == 1 and "went through session" in twice.err
    hindsight = json.loads(workbench("tiers", "tour", "--generated", "--json", *where).out)
    assert hindsight["evidence"] == [] and any("hindsight" in note for note in hindsight["notes"])
    assert workbench("shadow", "leave", "tour", *where).code == 0
    assert "has left" in workbench("shadow", "list", *where).text
    assert workbench("shadow", "leave", "tour", *where).code == 2
    played = workbench("sessions", *where)
    assert f"{SESSION}-shadow-tour-" in played.text


@pytest.mark.parametrize("name", ["nobody", "learned", "learned:nobody", ":"])
def test_who_does_not_exist_does_not_enter(here: Path, name: str) -> None:
    said = workbench("shadow", "enter", name)
    assert said.code == 2 and said.err.startswith("error: ") and not (here / "data").exists()
