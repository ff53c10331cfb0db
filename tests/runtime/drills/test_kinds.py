"""The frame of drills: their faults can be meant, their impatience ends with them, a failed process is told, and a claim is a claim."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.commands.drill import HELPS
from workbench.config import load_settings
from workbench.domain.errors import WorkbenchError
from workbench.gateway.faults.scenario import parse_scenario
from workbench.runtime.drills import kinds
from workbench.runtime.drills.stage import Stage, Verdict

NOBODY = load_settings(folder="/nowhere", environment={})


def rehearsed(name: str, folder: Path, told: list[str]) -> Verdict:
    return kinds.rehearse(name, NOBODY, folder, 20261119, told.append)


def test_every_drill_has_its_command_and_its_words() -> None:
    assert set(kinds.DRILLS) == set(HELPS) == {"kill", "disconnect", "restart", "guardian"}


@pytest.mark.parametrize("text", [kinds.CUT, kinds.RESTART])
def test_the_faults_of_a_drill_are_a_scenario(text: str) -> None:
    assert parse_scenario(text, "drill").rules


def test_a_drill_is_less_patient_only_while_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_GUARDIAN__SILENT_S", "9")
    with kinds._patience():
        assert load_settings(folder="/nowhere").guardian.silent_s == 4
    assert os.environ["WORKBENCH_GUARDIAN__SILENT_S"] == "9" and "WORKBENCH_GUARDIAN__FLAT_AFTER_S" not in os.environ


def test_a_verdict_is_good_only_when_everything_claimed_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(stage: Stage) -> Iterator[kinds.Claim]:
        stage.tell("something happens")
        yield "the first", True, ""
        yield "the second", False, "no"

    told: list[str] = []
    monkeypatch.setitem(kinds.DRILLS, "half", half)
    verdict = rehearsed("half", tmp_path, told)
    assert not verdict.is_good and [held for _, held, _ in verdict.claims] == [True, False] and told == ["something happens"]


def test_a_process_that_fails_is_told_with_its_last_words_and_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(stage: Stage) -> Iterator[kinds.Claim]:
        with stage.gateway("about = 'nonsense'\n[[rules]]\nwhen = { on = 'Nothing' }\nwhat = []\n"):
            yield "never", True, ""

    monkeypatch.setitem(kinds.DRILLS, "wrong", wrong)
    with pytest.raises(WorkbenchError, match="workbench gateway ended with exit code 2"):
        rehearsed("wrong", tmp_path, [])
