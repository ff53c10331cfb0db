"""The gates that features, recipes and strategies pass on their way: contract, a clean run, the suites of their kind. Writes nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.pipelines.promotion.judging import playing
from workbench.workspace import Kind, check

Judge = Callable[[Candidate], Verdict]


def contract(candidate: Candidate) -> Verdict:
    """Ask that a thing is one, is the only one of its name, and that the notebook named as its maker speaks of it."""
    thing, things = candidate.own
    twice = [said for said in things.collisions() if repr(thing.name) in said]
    if twice:
        return Verdict(False, twice[0])
    if not thing.is_own:
        return Verdict(True, f"{thing.kind} {thing.name} is shipped: its source is the package itself, which no notebook made")
    why_not = _not_made_in(candidate)
    if why_not:
        return Verdict(False, why_not)
    return Verdict(True, f"{thing.kind} {thing.name} at {thing.where}, made in {candidate.notebook.name}")


def _not_made_in(candidate: Candidate) -> str:
    """Say why a notebook cannot be the one that made a thing; nothing if it can."""
    thing, _ = candidate.own
    try:
        cells: list[dict[str, Any]] = json.loads(candidate.notebook.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{candidate.notebook} is no notebook: {error!r}"
    if not any(re.search(rf"\b{re.escape(thing.name)}\b", text) for text in code):
        return f"{candidate.notebook} made no {thing.name}: none of its {len(code)} code cells names it; say which did with --notebook"
    return ""


def clean_run(candidate: Candidate) -> Verdict:
    """Let a thing live through the generated sample in a fresh engine."""
    thing, _ = candidate.own
    played = playing.play_through(playing.generated_session(), thing, candidate.follows)
    if played.quarantined:
        return Verdict(False, f"it failed in session {played.session}: {played.quarantined[0]}", data={"quarantined": played.quarantined})
    counts = Counter(type(fact).__name__ for fact in played.outcome.facts)
    more = "\n".join(f"- {name}: {n:,}" for name, n in sorted(counts.items()))
    spoke = {
        Kind.FEATURE: "it was valued with every bar",
        Kind.RECIPE: f"{counts['ForecastMade']:,} forecasts, {counts['LabelMatured']:,} outcomes learnt",
        Kind.STRATEGY: f"{counts['Approved'] + counts['Refused']:,} wishes, {counts['Approved']:,} approved",
    }[thing.kind]
    if thing.kind is Kind.RECIPE and not counts["ForecastMade"]:
        return Verdict(False, f"it forecast nothing in session {played.session}", more)
    silent = "; it wished for nothing there" if thing.kind is Kind.STRATEGY and not counts["Approved"] + counts["Refused"] else ""
    return Verdict(True, f"through the generated session {played.session}: {spoke}{silent}", more, dict(counts))


def conformance(candidate: Candidate) -> Verdict:
    """Run the suite of its kind, as ``workbench check`` does."""
    thing, things = candidate.own
    report = check(thing, things)
    lines = [f"- {'ok' if each.is_ok else '**wrong**'} {each.rule}: {each.said} {each.where}".rstrip() for each in report.findings]
    if report.wrong:
        return Verdict(False, report.wrong[0], "\n".join(lines), {"wrong": list(report.wrong)})
    return Verdict(True, f"{len(report.findings)} rules of its kind hold", "\n".join(lines))
