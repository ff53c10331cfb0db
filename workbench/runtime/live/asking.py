"""What is asked of a live run from outside: the HALT file and requests, looked for four times a second. Makes events; decides nothing.

Rules
-----
1. Looking costs two `stat` calls while nothing is there.
2. The HALT file halts as long as it lies there: a cause that was lifted beside it is set again.
3. Requests are taken one at a time, each when the one before was answered; an answer says what the engine made of it.
4. A run whose lock is gone is halted: another one may begin in its folder.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from workbench.domain.errors import StoreError
from workbench.domain.events import AnyEvent, OperatorAction, OperatorSaid
from workbench.engine import Engine
from workbench.runtime.live.wishes import RefusalError, events_of, objection, result, told_only
from workbench.store.folders import Folders
from workbench.store.requests import Waiting, done, halted, waiting

LOOK_S: Final = 0.25  # of wall time; of its loop's where that is virtual
ANYWAY: Final = 40  # looks after which requests are listed though nothing seems to have changed: a folder's stamp is coarse
HALT_FILE: Final = "HALT file"
SLOW_S: Final = 3.0  # a log that takes longer to write may lose the race against the market: a person looks at the disk


class Asking:
    """Of one run.

    Parameters
    ----------
    is_alone
        Whether this process still holds its data folder.
    slowest_s
        How long the slowest write of the log has taken.
    """

    def __init__(
        self, data: Path, engine: Engine, is_alone: Callable[[], bool] = lambda: True, slowest_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._data, self._engine, self._is_alone, self._slowest_s = data, engine, is_alone, slowest_s
        self._told_s = SLOW_S  # of slow writes, the slowest that was told
        self._next_s = 0.0
        self._stamp, self._n_looks = -1, 0
        self._taken: Waiting | None = None  # the request under way
        self._events: deque[AnyEvent] = deque()  # of it, not handed out yet
        self._said: list[str] = []
        self._out: AnyEvent | None = None  # with the engine now
        self._latched: list[str] = []  # what waited for a person before that

    def look(self) -> AnyEvent | None:
        """Give the next event that somebody outside asks for, at most four times a second; `None` if nobody does."""
        if self._out is not None:
            return None
        if self._events:
            return self._hand_out()
        now_s = asyncio.get_running_loop().time()
        if now_s < self._next_s:
            return None
        self._next_s = now_s + LOOK_S
        if (halt := self._must_halt()) is not None:
            return halt
        try:
            return self._request()
        except StoreError:  # an answer that cannot be written: the disk is in trouble, and the log will say so
            return None

    def taken(self, event: AnyEvent) -> None:
        """Hear that the engine has taken an event, and answer whoever asked for it."""
        if event is not self._out:
            return
        self._out = None
        self._said.append(result(self._engine.desk, event, self._latched))
        if not self._events:
            self._answer()

    # ------------------------------------------------------------------ pieces
    def _must_halt(self) -> OperatorSaid | None:
        causes = self._engine.desk.breaker.causes
        if not self._is_alone() and not any(cause.startswith("runner") for cause in causes):
            return OperatorSaid(OperatorAction.HALT, "runner: the lock of the data folder is gone, another run may begin in it")
        if (slow_s := self._slowest_s()) > self._told_s:
            self._told_s = slow_s
            return OperatorSaid(OperatorAction.HALT, f"runner: a write of the log took {slow_s:.1f} s, and every order waits for one")
        if not Folders(self._data).halt.exists() or any(cause.startswith(HALT_FILE) for cause in causes):
            return None
        return OperatorSaid(OperatorAction.HALT, f"{HALT_FILE}: {halted(self._data)}")

    def _request(self) -> AnyEvent | None:
        """Take the oldest request, if there is one."""
        try:
            stamp = Folders(self._data).requests.stat().st_mtime_ns
        except OSError:
            return None
        self._n_looks += 1
        if stamp == self._stamp and self._n_looks % ANYWAY:
            return None
        found = waiting(self._data)
        if not found:
            self._stamp = stamp  # read before the list: what came in between changes it again
            return None
        self._taken, desk = found[0], self._engine.desk
        try:
            if (words := told_only(desk, found[0].request)) is not None:
                self._said.append(words)
                self._answer()
                return None
            self._events.extend(events_of(desk, found[0].request, halted(self._data)))
        except RefusalError as error:
            self._said.append(f"refused: {error}")
            self._answer()
            return None
        return self._hand_out()

    def _hand_out(self) -> AnyEvent | None:
        """Give the next event of the request under way; one that the engine objects to ends it, and is none."""
        event = self._events.popleft()
        why = objection(self._engine.desk, event)
        if why is not None:
            self._said.append(f"refused: {why}")
            self._events.clear()
            self._answer()
            return None
        self._out, self._latched = event, list(self._engine.desk.breaker.latched)
        return event

    def _answer(self) -> None:
        if self._taken is not None:
            done(self._taken.path, "\n".join(self._said) or "nothing to do")
        self._taken, self._said = None, []
