"""Twelve rules, every reason in one of them, and never another word than the limits'."""

from __future__ import annotations

import random

import pytest

from tests.risk.test_chain import BROKEN, CALM, KEY, TERMS, WISH, law, view
from tests.risk.test_no_path import GATES, intent, standing
from workbench.decision.rules import HOLDS, RULE_OF, Rule, explain, first_objection
from workbench.domain.decisions import Approved, Reason, Refused
from workbench.risk.chain import Gate
from workbench.risk.limits import LIMITS

pytestmark = pytest.mark.covers("S1-28", "S2-42")


def test_there_are_twelve_and_every_reason_stands_in_exactly_one() -> None:
    assert [rule.value for rule in Rule] == list(range(1, 13)) and set(HOLDS) == set(Rule)
    assert sum(map(len, HOLDS.values())) == len(RULE_OF) == len(Reason) and set(RULE_OF) == set(Reason)


def test_limits_stand_in_the_order_of_the_rules() -> None:
    rules = [RULE_OF[limit.reason] for limit in LIMITS]
    assert rules == sorted(rules) and set(rules) == set(Rule)


@pytest.mark.parametrize(("reason", "case"), BROKEN, ids=[f"{reason.name}-{n}" for n, (reason, _) in enumerate(BROKEN)])
def test_the_first_objection_of_the_rules_is_the_verdict_of_risk(reason: Reason, case: dict[str, object]) -> None:
    given: dict[str, object] = {"wish": WISH, "now": CALM, "seen": view(), "by": law()} | case
    gate = Gate(given["by"])
    refused = gate.judge(KEY, given["wish"], given["seen"], TERMS, given["now"])
    said = explain(gate.rows(KEY))
    found = first_objection(said)
    assert isinstance(refused, Refused) and refused.reason is reason
    if gate.rows(KEY):  # what cannot be measured at all is malformed, and has no rows
        assert len(said) == 12 and found is not None and found.rule is RULE_OF[reason]
        assert found.value is refused.value or found.value == refused.value or reason is Reason.CONFIDENCE
        assert found.threshold == refused.threshold


@pytest.mark.covers("S3-12")
def test_rules_and_risk_agree_on_anything_that_can_be_wished() -> None:
    rng = random.Random(7)
    for n in range(2_000):
        gate, key = rng.choice(list(GATES.values())), KEY._replace(strategy=str(n))
        verdict = gate.judge(key, intent(rng), view(), TERMS, standing(rng))
        rows = gate.rows(key)
        gate._measured.clear()
        if not rows:
            assert isinstance(verdict, Refused) and verdict.reason is Reason.MALFORMED
            continue
        found = first_objection(explain(rows))
        if isinstance(verdict, Approved):
            assert found is None
        else:
            assert found is not None and (found.rule, found.threshold) == (RULE_OF[verdict.reason], verdict.threshold)


def test_a_proposal_that_is_approved_has_twelve_verdicts_as_well() -> None:
    gate = Gate(law())
    assert isinstance(gate.judge(KEY, WISH, view(), TERMS, CALM), Approved)
    said = explain(gate.rows(KEY))
    assert [verdict.rule for verdict in said] == list(Rule) and all(verdict.is_kept and verdict.limit for verdict in said)
