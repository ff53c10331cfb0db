"""Begins flight recordings: a file for each run of a process, with what must be known to play it again. Writes through `store.flight`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from workbench.clock import Clock
from workbench.config import Mode, Settings
from workbench.domain.events import BrokerSaid
from workbench.domain.units import SECOND
from workbench.runtime.live.recalling import Recalled
from workbench.store import entries
from workbench.store.flight import Card, Flight, forget
from workbench.store.folders import Folders

if TYPE_CHECKING:
    from workbench.venues.ib.venue import IbVenue

WORD: Final = "flight"  # kind of what it says
GB: Final = 1_000_000_000
UNTOLD: Final = {"notify", "roots"}  # whom notices go to is nobody's; roots are the workspace's, and `digest` says whether they changed


OURS: Final = ContextVar("whether who runs is a recorded process, and not what else goes on in its loop", default=False)
NOBODYS: Final = Context()
SET_S: Final = 0.02  # s for which the loop's clock stands for the run's, which takes longer to ask


class FlightRecorder:
    """The recorder of one process, run after run.

    Parameters
    ----------
    settings
        Say whether, how long and how much.
    clock
        Of the run.
    """

    def __init__(self, settings: Settings, data: Path, mode: Mode, clock: Clock) -> None:
        self._settings, self._data, self._mode, self._clock = settings, data, mode, clock
        self._flight: Flight | None = None
        self._venue: IbVenue | None = None  # the one that hears of trouble
        self._let_go: Callable[[], object] = lambda: None

    def begin(self, recalled: Recalled, venue: IbVenue) -> None:
        """Begin the file of a run, and listen to its venue."""
        run, settings = recalled.run, self._settings
        if run is None or not settings.flight.on:
            return
        folders = Folders(self._data)
        most = round(settings.flight.max_gb * GB)
        forget(folders.flight, run.sessions[-1], keep_days=settings.flight.keep_days, most_bytes=most)
        flight = self._flight
        if flight is None:
            loop = asyncio.get_running_loop()
            flight = self._flight = Flight(folders.flight, partial(_later, loop), self._say, most)
            self._let_go = note_turns(loop, flight, self._clock, settings.ib.speed)
        before = flight.path
        journal = folders.journal(run.run)
        card = Card(
            run=run.run,
            session=run.sessions[-1],
            began_ns=self._clock.now_ns(),
            mode=self._mode.value,
            account=run.account,
            speed=settings.ib.speed,
            follows="" if before is None else before.relative_to(folders.flight).as_posix(),
            order_id=venue.ids.first,
            client_id=settings.ib.client_id,
            n_entries=entries.head(journal).id if journal.exists() else 0,
            versions={"ib_async": version("ib_async")},
            settings=settings.model_dump_json(exclude=UNTOLD),
        )
        is_new, self._venue = self._venue is not venue, venue
        flight.begin(card)
        if is_new:
            venue.record(flight)

    def _say(self, why: str) -> None:
        if self._venue is not None:
            self._venue.say(BrokerSaid(0, WORD, f"nothing is recorded any more: {why}", None, None))

    def close(self) -> None:
        """End the last file."""
        self._let_go()
        if self._flight is not None:
            self._flight.close()


def _later(loop: asyncio.AbstractEventLoop, s: float, call: Callable[[], object]) -> None:
    """Call something later, as nobody's: what the recorder asks of the loop is not recorded."""
    NOBODYS.run(loop.call_later, s, call)


def note_turns(loop: asyncio.AbstractEventLoop, flight: Flight, clock: Clock, speed: float = 1.0) -> Callable[[], object]:
    """Note each turn of a loop as its selector returns, and the times that who calls this, or is begun by it, is told; give what ends it.

    There is no public place for it: `asyncio` calls ``_selector.select`` once a turn, with no patience where something is ready. A loop
    without one has no turns that are known.
    """
    rate = speed * SECOND
    within: Any = loop
    selector = getattr(loop, "_selector", None)
    if selector is None:
        return lambda: None
    select, turn, now_ns, is_ours = selector.select, flight.turn, clock.now_ns, OURS.get
    look = monotonic if type(loop).time is asyncio.BaseEventLoop.time else loop.time  # the same, two calls sooner
    began_s = set_s = look()
    set_ns, looks_us = now_ns(), list[int]()
    OURS.set(True)

    def selected(timeout: float | None = None) -> Any:
        nonlocal began_s, set_s, set_ns
        found = select(timeout)
        began_s = look()
        if began_s - set_s > SET_S:
            set_s, set_ns = began_s, now_ns()
        turn(set_ns + int((began_s - set_s) * rate), timeout is None or timeout > 0, looks_us)
        if looks_us:
            looks_us.clear()
        return found

    def looked() -> float:
        now_s = look()
        if is_ours():
            looks_us.append(int((now_s - began_s) * 1e6))
        return now_s

    def let_go() -> None:
        selector.select = select
        del within.time

    selector.select, within.time = selected, looked
    return let_go
