"""What a run does once a second of wall time, between two turns: its log made durable, room ahead of it, a word that it lives.

Outside the core: nothing here is seen by the engine, and two runs that beat at other moments write the same log.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec

from workbench.clock import SystemClock
from workbench.domain.errors import StoreError
from workbench.engine import Engine
from workbench.market.state import CLOCK_AT
from workbench.store.manifest import RunManifest
from workbench.store.status import Status, say

PROCESS: Final = "runner"
EVERY_S: Final = 1.0  # what a page shows is at most this much older than the run
_LAST_NS: Final = CLOCK_AT["last_ns"]


class Syncs(Protocol):
    """A log that can be made durable."""

    def sync(self) -> None:
        """Make everything taken so far durable where it belongs, and visible."""


class Prepares(Protocol):
    """A store that keeps room ahead of what it writes."""

    def prepare(self) -> None:
        """Make some of that room."""


class Standing(NamedTuple):
    """How far a run is: its venue there (`None`: it has none), ready (reconciled, stops supervised), deciding."""

    is_connected: bool | None
    is_ready: bool
    is_deciding: bool


AT_WORK: Final = Standing(None, is_ready=True, is_deciding=True)  # a market that is at hand keeps nobody waiting


class Heartbeat:
    """The beat of one run.

    Parameters
    ----------
    data
        Folder of the stores.
    run
        Who beats.
    engine
        What it says it is doing.
    log
        Synced at each beat: a page then sees forecasts and refusals of a quiet market too, and a journal never carries more than a second
        of records.
    stores
        Given time to make room.
    steady
        Seconds that never go back; given in tests.
    standing
        Says how far the run is.
    """

    def __init__(
        self,
        data: Path,
        run: RunManifest,
        engine: Engine,
        log: Syncs,
        stores: tuple[Prepares, ...] = (),
        *,
        steady: Callable[[], float] = time.monotonic,
        standing: Callable[[], Standing] = lambda: AT_WORK,
    ) -> None:
        self._standing = standing
        self._data, self._engine, self._log, self._stores, self._steady = data, engine, log, stores, steady
        self._clock = SystemClock()
        self._due_s = steady()
        self._word = Status(process=PROCESS, pid=os.getpid(), said_ns=0, run=run.run, mode=run.mode, session=run.sessions[-1])

    def turn(self, seq: int, n_records: int) -> None:
        """Beat if a second has passed; called at the end of each turn, when engine, venue and log agree."""
        now_s = self._steady()
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        self._log.sync()
        for store in self._stores:
            store.prepare()
        self._say(seq, n_records, self._standing())

    def end(self, seq: int, n_records: int) -> None:
        """Say the last word: it ended by itself."""
        self._say(seq, n_records, self._standing()._replace(is_deciding=False), note="ended")

    def _say(self, seq: int, n_records: int, standing: Standing, note: str = "") -> None:
        engine = self._engine
        word = msgspec.structs.replace(
            self._word,
            said_ns=self._clock.now_ns(),
            seq=seq,
            now_ns=engine.market.now[_LAST_NS] or None,
            state=engine.desk.breaker.state.value,
            is_connected=standing.is_connected,
            is_ready=standing.is_ready,
            is_deciding=standing.is_deciding,
            counts={"records": n_records, "barriers": engine.n_barriers},
            note=note,
        )
        with contextlib.suppress(StoreError):  # a page that hears nothing says so itself; trading does not end for it
            say(self._data, word)
