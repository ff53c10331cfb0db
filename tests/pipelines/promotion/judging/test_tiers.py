"""A strategy without evidence is not refused for what it is: not yet is the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.pipelines.promotion.gates import Candidate
from workbench.pipelines.promotion.judging import GATES
from workbench.pipelines.promotion.record import Kind
from workbench.research.trials import note

TIERS = next(gate for gate in GATES if gate.name == "tiers")


def test_not_yet_is_an_answer_and_says_what_is_missing(tmp_path: Path) -> None:
    said = TIERS.judge(Candidate("strategy", "vwap_reversion", tmp_path, tmp_path, tmp_path, tmp_path))
    assert not said.passed and said.text.startswith("tier 1 day, not yet: not enough sessions yet (0 of 1)")
    assert "not enough round trips yet (0 of 2)" in said.text and "workbench shadow enter vwap_reversion" in said.text
    assert said.data["state"] == "not yet"


def test_a_feature_and_a_page_have_none(tmp_path: Path) -> None:
    for kind in ("page", "feature"):
        said = TIERS.judge(Candidate(kind, "x", tmp_path, tmp_path, tmp_path, tmp_path))
        assert said.passed and not said.applies


def test_trials_are_counted_and_told(tmp_path: Path) -> None:
    of = Candidate("strategy", "vwap_reversion", tmp_path, tmp_path, tmp_path, tmp_path)
    assert "no configurations of vwap_reversion in the ledger of trials" in TIERS.judge(of).more
    for n in range(3):
        note(tmp_path, "vwap_reversion", {"n": n}, [0.1, -0.1, 0.2], periods=[1, 2, 3])
    said = TIERS.judge(of)
    assert "3 configurations of vwap_reversion were tried: 3 periods" in said.more and "3 configurations" in said.data["trials"]


@pytest.mark.parametrize(("kind", "name"), [("strategy", "vwap_reversion"), ("recipe", "flow_1m")])
def test_what_was_tried_in_the_notebook_that_made_it_counts(tmp_path: Path, kind: Kind, name: str) -> None:
    for n in range(100):
        note(tmp_path, "gap_idea", {"n": n}, [0.1, -0.1, 0.2], periods=[1, 2, 3])
    of = Candidate(kind, name, tmp_path, tmp_path / "lab" / "gap_idea.ipynb", tmp_path, tmp_path)
    told = TIERS.judge(of).data["trials"]
    assert "100 configurations of gap_idea were tried: 3 periods" in told and "none was chosen" not in told
