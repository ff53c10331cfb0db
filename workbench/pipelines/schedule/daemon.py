"""The scheduler at work: it looks, again and again, at what is due and at what it has begun. It runs nothing in its own process.

Rules
-----
1. A look is the whole of it (`Scheduler.look`): a time comes in, the ledger and the folders of runs say the rest. Whoever is killed between
   two looks, or within one, leaves what the next look understands.
2. Nothing is begun that is not written down first. What is written down as running and has no process is begun again only when it is sure
   that its attempt never ends any more (`attempt.forestall`), and only as often as the page allows.
3. A page waits for those it is after, of the same session; one of them that failed or was missed is the end of it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from workbench.clock import Clock
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.pipelines.schedule import attempt
from workbench.pipelines.schedule.attempt import Order
from workbench.pipelines.schedule.ledger import Ledger, Run, State
from workbench.pipelines.schedule.planned import Left, Planned, on_schedule
from workbench.pipelines.schedule.slots import Missed, judge, run_key
from workbench.pipelines.schedule.trigger import Slot
from workbench.store.whole import write_whole

AT_ONCE: Final = 2  # pages that run at the same time
WAITS_NS: Final = 6 * HOUR  # for a page that another one is after
OVER_NS: Final = 2 * MINUTE  # beyond a page's own budget, after which its process is ended
ENDS: Final = (State.FAILED, State.MISSED)

Start = Callable[[Path, int], "Process"]  # starts a process for an attempt: its folder, its number
Tell = Callable[[str, str, tuple[str, ...]], None]  # a title, a text, the channels


class Process(Protocol):
    """What is needed of a process that was started."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...


