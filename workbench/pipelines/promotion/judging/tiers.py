"""The gate of the tiers: what a recipe or a strategy has shown on paper, or beside the live run. Reads stores."""

from __future__ import annotations

from typing import Final

from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.research.proving import State, judge

MOST: Final = 3  # of what is missing in one sentence; the evidence has all of it


def of_thing(candidate: Candidate) -> Verdict:
    """Ask for every tier; "not yet" is an answer, and a refusal."""
    found = judge(candidate.kind, candidate.name, candidate.data)
    more, data = f"```\n{found}\n```", found.as_dict()
    if found.is_passed:
        return Verdict(True, f"every tier is passed: {', '.join(found.passed)}", more, data)
    short = [each.said or each.what for each in found.lines if each.state in (State.NOT_YET, State.FAILED)]
    more_asked = f"; and {len(short) - MOST} more" if len(short) > MOST else ""
    collect = f". Evidence comes from paper, and from workbench shadow enter {_named(candidate)}" if found.state is State.NOT_YET else ""
    return Verdict(False, f"tier {found.tier}, {found.state.value}: {'; '.join(short[:MOST])}{more_asked}{collect}", more, data)


def _named(candidate: Candidate) -> str:
    return candidate.name if candidate.kind == "strategy" else f"STRATEGY:{candidate.name}"
