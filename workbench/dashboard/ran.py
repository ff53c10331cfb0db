"""What pages ran in a data folder, by themselves and by hand: the ledger, what each run left, and what is due. Starts nothing.

A run that has ended changes no more, so it is read once; a look costs what is new. A look never raises: what cannot be read is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec

from workbench.clock import SystemClock
from workbench.domain.errors import WorkbenchError
from workbench.domain.units import DAY, MINUTE, SECOND
from workbench.pipelines.contract import Budget, read_settings
from workbench.pipelines.runs import Told, told
from workbench.pipelines.schedule.ledger import LOCK, Ledger, Run, State
from workbench.pipelines.schedule.planned import Left, Planned, on_schedule
from workbench.pipelines.schedule.slots import ON_TIME_NS
from workbench.store.digests import digest_of
from workbench.store.folders import Folders
from workbench.store.whole import is_held

REACH_NS: Final = 32 * DAY  # how far back pages are shown
BY_HAND: Final = "by hand"
HAND: Final = "hand:"  # what the key of a run by hand begins with; a page's name has no colon
MOST_COMING: Final = 12
RESULT: Final = "result.json"
STARTS_NS: Final = MINUTE  # how long a process may take before it says that it is at work
NOBODY: Final = "no process of this machine is at work on it; the next look of a scheduler decides"


class Row(NamedTuple):
    """One run. ``key`` names it; `None` is *not known*; ``why`` is of what failed or was missed."""

    key: str
    page: str
    session: int
    slot: str
    due_ns: int
    state: State
    attempts: int = 1
    begun_ns: int = 0
    ended_ns: int = 0
    why: str = ""
    seconds: float | None = None
    peak_mb: float | None = None
    has_page: bool = False

    @property
    def is_by_hand(self) -> bool:
        """Whether a person started it."""
        return self.key.startswith(HAND)


class Due(NamedTuple):
    """A slot that is to come, or has come and is not begun."""

    page: str
    session: int
    slot: str
    due_ns: int


class Ran(NamedTuple):
    """One look. ``rows`` are the newest first; ``is_scheduled`` says whether a scheduler is at work here, `None`: not known."""

    read_ns: int
    took_ms: float
    data: str
    trouble: str = ""
    rows: tuple[Row, ...] = ()
    budgets: Mapping[str, Budget] = {}
    planned: tuple[str, ...] = ()
    coming: tuple[Due, ...] = ()
    owed: tuple[Due, ...] = ()
    left: tuple[Left, ...] = ()
    is_scheduled: bool | None = None


class Failed(msgspec.Struct):
    """Why a page failed, as its ``result.json`` has it."""

    where: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.text}"


class Said(msgspec.Struct):
    """What a page says of itself in its ``result.json``, as far as it is shown."""

    seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None
    peak_mb: Annotated[float, msgspec.Meta(ge=0)] | None = None
    failure: Failed | None = None


class Runs:
    """Looks at the runs of the first data folder that has any.

    Parameters
    ----------
    folders
        Data folders.
    places
        Where pages lie.
    wall_ns
        Clock, given in tests.
    """

    def __init__(self, folders: tuple[Path, ...], places: Sequence[Path], *, wall_ns: Callable[[], int] | None = None) -> None:
        self._folders, self._places, self._wall_ns = folders, places, wall_ns or SystemClock().now_ns
        self._ended: dict[Path, tuple[Row, str]] = {}
        self._hand: dict[tuple[str, int], tuple[Row, str]] = {}

    @property
    def data(self) -> Path:
        """The folder that is looked at."""
        return next((each for each in self._folders if Folders(each).schedule.is_dir() or (each / "pages").is_dir()), self._folders[0])

    def look(self) -> Ran:
        """Take in what there is now."""
        began, now_ns, data = time.monotonic(), self._wall_ns(), self.data
        try:
            made = self._look(data, now_ns)
        except (WorkbenchError, OSError, ValueError) as error:
            made = Ran(now_ns, 0.0, str(data), str(error))
        except Exception as error:  # noqa: BLE001  a page that goes dark tells nobody anything; this one says what it met
            made = Ran(now_ns, 0.0, str(data), f"{type(error).__name__}: {error}")
        return made._replace(took_ms=(time.monotonic() - began) * 1_000)

    def _look(self, data: Path, now_ns: int) -> Ran:
        ledger = Ledger(data)
        by_itself = [self._row(ledger, run, now_ns) for run in ledger.runs(since_ns=now_ns - REACH_NS)]
        rows = [row for row, _ in by_itself]
        at_it = {row.page: row.begun_ns for row in rows if row.state is State.RUNNING}
        rows += _by_hand(data, {digest for _, digest in by_itself}, at_it, now_ns - REACH_NS, self._hand)
        planned, left = on_schedule(self._places)
        pages = {row.page for row in rows} | {each.name for each in planned}
        return Ran(
            read_ns=now_ns,
            took_ms=0.0,
            data=str(data),
            rows=tuple(sorted(rows, key=lambda row: row.due_ns, reverse=True)),
            budgets={name: found for name in sorted(pages) if (found := self._budget(name)) is not None},
            planned=tuple(each.name for each in planned),
            coming=_coming(planned, now_ns),
            owed=tuple(_owed(planned, ledger, now_ns)),
            left=tuple(left),
            is_scheduled=is_held(Folders(data).schedule / "lock"),
        )

    def _row(self, ledger: Ledger, run: Run, now_ns: int) -> tuple[Row, str]:
        folder = ledger.folder_of(run.key)  # the same key may stand in another data folder, which is looked at next
        held = self._ended.get(folder)
        if held is None or (held[0].state, held[0].attempts) != (run.state, run.attempts):
            each = told(ledger, run)
            held = _of(each), _digest(each)
            if run.state is State.RUNNING:  # not kept: it changes
                row = held[0]._replace(seconds=max(0, now_ns - run.begun_ns) / SECOND, has_page=False)
                is_alone = now_ns - run.begun_ns > STARTS_NS and is_held(each.folder / LOCK) is False
                return (row._replace(why=NOBODY) if is_alone else row), held[1]
            self._ended[folder] = held
        return held

    def _budget(self, name: str) -> Budget | None:
        path = next((path for place in self._places if (path := place / name / "pipeline.toml").is_file()), None)
        try:
            return None if path is None else read_settings(path).budget
        except WorkbenchError:
            return None  # whoever runs it is told; here a line is missing


def _of(each: Told) -> Row:
    run = each.run
    seconds = each.seconds if run.state is not State.MISSED else None
    return Row(
        run.key, run.page, run.session, run.slot, run.due_ns, run.state, run.attempts, run.begun_ns, run.ended_ns, run.why, seconds,
        each.peak_mb, each.page is not None,
    )  # fmt: skip


def _digest(each: Told) -> str:
    path = each.folder / RESULT
    return digest_of(path.read_bytes()) if path.is_file() else ""


def _by_hand(
    data: Path, known: set[str], at_it: Mapping[str, int], since_ns: int, held: dict[tuple[str, int], tuple[Row, str]]
) -> Iterator[Row]:
    """Find pages that no scheduled run left as they lie there: a person ran them. Of each only the last run is kept."""
    for path in (data / "pages").glob(f"*/*/{RESULT}"):
        try:
            stamp_ns = path.stat().st_mtime_ns
            page = path.parent.parent.name
            if stamp_ns < since_ns or at_it.get(page, stamp_ns) < stamp_ns:
                continue  # the second: a scheduled run has just published it, and not said so yet
            at = str(path), stamp_ns
            if at not in held:
                content = path.read_bytes()
                held[at] = _hand_row(path.parent, msgspec.json.decode(content, type=Said), stamp_ns), digest_of(content)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            continue  # one that is replaced at this moment, or was not written by a run
        row, digest = held[at]
        if digest not in known:
            yield row


def _hand_row(folder: Path, said: Said, ended_ns: int) -> Row:
    page, name, failure, seconds = folder.parent.name, folder.name, said.failure, said.seconds
    begun_ns = ended_ns - int((seconds or 0) * SECOND)
    session = int(name) if name.isdigit() and len(name) == len("20261119") else 0
    why = str(failure) if failure else ""
    state = State.FAILED if failure else State.DONE
    has_page = (folder / "page.html").is_file()
    key = f"{HAND}{page}/{name}"
    return Row(key, page, session, BY_HAND, begun_ns, state, 1, begun_ns, ended_ns, why, seconds, said.peak_mb, has_page)


def _coming(planned: Sequence[Planned], now_ns: int) -> tuple[Due, ...]:
    """Give the next slot of each page, the earliest first."""
    found = (Due(each.name, *slot) for each in planned if (slot := next(each.trigger.after(now_ns), None)) is not None)
    return tuple(sorted(found, key=lambda due: due.due_ns)[:MOST_COMING])


def _owed(planned: Sequence[Planned], ledger: Ledger, now_ns: int) -> Iterator[Due]:
    """Give the slots whose time is over, and which nobody has begun or written off."""
    for each in planned:
        slots = each.owed(ledger.of(each.name), now_ns)
        yield from (Due(each.name, *slot) for slot in slots if slot.due_ns < now_ns - ON_TIME_NS)
