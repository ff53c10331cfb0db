"""The table of planted bugs as the README has it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.simulation.mutants.bugs import ALL

README: Final = Path(__file__).parents[1] / "README.md"
HEAD: Final = "| planted bug | law | caught by |\n|---|---|---|\n"


def table() -> str:
    """Make it."""
    return HEAD + "".join(f"| {bug.name} | {bug.law} | {_by(bug.caught)} |\n" for bug in ALL)


def _by(caught: str | int) -> str:
    if isinstance(caught, int):
        return f"disaster {caught}"
    file, _, test = caught.partition("::")
    return f"`{file}` {test.removeprefix('test_').replace('_', ' ')}"


def write() -> None:
    """Put it in the place of the one that stands there."""
    text = README.read_text(encoding="utf-8")
    README.write_text(re.sub(re.escape(HEAD) + r"(\|.*\n)*", lambda _: table(), text), encoding="utf-8")
