"""The scheduler at work: it looks, again and again, at what is due and at what it has begun. It runs nothing in its own process.

Rules
-----
1. A look is the whole of it (`Scheduler.look`): a time comes in, the ledger and the folders of runs say the rest. Whoever is killed between
   two looks, or within one, leaves what the next look understands.
2. Nothing is begun that is not written down first. What is written down as running and has no process is begun again only when it is sure
   that its attempt never ends any more (`attempt.forestall`), and only as often as the page allows.
3. A page waits for those it is after, of the same session; one of them that failed or was missed is the end of it.
4. What may have had an effect beyond its page (``effects = "propose"``) is not tried again once it began.
5. When an attempt is over, so is all that it started (`ending`). What is to be told is written down with the end, and then handed to the
   notifier (`words`, `runtime.notify.given`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import msgspec

from workbench.clock import Clock
from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.pipelines.schedule import attempt, ending, words
from workbench.pipelines.schedule.attempt import Order
from workbench.pipelines.schedule.keeping import let_go
from workbench.pipelines.schedule.ledger import Ledger, Run, State
from workbench.pipelines.schedule.planned import Planned, find, on_schedule
from workbench.pipelines.schedule.slots import Missed, judge, run_key
from workbench.pipelines.schedule.trigger import Slot
from workbench.runtime.notify.given import give
from workbench.runtime.notify.notice import Notice
from workbench.store.whole import write_whole

AT_ONCE: Final = 2  # pages that run at the same time
WAITS_NS: Final = 6 * HOUR  # for a page that another one is after
OVER_NS: Final = 2 * MINUTE  # beyond a page's own budget, after which its process is ended
ENDS: Final = (State.FAILED, State.MISSED)
KEEP: Final = 300  # newest runs of a page whose folders stay; setting retention.page_runs
TIDIES_NS: Final = HOUR
PROPOSES, ONCE = "propose", "; not tried again: it proposes, and may have done so"

Start = Callable[[Path, int], "Process"]  # starts a process for an attempt: its folder, its number
Hand = Callable[[Notice], None]  # hands a notice over, durably


class Process(Protocol):
    """What is needed of a process that was started."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...


def started_here(folder: Path, number: int, *, address: str = "") -> subprocess.Popen[bytes]:
    """Start an attempt at a page in a session of its own: it outlives the scheduler, and the next one finds it."""
    line = [sys.executable, "-m", attempt.__name__, str(folder), str(number), *([address] if address else [])]
    environment = ending.marked(folder, os.environ)
    with attempt.log_of(folder, number).open("wb") as log:
        return subprocess.Popen(  # noqa: S603  ourselves
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )


