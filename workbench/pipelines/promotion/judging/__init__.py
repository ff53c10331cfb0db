"""Who answers at which gate: the one table of promotion. Each function takes a candidate and gives a verdict; none knows another."""

from __future__ import annotations

from typing import Final

from workbench.pipelines.promotion.gates import N_SESSIONS, THIN, Gate
from workbench.pipelines.promotion.judging import leaks, pages, parity, things, tiers

THINGS: Final = ("feature", "recipe", "strategy")


def _all(judge: things.Judge) -> dict[str, things.Judge]:
    return dict.fromkeys(THINGS, judge)


GATES: Final = (
    Gate(
        "contract",
        "Is it what it says it is: tagged cells, typed parameters, settings, and nothing that has no place in it?",
        {"page": pages.contract, **_all(things.contract)},
    ),
    Gate(
        "clean run",
        "Does it run from top to bottom in a fresh kernel, or through a fresh engine, on the generated sample?",
        {"page": pages.clean_run, **_all(things.clean_run)},
    ),
    Gate(
        "nbval",
        "Run again, does it show what it showed, number by number, within tolerance?",
        {"page": pages.shows_the_same},
        dict.fromkeys(THINGS, "a notebook in which an idea was found may show whatever it likes; what runs is the source"),
    ),
    Gate(
        "conformance",
        "Do the suites of its kind hold, as `workbench check` runs them?",
        _all(things.conformance),
        {"page": "a page decides nothing: it is held against its contract"},
    ),
    Gate(
        "leakage",
        "Does it know anything that it could not have known: another future, a cut, late arrivals?",
        {"page": leaks.of_page, **_all(leaks.of_thing)},
    ),
    Gate(
        "replay parity",
        f"Played twice, do the last {N_SESSIONS} recorded sessions give the very same commands? With fewer: the generated sample, {THIN}.",
        {"page": parity.of_page, **_all(parity.of_thing)},
    ),
    Gate(
        "tiers",
        "Has it shown on paper, or beside the live run, what is asked of it: sessions, decisions, round trips, and what they were worth?",
        {"recipe": tiers.of_thing, "strategy": tiers.of_thing},
        {"page": "a page trades nothing", "feature": "a feature trades nothing: the recipe or strategy that reads it has tiers"},
    ),
)
