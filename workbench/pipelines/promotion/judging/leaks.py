"""The gate of leakage: whether anything knows what it could not have known. Markets are generated; nothing is written."""

from __future__ import annotations

from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.research.leakage import Leak, look_for_leaks


def of_page(candidate: Candidate) -> Verdict:
    """Read a page's source: centred windows, negative shifts, numbers of the whole sample that stand beside each row."""
    return _told(look_for_leaks(candidate.folder / "notebook.ipynb"), "its source was read: no cell looks ahead")


def of_thing(candidate: Candidate) -> Verdict:
    """Read a thing's source, and run it on markets that agree up to a moment: what it said until then must be the same, bit for bit."""
    thing, things = candidate.own
    said = "read, and run on markets cut at t, of another future after t, with late arrivals: what it said by t is the same, bit for bit"
    return _told(look_for_leaks(thing, things=things), said)


def _told(leaks: list[Leak], said: str) -> Verdict:
    if not leaks:
        return Verdict(True, said)
    more = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
    lines = "\n".join(f"- {leak}" for leak in leaks)
    return Verdict(False, f"{leaks[0]}{more}", lines, {"leaks": [leak._asdict() for leak in leaks]})
