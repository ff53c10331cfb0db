"""The port: records and events come in, commands go out. Two verbs and an answer; no implementation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, NamedTuple, Protocol

from workbench.domain.events import AnyEvent
from workbench.domain.orders import AnyCommand
from workbench.domain.records import Records

MAX_BATCH: Final = 65_536  # records; bounds what one turn can leave in memory


class Batch(NamedTuple):
    """Records ``[start, stop)`` of a contiguous array that its venue keeps alive; `addr` is the array's address."""

    records: Records
    addr: int
    start: int
    stop: int


class Happened(NamedTuple):
    """An event, with when it reached us."""

    recv_ns: int
    event: AnyEvent


class Venue(Protocol):
    """What the loop drives.

    Rules
    -----
    1. `events` yields what came in, in the order in which it came; stamps never go back.
    2. After each batch the loop calls `settle`: the engine took records up to `consumed` only. The venue goes on from there,
       whatever it had prepared beyond.
    3. When the engine stopped in front of a record (a barrier), that record comes before any event: a key cannot say otherwise.
    4. Every command that is sent ends in an acceptance or a rejection.
    5. ``ConnectionChanged(up=True)`` comes after what the connection brought again: orders that work, executions, corrections. Only then
       is an ``Ask(ref, question="bracket")`` answered, and ``Known({"entry": bool, "exit": bool})`` says which of its orders ever
       reached the broker, all reports about them told before; what cannot be found out is `Unknown`.
    """

    def events(self) -> AsyncIterator[Batch | Happened]:
        """Go through everything that arrives, until there is no more."""

    def settle(self, consumed: int) -> None:
        """Hear how far the last batch was taken."""

    async def send(self, command: AnyCommand) -> None:
        """Take a command that is already durable."""
