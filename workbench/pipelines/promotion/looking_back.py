"""Whether what was promoted still does as it did then: a person is told, and what trades on paper alone is promoted no more.

Rules
-----
1. It is looked at once a session (`workbench schedule run`, or `workbench promote look` by a timer), against the evidence it was
   promoted on.
2. What does worse is told, whatever it trades. Its promotion is taken away where nothing in the data folder has traded live since: no
   source is changed, nothing that runs is ended, for a promotion enables nothing. Where money is traded, a person decides.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from workbench.pipelines.promotion.of_things import demote_thing, reasons_to_take_back, records
from workbench.pipelines.promotion.record import Promoted
from workbench.runtime.notify.given import give
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.store.manifest import runs

Reasons = Callable[[Promoted, Path], list[str]]


class Fallen(NamedTuple):
    """Something that does worse than when it was promoted, why, and whether its promotion was taken away."""

    record: Promoted
    reasons: list[str]
    is_taken_back: bool


def look_back(home: Path, data: Path, now_ns: int, *, reasons: Reasons = reasons_to_take_back) -> list[Fallen]:
    """Look at all that is promoted in a workspace; tell of what does worse, and take back what may be.

    Parameters
    ----------
    home
        The workspace.
    now_ns
        Wall time.
    reasons
        Says why something should be taken back; nothing where it does as it did.
    """
    found = []
    for record in records(home):
        if why := reasons(record, data):
            is_on_paper = not _trades_money(data, record)
            if is_on_paper:
                demote_thing(home, record.kind, record.name, data, "; ".join(why))
            fallen = Fallen(record, why, is_on_paper)
            give(data, _notice(fallen, now_ns))
            found.append(fallen)
    return found


def _trades_money(data: Path, record: Promoted) -> bool:
    """Say whether anything traded live since it was promoted, the day of it included."""
    since = int(record.at[:10].replace("-", ""))
    return any(run.mode == "live" and run.sessions[-1] >= since for run in runs(data))


def _notice(fallen: Fallen, now_ns: int) -> Notice:
    of = f"{fallen.record.kind} {fallen.record.name}"
    done = (
        "It is promoted no more; its source stays. A run, or a line of the settings, that names it goes on until you take it out"
        if fallen.is_taken_back
        else f"Money is traded here: nothing was changed. You decide: workbench halt, workbench promote demote {fallen.record.name}"
    )
    text = f"{of} does worse than when it was promoted: {'; '.join(fallen.reasons)}. {done}"
    key = f"fell:{of}:{fallen.record.short}"
    return Notice(about=About.PROMOTED, severity=Severity.WARNING, key=key, text=text, at_ns=now_ns)
