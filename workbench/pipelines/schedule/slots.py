"""Which slots of a page are to be run, and which have been missed: the law of catching up. Pure; no clock, no ledger.

Rules
-----
1. A slot is known by its run key: the page as it is (its digest), the session, the slot's name. A key is run at most once.
2. A slot that is looked at within `ON_TIME_NS` of its time is run.
3. What is later than that, because nobody was there or the page was still running, goes by the page's word: ``run`` runs all of them,
   the oldest first, up to `MOST_AT_ONCE`; ``latest`` runs the newest; ``skip`` none. The others are missed, each with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from workbench.domain.units import MINUTE
from workbench.pipelines.schedule.trigger import Slot

ON_TIME_NS: Final = MINUTE
MOST_AT_ONCE: Final = 20  # slots that are made up for; a fortnight of every five minutes would be 2,760


class Missed(StrEnum):
    """What to do about slots that were not run in time."""

    RUN = "run"
    SKIP = "skip"
    LATEST = "latest"


class Verdict(NamedTuple):
    """A slot, and why it is not run; nothing: it is."""

    slot: Slot
    why_not: str = ""


def run_key(page: str, digest: str, slot: Slot) -> str:
    """Name a run, so that a folder can be called after it.

    >>> run_key("daily_report", "0f3a" * 16, Slot(20261120, "close+30m", 0))
    'daily_report/20261120-close+30m-0f3a0f3a0f3a'
    """
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', page)}/{slot.session}-{slot.name}-{digest[:12]}"


def judge(owed: Sequence[Slot], missed: Missed, now_ns: int) -> list[Verdict]:
    """Say of slots that are due and not decided yet, rising, which are run.

    >>> slots = [Slot(20261120, f"open+{n}m", n * MINUTE) for n in (5, 10, 15)]
    >>> [verdict.why_not[:14] for verdict in judge(slots, Missed.LATEST, 15 * MINUTE)]
    ['a later slot s', 'a later slot s', '']
    >>> [verdict.why_not[:14] for verdict in judge(slots, Missed.SKIP, 15 * MINUTE)]
    ['10 min late, a', '5 min late, an', '']
    """
    if missed is Missed.LATEST:
        return [*(Verdict(slot, "a later slot stands for it (missed = latest)") for slot in owed[:-1]), *map(Verdict, owed[-1:])]
    if missed is Missed.SKIP:
        return [Verdict(slot, _late(now_ns - slot.due_ns)) for slot in owed]
    n_over = max(0, len(owed) - MOST_AT_ONCE)
    too_many = f"one of {len(owed)} slots at once; the newest {MOST_AT_ONCE} are run"
    return [*(Verdict(slot, too_many) for slot in owed[:n_over]), *map(Verdict, owed[n_over:])]


def _late(by_ns: int) -> str:
    return "" if by_ns <= ON_TIME_NS else f"{by_ns // MINUTE} min late, and missed = skip"
