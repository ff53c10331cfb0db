"""What care remembers of a bracket beside its quantities: how it was decided, how it has gone, how its stop follows. Values; no I/O.

It begins with the order and ends with the bracket. A bracket nobody ordered here (adopted from a person) has none: it is cared for by
stop, target and time, and says nothing about execution quality.
"""

from __future__ import annotations

from typing import Final

import msgspec

from workbench.domain.events import FillCorrected, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Leg, OrderType
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import Phase
from workbench.execution.quality import Marks

Told = OrderAccepted | OrderFilled | OrderCancelled | OrderRejected | FillCorrected
MOVES_KEPT: Final = 16  # times of stops moved that are kept; far above what a minute may have


class Trail(msgspec.Struct, array_like=True):
    """How a stop follows. Prices in quanta; the watch is one of the market's table, at ``level_px``."""

    away_px: int  # distance kept from the price the position can be left at
    from_px: int | None  # begins once it can be left at this price; `None`: at once
    watch: int | None = None
    level_px: int = 0
    is_watched: bool = True  # False: the table was full, only barriers look
    moves_ns: list[int] = msgspec.field(default_factory=list)  # when it moved the stop, the last ones


class Tended(msgspec.Struct):
    """One bracket's care."""

    ref: int
    contract: int
    entry_type: OrderType
    entry_px: int  # what the decision saw
    sent_ns: int
    atr: float | None  # points, as of the decision; `None` while not warm
    trail: Trail | None = None
    answered_ns: int | None = None  # the venue's first word
    n_rejects: int = 0
    is_entry_rejected: bool = False
    out: int = 0  # of the bracket, as counted last: a fill told twice is none
    exit_px: int | None = None  # what the market could be left at when the exit was decided
    out_lost: int = 0  # quanta x size, exits against what they should have brought
    out_judged: int = 0  # contracts of those exits

    def hear(self, told: Told, b: Bracket, now_ns: int) -> None:
        """Take a report that has moved the bracket."""
        if self.answered_ns is None:
            self.answered_ns = now_ns
        if isinstance(told, OrderRejected):
            self.n_rejects += 1
            self.is_entry_rejected |= told.leg is Leg.ENTRY
        more, self.out = b.out - self.out, b.out
        if isinstance(told, OrderFilled) and told.leg is not Leg.ENTRY and more > 0:
            stood_px = b.stop_px if b.told_stop_px is None else b.told_stop_px  # a move under way has not reached the venue yet
            wanted = {Leg.STOP: stood_px, Leg.TARGET: b.target_px, Leg.EXIT: self.exit_px}[told.leg]
            if wanted is not None:
                self.out_lost += b.side * (wanted - told.px) * more
                self.out_judged += more

    def marks(self, b: Bracket, tick: int) -> Marks | None:
        """Say what is known of a bracket that is over; `None` where it says nothing: nobody came to an order that waited for its price."""
        if not b.filled and not self.is_entry_rejected and self.entry_type is not OrderType.MARKET:
            return None
        if not b.filled and self.is_entry_rejected:
            return Marks(fill_frac=0.0)  # worth nothing, however quickly it was said
        sides = []
        if b.filled:
            wanted_px = b.entry_px if b.n_changes else self.entry_px  # what a chase costs was planned, and is nobody's slippage
            sides.append(b.side * (b.entry_value / b.filled - wanted_px) / tick)
        if self.out_judged:
            sides.append(self.out_lost / self.out_judged / tick)
        return Marks(
            slip_ticks=sum(sides) / len(sides) if sides else None,
            fill_frac=min(1.0, b.filled / b.qty),
            n_rejects=self.n_rejects,
            latency_ns=None if self.answered_ns is None else self.answered_ns - self.sent_ns,
        )


class Shadow(msgspec.Struct, array_like=True):
    """A wish that execution quality refused, on its way to a fill that is only imagined."""

    side: int
    entry_type: OrderType
    entry_px: int
    asked_ns: int


class Care(msgspec.Struct):
    """All of it."""

    tended: dict[int, Tended] = msgspec.field(default_factory=dict)  # by ref
    shadows: dict[int, Shadow] = msgspec.field(default_factory=dict)  # by contract, one at a time
    shadowed_ns: dict[int, int] = msgspec.field(default_factory=dict)  # by contract, when the last one was asked for


def is_over(b: Bracket) -> bool:
    """Tell whether nothing of a bracket can happen any more."""
    return b.phase in (Phase.CLOSED, Phase.VOID)
