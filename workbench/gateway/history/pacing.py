"""How many requests for history an account may make, as IB documents it. Counts; answers nothing.

Rules
-----
Of bars of up to 30 s, and of ticks:

1. `PACED_REQUESTS` requests in `PACED_S` seconds; one for BID_ASK counts twice.
2. The sixth for the same contract, exchange and kind within two seconds is refused.
3. An identical one within 15 s is refused.

What was refused does not count. Longer bars are never refused: beyond `SOFT_REQUESTS` they are slowed down.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable

from workbench.domain.units import SECOND
from workbench.gateway import behaviour as say


class Pacing:
    """The counts of one account.

    >>> pacing = Pacing()
    >>> [pacing.admits(n * SECOND // 10, "ES TRADES", ("ES", n), 1) for n in range(6)]
    [True, True, True, True, True, False]
    >>> pacing.admits(3 * SECOND, "ES TRADES", ("ES", 7), 1), pacing.slows(3 * SECOND)
    (True, False)
    """

    def __init__(self) -> None:
        self._all: deque[int] = deque()
        self._long: deque[int] = deque()
        self._same: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        self._identical: dict[Hashable, int] = {}

    def admits(self, now_ns: int, kind: Hashable, request: Hashable, weight: int) -> bool:
        """Count a request of small bars or ticks, or refuse it.

        Parameters
        ----------
        kind
            Contract, exchange and what is shown.
        request
            All of it, without its number.
        weight
            2 for BID_ASK, else 1.
        """
        self._forget(now_ns)
        same = self._same[kind]
        if len(self._all) + weight > say.PACED_REQUESTS or len(same) + weight >= say.SAME_CONTRACT or request in self._identical:
            return False
        for _ in range(weight):
            self._all.append(now_ns)
            same.append(now_ns)
        self._identical[request] = now_ns
        return True

    def slows(self, now_ns: int) -> bool:
        """Count a request of longer bars, and tell whether its answer is put off."""
        _drop(self._long, now_ns - say.PACED_S * SECOND)
        self._long.append(now_ns)
        return len(self._long) > say.SOFT_REQUESTS

    def _forget(self, now_ns: int) -> None:
        _drop(self._all, now_ns - say.PACED_S * SECOND)
        for kind in list(self._same):
            _drop(self._same[kind], now_ns - say.SAME_CONTRACT_S * SECOND)
            if not self._same[kind]:
                del self._same[kind]
        kept = {each: at for each, at in self._identical.items() if at > now_ns - say.IDENTICAL_S * SECOND}
        self._identical = kept


def _drop(times: deque[int], until_ns: int) -> None:
    while times and times[0] <= until_ns:
        times.popleft()
