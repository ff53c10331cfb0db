"""What a tier says of evidence: each thing that is asked for, what was found, and whether it is passed, not yet there, or failed.

Words: *not yet* is an answer: nothing speaks against it, and not enough speaks for it. A failure needs something that was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from workbench.research.proving.evidence import Kind
from workbench.research.proving.score import Showing
from workbench.research.proving.stint import Stint


class State(StrEnum):
    """How something stands."""

    PASSED = "passed"
    NOT_YET = "not yet"
    FAILED = "failed"
    NOT_ASKED = "not asked"


class Line(NamedTuple):
    """One thing a tier asks for. ``runs`` are those it was counted from; ``why`` is why it is asked for at all."""

    what: str
    value: str
    wanted: str
    state: State
    why: str
    said: str = ""
    runs: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """What the evidence comes to.

    Attributes
    ----------
    tier
        The tier in question: the first that is not passed, or the last one if all are.
    state
        Of that tier.
    lines
        What it asks for.
    passed
        Tiers passed before it, and itself if it is.
    showing
        Process score and drawdown over the evidence: to be kept, for the rollback.
    notes
        What does not count, and why; what must be said beside the numbers.
    digest
        Of the thresholds it was held against.
    """

    kind: Kind
    name: str
    tier: str
    state: State
    lines: tuple[Line, ...]
    passed: tuple[str, ...]
    stints: tuple[Stint, ...]
    showing: Showing
    notes: tuple[str, ...]
    digest: str

    @property
    def is_passed(self) -> bool:
        """Whether every tier is passed."""
        return self.state is State.PASSED

    def __str__(self) -> str:
        return "\n".join(told(self))

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for a program or a file."""
        return {
            "kind": self.kind,
            "name": self.name,
            "tier": self.tier,
            "state": self.state.value,
            "passed": list(self.passed),
            "lines": [{**line._asdict(), "state": line.state.value, "runs": list(line.runs)} for line in self.lines],
            "evidence": [
                {"session": each.session, "how": each.how, "run": each.run.run, "journal": each.journal.as_posix()} for each in self.stints
            ],
            "process_score": self.showing.process_score,
            "parts": dict(self.showing.parts),
            "drawdown_r": self.showing.drawdown_r,
            "round_trips": self.showing.n_trips,
            "notes": list(self.notes),
            "thresholds": self.digest,
        }


_WORST: Final = (State.FAILED, State.NOT_YET, State.PASSED)


def state_of(lines: Sequence[Line]) -> State:
    """Give the state of a tier: the worst of what it asks for.

    >>> line = Line("sessions", "1", "at least 1", State.PASSED, "")
    >>> [state_of([line, line._replace(state=state)]).value for state in State], state_of([]).value
    (['passed', 'not yet', 'failed', 'passed'], 'not yet')
    """
    there = {line.state for line in lines}
    return next((state for state in _WORST if state in there), State.NOT_YET)


def told(of: Verdict) -> list[str]:
    """Write a verdict for a terminal."""
    passed = f"; passed: {', '.join(of.passed)}" if of.passed else ""
    rows = [f"{of.kind} {of.name} · tier {of.tier}: {of.state.value.upper()}{passed}"]
    numbers = {stint.run.run: number for number, stint in enumerate(of.stints, 1)}
    wide = max((len(line.what) for line in of.lines), default=0)
    far = max((len(line.value) for line in of.lines), default=0)
    for line in of.lines:
        wanted = f"  wanted: {line.wanted}" if line.wanted else ""
        row = f"  {line.state.value:<9} {line.what:<{wide}}  {line.value:<{far}}{wanted}{_sources(line.runs, numbers)}"
        rows.append(row.rstrip())
        if line.state in (State.NOT_YET, State.FAILED):
            rows.append(f"            {line.said + '; ' if line.said else ''}asked for because {line.why}")
    score = of.showing.process_score
    if score is not None:
        parts = ", ".join(f"{name} {value:.3f}" for name, value in of.showing.parts.items())
        deep = f"worst drawdown {of.showing.drawdown_r:.2f} R over {of.showing.n_trips} round trips"
        rows.append(f"  process score {score:.3f} ({parts}); {deep}{_sources(of.showing.runs, numbers)}")
    rows.append("  evidence" if of.stints else "  evidence: none")
    rows += [f"    [{number}] session {each.session}, {each.how}: {each.journal}" for number, each in enumerate(of.stints, 1)]
    return rows + [f"  note: {note}" for note in of.notes]


def _sources(runs: Sequence[str], numbers: dict[str, int]) -> str:
    named = sorted(numbers[run] for run in runs if run in numbers)
    return f"  [{','.join(map(str, named))}]" if named else ""
