"""One attempt at one run, in a process of its own: begun at most once, its end written whole. What the work is comes in.

Rules
-----
1. An attempt holds the lock of its folder while it lives: who finds it taken knows that somebody is at work, whoever has died meanwhile.
2. It begins by making the file ``attempt-N``, which must not be there. Whoever wants to be sure that attempt N never begins makes that
   file himself (`forestall`): a process that was started long ago and comes late finds it, and leaves.
3. It ends by writing ``ended.json`` whole. What died before that has not ended; a page it was about to publish is not published.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from workbench.domain.errors import StoreError, WorkbenchError
from workbench.pipelines.schedule.ledger import LOCK
from workbench.research.cluster import spread
from workbench.store.whole import only_one, write_whole

ENDED, ORDER = "ended.json", "order.json"
KEPT: Final = ("page.html", "page.ipynb", "result.json")
LOOKS_S: Final = 5.0  # who looks whether somebody is at work holds the lock for an instant
LONGEST_WHY, LONGEST_LINE = 2_000, 300  # characters


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run: the page's folder, its parameters, the data folder, and the digest the page must still have."""

    page: str
    given: dict[str, Any]
    data: str
    digest: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended: which one, whether well, why not, and where the page lies."""

    attempt: int
    is_good: bool
    why: str = ""
    page: str = ""


Work = Callable[[Order, Path], Ended]  # does what an order says; its `attempt` is filled in here


def perform(folder: Path, attempt: int, work: Work) -> None:
    """Do an attempt, unless it was forestalled, or another is at work."""
    try:
        with only_one(folder / LOCK, "busy", wait_s=LOOKS_S):
            if not forestall(folder, attempt):
                return
            order = msgspec.json.decode((folder / ORDER).read_bytes(), type=Order)
            try:
                ended = work(order, folder)
            except WorkbenchError as error:
                ended = _bad(str(error))
            except Exception as error:  # noqa: BLE001  whatever it is, a person hears what, not that a process died
                ended = _bad(f"{type(error).__name__}: {error}")
            _write(folder, attempt, ended)
    except StoreError as error:
        if str(error) != "busy":
            raise


def forestall(folder: Path, attempt: int) -> bool:
    """Make sure that an attempt begins nowhere else from now on; false if it has begun already."""
    try:
        (folder / f"attempt-{attempt}").open("x").close()
    except FileExistsError:
        return False
    return True


def ended(folder: Path) -> Ended | None:
    """Say how the last attempt that ended did, `None` if none has."""
    path = folder / ENDED
    return msgspec.json.decode(path.read_bytes(), type=Ended) if path.is_file() else None


def is_at_work(folder: Path) -> bool:
    """Say whether some process is at an attempt now."""
    try:
        with only_one(folder / LOCK, "busy"):
            return False
    except StoreError:
        return True


def how_it_died(folder: Path, attempt: int) -> str:
    """Say of an attempt that did not end that it died, with the last line it printed."""
    path = log_of(folder, attempt)
    said = path.read_text(errors="replace").strip().splitlines() if path.is_file() else []
    return "its process died" + (f": {said[-1][:LONGEST_LINE]}" if said else "")


def log_of(folder: Path, attempt: int) -> Path:
    """Give the file for what an attempt's process prints."""
    return folder / f"attempt-{attempt}.log"


def _bad(why: str) -> Ended:
    return Ended(attempt=0, is_good=False, why=why[:LONGEST_WHY])


def _write(folder: Path, attempt: int, ended: Ended) -> None:
    write_whole(folder / ENDED, msgspec.json.encode(msgspec.structs.replace(ended, attempt=attempt)))


def run_page(order: Order, folder: Path) -> Ended:
    """Run the page of an order as `workbench run` would, and keep a copy of what it left."""
    from workbench.pipelines.contract import admit
    from workbench.pipelines.promotion import promoted
    from workbench.pipelines.runner import run

    place = Path(order.page)
    record = promoted(place)
    if record is None or record.digest != order.digest:
        return Ended(attempt=0, is_good=False, why="the page was promoted anew or demoted since it was due")
    page = run(admit(place), order.given, Path(order.data) / "pages")
    for name in KEPT:
        if (page.folder / name).is_file():
            shutil.copyfile(page.folder / name, folder / name)
    return Ended(attempt=0, is_good=page.failure is None, why=str(page.failure or "")[:LONGEST_WHY], page=str(page.folder))


def main(arguments: list[str]) -> int:
    """``python -m workbench.pipelines.schedule.attempt FOLDER N [ADDRESS]``: here, or on a machine of the cluster at that address."""
    folder, attempt = task = (Path(arguments[0]), int(arguments[1]))
    try:
        spread(_page_of, [task], address=arguments[2] if len(arguments) > 2 else "")
    except WorkbenchError as error:  # a cluster that is away, or whose machines died under it
        give_up(folder, attempt, str(error))
    return 0


def give_up(folder: Path, attempt: int, why: str) -> None:
    """End an attempt that came to nothing, unless a machine is at it or has ended it."""
    forestall(folder, attempt)
    try:
        with only_one(folder / LOCK, "busy"):
            found = ended(folder)
            if found is None or found.attempt != attempt:
                _write(folder, attempt, _bad(why))
    except StoreError as error:
        if str(error) != "busy":
            raise


def _page_of(task: tuple[Path, int]) -> None:
    perform(*task, run_page)


if __name__ == "__main__":
    from workbench.pipelines.schedule import attempt as by_name  # what is of __main__ travels to another machine by value, and breaks there

    sys.exit(by_name.main(sys.argv[1:]))
