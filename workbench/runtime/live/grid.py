"""Numbers what arrives, and makes the whole seconds and the phases between. Arrays and integers; no clock, no socket.

What a loop does live is what `market.sessions.weave` does for a recording made elsewhere: same grid, same order. Most chunks lie between
two marks and are only numbered; a chunk that reaches one is woven.
"""

from __future__ import annotations

import numpy as np

from workbench.domain.records import EVENT_TIME, Kind, Records, empty
from workbench.domain.units import SECOND
from workbench.market.sessions import WHOLE, number, weave
from workbench.venues.base import MAX_BATCH

NEVER = (1 << 62) - 1
FEW = 8  # seconds that are set between records one by one; `weave` takes longer than a decision where there is one


class Grid:
    """The frame of one run's records.

    Parameters
    ----------
    epoch
        Stands above the numbers it gives.
    first_ns
        Where the grid begins; nothing is stamped earlier.
    phases
        PHASE records from `first_ns` on, of all contracts, in any order of time.

    Examples
    --------
    >>> phases, quote = empty(1), empty(1)
    >>> phases["kind"], phases["recv_ns"], quote["kind"], quote["recv_ns"] = Kind.PHASE, SECOND, Kind.QUOTE, SECOND + 7
    >>> grid = Grid(1, SECOND, phases)
    >>> [Kind(kind).name for kind in grid.take(quote)["kind"]], grid.is_due(2 * SECOND - 1), grid.is_due(2 * SECOND)
    (['TIME', 'PHASE', 'QUOTE'], False, True)
    """

    def __init__(self, epoch: int, first_ns: int, phases: Records) -> None:
        self._epoch, self._next, self.last_ns = epoch, 1, first_ns
        self._second_ns = -(-first_ns // SECOND) * SECOND  # the next TIME record
        self._phases = phases[np.argsort(phases["recv_ns"], kind="stable")]
        self._buffer = empty(MAX_BATCH)
        self._seconds, self._second = empty(MAX_BATCH + FEW), empty(1)  # of chunks that reach a second; one of those
        self._second["kind"], self._second["flags"] = Kind.TIME, EVENT_TIME
        self._mark()

    def _mark(self) -> None:
        phase_ns = int(self._phases["recv_ns"][0]) if len(self._phases) else NEVER
        self.mark_ns = min(self._second_ns, phase_ns)

    def is_due(self, now_ns: int) -> bool:
        """Whether a second or a phase lies at or before `now_ns`."""
        return now_ns >= self.mark_ns

    def stamp(self, ns: int) -> int:
        """Give a time for what arrives now; never less than before."""
        self.last_ns = max(self.last_ns, ns)
        return self.last_ns

    def take(self, part: Records) -> Records:
        """Number records as they came, with the marks they reach in between. Good until the next call."""
        n = len(part)
        rows = self._buffer[:n] if n <= len(self._buffer) else empty(n)
        rows.view(WHOLE)[:] = np.ascontiguousarray(part).view(WHOLE)
        recv_ns = rows["recv_ns"]
        np.maximum(recv_ns, self.last_ns, out=recv_ns)
        if n > 1:
            np.maximum.accumulate(recv_ns, out=recv_ns)
        return self._woven(rows, int(recv_ns[-1])) if n else rows

    def tick(self, now_ns: int) -> Records:
        """Make the marks up to `now_ns`."""
        return self._woven(self._buffer[:0], now_ns)

    def gaps(self, contracts: list[int], at_ns: int) -> Records:
        """Say that data of contracts is missing from before now on."""
        made = empty(len(contracts))
        made["contract"], made["kind"], made["recv_ns"], made["event_ns"], made["flags"] = contracts, Kind.GAP, at_ns, at_ns, EVENT_TIME
        return self.take(made)

    def _woven(self, rows: Records, last_ns: int) -> Records:
        if last_ns >= self.mark_ns:
            n = int(self._phases["recv_ns"].searchsorted(last_ns, side="right"))
            if not n and last_ns - self._second_ns < FEW * SECOND and len(rows) <= MAX_BATCH:
                rows = self._with_seconds(rows, last_ns)
            else:
                rows = weave(rows, self._phases[:n], first_ns=self._second_ns, last_ns=last_ns)
                self._phases = self._phases[n:]
            self._second_ns = max(self._second_ns, last_ns // SECOND * SECOND + SECOND)
            self._mark()
        self.last_ns = max(self.last_ns, last_ns)
        number(rows, self._epoch, self._next)
        self._next += len(rows)
        return rows

    def _with_seconds(self, rows: Records, last_ns: int) -> Records:
        """Set the whole seconds up to `last_ns` between records, each in front of what came at that very nanosecond, as `weave` does."""
        made, second = self._seconds.view(WHOLE), self._second
        given, recv_ns = rows.view(WHOLE), rows["recv_ns"]
        at = put = 0
        for ns in range(self._second_ns, last_ns + 1, SECOND):
            stop = int(recv_ns.searchsorted(ns))
            made[put : put + stop - at] = given[at:stop]
            put, at = put + stop - at, stop
            second["recv_ns"] = second["event_ns"] = ns
            made[put] = second.view(WHOLE)[0]
            put += 1
        end = put + len(rows) - at
        made[put:end] = given[at:]
        return self._seconds[:end]
