"""A venue that plays a whole log back: its records, and its events at their keys. What is sent goes nowhere; it is kept to be compared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from workbench.domain.errors import InvariantError
from workbench.domain.events import Arrival
from workbench.domain.orders import AnyCommand
from workbench.domain.records import Records
from workbench.venues.base import MAX_BATCH, Batch, Happened


class RecordedVenue:
    """The log as a venue.

    Parameters
    ----------
    records
        In order of ``seq``.
    arrivals
        Every other event of the log, in order of its key.
    chunk
        Gives the most records of the next batch; `None`: `MAX_BATCH`.
    """

    def __init__(self, records: Records, arrivals: Sequence[Arrival], *, chunk: Callable[[], int] | None = None) -> None:
        self.records, self._arrivals, self._chunk = records, list(arrivals), chunk
        keys = [(a.after_seq, a.n) for a in self._arrivals]
        if keys != sorted(set(keys)):
            raise InvariantError("the events of this log are not in order of their keys, or two have the same")
        after = [a.after_seq for a in self._arrivals]
        self._place = records["seq"].searchsorted(after, side="right").tolist() if after else []
        self._must_belong(after)
        self._addr, self._n, self._at = int(records.ctypes.data), len(records), 0
        self.sent: list[AnyCommand] = []

    def _must_belong(self, after: list[int]) -> None:
        """An event follows a record of this log, or comes before its first one."""
        seqs = self.records["seq"]
        for seq, place in zip(after, self._place, strict=True):
            if (place == 0 and seq != int(seqs[0]) - 1) or (place and int(seqs[place - 1]) != seq):
                raise InvariantError(f"an event of this log follows record {seq}, which is not among its records: the log is not whole")

    async def events(self) -> AsyncIterator[Batch | Happened]:
        """Yield records up to the place of the next event, then the event."""
        following = 0
        while True:
            place = self._place[following] if following < len(self._place) else self._n
            while self._at < place:
                stop = min(place, self._at + (MAX_BATCH if self._chunk is None else max(1, self._chunk())))
                yield Batch(self.records, self._addr, self._at, stop)
            if following == len(self._place):
                return
            arrival = self._arrivals[following]
            following += 1
            yield Happened(arrival.recv_ns, arrival.event)

    def settle(self, consumed: int) -> None:
        """Go on behind the last record taken."""
        self._at = consumed

    async def send(self, command: AnyCommand) -> None:
        """Keep what would have been sent."""
        self.sent.append(command)
