"""The scheduler as a process: APScheduler wakes it at each page's times, a clock every few seconds, SIGTERM ends it. Decides nothing."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from apscheduler.schedulers.blocking import BlockingScheduler

from workbench.clock import Clock
from workbench.config import Settings
from workbench.pipelines.schedule.daemon import Scheduler, work_off
from workbench.pipelines.schedule.planned import Planned
from workbench.pipelines.schedule.trigger import at
from workbench.runtime.notify.channels.base import ChannelError, Message
from workbench.runtime.notify.notice import Severity
from workbench.runtime.notify.trying import made_of

LOOKS_S: Final = 5  # between two looks: a failure is told within that, and what else runs is followed
PATIENCE_S: Final = 30.0  # at the end, for pages that run: then the next scheduler finds them


def serve(scheduler: Scheduler, clock: Clock, said: Callable[[list[Planned]], object]) -> None:
    """Look whenever something is due, until SIGTERM or Ctrl-C; what runs then is waited for a while.

    Parameters
    ----------
    said
        Hears what is on the schedule, when it has changed.
    """
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # what matters is in the ledger
    waker = BlockingScheduler(timezone=UTC)
    known: dict[str, str] = {"": "nothing was said yet"}

    def look() -> None:
        planned = scheduler.look()
        now = {each.name: f"{each.digest} {each.trigger}" for each in planned}
        if now == known:
            return
        for name in known.keys() - now.keys() - {""}:
            waker.remove_job(name)
        for each in planned:
            if known.get(each.name) != now[each.name]:
                waker.add_job(look, each.trigger, id=each.name, replace_existing=True, max_instances=1, coalesce=True)
        known.clear()
        known.update(now)
        said(planned)

    def stop(*_: Any) -> None:
        waker.shutdown(wait=False)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    waker.add_job(look, "interval", seconds=LOOKS_S, next_run_time=at(clock.now_ns()), max_instances=1, coalesce=True)
    try:
        waker.start()
        end_ns = clock.now_ns() + int(PATIENCE_S * 1e9)
        work_off(scheduler, is_over=lambda: clock.now_ns() > end_ns)
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def telling(settings: Settings, data: Path, clock: Clock) -> Callable[[str, str, tuple[str, ...]], None]:
    """Make what tells a person: over the channels a page names, as far as settings have them, and always in the log."""
    made = made_of(settings, data, clock)

    def tell(title: str, text: str, channels: tuple[str, ...]) -> None:
        message = Message(made.redact(title), made.redact(text), Severity.WARNING)
        for name in dict.fromkeys(("log", *channels)):
            if name in made.channels:
                try:
                    made.channels[name].send(message)
                except ChannelError as error:
                    logging.getLogger(__name__).warning("%s", made.redact(str(error)))

    return tell
