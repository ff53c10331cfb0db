"""The tap's ear: notes every chunk of either direction with the time its records bear, and which connection it was. Writes no file itself.

A chunk has one time: what comes of it is stamped with that, however long its reading takes. Bytes that are played again at that time give
the same stamps.
"""

from __future__ import annotations

from typing import Final

from workbench.clock import Clock
from workbench.store.flight import Flight, Way

NOT_HELD: Final = -1


class Moments:
    """A clock that stands still while a chunk is read.

    >>> from workbench.clock import ManualClock
    >>> clock = ManualClock(5)
    >>> moments = Moments(clock)
    >>> moments.hold()
    >>> clock.advance_to(9)
    >>> at = moments.now_ns()
    >>> moments.let_go()
    >>> at, moments.now_ns()
    (5, 9)
    """

    def __init__(self, clock: Clock) -> None:
        self._clock, self._now_ns, self._held_ns = clock, clock.now_ns, NOT_HELD

    def hold(self) -> None:
        """Stand."""
        self._held_ns = self._now_ns()

    def let_go(self) -> None:
        """Go on."""
        self._held_ns = NOT_HELD

    def now_ns(self) -> int:
        held_ns = self._held_ns
        return held_ns if held_ns >= 0 else self._now_ns()

    def wait_s(self, until_ns: int) -> float:
        return self._clock.wait_s(until_ns)

    def take_step_ns(self) -> int | None:
        return self._clock.take_step_ns()


class Recording:
    """A `raw.Recorder` into a flight recording.

    Parameters
    ----------
    flight
        Takes the chunks.
    clock
        Says when a chunk came: the one that its records are stamped with.
    """

    def __init__(self, flight: Flight, clock: Clock) -> None:
        self._flight, self._note, self._now_ns = flight, flight.note, clock.now_ns
        self._connection = 0

    def came(self, data: bytes) -> None:
        self._note(self._now_ns(), self._connection, Way.CAME, data)

    def left(self, data: bytes) -> None:
        self._note(self._now_ns(), self._connection, Way.LEFT, data)

    def made(self) -> None:
        self._flight.n_connections += 1
        self._connection = self._flight.n_connections
        self._note(self._now_ns(), self._connection, Way.MADE, b"")

    def refused(self, why: str) -> None:
        self._note(self._now_ns(), self._flight.n_connections + 1, Way.REFUSED, why.encode())

    def ended(self, error: str | None) -> None:
        self._note(self._now_ns(), self._connection, Way.ENDED if error is None else Way.LOST, (error or "").encode())
