"""What a board keeps of a run: the last word of each kind, and counts. Values and tallies; no journal, no rule."""

from __future__ import annotations

import math
from collections import deque
from typing import Final, NamedTuple

import msgspec

from workbench.domain.decisions import RoundTripClosed
from workbench.domain.orders import Key, Leg
from workbench.learning.confidence import Reliability

LATEST: Final = 200  # trips, fills, refusals and delays that stay
OUTCOMES: Final = 10_000  # latest outcomes a calibration rests on


class Said(NamedTuple):
    """The last forecast of a recipe about a contract."""

    now_ns: int
    p_up: float
    confidence: float | None
    horizon_ns: int


class Turned(NamedTuple):
    """A proposal that was refused."""

    now_ns: int
    contract: int
    strategy: str
    side: int
    reason: str
    value: float
    threshold: float


class Fill(NamedTuple):
    """One execution, as it was corrected last. ``px`` in quanta."""

    now_ns: int
    key: Key
    side: int
    leg: Leg
    qty: int
    px: int
    exec_id: str


class Trip(NamedTuple):
    """A round trip, when it was over, and why."""

    now_ns: int
    closed: RoundTripClosed
    why: str

    def charged(self, fee_micros: int) -> Trip:
        """Count a commission that came late."""
        old = self.closed
        pnl = old.pnl_micros - fee_micros
        r = old.r * pnl / old.pnl_micros if old.pnl_micros else old.r  # over the risk first taken, which stays
        return self._replace(closed=msgspec.structs.replace(old, pnl_micros=pnl, fees_micros=old.fees_micros + fee_micros, r=r))


def why_over(closed: RoundTripClosed, said: str | None) -> str:
    """Say what ended a round trip: the order that did, or where that was our own exit what was `said` when it went out.

    ``stop``, ``target``; ``time``, ``thesis``, ``close``, ``quality``, ``halted``, ``uncovered``; a strategy's or a person's own words.
    """
    return said if closed.how == Leg.EXIT.name.lower() and said else closed.how


class Worth:
    """Round trips of one contract or strategy, counted."""

    def __init__(self) -> None:
        self.n = self.n_won = self.pnl_micros = self.fees_micros = 0

    def take(self, trip: RoundTripClosed) -> None:
        """Count one."""
        self.n += 1
        self.n_won += trip.pnl_micros > 0
        self.pnl_micros += trip.pnl_micros
        self.fees_micros += trip.fees_micros


class Apart:
    """Counts outcomes that do not overlap: of forecasts of one contract made again and again within one horizon, one is news.

    >>> apart = Apart()
    >>> for made_ns in (0, 5, 55, 60, 65): apart.take(1, made_ns, 60)
    >>> apart.n
    2
    """

    def __init__(self) -> None:
        self.n = 0
        self._until: dict[int, int] = {}

    def take(self, contract: int, made_ns: int, horizon_ns: int) -> None:
        """Count an outcome, unless its forecast was made before the horizon of the last one counted was over."""
        if contract not in self._until or made_ns >= self._until[contract]:
            self._until[contract] = made_ns + horizon_ns
            self.n += 1


def margin(share: float, n_apart: float) -> float:
    """Give the half-width of the 95 % interval of a share of `n_apart` outcomes that do not overlap (normal approximation)."""
    return 1.96 * math.sqrt(share * (1 - share) / n_apart)


class Learnt:
    """What became of one recipe's forecasts, all contracts together."""

    def __init__(self) -> None:
        self.apart = Apart()
        self.table = Reliability(min_outcomes=1, max_outcomes=OUTCOMES)
        self.n_made = self.n_known = self.n_void = self.n_drifts = 0
        self.horizon_ns = 0
        self.drifted_ns: int | None = None


def forget(times_ns: deque[int], before_ns: int) -> None:
    """Let rising times go that are not behind a moment."""
    while times_ns and times_ns[0] <= before_ns:
        times_ns.popleft()
