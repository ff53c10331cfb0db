"""What befalls one run, as values: when, and what. Drawn from a seed by `faults`, thinned by `shrinking`, done by `world`."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tests.simulation.disaster.machine import Death
from workbench.gateway.faults import When
from workbench.gateway.faults import actions as act


class Moment(msgspec.Struct, frozen=True):
    """When something strikes: the `nth` time that a life of the program stands at a point, or at a second of the run.

    ``life`` counts from 1; 0 means whichever comes there first.
    """

    point: str = ""
    nth: int = 1
    life: int = 0
    at_s: float = 0.0


class Crash(msgspec.Struct, frozen=True):
    """The process dies; it is started again `down_s` later. `hold_s`: so long the other side does not notice (power only)."""

    death: Death = Death.KILLED
    down_s: float = 1.0
    hold_s: float = 0.0


class Stop(msgspec.Struct, frozen=True):
    """A person ends the run, and begins another one `down_s` later."""

    down_s: float = 1.0


class Hand(msgspec.Struct, frozen=True):
    """Somebody acts at the screen of TWS, `in_s` later.

    ``close``, ``cut`` (one contract off), ``add`` or ``turn`` what is held; ``cancel`` our stop.
    """

    what: str = "close"
    in_s: float = 0.0


class DiskTrouble(msgspec.Struct, frozen=True):
    """The disk is ``full``, ``broken``, ``read only`` or ``slow`` for a while."""

    kind: str
    for_s: float = 5.0


class Stall(msgspec.Struct, frozen=True):
    """Nothing comes through the socket for a while, and all of it afterwards."""

    for_s: float = 5.0


Deed = act.Action | Crash | Stop | Hand | DiskTrouble | Stall


class Strike(NamedTuple):
    """One fault: a name to speak of it by, when, and what."""

    name: str
    when: Moment | When
    what: tuple[Deed, ...]

    def text(self) -> str:
        """Say it in a line."""
        if isinstance(self.when, When):
            told = {name: value for name, value in msgspec.structs.asdict(self.when).items() if value}
            place = f"message {told.pop('on')} {told or ''}".rstrip()
        elif self.when.point:
            which = f"life {self.when.life}, " if self.when.life else ""
            place = f"{which}time {self.when.nth} at: {self.when.point}"
        else:
            place = f"second {self.when.at_s:.2f}"
        return f"{self.name:<34} {place:<72} {', '.join(map(repr, self.what))}"


class Schedule(NamedTuple):
    """All of one run."""

    seed: int
    strikes: tuple[Strike, ...]

    def without(self, *places: int) -> Schedule:
        """Drop strikes by their place in the list."""
        return Schedule(self.seed, tuple(each for n, each in enumerate(self.strikes) if n not in places))
