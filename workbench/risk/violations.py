"""Limits found broken by the state itself, or by an order that had passed the gate. Accumulators; no I/O, no clock. A refusal is none.

Each kind counts once when it breaks, and again only after it was whole in between: an edge, not a level. So many within a window are a
system that is not the one the law was written for: the caller shuts it down. The names are those of the seeds' ten, said for futures
(a sector is an asset-class group, capitalisation is open interest, volume is the contract's own), and margin beside them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What was found broken."""

    DAILY_LOSS = "daily_loss"  # USD, everything counted as if all were left now
    POSITION_SIZE = "position_size"  # contracts held and working
    LEVERAGE = "leverage"  # notional over equity
    CORRELATION = "correlation"  # signed, of two positions
    GROUP_EXPOSURE = "group_exposure"  # notional of one asset-class group over equity
    PORTFOLIO_HEAT = "portfolio_heat"  # risk first taken, of what is held and working, over equity
    ORDER_NOTIONAL = "order_notional"  # USD of one bracket at what it was filled at
    DAILY_NOTIONAL = "daily_notional"  # USD of the day's entries
    VOLUME = "volume"  # how much a held contract's volume lacks, contracts
    OPEN_INTEREST = "open_interest"  # how much a held contract's open interest lacks, contracts
    MARGIN = "margin"  # bound, over equity


Found = tuple[Kind, float, float]  # what, its value, and the threshold it is held against


def over(measured: Iterable[Found]) -> list[Found]:
    """Give what is above its threshold. A value that is no number is."""
    return [each for each in measured if not each[1] <= each[2]]


class Violations(msgspec.Struct):
    """Which limits are broken now, and when one broke of late.

    Examples
    --------
    >>> seen = Violations()
    >>> heat = [(Kind.PORTFOLIO_HEAT, 0.07, 0.06)]
    >>> [len(seen.note(found, at, 300)) for at, found in enumerate((heat, heat, [], heat))], seen.times_ns
    ([1, 0, 0, 1], [0, 3])
    """

    broken: list[str] = msgspec.field(default_factory=list)
    times_ns: list[int] = msgspec.field(default_factory=list)

    def note(self, measured: Iterable[Found], now_ns: int, window_ns: int) -> Sequence[Found]:
        """Take what is measured of the state now; give what has just broken."""
        now = over(measured)
        new = [each for each in now if each[0] not in self.broken]
        self.broken = [kind.value for kind, _, _ in now]
        if new or self.times_ns:
            del self.times_ns[: bisect_right(self.times_ns, now_ns - window_ns)]
            self.times_ns.extend([now_ns] * len(new))
        return new

    def forgive(self) -> None:
        """Forget when limits broke: a person has looked."""
        self.times_ns.clear()
