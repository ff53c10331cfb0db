"""Many seeds, added up: what failed, what was reached, where the program stood. One sweep of a proof may be many processes' sum."""

from __future__ import annotations

from collections import Counter

from tests.simulation.disaster.findings import open_findings
from tests.simulation.disaster.points import POINTS
from tests.simulation.disaster.rare import STATES
from tests.simulation.disaster.running import Plant, Verdict, run_seed


class Sweep:
    """The sum of runs."""

    def __init__(self) -> None:
        self.n = self.n_crashes = self.n_fills = 0
        self.virtual_s = 0.0
        self.reached: Counter[str] = Counter()  # rare states, by runs that reached them
        self.passed: Counter[str] = Counter()  # points, by how often they were passed
        self.died: Counter[str] = Counter()  # points, by deaths there
        self.halted: Counter[str] = Counter()
        self.known: Counter[str] = Counter()  # findings that are open, by runs that ran into them
        self.new: list[Verdict] = []  # what nobody has looked at yet

    def run(self, seed: int, *, plant: Plant | None = None) -> Verdict:
        """Run a seed and add it up."""
        verdict = run_seed(seed, plant=plant)
        self.add(verdict)
        return verdict

    def add(self, verdict: Verdict) -> None:
        """Add up what came of one."""
        self.n, self.n_crashes, self.n_fills = self.n + 1, self.n_crashes + verdict.n_crashes, self.n_fills + verdict.n_fills
        self.virtual_s += verdict.virtual_s
        self.reached.update(dict.fromkeys(verdict.reached, 1))
        self.passed.update(verdict.passed)
        self.died.update(verdict.died)
        if verdict.halted:
            self.halted[verdict.halted] += 1
        if not verdict.is_good:
            names = open_findings(verdict)
            self.known.update(names)
            if not names:
                self.new.append(verdict)

    def never_reached(self) -> list[str]:
        """Name the rare states that no run reached."""
        return [state for state in STATES if not self.reached[state]]

    def never_died_at(self) -> list[str]:
        """Name the points at which nobody died."""
        return [point for point in POINTS if not self.died[point]]

    def text(self, cpu_s: float) -> str:
        """Say all of it."""
        each_s, n_passed, hours = cpu_s / max(1, self.n), sum(self.passed.values()), self.virtual_s / 3600
        head = (
            f"{self.n} seeds, {each_s:.3f} s of processor each; {self.n_crashes} crashes at {n_passed} points passed, "
            f"{self.n_fills} executions, {hours:.1f} virtual hours; {len(self.new)} new findings"
        )
        said = [
            head,
            *(f"{n:6} open finding: {name}" for name, n in self.known.most_common()),
            *(f"{n:6} halted: {why}" for why, n in self.halted.most_common(20)),
            *(f"{self.reached[state]:6} reached: {state}" for state in STATES),
            *(f"{self.died[point]:6} died of {self.passed[point]:7} times at: {point}" for point in POINTS),
        ]
        return "\n".join(said)
