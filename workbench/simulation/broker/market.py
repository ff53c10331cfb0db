"""What the broker sees of a contract: newest quote, phase, bar, and the orders that meet them. No matching."""

from __future__ import annotations

from typing import Final

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import ASK, BID, Phase
from workbench.domain.units import SECOND
from workbench.simulation.broker.orders import AS_STOP, Live, Type
from workbench.simulation.broker.texts import FUTURES_IGNORE_RTH

ETH: Final = int(Phase.ETH)
RTH: Final = int(Phase.RTH)
GRACE_NS, GRACE_SHARE = SECOND, 10  # as in `simulation.matching`: who begins so late in a bar is met by its worst


class Slot:
    """One contract. ``has`` says which sides of the quote are known; marks outlive the quote."""

    __slots__ = (
        "ask",
        "asz",
        "bar_begun",
        "bar_close",
        "bar_high",
        "bar_low",
        "bar_open",
        "bar_start_ns",
        "bar_volume",
        "bid",
        "bsz",
        "close",
        "contract",
        "has",
        "is_future",
        "last",
        "mark_ask",
        "mark_bid",
        "phase",
        "quoted",
        "rows",
        "session",
        "taken",
        "tick",
    )

    def __init__(self, contract: Contract) -> None:
        self.contract, self.tick = contract, contract.tick
        self.is_future = contract.type is ContractType.FUTURE
        self.rows: list[Live] = []  # sent and not over, in the order in which they meet a record
        self.taken: dict[tuple[str, int], int] = {}  # (account, side) -> size taken from the record that passes
        self.phase, self.session = 0, 0
        self.bid = self.bsz = self.ask = self.asz = self.has = 0
        self.mark_bid: int | None = None
        self.mark_ask: int | None = None
        self.last: int | None = None  # price of the newest print, or close of the newest bar
        self.close: int | None = None  # close of the newest bar since the phase or a gap
        self.quoted = self.bar_begun = False
        self.bar_start_ns: int | None = None
        self.bar_open = self.bar_high = self.bar_low = self.bar_close = self.bar_volume = 0

    @property
    def is_open(self) -> bool:
        """Something can trade."""
        return self.phase >= ETH

    def quote(self, bid: int, bsz: int, ask: int, asz: int, has: int) -> None:
        """Take a new quote."""
        self.bid, self.bsz, self.ask, self.asz, self.has, self.quoted = bid, bsz, ask, asz, has, True
        if has & BID:
            self.mark_bid = bid
        if has & ASK:
            self.mark_ask = ask

    def forget(self) -> None:
        """Know no quote until the next one."""
        self.has, self.bar_begun, self.close = 0, False, None

    def far(self, side: int) -> int | None:
        """Price at which who buys (1) or sells (-1) meets somebody now; `None`: not shown."""
        if side > 0:
            return self.ask if self.has & ASK else None
        return self.bid if self.has & BID else None

    def mark(self, side: int) -> int | None:
        """Price at which a position of sign `side` could be left, the newest known."""
        known = self.mark_bid if side > 0 else self.mark_ask
        return known if known is not None else self.last

    def works(self, row: Live, now_ns: int) -> bool:
        """Tell whether an order may meet the market in this phase and at this time."""
        order = row.order
        if self.phase < ETH or (order.good_after_ns is not None and now_ns < order.good_after_ns):
            return False
        return self.phase == RTH or order.outside_rth or (self.is_future and order.type in FUTURES_IGNORE_RTH)

    def add(self, row: Live) -> None:
        """Let an order in, at its place."""
        self.rows.append(row)
        self.rows.sort(key=rank)

    def is_late(self, since_ns: int, end_ns: int) -> bool:
        """Tell whether what began at `since_ns` began when the bar complete at `end_ns` was under way, or may have."""
        start = self.bar_start_ns
        return start is None or since_ns - start > min(GRACE_NS, (end_ns - start) // GRACE_SHARE)


def rank(row: Live) -> tuple[int, int, int]:
    """Order in which a record is met: family by family as they came; of one family stops, targets, exits, and the entry last."""
    if row.parent is None:
        return row.family, 3, row.born
    kind = row.order.type
    return row.family, 0 if kind in AS_STOP else 2 if kind is Type.MARKET else 1, row.born
