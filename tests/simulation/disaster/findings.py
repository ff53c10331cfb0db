"""What disasters have found and nobody has mended yet: the words by which each is known again, and the seed that shows it.

A finding that is open lets a sweep pass; its own test in `test_findings` is a strict xfail, which tells whoever mends it to strike it out
here. What is struck out is kept there as a test that holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.simulation.disaster.faults import draw
from tests.simulation.disaster.schedule import Schedule
from tests.simulation.disaster.steering import towards

if TYPE_CHECKING:
    from tests.simulation.disaster.running import Verdict


class Finding(NamedTuple):
    """What is wrong, the seed and the dropped strikes that show it, and how it is known: by law, words every violation of it matches."""

    why: str
    seed: int
    drop: tuple[int, ...]
    words: dict[str, str]
    state: str = ""  # of a schedule that was drawn towards a state

    def schedule(self) -> Schedule:
        """Draw what shows it."""
        drawn = towards(self.state, self.seed) if self.state else draw(self.seed)
        return drawn.without(*self.drop)


OPEN: Final[dict[str, Finding]] = {
    "an exit beside a stop or target closes twice": Finding(
        "An exit is an order of its own in the bracket's group. A stop that fills while it is on its way empties the group, and the exit "
        "then turns the position round; a target filled in part before it joined reduces it by a share of the whole, not of the rest.",
        54,
        (),
        {"I8": r"was closed for \d+ more than it held"},
    ),
    "a bracket that was being left is not left after a restart": Finding(
        "Dying between the exit and the cancel of an entry that is filled in part, or a cancel lost with its socket: what of the entry "
        "fills later is held without a stop for ever, since neither the exit nor the cancel is sent again.",
        252,
        (0, 1, 2, 3, 4, 5),
        {"I7": r"(neither stop nor exit|its stops and exits cover 0)", "I26": r"is closing in the engine, and nothing of it lives"},
    ),
    "a stop outlives its bracket over a restart": Finding(
        "What of a group was left working when its bracket closed is withdrawn within two seconds; a process that dies before leaves it "
        "working for ever, for only brackets that are open are recalled. A link that drops then keeps it for as long as it is away.",
        408,
        (0, 1, 2),
        {"I8": r"holds 0, and orders for \d+ work", "I26": r"is over in the engine and lives at the broker"},
    ),
    "a correction heard after a restart is taken for another fill": Finding(
        "The next process knows that .01 was booked and not that .02 stands in its place: OrderFilled in place of FillCorrected.",
        14,
        (),
        {"I5": r"own and 0 foreign", "I6": r"the disk says \(.*\), the broker None"},
    ),
    "a hand that closed a part is not followed in time": Finding(
        "Two of three are bought back at the screen while the entry still fills: the stop is not cut within five seconds, and an exit for "
        "all three leaves meanwhile.",
        3,
        (),
        {"I8": r"rest to close the \d+ that a hand left"},
        "hand close with a working stop",
    ),
}


def open_findings(verdict: Verdict) -> list[str]:
    """Name the open findings that account for all that is wrong with a run; none, if one violation is not accounted for."""
    names = []
    for violation in verdict.violations:
        found = [name for name, each in OPEN.items() if (words := each.words.get(violation.law)) and re.search(words, violation.text)]
        if not found:
            return []
        names.append(found[0])
    return sorted(set(names))
