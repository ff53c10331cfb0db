"""See one seed again, or sweep many: ``python -m tests.simulation.disaster SEED [--drop 0,2] [--shrink] [--to SEED]``."""

from __future__ import annotations

import argparse
import time

from tests.simulation.disaster.faults import draw
from tests.simulation.disaster.findings import open_findings
from tests.simulation.disaster.running import run_schedule
from tests.simulation.disaster.shrinking import shrink
from tests.simulation.disaster.sweeping import Sweep


def main() -> int:
    asked = argparse.ArgumentParser(description="One run of disasters in virtual time, or a sweep of them.")
    asked.add_argument("seed", type=int)
    asked.add_argument("--drop", default="", help="strikes to leave out, by their place in the list")
    asked.add_argument("--shrink", action="store_true", help="find the smallest schedule that still fails")
    asked.add_argument("--to", type=int, help="run all seeds up to this one")
    given = asked.parse_args()
    if given.to is not None:
        return _sweep(given.seed, given.to)
    schedule = draw(given.seed).without(*(int(each) for each in given.drop.split(",") if each))
    for place, strike in enumerate(schedule.strikes):
        print(f"{place:3} {strike.text()}")
    verdict = run_schedule(schedule)
    print("\n".join(f"    {each}" for each in (*verdict.struck, *verdict.lives)))
    print(f"{verdict.text()}\nhalted: {verdict.halted or 'no'}; {verdict.virtual_s:.0f} s in {verdict.wall_s:.2f}; digest {verdict.digest}")
    if given.shrink and not verdict.is_good:
        print(shrink(schedule, verdict).text())
    return not verdict.is_good


def _sweep(first: int, last: int) -> int:
    swept, began = Sweep(), time.process_time()
    for seed in range(first, last):
        verdict = swept.run(seed)
        if not verdict.is_good:
            names = open_findings(verdict) or ["NEW"]
            print(f"{', '.join(names)}: {verdict.text()}", flush=True)
    print(swept.text(time.process_time() - began))
    return bool(swept.new)


if __name__ == "__main__":
    raise SystemExit(main())
