"""Leaks that were planted are found, and honest work is left alone; both figures are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.research.leakage.planting import Plant, found_in, plants
from workbench.research.leakage import look_for_leaks
from workbench.workspace.things import Things

PLANTED = [*plants("first"), *plants("second"), *plants("third")]
HONEST = plants("honest")
QUICK = [plant for plant in PLANTED if plant.kind == "cells" or (plant in plants("first") and plant.kind != "model")]
RECALL = 0.97


def kinds_found(planted: list[Plant], folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[Plant, set[str]]:
    """Look for each, say how many were found, and hold that to the least."""
    found = {plant: {leak.kind for leak in found_in(plant, folder)} for plant in planted}
    missed = [plant.name for plant, kinds in found.items() if not kinds]
    recall = 1 - len(missed) / len(planted)
    with capsys.disabled():
        print(f"\n{len(planted) - len(missed)} of {len(planted)} planted leaks found: recall {recall:.1%}")
    assert len(planted) >= 30 and recall >= RECALL, missed
    return found


def test_planted_leaks_are_found(tmp_path, capsys):
    kinds_found(QUICK, tmp_path, capsys)


@pytest.mark.parametrize("plant", [plant for plant in HONEST if plant.kind != "frames"] + list(HONEST[3:5]), ids=lambda plant: plant.name)
def test_honest_work_is_left_alone(plant, tmp_path):
    assert found_in(plant, tmp_path) == []


@pytest.mark.proof
def test_every_planted_leak_is_found_and_what_can_be_run_is_seen_by_running_it_alone(tmp_path, capsys):
    found = kinds_found(PLANTED, tmp_path, capsys)
    unseen = [plant.name for plant, kinds in found.items() if plant.kind == "frames" and "future" not in kinds]
    assert unseen == ["joined_forward"]  # bars of both markets close together: the next one is this one


@pytest.mark.proof
def test_nothing_is_found_in_what_is_shipped_or_honest(tmp_path, capsys):
    things = Things()
    found = {f"{thing.kind} {thing.name}": leaks for thing in things if (leaks := look_for_leaks(thing, things=things))}
    found |= {plant.name: leaks for plant in HONEST if (leaks := found_in(plant, tmp_path))}
    with capsys.disabled():
        print(f"\n{len(found)} of {len(list(things))} shipped and {len(HONEST)} honest things are said to look ahead")
    assert found == {}
