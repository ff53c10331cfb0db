"""The smallest schedule that still fails: strikes are dropped one by one while the same law is broken. Runs worlds; draws nothing."""

from __future__ import annotations

from typing import NamedTuple

from tests.simulation.disaster.running import Plant, Verdict, run_schedule
from tests.simulation.disaster.schedule import Schedule


class Shrunk(NamedTuple):
    """What is left, which of the seed's strikes were dropped, and what came of it."""

    schedule: Schedule
    dropped: tuple[int, ...]
    verdict: Verdict

    def text(self) -> str:
        """Say it so that it can be seen again with one command."""
        drop = f" --drop {','.join(map(str, self.dropped))}" if self.dropped else ""
        said = [f"python -m tests.simulation.disaster {self.schedule.seed}{drop}", *(f"  {each.text()}" for each in self.schedule.strikes)]
        return "\n".join(said + [f"  => {law} at {at_s:.2f} s: {text}" for law, at_s, text in self.verdict.violations])


def shrink(schedule: Schedule, verdict: Verdict, *, plant: Plant | None = None, at_most: int = 40) -> Shrunk:
    """Drop strikes while one of the laws that `verdict` names is still broken; give up after `at_most` runs."""
    laws = {each.law for each in verdict.violations}
    dropped: list[int] = []
    n_runs, goes_on = 0, True
    while goes_on:
        goes_on = False
        for place in range(len(schedule.strikes)):
            if place in dropped or n_runs >= at_most:
                continue
            n_runs += 1
            tried = run_schedule(schedule.without(*dropped, place), plant=plant)
            if laws & {each.law for each in tried.violations}:
                dropped.append(place)
                verdict, goes_on = tried, True
    return Shrunk(schedule.without(*dropped), tuple(sorted(dropped)), verdict)
