"""What the guardian sees, remembers, and may do. Frozen values; they decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from workbench.domain.orders import Leg


class Limits(NamedTuple):
    """How patient it is, in ns, and whether the account is the workbench's alone."""

    silent_ns: int
    flat_within_ns: int
    flat_after_ns: int
    is_dedicated: bool = False


class Runner(NamedTuple):
    """What the runner said last: the stamp on it (`None`: never), whether it was ready, whether it has ended by itself and is gone."""

    said_ns: int | None
    is_ready: bool = False
    has_ended: bool = False


class Live(NamedTuple):
    """An order of ours that may still fill ``rest``, or protect if it ``works``.

    ``is_mine``: sent by the guardian; ``is_reachable``: by the runner's client id.
    """

    order_id: int
    ref: int
    leg: Leg
    contract: int
    rest: int
    is_mine: bool = False
    is_reachable: bool = True
    works: bool = True


class Held(NamedTuple):
    """What one bracket of ours holds: above 0 bought, below sold."""

    ref: int
    contract: int
    qty: int


class Closing(NamedTuple):
    """A closing order the guardian sent: when, whether the broker showed it since, and whether it can do nothing more."""

    ref: int
    sent_ns: int
    is_seen: bool
    is_over: bool


class Truth(NamedTuple):
    """The broker's whole answer to what was asked at ``asked_ns``. ``positions`` by contract: own and foreign together; absent is flat."""

    asked_ns: int
    live: tuple[Live, ...] = ()
    held: tuple[Held, ...] = ()
    positions: Mapping[int, int] = {}


class Reach(StrEnum):
    """How far the runner's client id is in the guardian's hands."""

    FREE = "free"  # not asked for
    WAITING = "waiting"  # asked for, not had yet
    TAKEN = "taken"
    CANNOT = "cannot"  # its process cannot be ended from here: it may come back


class Observation(NamedTuple):
    """One look at everything. ``truth`` is `None` where nothing was asked, or, with ``trouble``, where no whole answer came."""

    now_ns: int
    runner: Runner
    truth: Truth | None = None
    trouble: str = ""
    reach: Reach = Reach.FREE
    closing: tuple[Closing, ...] = ()


class Goal(StrEnum):
    """What it is about."""

    WATCH = "watch"
    ENTRIES = "entries"  # cancel entries; stops stay
    FLAT = "flat"


class State(NamedTuple):
    """What it remembers. Times in ns of the guardian's own clock, which is never set back; `None`: not so."""

    alive_ns: int  # the last new word of the runner, or the guardian's own beginning
    ready_ns: int  # and of one that was ready
    known_ns: int | None = None  # since when the broker has answered without a break
    doubt_ns: int | None = None  # since when something of ours is without its stop
    goal: Goal = Goal.WATCH
    since_ns: int = 0  # of the goal
    why: str = ""
    acted_ns: int = 0  # only what was asked after it counts
    calm_ns: int | None = None  # since when nothing is left to do
    told: frozenset[str] = frozenset()
    said_ns: int | None = None  # the stamp on the runner's last word, by whatever clock
    has_looked: bool = False


class Halt(NamedTuple):
    """Lay the HALT file."""

    why: str


class TakeOver(NamedTuple):
    """Raise the fence, end the runner's process, connect under its client id: as far as that goes now."""


class Cancel(NamedTuple):
    """Cancel an order of ours."""

    order_id: int


class CancelEverything(NamedTuple):
    """Cancel every order of the login: where the account is the workbench's alone and the client id cannot be had."""


class Close(NamedTuple):
    """Close so much of a bracket at market: above 0 sell."""

    ref: int
    contract: int
    qty: int


class LetGo(NamedTuple):
    """Leave the client id and lower the fence."""


class Alarm(NamedTuple):
    """Tell a person; once a cause."""

    cause: str
    text: str


Action = Halt | TakeOver | Cancel | CancelEverything | Close | LetGo | Alarm
