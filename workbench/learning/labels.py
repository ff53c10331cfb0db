"""The ledger of labels that are not known yet: what was seen, and when it may be learnt from. It knows no model.

Rules
-----
1. A label is the move of the mid from a forecast's bar to the first bar at or after its horizon. It is not used before.
2. No move is no label: a tie is counted and dropped.
3. A broken bar, an unknown price, the end of a session or a roll voids all labels under way; so does an outcome that comes more than
   one cadence late. Each is counted.
4. At most one label a cadence, so at most horizon / cadence wait at once.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from workbench.domain.errors import InvariantError


class Label(NamedTuple):
    """What was seen when a forecast was due, waiting for its outcome.

    ``x`` holds the features that were there; ``mid2`` is bid + ask in quanta; ``p_up`` what was forecast, `None` if nothing was;
    ``generation`` says which of a learner's models spoke.
    """

    made_ns: int
    x: dict[str, float]
    mid2: int
    p_up: float | None
    generation: int


class LabelLedger:
    """Labels under way, oldest first.

    Parameters
    ----------
    horizon_ns
        Time from a label's bar to its outcome, a multiple of `every_ns`.
    every_ns
        Cadence of labels.

    Examples
    --------
    >>> ledger = LabelLedger(horizon_ns=10, every_ns=5)
    >>> ledger.add(Label(100, {"ofi_5s": 1.0}, 48_001, 0.6, 0))
    >>> ledger.take(105, 48_009)
    []
    >>> [(label.made_ns, up) for label, up in ledger.take(110, 48_003)]
    [(100, True)]
    """

    __slots__ = ("_capacity", "_every_ns", "_horizon_ns", "_waiting", "n_matured", "n_tied", "n_voided")

    def __init__(self, *, horizon_ns: int, every_ns: int) -> None:
        self._horizon_ns, self._every_ns = horizon_ns, every_ns
        self._capacity = horizon_ns // every_ns
        self._waiting: deque[Label] = deque()
        self.n_matured = self.n_tied = self.n_voided = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, label: Label) -> None:
        """Let a label wait.

        Raises
        ------
        InvariantError
            If it comes within one cadence of the one before it, or more wait than the horizon admits.
        """
        waiting = self._waiting
        if waiting and label.made_ns < waiting[-1].made_ns + self._every_ns:
            raise InvariantError(f"a label at {label.made_ns} follows one at {waiting[-1].made_ns}: less than a cadence")
        if len(waiting) >= self._capacity:
            raise InvariantError(f"{len(waiting) + 1} labels wait, the horizon admits {self._capacity}: one was not taken in time")
        waiting.append(label)

    def drop_late(self, t_end_ns: int) -> int:
        """Void the labels whose outcome this bar would tell more than one cadence too late; say how many."""
        waiting, oldest = self._waiting, t_end_ns - self._horizon_ns - self._every_ns
        n = 0
        while waiting and waiting[0].made_ns < oldest:
            waiting.popleft()
            n += 1
        self.n_voided += n
        return n

    def take(self, t_end_ns: int, mid2: int) -> list[tuple[Label, bool]]:
        """Take the labels that mature with the bar that ended at `t_end_ns` with `mid2`, in their order, each with *went up*."""
        waiting, newest = self._waiting, t_end_ns - self._horizon_ns
        matured: list[tuple[Label, bool]] = []
        while waiting and waiting[0].made_ns <= newest:
            label = waiting.popleft()
            if mid2 == label.mid2:
                self.n_tied += 1
            else:
                matured.append((label, mid2 > label.mid2))
        self.n_matured += len(matured)
        return matured

    def void(self) -> int:
        """Drop all labels under way; say how many."""
        n = len(self._waiting)
        self._waiting.clear()
        self.n_voided += n
        return n

    def state(self) -> tuple[list[Label], int, int, int]:
        """Give all it holds: the labels under way, and how many matured, tied, were voided."""
        return list(self._waiting), self.n_matured, self.n_tied, self.n_voided

    def load(self, state: tuple[list[Label], int, int, int]) -> None:
        """Take over what `state` gave."""
        waiting, self.n_matured, self.n_tied, self.n_voided = state
        self._waiting = deque(waiting)
