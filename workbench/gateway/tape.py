"""Market records on the gateway's clock: which of a session's are due. An array and two numbers; no clock of its own."""

from __future__ import annotations

import numpy as np

from workbench.domain.errors import DataError
from workbench.domain.records import RECORD, Records


class Tape:
    """A recorded or generated session, read forward.

    Parameters
    ----------
    records
        Sorted by ``recv_ns``, the time at which each becomes known. Never written to.
    most
        Records handed out in one go.

    Examples
    --------
    >>> from workbench.domain.records import empty
    >>> records = empty(3); records["recv_ns"] = (10, 20, 20)
    >>> tape = Tape(records)
    >>> tape.next_ns(), tape.due(15), tape.due(15), tape.due(20), tape.next_ns()
    (10, (0, 1), (1, 1), (1, 3), None)
    """

    def __init__(self, records: Records, *, most: int = 4096) -> None:
        if records.dtype != RECORD:
            raise DataError(f"a tape is an array of market records, not of {records.dtype}")
        self.records = records
        self._times = np.ascontiguousarray(records["recv_ns"])
        if len(records) and bool((np.diff(self._times) < 0).any()):
            raise DataError("a tape's records must be sorted by the time they were received")
        self._at, self._most = 0, most

    @property
    def n_past(self) -> int:
        """Records handed out so far."""
        return self._at

    @property
    def is_over(self) -> bool:
        return self._at == len(self.records)

    def next_ns(self) -> int | None:
        """When the next record is due; `None` behind the last."""
        return None if self.is_over else int(self._times[self._at])

    def due(self, now_ns: int) -> tuple[int, int]:
        """Hand out [start, stop) of what is due at `now_ns`, at most so many at a time: call again until it is empty."""
        start = self._at
        self._at = max(start, min(start + self._most, int(self._times.searchsorted(now_ns, side="right"))))
        return start, self._at
