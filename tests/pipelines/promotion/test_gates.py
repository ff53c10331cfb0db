"""The gates stand in one table, in their order, and each kind is answered at each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.domain.errors import InvariantError
from workbench.pipelines.promotion.gates import Candidate, Gate, Verdict, go_through
from workbench.pipelines.promotion.judging import GATES

ORDER = ("contract", "clean run", "nbval", "conformance", "leakage", "replay parity", "tiers")
KINDS = ("page", "feature", "recipe", "strategy")


@pytest.mark.covers("S3-28")
def test_they_stand_in_this_order() -> None:
    assert tuple(gate.name for gate in GATES) == ORDER


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_each_answers_for_every_kind_or_says_why_not(gate: Gate) -> None:
    assert gate.asks.endswith(("?", "."))
    for kind in KINDS:
        assert (kind in gate.judges) != (kind in gate.why_not)


def candidate(kind: str = "page") -> Candidate:
    return Candidate(kind, "x", Path(), Path(), Path(), Path())


def test_where_a_gate_does_not_apply_it_says_so_and_lets_through() -> None:
    only = Gate("only", "?", {}, {"page": "a page is none"})
    assert only.judge(candidate()) == Verdict(True, "a page is none", applies=False)


def test_the_first_refusal_is_the_last_answer() -> None:
    gates = [Gate(str(n), "?", {"page": lambda _, n=n: Verdict(n != 1, "")}) for n in range(3)]
    told: list[str] = []
    answers = list(go_through(candidate(), gates, lambda gate: told.append(gate.name)))
    assert told == ["0", "1"] and [each.verdict.passed for each in answers] == [True, False]


def test_a_candidate_is_asked_for_what_it_is() -> None:
    with pytest.raises(InvariantError):
        _ = candidate("feature").own
