"""The gates in their order, as one table; and going through them, up to the first that refuses. What each looks at stands in `judging`.

A gate is a function from a `Candidate` to a `Verdict`. It changes nothing but its own folder of evidence. A user's mistake (`ConfigError`,
`DataError`) that it meets is its refusal, in the words of the error; anything else it raises is ours, and goes through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.errors import InvariantError, WorkbenchError
from workbench.pipelines.contract import Pipeline, read
from workbench.pipelines.promotion.record import Kind
from workbench.workspace import Thing, Things

THIN: Final = "thin evidence"  # said where a gate had less to look at than it asks for
N_SESSIONS: Final = 5  # recorded sessions that are replayed


class Candidate(NamedTuple):
    """What wants to be promoted.

    ``folder`` holds the files that would be: of a page its two, of anything else its source. ``notebook`` is the page's own, or the one
    that made the thing; ``data`` the folder of the recorded sessions; ``evidence`` one that a gate may keep its files in. A strategy
    ``follows`` a recipe where it has no choice of its own.
    """

    kind: Kind
    name: str
    folder: Path
    notebook: Path
    data: Path
    evidence: Path
    schedule: str = ""
    follows: str = ""
    thing: Thing | None = None
    things: Things | None = None

    @property
    def page(self) -> Pipeline:
        """The page, of a candidate that is one: read and held against its form."""
        return read(self.folder)._replace(name=self.name)

    @property
    def own(self) -> tuple[Thing, Things]:
        """The thing, of a candidate that is one, among all there are."""
        if self.thing is None or self.things is None:
            raise InvariantError(f"{self.kind} {self.name} is no thing")
        return self.thing, self.things


class Verdict(NamedTuple):
    """What a gate says: one sentence for everybody, ``more`` (Markdown) for whoever reads on, ``data`` for a program.

    Where a gate does not apply it is passed, and ``applies`` says so.
    """

    passed: bool
    text: str
    more: str = ""
    data: Mapping[str, Any] = {}
    applies: bool = True


class Gate(NamedTuple):
    """A gate: its name, what it asks, and who answers, by kind of candidate; why not, where nobody does."""

    name: str
    asks: str
    judges: Mapping[str, Callable[[Candidate], Verdict]]
    why_not: Mapping[str, str] = {}

    def judge(self, candidate: Candidate) -> Verdict:
        """Hold a candidate against this gate."""
        judge = self.judges.get(candidate.kind)
        if judge is None:
            return Verdict(True, self.why_not[candidate.kind], applies=False)
        try:
            return judge(candidate)
        except InvariantError:
            raise
        except WorkbenchError as error:
            return Verdict(False, str(error))


class Answer(NamedTuple):
    """A gate, what it said, and how long it looked."""

    gate: Gate
    verdict: Verdict
    took_s: float


def go_through(candidate: Candidate, gates: Sequence[Gate], tell: Callable[[Gate], None] = lambda _: None) -> Iterator[Answer]:
    """Hold a candidate against gates in their order; the first refusal is the last answer.

    Parameters
    ----------
    tell
        Called with each gate before it looks.
    """
    for gate in gates:
        tell(gate)
        began = time.monotonic()
        verdict = gate.judge(candidate)
        yield Answer(gate, verdict, round(time.monotonic() - began, 1))
        if not verdict.passed:
            return
