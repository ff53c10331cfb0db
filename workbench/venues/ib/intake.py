"""Everything that came in and was not taken yet: market records in a ring, events between them, in order of arrival. Decodes nothing.

Rules
-----
1. Stamps never fall: ``recv_ns`` is the clock's time, or the last stamp if the clock shows less.
2. Events are never dropped. Records are, when nobody takes them: first quotes and depth (`RESERVE` rows stay for prints), then
   prints; a contract that lost one is silent until half of the ring is free again, and then begins with a GAP record.
3. A `Batch` is good until the next `take`; then its rows may be written over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

import numpy as np

from workbench.clock import Clock
from workbench.domain.events import AnyEvent
from workbench.domain.records import Kind, Records, empty
from workbench.market.state import N_IDS
from workbench.venues.base import MAX_BATCH, Batch, Happened

CAPACITY: Final = 1 << 20  # records, 64 MB of addresses; memory is used as far as the ring was ever filled
RESERVE: Final = 8  # one part in so many of the ring is kept for prints

# places in `Intake.state`, which compiled code reads and writes
WRITTEN, FREED, LAST_NS, N_DROPPED, N_LOST = range(5)


class Intake:
    """A queue with one writer and one reader on one loop.

    Parameters
    ----------
    clock
        Stamps what comes in.
    capacity
        Records that wait at most.

    Attributes
    ----------
    came
        Set when something came; `take` clears it when there is no more.
    records, state, lost
        Ring, `WRITTEN` ... `N_LOST`, and one mark a contract id: shared with the compiled decoder, nobody else writes them.

    Examples
    --------
    >>> from workbench.clock import ManualClock
    >>> from workbench.domain.events import ConnectionChanged
    >>> intake = Intake(ManualClock(7))
    >>> intake.put(ConnectionChanged(True, "first"))
    >>> intake.take()
    Happened(recv_ns=7, event=ConnectionChanged(up=True, why='first'))
    >>> intake.write(1, Kind.PRINT, px=24041, sz=2)
    True
    >>> batch = intake.take()
    >>> batch.records["px"][batch.start:batch.stop].tolist(), intake.take()
    ([24041], None)
    """

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        if capacity < 2 * RESERVE:
            raise ValueError(f"an intake holds at least {2 * RESERVE} records, not {capacity}")
        self.clock, self.capacity = clock, capacity
        self.records: Records = empty(capacity)
        self.state = np.zeros(8, np.int64)
        self._cells = self.state.data  # the same; read one by one it is three times as fast
        self.lost = np.zeros(N_IDS, np.uint8)
        self.came = asyncio.Event()
        self._addr = int(self.records.ctypes.data)
        self._events: deque[tuple[int, Happened]] = deque()  # number of records before it, the event
        self._taken = 0

    def stamp(self) -> int:
        """Give the time for what comes in now; never less than before."""
        now = max(self._cells[LAST_NS], self.clock.now_ns())
        self._cells[LAST_NS] = now
        return now

    def put(self, event: AnyEvent) -> None:
        """Queue an event behind all records so far."""
        self._events.append((self._cells[WRITTEN], Happened(self.stamp(), event)))
        self.came.set()

    def write(
        self,
        contract: int,
        kind: Kind,
        *,
        px: int = 0,
        sz: int = 0,
        px2: int = 0,
        sz2: int = 0,
        event_ns: int = 0,
        side: int = 0,
        level: int = 0,
        flags: int = 0,
    ) -> bool:
        """Queue one record, slowly (for what is rare: gaps, bars of 5 s); False when it was dropped."""
        if not self._has_room(contract, kind):
            return False
        written = self._cells[WRITTEN]
        row = (0, self.stamp(), event_ns, px, sz, px2, sz2, contract, int(kind), side, level, flags)
        self.records[written % self.capacity] = row
        self._cells[WRITTEN] = written + 1
        self.came.set()
        return True

    def gap(self, contract: int) -> None:
        """Say that data of a contract is missing from before now on; as soon as there is room, if there is none."""
        if not self.lost[contract] and not self.write(contract, Kind.GAP):
            self._lose(contract)

    def _has_room(self, contract: int, kind: Kind) -> bool:
        """Whether a record may go in. The compiled decoder decides the same way."""
        free = self.capacity - (self._cells[WRITTEN] - self._cells[FREED])
        needed = 1 if kind in (Kind.PRINT, Kind.GAP, Kind.BAR, Kind.DEPTH_RESET) else self.capacity // RESERVE
        if not self.lost[contract] and free >= needed:
            return True
        self._cells[N_DROPPED] += 1
        self._lose(contract)
        return False

    def _lose(self, contract: int) -> None:
        if not self.lost[contract]:
            self.lost[contract] = 1
            self._cells[N_LOST] += 1

    def take(self) -> Batch | Happened | None:
        """Give what came next: records in a row, or an event, or `None` when all is taken. What was given before is let go."""
        self._cells[FREED] = self._taken
        if self._cells[N_LOST] and self._cells[WRITTEN] - self._taken <= self.capacity // 2:
            self._resume()
        written = self._cells[WRITTEN]
        until = self._events[0][0] if self._events else written
        if self._taken < until:
            start = self._taken % self.capacity
            n = min(until - self._taken, self.capacity - start, MAX_BATCH)
            self._taken += n
            return Batch(self.records, self._addr, start, start + n)
        if self._events:
            return self._events.popleft()[1]
        self.came.clear()
        return None

    def _resume(self) -> None:
        """Let the contracts that lost records begin anew, each with a GAP."""
        contracts = np.flatnonzero(self.lost)
        self.lost[contracts] = 0
        self._cells[N_LOST] = 0
        for contract in contracts.tolist():
            self.gap(contract)

    @property
    def oldest_ns(self) -> int | None:
        """When what comes next came; `None` if nothing waits."""
        if self._taken < (self._events[0][0] if self._events else self._cells[WRITTEN]):
            return int(self.records["recv_ns"][self._taken % self.capacity])
        return self._events[0][1].recv_ns if self._events else None

    @property
    def n_waiting(self) -> int:
        """Records and events that were not taken."""
        return self._cells[WRITTEN] - self._taken + len(self._events)

    @property
    def n_dropped(self) -> int:
        """Records that found no room, since the start."""
        return self._cells[N_DROPPED]
