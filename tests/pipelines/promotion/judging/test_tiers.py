"""A strategy without evidence is not refused for what it is: not yet is the answer."""

from __future__ import annotations

from pathlib import Path

from workbench.pipelines.promotion.gates import Candidate
from workbench.pipelines.promotion.judging import GATES

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
