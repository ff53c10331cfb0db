"""What disasters have found: what is open by the words each is known again by, and what is mended, with the seeds that show it.

A finding that is open lets a sweep pass; its own test in `test_findings` is a strict xfail, which tells whoever mends it to strike it out
here. What is struck out goes to `MENDED`, and its seed is a test that holds.
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


OPEN: Final[dict[str, Finding]] = {}

MENDED: Final[dict[str, Finding]] = {
    "an exit beside a stop closes twice": Finding(
        "An exit was an order of its own in the bracket's group. What a stop had left of its share after a restart worked on and filled.",
        54,
        (),
        {},
    ),
    "a bracket that was being left is left after a restart": Finding(
        "Dying between the exit and the cancel of an entry that is filled in part: what of the entry filled later was held without a stop.",
        252,
        (0, 1, 2, 3, 4, 5),
        {},
    ),
    "no stop outlives its bracket over a restart": Finding(
        "What of a group is left working when its bracket closed is withdrawn within seconds; a process that died before left it.",
        408,
        (0, 1, 2),
        {},
    ),
    "a correction heard after a restart is one": Finding(
        "The next process knew that .01 was booked, but of a bracket that was over took .02 for another fill.",
        14,
        (),
        {},
    ),
    "a command before the contracts are found waits": Finding(
        "A stop that was moved or a position that was left at the first barrier after a restart raised, and ended the run.",
        294,
        (0, 1, 2),
        {},
    ),
    "a hand that closed a part is followed while the entry still fills": Finding(
        "Fills beside a hand's kept the broker's position from being believed, and nothing asked for it again.",
        3,
        (),
        {},
        "hand close with a working stop",
    ),
    "an exit behind a hand is cut": Finding(
        "An exit at market that fills in pieces closed what a hand had closed already.",
        26,
        (),
        {},
    ),
    "a gateway that is silent is tried again within the minute": Finding(
        "An API that says nothing was tried again after up to a minute: liveness allows that for all of it.",
        20_009,
        (),
        {},
    ),
    "an order that is named by one of its two rows is there": Finding(
        "One row lost from an answer about open orders cost a second question five seconds later, and a hand's close was followed late.",
        20_096,
        (),
        {},
    ),
    "an exit waits for a link that stands still": Finding(
        "The cancel of the stop was not answered for three seconds because nothing came through; the target had filled meanwhile.",
        20_365,
        (),
        {},
    ),
    "what a hand closed ends in a halt, also when the gateway was silent before": Finding(
        "The wait for a login and the wait for the position to be told together took more than the minute.",
        211,
        (),
        {},
    ),
    "the entry beside a hand's close is withdrawn": Finding(
        "The stop of an entry that still fills was left over all of it, though some had been closed at the screen.",
        20_313,
        (),
        {},
    ),
    "an exit that never arrives is sent again": Finding(
        "An exit that the gateway swallows without a word, behind the cancel of its stop, left the position bare.",
        10,
        (),
        {},
    ),
    "a hand's cut beside muted executions is followed in time": Finding(
        "Executions were not answered for ten seconds, the broker held less than our brackets, and an exit left for all.",
        1860,
        (4, 7),
        {},
    ),
    "what went flat while nobody ran is told": Finding(
        "The rest of an exit filled while nobody ran, and a hand had closed some before: the broker named the position no more, and the"
        " next process took it for the one that was told last.",
        2996,
        (0, 2, 3),
        {},
    ),
    "also behind an exit of which nothing was heard": Finding(
        "The same behind an exit that had just been sent.",
        125_191,
        (1, 2, 3),
        {},
    ),
    "a target is not cut beside its group": Finding(
        "A stop filled in part, and the target was cut by us and by its group: what that reckoned from was another size, and a rest"
        " outlived the position until a late cancel came.",
        1272,
        (1, 2, 3),
        {},
    ),
    "an exit that was refused is sent again as soon as that is known": Finding(
        "Executions were not answered for twelve seconds, then two whole answers and a barrier were waited for: a position was bare for"
        " longer than twenty.",
        125_066,
        (2, 3, 4),
        {},
    ),
    "nobody hears over a half-open link": Finding(
        "The law counted a link as there that was half-open behind somebody's hand: nobody could know what the hand had left.",
        126036,
        (),
        {},
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
