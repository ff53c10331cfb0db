"""The gate of the tiers: what a recipe or a strategy has shown on paper, or beside the live run. Reads stores."""

from __future__ import annotations

from typing import Final

from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.research.proving import State, judge
from workbench.research.trials import families, verdict

SEVERAL: Final = 2  # configurations: whoever tried one chose none
MOST: Final = 3  # of what is missing in one sentence; the evidence has all of it


def of_thing(candidate: Candidate) -> Verdict:
    """Ask for every tier; "not yet" is an answer, and a refusal."""
    found = judge(candidate.kind, candidate.name, candidate.data)
    tried, luck = _tried(candidate)
    more, data = f"```\n{found}\n```\n\nTrials: {tried}.", {**found.as_dict(), "trials": tried}
    if found.is_passed and luck:
        return Verdict(False, f"every tier is passed, but {tried}", more, data)
    if found.is_passed:
        return Verdict(True, f"every tier is passed: {', '.join(found.passed)}; {tried}", more, data)
    short = [each.said or each.what for each in found.lines if each.state in (State.NOT_YET, State.FAILED)]
    more_asked = f"; and {len(short) - MOST} more" if len(short) > MOST else ""
    collect = f". Evidence comes from paper, and from workbench shadow enter {_named(candidate)}" if found.state is State.NOT_YET else ""
    return Verdict(False, f"tier {found.tier}, {found.state.value}: {'; '.join(short[:MOST])}{more_asked}{collect}", more, data)


def _tried(candidate: Candidate) -> tuple[str, bool]:
    """Say how many configurations were evaluated as this, or in the notebook that made it, and whether choosing among them may be luck."""
    name = candidate.name.partition(":")[0] if candidate.kind == "strategy" else "recipes"
    there = families(candidate.data)
    several = [each for each in dict.fromkeys((name, candidate.notebook.stem)) if there.get(each, 0) >= SEVERAL]
    if not several:
        n = there.get(name, 0)
        return f"{n or 'no'} configuration{'s' * (n != 1)} of {name} in the ledger of trials, so none was chosen among others", False
    found = [verdict(each, candidate.data) for each in several]
    told = [
        f"{there[each.family]:,} configurations of {each.family} were tried: {each.text} (workbench trials {each.family})" for each in found
    ]
    return "; ".join(told), not all(each.is_passed for each in found)


def _named(candidate: Candidate) -> str:
    return candidate.name if candidate.kind == "strategy" else f"STRATEGY:{candidate.name}"
