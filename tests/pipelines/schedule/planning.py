"""Promoted pages of tests, a scheduler whose attempts are forked, and the work they do: a line in a file. No tests."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from tests.pipelines.paging import page
from workbench.clock import Clock
from workbench.pipelines.promotion.keeping import PARTS, digest_of_page, install
from workbench.pipelines.promotion.record import Promoted
from workbench.pipelines.schedule.attempt import Ended, Order, perform
from workbench.pipelines.schedule.daemon import Scheduler
from workbench.runtime.notify.notice import Notice
from workbench.store.digests import digest_of

SINCE = "2026-11-16T00:00:00.000000Z"  # a Monday
PARAMETERS = "session: int = 20261119  # which\nlength_pts: float = 2.5\nn: int = 3\nname: str = 'es'\nis_up: bool = True"

OUTPUTS = 'result = {"far": far, "name": name, "is_up": is_up, "session": session}\nresult'


def planned(places: Path, name: str, schedule: str, toml: str = "", *, at: str = SINCE, effects: str = "none", **cells: str) -> Path:
    """Promote a page without asking a gate; `cells` take the place of those of that tag."""
    folder = page(places / name, by="session", **{"parameters": PARAMETERS, "outputs": OUTPUTS, **cells})
    settings = folder / "pipeline.toml"
    settings.write_text(f'{settings.read_text()}effects = "{effects}"\n' + f"[schedule]\n{toml}\n")
    files = {part: (folder / part).read_bytes() for part in PARTS}
    digests = {part: digest_of(content) for part, content in files.items()}
    install(folder, files, Promoted(kind="page", name=name, digest=digest_of_page(files), files=digests, at=at, schedule=schedule))
    return folder


class Done:
    """A process that has ended already."""

    pid = 2**22 + 7

    def poll(self) -> int:
        return 0


class Said:
    """Hears what a person would be told."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.texts: list[str] = []

    def __call__(self, notice: Notice) -> None:
        self.titles.append(notice.text.partition(":")[0])
        self.texts.append(notice.text)


def writes_a_line(order: Order, folder: Path) -> Ended:
    """Append the run's name to a file of all that ran."""
    line = f"{Path(order.page).name} {order.given.get('session')} {folder.name}\n"
    with (Path(order.data) / "effects.txt").open("a") as effects:
        effects.write(line)
    return Ended(attempt=0, is_good=True)


def fails(order: Order, folder: Path) -> Ended:
    """Leave a line, and say that it went wrong."""
    writes_a_line(order, folder)
    return Ended(attempt=0, is_good=False, why="checks: AssertionError: no data")


def dies_midway(order: Order, folder: Path) -> Ended:
    """Leave a line, and no end."""
    writes_a_line(order, folder)
    raise Died


class Died(BaseException):
    """Stands for a process that is killed."""


def here(work: Callable[[Order, Path], Ended]) -> Callable[[Path, int], Done]:
    """Do attempts at once, in this process."""

    def start(folder: Path, number: int) -> Done:
        with contextlib.suppress(Died):
            perform(folder, number, work)
        return Done()

    return start


class Forked:
    """A process that was forked off."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        done, status = os.waitpid(self.pid, os.WNOHANG)
        return status if done else None


def forked(folder: Path, number: int) -> Forked:
    """Start an attempt as the scheduler does, in a session of its own, without the seconds that a Python takes to begin."""
    pid = os.fork()
    if pid:
        return Forked(pid)
    os.setsid()
    time.sleep(0.01 * (number % 3))
    perform(folder, number, writes_a_line)
    os._exit(0)


def scheduler(data: Path, places: Path, clock: Clock, said: Said, work: Callable[[Order, Path], Ended] = writes_a_line) -> Scheduler:
    return Scheduler(data, [places], clock, start=here(work), hand=said)


def effects(data: Path) -> list[str]:
    """List what ran, as it ran."""
    path = data / "effects.txt"
    return path.read_text().splitlines() if path.exists() else []
