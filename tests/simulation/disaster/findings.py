"""What disasters have found and nobody has mended yet: each with words by which it is known again, and a seed that shows it.

A finding that is open lets a sweep pass; its own test in `test_findings` is a strict xfail, and tells whoever mends it to strike it out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tests.simulation.disaster.running import Verdict


class Finding(NamedTuple):
    """Words that every violation of it matches, the seed that shows it, and what is wrong."""

    law: str
    words: str
    seed: int
    why: str


OPEN: Final[dict[str, Finding]] = {}


def open_findings(verdict: Verdict) -> list[str]:
    """Name the open findings that account for all that is wrong with a run; none, if one violation is not accounted for."""
    names = []
    for violation in verdict.violations:
        found = [name for name, each in OPEN.items() if each.law == violation.law and re.search(each.words, violation.text)]
        if not found:
            return []
        names += found[:1]
    return sorted(set(names))