def started_here(folder: Path, number: int, *, address: str = "") -> subprocess.Popen[bytes]:
    """Start an attempt at a page in a session of its own: it outlives the scheduler, and the next one finds it."""
    line = [sys.executable, "-m", attempt.__name__, str(folder), str(number), *([address] if address else [])]
    with (folder / f"attempt-{number}.log").open("wb") as log:
        return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # noqa: S603  ourselves


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
    tell
        Tells a person.
    """

    def __init__(self, data: Path, places: Sequence[Path], clock: Clock, *, start: Start = started_here, tell: Tell) -> None:
        self.ledger = Ledger(data, is_written=True)
        self._data, self._places, self._clock, self._start, self._tell = data, places, clock, start, tell
        self._processes: dict[str, Process] = {}
        self._told_left: dict[str, str] = {}

    def look(self) -> list[Planned]:
        """Look once: end what has ended, begin what is due; give what is on the schedule."""
        planned, left = on_schedule(self._places)
        self.follow(planned)
        for each in planned:
            self._begin(each, self._clock.now_ns())
        self._name(left)
        return planned

    def follow(self, planned: Sequence[Planned] | None = None) -> None:
        """End what has ended, and try again what may be."""
        by_name = {each.name: each for each in (on_schedule(self._places)[0] if planned is None else planned)}
        for run in self.ledger.runs(states=(State.RUNNING,)):
            self._follow(run, by_name.get(run.page))

    @property
    def n_running(self) -> int:
        """How many runs have not ended."""
        return len(self.ledger.runs(states=(State.RUNNING,)))

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
        if ended is not None and ended.is_good:
            self.ledger.end(run.key, State.DONE, now_ns)
        elif page is not None and page.digest == run.digest and (never_began or run.attempts <= page.page.settings.schedule.retries):
            if self.ledger.again(run.key, now_ns):
                self._processes[run.key] = self._start(folder, run.attempts + 1)
        else:
            why = (
                ended.why
                if ended is not None
                else "it never began, and is not on the schedule any more"
                if never_began
                else "its process died"
            )
            self._over(run, f"{why} ({run.attempts} attempts)" if run.attempts > 1 else why)

    def _ended(self, folder: Path, number: int) -> attempt.Ended | None:
        found = attempt.ended(folder)
        return found if found is not None and found.attempt == number else None

    def _is_at_it(self, run: Run, folder: Path, page: Planned | None, now_ns: int) -> bool:
        """Say whether somebody is at work, or our process is about to be; one that is far over its page's budget is ended."""
        process = self._processes.get(run.key)
        if process is not None and process.poll() is None:
            budget_ns = page.page.settings.budget.seconds * SECOND if page is not None else HOUR
            if now_ns - run.begun_ns > budget_ns + OVER_NS:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            return True
        return attempt.is_at_work(folder)

    # ------------------------------------------------------------------ what is due
    def _begin(self, page: Planned, now_ns: int) -> None:
        owed, missed = self._owed(page, now_ns), list[Run]()
        is_first = page.trigger.when.every_ns > 0 and self.ledger.of(page.name) is None
        for verdict in judge(owed, Missed.RUN if is_first else Missed(page.page.settings.schedule.missed), now_ns):
            run = self._run(page, verdict.slot, now_ns)
            if verdict.why_not:
                missed += self._miss(run, verdict.why_not)
                continue
            if any(each.page == page.name for each in self.ledger.runs(states=(State.RUNNING,))) or self.n_running >= AT_ONCE:
                break
            waits = self._waits(page, verdict.slot, now_ns)
            if waits is None:
                self._claim(page, run, verdict.slot)
            elif not waits:
                break
            else:
                missed += self._miss(run, waits)
        self._tell_missed(page, missed)

    def _owed(self, page: Planned, now_ns: int) -> list[Slot]:
        """List the slots that are due and not decided, rising. What repeats begins at once, with the slot that has just been."""
        last = self.ledger.of(page.name)
        every_ns = page.trigger.when.every_ns
        if last is None and every_ns:
            latest = page.trigger.latest(now_ns)
            return [latest] if latest is not None and now_ns - latest.due_ns < every_ns else []
        behind_ns = page.since_ns if last is None else max(last.due_ns, page.since_ns if last.digest != page.digest else 0)
        return list(page.trigger.between(behind_ns, now_ns))

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
    def _miss(self, run: Run, why: str) -> list[Run]:
        missed = msgspec.structs.replace(run, state=State.MISSED, attempts=0, ended_ns=run.begun_ns, why=why)
        return [missed] if self.ledger.claim(missed) else []

    def _tell_missed(self, page: Planned, missed: list[Run]) -> None:
        """Tell in one word what one look found missed, be it a fortnight of every five minutes."""
        if missed:
            first, last = missed[0], missed[-1]
            span = f"{first.session}, {first.slot}" + (f", to {last.session}, {last.slot}: {len(missed)} slots" if len(missed) > 1 else "")
            self._tell(f"{page.name} was missed", f"{page.name} of {span}: {last.why}", page.page.settings.schedule.tell)

    def _over(self, run: Run, why: str) -> None:
        if self.ledger.end(run.key, State.FAILED, self._clock.now_ns(), why):
            planned = next((each for each in on_schedule(self._places)[0] if each.name == run.page), None)
            channels = planned.page.settings.schedule.tell if planned is not None else ("log",)
            text = f"{run.page} of {run.session}, {run.slot}: {why}\n{self.ledger.folder_of(run.key)}"
            self._tell(f"{run.page} failed", text, channels)

    def _name(self, left: list[Left]) -> None:
        """Tell once of each page that was promoted and does not run."""
        for each in left:
            if self._told_left.get(each.name) != each.why:
                self._told_left[each.name] = each.why
                self._tell(f"{each.name} does not run", each.why, ("log",))


def work_off(scheduler: Scheduler, *, is_over: Callable[[], bool] = lambda: False, look_s: float = 0.2) -> None:
    """Follow what was begun until nothing runs any more; begin nothing."""
    while scheduler.n_running and not is_over():
        time.sleep(look_s)
        scheduler.follow()
