"""How far our clock and IB's differ, from answers in whole seconds. Arithmetic and what was said last; asks nothing, reads no clock.

IB's time has no parts of a second: an answer lies up to a second behind. The smallest difference of the last ten is what is certain; it
is told at first, for an earlier process may have left another one standing, and when it comes to another whole second; not each time.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from workbench.domain.events import AnyEvent, BrokerSaid, ClockCompared
from workbench.domain.units import SECOND

LIMIT_S: Final = 1.0  # beyond which it is said in words
COMPARED: Final = 10  # answers whose smallest difference counts
FAR_S: Final = 10  # beyond which it does not matter by how much


class Skew:
    """Of one connection.

    Examples
    --------
    >>> skew = Skew()
    >>> skew.take(0.4), skew.take(0.9)
    ([ClockCompared(skew_ns=400000000)], [])
    >>> [type(event).__name__ for event in skew.take(-3.2)]
    ['BrokerSaid', 'ClockCompared']
    >>> skew.take(-2.9), skew.difference_s
    ([], -2.9)
    """

    def __init__(self) -> None:
        self.difference_s: float | None = None  # ours minus IB's, by the last answer
        self._late_s: deque[float] = deque(maxlen=COMPARED)
        self._told_s: int | None = None
        self._was_off = False

    def take(self, late_s: float) -> list[AnyEvent]:
        """Take what our clock showed beyond IB's in the middle of an answer; give what is to be told of it."""
        said: list[AnyEvent] = []
        self.difference_s = late_s if late_s < 0 else max(0.0, late_s - 1)  # whole seconds: up to one too few
        is_off = abs(self.difference_s) > LIMIT_S
        if is_off and not self._was_off:
            said.append(BrokerSaid(0, "clock", f"our clock and IB's differ by {self.difference_s:+.1f} s", None, None))
        self._was_off = is_off
        self._late_s.append(late_s)
        certain_s = min(self._late_s)
        whole_s = int(max(-FAR_S, min(FAR_S, certain_s)))  # towards 0: under a second is none
        if whole_s != self._told_s:
            self._told_s = whole_s
            said.append(ClockCompared(round(certain_s * SECOND)))
        return said
