"""A process that trades the small world on paper, slowly enough to be watched: ``python -m tests.research.writing DATA``."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from tests.replay.world import SESSION, world
from workbench.runtime.paper import paper

NAP_S = 0.02  # a turn: slow enough to be read while it writes


def main(data: Path) -> None:
    of = world(("ES", "SPY"), minutes=30, activity=0.15)
    contracts = [terms.contract for terms in of.setup.terms]
    slow = paper(data, SESSION, contracts, of.records, of.setup, of.fills, chunk=lambda: 97, progress=lambda _: time.sleep(NAP_S))
    asyncio.run(slow)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
