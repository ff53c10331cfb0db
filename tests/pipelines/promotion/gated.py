"""Small pages and small gates for tests of promotion: what lies where, and a gate that says what it is told to. Starts no kernel."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.pipelines.paging import page
from workbench.pipelines.promotion.candidates import source_of
from workbench.pipelines.promotion.gates import Gate, Verdict
from workbench.pipelines.promotion.of_pages import Outcome, promote_page

KINDS = ("page", "feature", "recipe", "strategy")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"})


def gate(name: str, *, passed: bool = True, text: str = "so it is") -> Gate:
    return Gate(name, f"Is it {name}?", dict.fromkeys(KINDS, lambda _: Verdict(passed, text, "in detail", {"n": 1})))


OPEN = (gate("first"), gate("second"))


class Place(NamedTuple):
    """A workspace with a lab notebook in it."""

    home: Path

    @property
    def pages(self) -> list[Path]:
        return [self.home / "pipelines", self.home / "shipped"]

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def folder(self) -> Path:
        return self.home / "pipelines" / "how_far"

    def write(self, **sources: str) -> Path:
        """Write the lab notebook."""
        made = page(self.home / "made", **sources)
        lab = self.home / "lab" / "03_how_far.ipynb"
        lab.parent.mkdir(exist_ok=True)
        (made / "notebook.ipynb").replace(lab)
        return lab

    def promote(self, *gates: Gate, word: str = "", is_trial: bool = False, schedule: str = "close+30m", **sources: str) -> Outcome:
        source = source_of(word or str(self.write(**sources)), self.pages, schedule=schedule)
        return promote_page(source, self.data, gates or OPEN, is_trial=is_trial)


def killed_at(n: int, act: Callable[[], object]) -> bool:
    """Do something in a process of its own that dies before its n-th change of a file or folder; say whether it came so far."""
    child = os.fork()
    if not child:
        left = [n]

        def hear(event: str, arguments: tuple[object, ...]) -> None:
            if event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES):
                left[0] -= 1
                if not left[0]:
                    os._exit(9)

        try:
            sys.addaudithook(hear)
            act()
        except BaseException:  # noqa: BLE001  the child must not become a second test run
            os._exit(3)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), "it failed before it was killed"
    return code == 9
