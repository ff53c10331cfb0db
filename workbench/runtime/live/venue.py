"""A venue's arrivals as the log takes them, for one session: numbered, on the grid, in an order a replay can repeat. Decides nothing.

Rules
-----
1. What was handed out as records is taken to its end before an event: a key cannot say that a barrier came first (`venues.base` rule 3).
2. Seconds and phases before an event's time stand before the event; behind what came before them, however late that is taken.
3. The session ends with the mark at its close; what arrived later is the next session's.
4. What may not leave (`doors`) is answered here, by an event like any other.
5. What a person asks for (`asking`) comes between arrivals, and is answered when the engine has taken it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Iterable

import numpy as np

from workbench.domain.events import AnyEvent, ClockStepped, ConnectionChanged
from workbench.domain.orders import AnyCommand
from workbench.domain.records import Records
from workbench.runtime.live.asking import LOOK_S, Asking
from workbench.runtime.live.doors import Door, answers
from workbench.runtime.live.grid import Grid
from workbench.runtime.live.line import Line
from workbench.venues.base import Batch, Happened

STOPPED = "ended by hand; stops stay at the broker"


class LiveVenue:
    """One session of a line.

    Parameters
    ----------
    line
        What arrives, and where commands go.
    grid
        Numbers and stamps.
    door
        Says what may leave.
    last_ns
        Close of the session; what arrives at that very nanosecond is still in it.
    opening
        Events that come before all records.
    first
        Records that come next, numbered already: history, gaps.
    knows
        Contracts of the run, where others may still arrive that the session before was about; `None`: nothing else can.
    asking
        Who may ask for something from outside; `None`: nobody.
    """

    def __init__(
        self,
        line: Line,
        grid: Grid,
        door: Door,
        last_ns: int,
        opening: Iterable[AnyEvent] = (),
        first: Records | None = None,
        knows: frozenset[int] | None = None,
        asking: Asking | None = None,
    ) -> None:
        self._line, self._grid, self._door, self._last_ns, self._asking = line, grid, door, last_ns, asking
        self._look_s = math.inf if asking is None else LOOK_S
        self._opening, self._first = list(opening), first
        self._knows = None if knows is None else np.array(sorted(knows), np.uint32)
        self._said: deque[Happened] = deque()
        self.n_records, self._is_over = 0, False
        self._at = self._stop = 0

    async def events(self) -> AsyncIterator[Batch | Happened]:
        """Yield what arrives until the session, the line or a person ends it."""
        for event in self._opening:
            yield Happened(self._grid.last_ns, event)
        if self._first is not None:
            self._hand(self._first)
        while True:
            while self._at < self._stop:
                yield Batch(self._records, self._addr, self._at, self._stop)
            if self._said:
                if self._grid.is_due(self._said[0].recv_ns - 1):
                    self._hand(self._grid.tick(self._said[0].recv_ns - 1))
                    continue
                recv_ns, event = self._said.popleft()
                yield Happened(self._grid.stamp(recv_ns), event)
                if self._asking is not None:
                    self._asking.taken(event)
            elif not await self._wait():
                break
        if self._line.is_stopping and self._line.is_up:
            yield self._happened(ConnectionChanged(False, STOPPED))

    async def _wait(self) -> bool:
        """Take what is next, a mark of the grid or an arrival; False when there is no more."""
        clock, grid = self._line.clock, self._grid
        now_ns = clock.now_ns()
        if (step_ns := clock.take_step_ns()) is not None:
            self._said.append(Happened(min(now_ns, self._last_ns), ClockStepped(step_ns)))
            return True
        if self._asking is not None and (asked := self._asking.look()) is not None:
            self._said.append(Happened(min(now_ns, self._last_ns), asked))
            return True
        until_ns = min(now_ns, self._last_ns)
        if now_ns > self._last_ns or grid.is_due(until_ns):
            until_ns = min(until_ns, (self._line.oldest_ns() or now_ns + 1) - 1)
        if grid.is_due(until_ns):
            self._hand(grid.tick(until_ns))
            return True
        if self._is_over or (now_ns > self._last_ns and until_ns == self._last_ns) or self._line.is_stopping or self._line.is_over:
            return False
        arrival = await self._line.next(min(grid.mark_ns, self._last_ns + 1), self._look_s)
        if isinstance(arrival, Batch):
            self._take(arrival)
        elif arrival is not None and arrival.recv_ns > self._last_ns:
            self._line.put_back(arrival)
            self._end()
        elif arrival is not None:
            self._said.append(arrival)
        return True

    def _take(self, batch: Batch) -> None:
        """Hand out what belongs to this session."""
        part = batch.records[batch.start : batch.stop]
        n = len(part)
        if n and int(part["recv_ns"][-1]) > self._last_ns:
            n = int(part["recv_ns"].searchsorted(self._last_ns, side="right"))
        if n:
            mine = part[:n] if self._knows is None else part[:n][np.isin(part["contract"][:n], self._knows)]
            self._hand(self._grid.take(mine))
        if n < len(part):
            self._line.put_back(batch._replace(start=batch.start + n))
            if not n:
                self._end()
        else:
            self._line.edge.settle(batch.stop)

    def _end(self) -> None:
        """Bring the grid to the close: whatever comes next is later."""
        self._is_over = True
        if self._grid.is_due(self._last_ns):
            self._hand(self._grid.tick(self._last_ns))

    def _hand(self, records: Records) -> None:
        self._records, self._addr = records, int(records.ctypes.data)
        self._at, self._stop = 0, len(records)
        self.n_records += len(records)

    def _happened(self, event: AnyEvent) -> Happened:
        return Happened(self._grid.stamp(min(self._line.clock.now_ns(), self._last_ns)), event)

    def settle(self, consumed: int) -> None:
        """Go on behind the last record taken."""
        self._at = consumed

    async def send(self, command: AnyCommand) -> None:
        """Let a command leave, or answer it."""
        why = self._door.why_not(command)
        if why is None:
            await self._line.edge.send(command)
        else:
            now_ns = min(self._line.clock.now_ns(), self._last_ns)
            self._said.extend(Happened(now_ns, event) for event in answers(command, why))
