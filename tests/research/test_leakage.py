"""Leaks that were planted are found, and honest work is left alone; both figures are said."""

from __future__ import annotations

import pytest

from tests.research.leakage.planting import found_in, plants
from workbench.research.leakage import look_for_leaks
from workbench.workspace.things import Things

PLANTED = [*plants("first"), *plants("second"), *plants("third")]
RECALL = 0.97


def test_planted_leaks_are_found(tmp_path, capsys):
    missed = [plant.name for plant in PLANTED if not found_in(plant, tmp_path)]
    recall = 1 - len(missed) / len(PLANTED)
    with capsys.disabled():
        print(f"\n{len(PLANTED) - len(missed)} of {len(PLANTED)} planted leaks found: recall {recall:.1%}")
    assert len(PLANTED) >= 30 and recall >= RECALL, missed


@pytest.mark.parametrize("plant", plants("honest"), ids=lambda plant: plant.name)
def test_honest_work_is_left_alone(plant, tmp_path):
    assert found_in(plant, tmp_path) == []


@pytest.mark.proof
def test_nothing_is_found_in_what_is_shipped(capsys):
    things = Things()
    found = {f"{thing.kind} {thing.name}": leaks for thing in things if (leaks := look_for_leaks(thing, things=things))}
    with capsys.disabled():
        print(f"\n{len(found)} of {len(list(things))} shipped things are said to look ahead")
    assert found == {}
