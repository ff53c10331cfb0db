"""``workbench promote``: features, recipes and strategies; what a person is told, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.pipelines.promotion.gated import OPEN, gate
from workbench import mine
from workbench.pipelines.promotion import judging
from workbench.workspace import make_thing, make_workspace, things_of

EVERY = judging.GATES


@pytest.fixture
def mine_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace with a feature, and gates that look at nothing but the notebook."""
    make_workspace(here)
    make_thing("feature", "gap", here, things_of(here))
    (here / "lab.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": "gap"}]}))
    monkeypatch.setattr(judging, "GATES", (judging.GATES[0], *OPEN))
    yield here
    mine.look_in(None)


def test_a_feature_is_promoted_and_what_enables_it_is_a_separate_change(mine_here: Path) -> None:
    said = workbench("promote", "feature", "gap", "--notebook", "lab.ipynb")
    assert said.code == 0, said.text
    assert (
        "promoted: feature gap" in said.text and "made in lab.ipynb" in said.text and "not yet on: that is a separate change" in said.text
    )
    told = json.loads(workbench("promote", "status", "gap", "--json").out)
    assert (told["state"], told["notebook"], list(told["files"])) == ("promoted", "lab.ipynb", ["features/gap.py"])
    path = mine_here / "features" / "gap.py"
    text = path.read_text()
    path.write_text(text + "# edited\n")
    said = workbench("promote", "status")
    assert said.code == 1 and "feature gap was edited since it was promoted" in said.text
    assert workbench("promote", "rollback", "gap").code == 0 and path.read_text() == text
    assert workbench("promote", "status").code == 0
    assert workbench("promote", "demote", "gap", "--why", "a coin").code == 0
    assert "nothing is promoted" in workbench("promote", "status").out


@pytest.mark.proof
def test_a_new_feature_passes_every_gate_and_a_new_strategy_has_to_show_something_first(
    mine_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "GATES", EVERY)
    said = workbench("promote", "feature", "gap", "--notebook", "lab.ipynb")
    assert said.code == 0 and "thin evidence: 0 of 5 recorded sessions" in said.text and "cut at t" in said.text, said.text
    make_thing("strategy", "gap_fade", mine_here, things_of(mine_here))
    (mine_here / "lab.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": "gap_fade"}]}))
    said = workbench("promote", "strategy", "gap_fade", "--notebook", "lab.ipynb")
    assert said.code == 1 and "refused tiers tier 1 day, not yet: not enough sessions yet (0 of 1)" in said.text, said.text


def test_a_refusal_ends_with_1(mine_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "GATES", (gate("tiers", passed=False, text="not enough round trips yet (12 of 30)"),))
    said = workbench("promote", "strategy", "vwap_reversion")
    assert said.code == 1 and "not enough round trips yet (12 of 30)" in said.text and "nothing was changed" in said.text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("feature", "gap"), "which notebook made feature gap"),
        (("feature", "gap", "--notebook", "nowhere.ipynb"), "there is no notebook nowhere.ipynb"),
        (("feature", "gab"), "there is no feature 'gab'; did you mean gap?"),
        (("strategy", "learned"), "say learned:RECIPE"),
        (("strategy", "a:b:c:"), "there is no strategy 'a'"),
        (("demote", "gap"), "gap is not promoted; promoted here: nothing"),
        (("rollback", "gap", "--kind", "feature"), "feature gap is not promoted"),
        (("status", "gap"), "is not promoted; promoted here: nothing"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_no_traceback(mine_here: Path, words: tuple[str, ...], told: str) -> None:
    said = workbench("promote", *words)
    assert said.code == 2 and told in said.text and "Traceback" not in said.text
