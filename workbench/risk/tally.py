"""What limits remember beside books and orders: lock-outs, correlations, violations, margins that were asked for. Plain values; no I/O."""

from __future__ import annotations

import msgspec

from workbench.domain.units import SECOND
from workbench.risk.correlation import Moves
from workbench.risk.tables import Sessions
from workbench.risk.violations import Violations

N_SLOW = 390  # minutes that a market's usual range is averaged over: a session of shares
N_FIRST = 30  # minutes of it before it is usual


class Lock(msgspec.Struct):
    """A contract whose entries are shut for a while, and what that is judged by. Ranges in points.

    Examples
    --------
    >>> sessions = Sessions(("RTH",), 0.0, 0.0, volatility_lock_s=3600.0, spread_lock_s=1800.0)
    >>> lock = Lock()
    >>> lock.see_a_spread(3.0, sessions, now_ns=0); lock.left_s(60 * SECOND), lock.why
    (1740.0, 'spread')
    >>> lock.see_a_minute(2.0, 1.0, sessions, now_ns=0); lock.see_a_minute(4.0, 1.2, sessions, now_ns=0); lock.left_s(0), lock.why
    (3600.0, 'volatility')
    """

    until_ns: int = 0
    why: str = ""
    range_pts: float | None = None  # average true range of the minute before
    slow_pts: float = 0.0
    n: int = 0

    def left_s(self, now_ns: int) -> float:
        """Give how long entries stay shut."""
        return max(0, self.until_ns - now_ns) / SECOND

    def see_a_spread(self, spread_ticks: float, law: Sessions, *, now_ns: int) -> None:
        """Take the spread of a bar's last quote."""
        if law.spread_lock_s and spread_ticks >= law.spread_lock_ticks:
            self._shut(now_ns, law.spread_lock_s, "spread")

    def see_a_minute(self, true_range_pts: float, average_pts: float, law: Sessions, *, now_ns: int) -> None:
        """Take a minute's range and the average true range behind it: a burst is held against what was usual before it."""
        before, usual = self.range_pts, self.slow_pts
        is_burst = before is not None and before > 0 and true_range_pts >= law.volatility_lock_ratio * before
        if self.n >= N_FIRST and usual > 0:
            is_burst = is_burst or average_pts / (average_pts + usual) >= law.volatility_lock_norm
        self.n += 1
        self.slow_pts += (average_pts - usual) / min(self.n, N_SLOW)
        self.range_pts = average_pts
        if is_burst and law.volatility_lock_s:
            self._shut(now_ns, law.volatility_lock_s, "volatility")

    def _shut(self, now_ns: int, for_s: float, why: str) -> None:
        until_ns = now_ns + round(for_s * SECOND)
        if until_ns > self.until_ns:
            self.until_ns, self.why = until_ns, why


class Margins(msgspec.Struct):
    """What the broker said an order would bind, by contract, side and size; it holds for the account day it was said on."""

    day: int = 0
    told: dict[int, dict[str, int]] = msgspec.field(default_factory=dict)  # contract -> "+2" -> initial margin it adds, in micros
    refused: dict[str, str] = msgspec.field(default_factory=dict)  # "contract +2" -> why the broker could not say
    asked: dict[int, str] = msgspec.field(default_factory=dict)  # question -> what it was about
    asked_ns: dict[str, int] = msgspec.field(default_factory=dict)  # what was asked -> when last
    n_asked: int = 0

    def begin_day(self, day: int) -> None:
        """Forget what was said on another day: margins change over night."""
        if day != self.day:
            self.day = day
            self.told.clear()
            self.refused.clear()
            self.asked.clear()
            self.asked_ns.clear()


class Tally(msgspec.Struct):
    """All of it, by contract where it is of one."""

    locks: dict[int, Lock] = msgspec.field(default_factory=dict)
    moves: Moves = msgspec.field(default_factory=Moves)
    violations: Violations = msgspec.field(default_factory=Violations)
    margins: Margins = msgspec.field(default_factory=Margins)
    day: int = 0  # account day that `first_ref` is of
    first_ref: int = 0  # of the brackets that were opened on it
