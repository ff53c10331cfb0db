"""The gate of the tiers: what a recipe or a strategy has shown on paper, or beside the live run. Reads stores."""

from __future__ import annotations

from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.research.proving import State, judge


def of_thing(candidate: Candidate) -> Verdict:
    """Ask for every tier; "not yet" is an answer, and a refusal."""
    found = judge(candidate.kind, candidate.name, candidate.data)
    more, data = f"```\n{found}\n```", found.as_dict()
    if found.is_passed:
        return Verdict(True, f"every tier is passed: {', '.join(found.passed)}", more, data)
    short = [f"{each.what}: {each.value}, wanted {each.wanted}" for each in found.lines if each.state in (State.NOT_YET, State.FAILED)]
    collect = f"; evidence comes from paper, and from workbench shadow enter {candidate.name}" if found.state is State.NOT_YET else ""
    return Verdict(False, f"tier {found.tier}: {found.state.value}; {'; '.join(short)}{collect}", more, data)
