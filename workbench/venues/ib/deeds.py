"""What `subscriptions` is told to want and says is to be done, and how one stream fares. Values; they do nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from workbench.domain.events import StreamChanged
from workbench.venues.ib.streams import Source


class Want(NamedTuple):
    """A wish: data of a contract from a source. The list's order is the priority; a line of level 1 is implied."""

    contract: int
    source: Source


class Start(NamedTuple):
    """Ask for a stream: tell the decoder what the id means, then send the request."""

    req_id: int
    contract: int
    source: Source
    emits: int


class Stop(NamedTuple):
    """Cancel a request, and tell the decoder."""

    req_id: int
    contract: int
    source: Source


class Emit(NamedTuple):
    """Tell the decoder what a stream's messages become from here on."""

    req_id: int
    emits: int


class Gap(NamedTuple):
    """Data of a contract is missing. ``is_line_well``: it was another stream's, and the line of level 1 goes on: what that knows holds."""

    contract: int
    is_line_well: bool = False


class EmptyBook(NamedTuple):
    """The book of a request is empty."""

    req_id: int


class Tell(NamedTuple):
    """Something for the log."""

    event: StreamChanged


class Poll(NamedTuple):
    """Ask for bars of the contract's recent past, again and again, or stop doing so."""

    contract: int
    is_on: bool


Deed = Start | Stop | Emit | Gap | EmptyBook | Tell | Poll


class State(StrEnum):
    """Where a stream stands."""

    WAITING = "waiting"  # for its turn, for room, for a connection
    ASKED = "asked"
    LIVE = "live"
    SILENT = "silent"  # asked for, was live, and there is reason to think that it is not any more


@dataclass
class Stream:
    """One wish and how it fares."""

    want: Want
    state: State = State.WAITING
    req_id: int = -1
    since_ns: int = 0  # of this state
    not_before_ns: int = 0
    doubted_ns: int | None = None  # the stream must show a message behind this
    last_ns: int = 0
    opened_ns: int = 0  # when its contract began to trade, as far as that was seen
    usual_ns: int = 0  # between two times at which it was seen to have brought something, averaged
    n_failed: int = 0
    emits: int = 0
    told: str = ""
    is_delayed: bool = False
