"""What one user's market data allows, counted over all clients of the gateway. Arithmetic on ids and times; it sends nothing."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from workbench.domain.units import SECOND
from workbench.gateway import behaviour
from workbench.gateway.base import Budget

Refusal = tuple[int, str]  # code and text


class Lane(Enum):
    """What is counted by itself."""

    LINE = auto()  # L1 and real-time bars together
    DEPTH = auto()
    BY_TICK = auto()


class Account:
    """The budget of a user, and what of it is used.

    >>> account = Account(Budget(lines=1, tick_by_tick=2))
    >>> account.refuse(Lane.LINE), account.open(Lane.LINE), account.refuse(Lane.LINE)
    (None, None, (101, 'Max number of tickers has been reached'))
    >>> account.refuse_ticks(7, 0), account.open_ticks(7, 0)
    (None, None)
    >>> account.refuse_ticks(7, 14 * SECOND)[0], account.refuse_ticks(8, 14 * SECOND), account.refuse_ticks(7, 15 * SECOND)
    (10190, None, None)
    """

    def __init__(self, budget: Budget) -> None:
        self._most = {Lane.LINE: budget.lines, Lane.DEPTH: budget.depth, Lane.BY_TICK: budget.tick_by_tick}
        self._gap_ns = budget.tick_by_tick_s * SECOND
        self.used = dict.fromkeys(Lane, 0)
        self._asked_ns: dict[int, int] = {}  # by contract: when its ticks were last asked for
        self._bars_ns: deque[int] = deque(maxlen=behaviour.MOST_NEW_BARS)

    def refuse(self, lane: Lane) -> Refusal | None:
        """Say why one more would be too many; None if it would not."""
        if self.used[lane] < self._most[lane]:
            return None
        if lane is Lane.LINE:
            return behaviour.TOO_MANY_TICKERS
        if lane is Lane.DEPTH:
            code, text = behaviour.TOO_MANY_DEPTH
            return code, text.format(self._most[lane])
        return behaviour.TOO_MANY_TICK_BY_TICK

    def refuse_ticks(self, con_id: int, now_ns: int) -> Refusal | None:
        """The same for tick-by-tick data, of which a contract may be asked only so often."""
        asked = self._asked_ns.get(con_id)
        if asked is not None and now_ns - asked < self._gap_ns:
            return behaviour.TICK_BY_TICK_TOO_SOON
        return self.refuse(Lane.BY_TICK)

    def refuse_bars(self, now_ns: int) -> Refusal | None:
        """The same for real-time bars, which share the lines and have a pace of their own."""
        if len(self._bars_ns) == behaviour.MOST_NEW_BARS and now_ns - self._bars_ns[0] < behaviour.NEW_BARS_S * SECOND:
            return behaviour.BARS_PACING
        return self.refuse(Lane.LINE)

    def open(self, lane: Lane) -> None:
        """Count one more."""
        self.used[lane] += 1

    def open_ticks(self, con_id: int, now_ns: int) -> None:
        """Count one more request for tick-by-tick data of this contract."""
        self._asked_ns[con_id] = now_ns
        self.open(Lane.BY_TICK)

    def open_bars(self, now_ns: int) -> None:
        """Count one more request for real-time bars."""
        self._bars_ns.append(now_ns)
        self.open(Lane.LINE)

    def close(self, lane: Lane) -> None:
        """Count one less."""
        self.used[lane] -= 1
