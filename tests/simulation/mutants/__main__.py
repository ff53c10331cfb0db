"""Plant bugs by hand: `python -m tests.simulation.mutants "a name" --seeds 500` sweeps, `--write` puts the table into the README."""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from pathlib import Path

from tests.simulation.mutants import telling
from tests.simulation.mutants.bugs import BUGS
from tests.simulation.mutants.catching import fails, sweep


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="BUG", help="all, if none is named")
    parser.add_argument("--first", type=int, default=0, help="the first seed of a sweep")
    parser.add_argument("--seeds", type=int, default=0, help="sweep so many disasters at most, in place of the test or seed that is named")
    parser.add_argument("--write", action="store_true", help="write the table into the README")
    given = parser.parse_args()
    if given.write:
        telling.write()
        return 0
    logging.disable(logging.CRITICAL)
    n_alive = 0
    for name in given.names or BUGS:
        bug, began = BUGS[name], time.process_time()
        if isinstance(bug.caught, str) and not given.seeds:
            with tempfile.TemporaryDirectory() as place:
                found = fails(bug.caught, bug, Path(place))
        else:
            swept = sweep(bug, given.first if given.seeds else int(bug.caught), given.seeds or 1)
            found = None if swept.verdict is None else swept.verdict.text()
        n_alive += found is None
        print(f"{'caught' if found else 'ALIVE '} {time.process_time() - began:6.2f} s  {name}\n{_first_lines(found)}")
    return bool(n_alive)


def _first_lines(text: str | None) -> str:
    return "\n".join(f"         {line[:150]}" for line in (text or "").splitlines()[:3] if line.strip())


if __name__ == "__main__":
    raise SystemExit(main())
