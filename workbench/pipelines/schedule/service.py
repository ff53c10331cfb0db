"""The scheduler as a process: APScheduler wakes it at each page's times, a clock every few seconds, SIGTERM ends it. Decides nothing.

A notifier runs beside it (`beside`), unless one watches the data folder already: what the scheduler hands over is told within seconds.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any, Final

from apscheduler.schedulers.blocking import BlockingScheduler

from workbench.clock import Clock
from workbench.domain.errors import StoreError, WorkbenchError
from workbench.pipelines.schedule.daemon import Scheduler, work_off
from workbench.pipelines.schedule.planned import Planned
from workbench.pipelines.schedule.trigger import at, parse
from workbench.runtime.live.companions import AGAIN_S, Companions, notifier_arguments
from workbench.runtime.notify.given import given
from workbench.runtime.notify.living import ENDED, SCHEDULER
from workbench.runtime.notify.notifier import is_unwatched
from workbench.store.status import Status, say

LOOKS_BACK: Final = "close+1h"  # and at the start: whoever was not there then
LOOKS_S: Final = 5  # between two looks: a failure is told within that, and what else runs is followed
PATIENCE_S: Final = 30.0  # at the end, for pages that run: then the next scheduler finds them
NOTIFIER: Final = "notify"
ONE: Final = {"max_instances": 1, "coalesce": True}  # look at a time; those that were slept through are one
TAKES_S, LOOK_S = 10.0, 0.1  # for a notifier to come up and take what was handed over


def serve(scheduler: Scheduler, clock: Clock, said: Callable[[list[Planned]], object], beside: Beside) -> None:
    """Look whenever something is due, until SIGTERM or Ctrl-C; what runs then is waited for a while.

    Parameters
    ----------
    said
        Hears what is on the schedule, when it has changed.
    beside
        The notifier.
    """
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # what matters is in the ledger
    waker, data = BlockingScheduler(timezone=UTC), scheduler.ledger.folder.parent
    look = Looking(scheduler, waker, said, heard=partial(_say, data, clock))

    def stop(*_: Any) -> None:
        waker.shutdown(wait=False)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    at_once = {"next_run_time": at(clock.now_ns()), **ONE}
    waker.add_job(beside.see_to, "interval", seconds=int(AGAIN_S), **at_once)
    waker.add_job(beside.look_back, parse(LOOKS_BACK), id=LOOKS_BACK, **at_once)
    waker.add_job(look, "interval", seconds=LOOKS_S, **at_once)
    try:
        waker.start()
        end_ns = clock.now_ns() + int(PATIENCE_S * 1e9)
        work_off(scheduler, is_over=lambda: clock.now_ns() > end_ns)
    finally:
        for number, was in before.items():
            signal.signal(number, was)
        _say(data, clock, ENDED)
        beside.end()


def _say(data: Path, clock: Clock, note: str = "") -> None:
    """Say that the scheduler lives, or that it ended: who goes without a word is told by the notifier."""
    with suppress(StoreError):  # a disk that refuses: the next look says it again
        say(data, Status(process=SCHEDULER, pid=os.getpid(), said_ns=clock.now_ns(), note=note))


class Looking:
    """One look at the schedule after another: each page's times wake the next one; what hinders looking is said once.

    Parameters
    ----------
    scheduler
        Who begins what is due.
    waker
        Gets a job for each page.
    said
        Hears what is on the schedule, when it has changed.
    heard
        Hears that it looks.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        waker: BlockingScheduler,
        said: Callable[[list[Planned]], object],
        *,
        heard: Callable[[], object],
    ) -> None:
        self._scheduler, self._waker, self._said, self._heard = scheduler, waker, said, heard
        self._known: dict[str, str] | None = None  # by page: what wakes us for it; none: not said yet
        self._trouble = ""

    def __call__(self) -> None:
        """Look once."""
        self._heard()
        try:
            planned = self._scheduler.look()
        except (WorkbenchError, OSError) as error:  # a full disk, a file in the way: the next look may do better, and nothing was lost
            if self._trouble != str(error):
                logging.getLogger(__name__).error("the schedule waits: %s", error)
            self._trouble = str(error)
            return
        self._trouble = ""
        now = {each.name: f"{each.digest} {each.trigger}" for each in planned}
        if now == self._known:
            return
        known = self._known or {}
        for name in known.keys() - now.keys():
            self._waker.remove_job(name)
        for each in planned:
            if known.get(each.name) != now[each.name]:
                self._waker.add_job(self, each.trigger, id=each.name, replace_existing=True, **ONE)
        self._known = now
        self._said(planned)


class Beside:
    """The notifier beside a scheduler: started when it is not there, told to end with us, after what is still to be told.

    Parameters
    ----------
    data
        Whose notices.
    clock
        Wall time.
    """

    def __init__(self, data: Path, clock: Clock) -> None:
        self._data, self._clock, self._companions = data, clock, Companions(data)

    def see_to(self) -> None:
        """Start it, if none watches the folder."""
        self._companions.see_to(NOTIFIER, notifier_arguments(self._data), is_needed=partial(is_unwatched, self._data, self._clock))

    def look_back(self) -> None:
        """Have it looked whether what was promoted still does as it did then, by a process of its own."""
        self._companions.see_to("promote", ["look", "--data", str(self._data)], is_needed=lambda: True)

    def end(self) -> None:
        """Give what was handed over some seconds to be taken, then tell it to end: it tells what is left first."""
        end = time.monotonic() + TAKES_S
        while given(self._data) and self._companions.is_running(NOTIFIER) and time.monotonic() < end:
            time.sleep(LOOK_S)
        self._companions.end()
