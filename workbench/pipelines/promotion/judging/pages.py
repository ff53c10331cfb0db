"""The gates that a page alone passes: its contract, a clean run on the sample, and the same again. Starts kernels; keeps no page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from workbench.pipelines.comparing import compare, let_differ, uncompared
from workbench.pipelines.contract import admit, load, order
from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.pipelines.runner import Page, run
from workbench.research.sample import sample

EFFECTS: Final = ("none", "artefact")
SAMPLE: Final = "sample"  # what a parameter says that means the generated session
PAGE: Final = "page.ipynb"
FIRST, AGAIN = "clean-run", "again"
SLOW_S: Final = 30.0  # HOUSE: defaults run on sample data in less; they are a page's test


def contract(candidate: Candidate) -> Verdict:
    """Hold a page against its form, its effects against what may be scheduled, and what is stored against the order of its cells."""
    page = admit(candidate.folder)
    _, cells = load(candidate.folder / "notebook.ipynb")
    if disordered := list(order(cells)):
        return Verdict(False, "\n".join(map(str, disordered)))
    effects = page.settings.effects
    if effects not in EFFECTS:
        return Verdict(False, f'effects = "{effects}": a page on a schedule may write artefacts and propose nothing; a strategy proposes')
    n = sum(cell["cell_type"] == "code" for cell in page.notebook["cells"])
    reads = ", ".join((*page.settings.reads.tables, *page.settings.reads.files)) or "nothing"
    more = "\n".join(f"- `{each.name}: {each.kind} = {each.default!r}`  {each.text}" for each in page.parameters)
    text = f"{n} code cells in the form of a page; it reads {reads}, and writes {_effect(effects)}"
    return Verdict(True, text, f"Its parameters, as they stand when nobody says otherwise:\n\n{more}")


def _effect(effects: str) -> str:
    return "the page alone" if effects == "none" else "the page and its artefacts"


def clean_run(candidate: Candidate) -> Verdict:
    """Run a page on its defaults in a kernel of its own; the sample is made first where it is missing."""
    page = candidate.page
    if any(each.default == SAMPLE for each in page.parameters):
        sample()
    done = run(page, {}, candidate.evidence / FIRST)
    if done.failure is not None:
        return Verdict(False, f"the page failed in {done.failure}", f"The page as far as it came: {_below(candidate, done)}")
    slow = f"; a page's defaults should take {SLOW_S:g} s at most" if done.took_s > SLOW_S else ""
    text = f"it ran in {done.took_s:g} s{slow}"
    return Verdict(True, text, f"The page: {_below(candidate, done)}", {"result": done.result, "took_s": done.took_s})


def shows_the_same(candidate: Candidate) -> Verdict:
    """Hold what the clean run showed against what the notebook showed when it was stored; of one without outputs, against a second run."""
    page = candidate.page
    first = _executed(next((candidate.evidence / FIRST).glob(f"*/*/{PAGE}")))
    if has_outputs(page.notebook):
        stored, fresh, how = page.notebook, first, "it shows what it showed when it was stored"
        mend = "run it from top to bottom on its defaults and save it, or declare a tolerance"
    else:
        again = run(page, {}, candidate.evidence / AGAIN)
        if again.failure is not None:
            return Verdict(
                False, f"run again the page failed in {again.failure}", f"The page as far as it came: {_below(candidate, again)}"
            )
        stored, fresh, how = first, _executed(again.notebook), "run twice it shows the same (no outputs are stored in it)"
        mend = "what it shows must not hang on the moment, on chance or on the machine; or declare a tolerance"
    found = compare(stored, fresh)
    skipped = "".join(f"\n- {each}" for each in uncompared(fresh))
    more = "\n".join(f"- {each}" for each in found) + (f"\n\nNot compared:\n{skipped}" if skipped else "")
    if found:
        rest = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return Verdict(False, f"{found[0]}{rest}; {mend}", more, {"differences": [each._asdict() for each in found]})
    allowed = f", but for what it lets differ: {'; '.join(lets)}" if (lets := let_differ(stored)) else ""
    return Verdict(True, f"{how}{allowed}", more)


def has_outputs(notebook: Mapping[str, Any]) -> bool:
    """Say whether a notebook was stored with what it showed."""
    return any(cell.get("outputs") for cell in notebook["cells"] if cell["cell_type"] == "code")


def _executed(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _below(candidate: Candidate, page: Page) -> str:
    at = page.html.relative_to(candidate.evidence).as_posix()
    return f"[{at}]({at})"
