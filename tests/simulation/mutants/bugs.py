"""All planted bugs, by name."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants import bugs_of_orders, bugs_of_the_broker, bugs_of_the_guardian, bugs_of_the_journal, bugs_of_the_law
from tests.simulation.mutants.planting import Bug

ALL: Final = bugs_of_orders.BUGS + bugs_of_the_broker.BUGS + bugs_of_the_law.BUGS + bugs_of_the_journal.BUGS + bugs_of_the_guardian.BUGS
BUGS: Final[dict[str, Bug]] = {bug.name: bug for bug in ALL}

CLASSES: Final = frozenset(  # that disasters must find as well: each by a fresh sweep, beside the test that they name
    {
        "a turn is not committed",
        "an execution shown again is another one",
        "order ids are what the gateway says",
    }
)
SURVIVE: Final[dict[str, str]] = {}  # bugs that nothing catches yet, and why; two at most
