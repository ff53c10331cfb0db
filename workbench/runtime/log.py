"""Where a run writes: nowhere (memory), or the tail and a journal. The loop calls; nothing here decides.

A run that reaches outside this process writes records to the tail. A turn with a command is one commit of its journal, which carries the
records that the tail has not synced yet; the tail is synced each second (`RunLog.sync`). A simulation or a replay names the recording it
plays instead, and commits its journal once, at the end.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

import msgspec

from workbench.domain.decisions import AnyFact, At, Issued
from workbench.domain.errors import InvariantError
from workbench.domain.events import Arrival
from workbench.domain.orders import AnyCommand
from workbench.domain.records import Records
from workbench.venues.base import Batch, Happened

_encoder = msgspec.msgpack.Encoder()


class RecordSink(Protocol):
    """Takes market records: the tail."""

    def append(self, records: Records) -> None:
        """Write records, once, in order."""

    def ahead(self) -> bytes | None:
        """Give those that are durable nowhere yet, for the journal to carry; `None`: all are durable."""

    def flush(self) -> None:
        """Make them durable."""


class EventSink(Protocol):
    """Takes everything else: the journal."""

    def append(self, arrival: Arrival) -> None:
        """Take an event with its key."""

    def extend(self, after_seq: int, n: int, recv_ns: int, facts: list[AnyFact]) -> None:
        """Take facts made behind that key."""

    def carry(self, last_seq: int, body: bytes) -> None:
        """Take records for the tail, as it gave them."""

    def commit(self) -> None:
        """Make everything taken durable, at once."""


class CommandDigest:
    """SHA-256 over the commands of a run, in order; two runs that issued the same commands have the same digest."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.n = 0

    def take(self, command: AnyCommand) -> None:
        """Add one command."""
        self._hash.update(_encoder.encode(command))
        self.n += 1

    def hex(self) -> str:
        """Give the digest so far."""
        return self._hash.hexdigest()


class Past(NamedTuple):
    """What a log held already when its run is taken up again: seq of the last record, events, facts."""

    last_seq: int = 0
    arrivals: tuple[Arrival, ...] = ()
    facts: tuple[AnyFact, ...] = ()


_NO_PAST: Final = Past()


class RunLog:
    """The log of one run.

    Parameters
    ----------
    tail
        Takes records; `None` for a run over a recording.
    journal
        Takes events and facts; `None` keeps nothing.
    keep
        Whether facts and arrivals also stay in memory (`facts`, `arrivals`), for notebooks and tests.
    one_commit
        Hold commits back: the caller commits once, at the end.
    key
        Key of the last event, when a run goes on from a snapshot.
    past
        What the log holds already, when a run is played again from its beginning: it is checked, not written a second time.
    timer
        Gives seconds; `slowest_s` is how long the slowest write took by it.
    """

    def __init__(
        self,
        tail: RecordSink | None = None,
        journal: EventSink | None = None,
        *,
        keep: bool = False,
        one_commit: bool = False,
        key: tuple[int, int] = (0, 0),
        past: Past = _NO_PAST,
        timer: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._timer, self.slowest_s = timer, 0.0
        self._tail, self._journal, self._keep, self._one_commit = tail, journal, keep, one_commit
        self._last_seq = past.last_seq
        self._past_arrivals, self._past_facts = deque(past.arrivals), deque(past.facts)
        self.key = key
        self.facts: list[AnyFact] = []
        self.arrivals: list[Arrival] = []
        self.commands = CommandDigest()

    def arrive(self, batch: Batch) -> None:
        """Write the records of a batch that were not written before (a venue that was put back hands some out again)."""
        if self._tail is None:
            return
        records = batch.records[batch.start : batch.stop]
        if not len(records):
            return
        if int(records["seq"][0]) <= self._last_seq:
            records = records[records["seq"].searchsorted(self._last_seq, side="right") :]
            if not len(records):
                return
        self._tail.append(records)
        self._last_seq = int(records["seq"][-1])

    def place(self, happened: Happened, after_seq: int) -> Arrival:
        """Give an event the next key behind `after_seq`, and take it."""
        n = self.key[1] + 1 if self.key[0] == after_seq else 1
        self.key = (after_seq, n)
        arrival = Arrival(after_seq, n, happened.recv_ns, happened.event)
        if self._keep:
            self.arrivals.append(arrival)
        if self._past_arrivals:
            self._must_be_same(self._past_arrivals.popleft(), arrival)
        elif self._journal is not None:
            self._journal.append(arrival)
        return arrival

    def keep(self, after_seq: int, facts: list[AnyFact]) -> None:
        """Take facts; commands among them count into the digest."""
        if not facts:
            return
        for fact in facts:
            if type(fact) is Issued:
                self.commands.take(fact.command)
        if self._keep:
            self.facts.extend(facts)
        if self._past_facts:
            facts = self._after_past(facts)
        if self._journal is not None and facts:
            n = self.key[1] if self.key[0] == after_seq else 0
            head = facts[0]
            self._journal.extend(after_seq, n, head.now_ns if isinstance(head, At) else 0, facts)

    def commit(self) -> None:
        """Make everything taken durable by one commit of the journal, which carries what the tail has not synced."""
        began_s = self._timer()
        self._commit()
        self.slowest_s = max(self.slowest_s, self._timer() - began_s)

    def _commit(self) -> None:
        if self._journal is None or self._one_commit:
            self.sync()
            return
        if self._tail is not None and (body := self._tail.ahead()) is not None:
            self._journal.carry(self._last_seq, body)
        self._journal.commit()

    def sync(self) -> None:
        """Sync the tail, then commit the journal."""
        if self._one_commit:
            return
        if self._tail is not None:
            self._tail.flush()
        if self._journal is not None:
            self._journal.commit()

    def must_be_through(self) -> None:
        """Break if a run that was taken up ended before its own past did."""
        if self._past_arrivals or self._past_facts:
            left = len(self._past_arrivals) + len(self._past_facts)
            raise InvariantError(f"the log holds {left} events and facts that this run did not come to: it is the log of another run")

    def _after_past(self, facts: list[AnyFact]) -> list[AnyFact]:
        n = min(len(facts), len(self._past_facts))
        for fact in facts[:n]:
            self._must_be_same(self._past_facts.popleft(), fact)
        return facts[n:]

    def _must_be_same(self, held: object, made: object) -> None:
        if held != made and _encoder.encode(held) != _encoder.encode(made):  # nan is not equal to itself, its bytes are
            raise InvariantError(f"a run that is taken up must go as its log says; the log holds {held!r}, made again it is {made!r}")