class Scheduler:
    """Runs what is due.

    Parameters
    ----------
    data
        Data folder; its ledger is written by one scheduler at a time (who makes this one sees to it).
    places
        Where pages lie.
    clock
        Wall time.
    start
        Starts a process for an attempt.
    keep
        How many runs of a page keep what they left, the newest.
    hand
        Hands over what is to be told; `None`: to the notifier of the data folder.
    """

    def __init__(
        self, data: Path, places: Sequence[Path], clock: Clock, *, start: Start = started_here, keep: int = KEEP, hand: Hand | None = None
    ) -> None:
        self.ledger = Ledger(data, is_written=True)
        self._data, self._places, self._clock, self._start, self._keep = data, places, clock, start, keep
        self._hand = hand or partial(give, data)
        self._processes: dict[str, Process] = {}
        self._cut: dict[str, str] = {}  # runs whose attempt we ended, and why
        self._tidied_ns = 0
        self._looks = threading.RLock()  # whoever wakes us: one look at a time

    def look(self) -> list[Planned]:
        """Look once: end what has ended, begin what is due; give what is on the schedule."""
        with self._looks:
            planned, left = on_schedule(self._places)
            self.follow(planned)
            for each in planned:
                self._begin(each, self._clock.now_ns())
            now_ns = self._clock.now_ns()
            self.ledger.stand({each.name: words.of_left(each, now_ns) for each in left})
            self._hand_over()
            if now_ns - self._tidied_ns > TIDIES_NS:
                self._tidied_ns = now_ns
                let_go(self.ledger, self._keep)
            return planned

    def follow(self, planned: Sequence[Planned] | None = None) -> None:
        """End what has ended, and try again what may be."""
        with self._looks:
            by_name = {each.name: each for each in (on_schedule(self._places)[0] if planned is None else planned)}
            for run in self.ledger.runs(states=(State.RUNNING,)):
                self._follow(run, by_name.get(run.page))
            self._hand_over()

    def make_up(self, name: str, session: int = 0) -> Run:
        """Begin a slot of a page that has been, whether it was promoted then or not: it runs as it would have by itself, once.

        Parameters
        ----------
        session
            Whose slot, the last one where it has several; 0: the last one that has been.

        Raises
        ------
        ConfigError
            The page is not on the schedule, nothing of it has been due, or that slot ran already.
        """
        with self._looks:
            page, _ = find(name, self._places)
            now_ns = self._clock.now_ns()
            slot = page.trigger.of_session(session, now_ns) if session else page.trigger.latest(now_ns)
            if slot is None:
                raise ConfigError(f"nothing of {name} has been due{f' in session {session}' if session else ''}: it runs {page.trigger}")
            run = self._run(page, slot, now_ns)
            if (there_is := self.ledger.get(run.key)) is not None:
                raise ConfigError(f"{run.key} ran already: {there_is.state} (workbench runs show {run.key}); a slot runs once")
            self._claim(page, run, slot)
            return run

    @property
    def n_running(self) -> int:
        """How many runs have not ended."""
        return len(self.ledger.runs(states=(State.RUNNING,)))

    def _hand_over(self) -> None:
        """Hand over what is written down as to be told; what was handed over and not noted so is one file, and told once."""
        if untold := self.ledger.untold():
            for _, notice in untold:
                self._hand(notice)
            self.ledger.told([id_ for id_, _ in untold], self._clock.now_ns())

    # ------------------------------------------------------------------ what was begun
    def _follow(self, run: Run, page: Planned | None) -> None:
        folder, now_ns = self.ledger.folder_of(run.key), self._clock.now_ns()
        ended, never_began = self._ended(folder, run.attempts), False
        if ended is None:
            if self._is_at_it(run, folder, page, now_ns):
                return
            never_began = run.key not in self._processes and attempt.forestall(folder, run.attempts)
            if not never_began and attempt.is_at_work(folder):
                return  # it began while we looked
            ended = self._ended(folder, run.attempts)  # or it ended
        self._processes.pop(run.key, None)
        ending.end(folder)
        cut = self._cut.pop(run.key, "")
        if ended is not None and ended.is_good:
            self.ledger.end(run.key, State.DONE, now_ns)
        elif page is not None and _may_again(run, page, never_began=never_began):
            if self.ledger.again(run.key, now_ns):
                self._processes[run.key] = self._start(folder, run.attempts + 1)
        else:
            why = "it never began, and is not on the schedule any more" if never_began else cut or attempt.how_it_died(folder, run.attempts)
            is_once = page is not None and page.page.settings.effects == PROPOSES and not never_began
            self._over(run, page, (ended.why if ended is not None else why) + (ONCE if is_once else ""))

    def _ended(self, folder: Path, number: int) -> attempt.Ended | None:
        found = attempt.ended(folder)
        return found if found is not None and found.attempt == number else None

    def _is_at_it(self, run: Run, folder: Path, page: Planned | None, now_ns: int) -> bool:
        """Say whether somebody is at work, or our process is about to be; one that is far over its page's budget is ended."""
        process = self._processes.get(run.key)
        if not (process is not None and process.poll() is None) and not attempt.is_at_work(folder):
            return False
        budget_s = page.page.settings.budget.seconds if page is not None else HOUR // SECOND
        if now_ns - run.begun_ns > budget_s * SECOND + OVER_NS and ending.end(folder):
            self._cut[run.key] = f"it was ended {(now_ns - run.begun_ns) // SECOND} s after it began, of {budget_s} s that it has"
        return True

    # ------------------------------------------------------------------ what is due
    def _begin(self, page: Planned, now_ns: int) -> None:
        last, missed = self.ledger.of(page.name), list[Run]()  # what is missed is written down before a later slot is
        owed, is_first = page.owed(last, now_ns), page.trigger.when.every_ns > 0 and last is None
        for verdict in judge(owed, Missed.RUN if is_first else Missed(page.page.settings.schedule.missed), now_ns):
            run = self._run(page, verdict.slot, now_ns)
            if verdict.why_not:
                missed.append(_missed(run, verdict.why_not))
                continue
            if any(each.page == page.name for each in self.ledger.runs(states=(State.RUNNING,))) or self.n_running >= AT_ONCE:
                break
            waits = self._waits(page, verdict.slot, now_ns)
            if waits is None:
                missed = self._miss(page, missed)
                self._claim(page, run, verdict.slot)
            elif not waits:
                break
            else:
                missed.append(_missed(run, waits))
        self._miss(page, missed)

    def _run(self, page: Planned, slot: Slot, now_ns: int) -> Run:
        key = run_key(page.name, page.digest, slot)
        return Run(key=key, page=page.name, digest=page.digest, session=slot.session, slot=slot.name, due_ns=slot.due_ns, begun_ns=now_ns)

    def _claim(self, page: Planned, run: Run, slot: Slot) -> None:
        folder = self.ledger.folder_of(run.key)
        given = page.given(slot, self._data)
        order = Order(page=str(page.page.folder.resolve()), given=given, data=str(self._data.resolve()), digest=page.digest)
        write_whole(folder / attempt.ORDER, msgspec.json.encode(order))
        if self.ledger.claim(run):
            self._processes[run.key] = self._start(folder, run.attempts)

    def _waits(self, page: Planned, slot: Slot, now_ns: int) -> str | None:
        """Say whether a slot has nothing to wait for (`None`), waits (empty), or waits in vain (why)."""
        for name in page.page.settings.schedule.after:
            runs = [run for run in self.ledger.runs(name) if run.session == slot.session]
            if any(run.state is State.DONE for run in runs):
                continue
            if runs and all(run.state in ENDS for run in runs):
                return f"after {name}, which {runs[-1].state.value}"
            return "" if now_ns - slot.due_ns < WAITS_NS else f"after {name}, which did not run for six hours"
        return None

    # ------------------------------------------------------------------ how it ended
    def _miss(self, page: Planned, missed: list[Run]) -> list[Run]:
        """Write down what was missed, with one word of it for a person; nothing is left to be written down."""
        if missed:
            self.ledger.miss(missed, words.of_missed(missed, page.page.settings.schedule.tell, self._clock.now_ns()))
        return []

    def _over(self, run: Run, page: Planned | None, why: str) -> None:
        channels = page.page.settings.schedule.tell if page is not None else ()
        told = f"{why} ({run.attempts} attempts)" if run.attempts > 1 else why
        notice = words.of_failed(run, told, self.ledger.folder_of(run.key), channels, self._clock.now_ns())
        self.ledger.end(run.key, State.FAILED, self._clock.now_ns(), told, notice)


def _missed(run: Run, why: str) -> Run:
    return msgspec.structs.replace(run, state=State.MISSED, attempts=0, ended_ns=run.begun_ns, why=why)


def _may_again(run: Run, page: Planned, *, never_began: bool) -> bool:
    """Say whether a run that did not end well may be begun once more: as often as its page says, if it is the page that it was."""
    settings = page.page.settings
    if page.digest != run.digest:
        return False
    return never_began or (settings.effects != PROPOSES and run.attempts <= settings.schedule.retries)


def work_off(scheduler: Scheduler, *, is_over: Callable[[], bool] = lambda: False, look_s: float = 0.2) -> None:
    """Follow what was begun until nothing runs any more; begin nothing."""
    while scheduler.n_running and not is_over():
        time.sleep(look_s)
        scheduler.follow()
