"""What open positions come to at a bar, with all that only an event can move worked out beforehand. Plain values; no I/O, no clock.

A quiet barrier asks nothing of brackets, ledger and law: they are as they were (`engine.money.look_at_books`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from workbench.domain.bars import BAR_AT
from workbench.domain.records import ASK, BID

_HAS = BAR_AT["has"]
BID_SIDE: Final = (BID, BAR_AT["bid"])  # flag and cell of the side of the quote that a position can be left at
ASK_SIDE: Final = (ASK, BAR_AT["ask"])


class Held(NamedTuple):
    """What one bracket comes to if it is left now, as far as anything but the market moves it."""

    cells: memoryview[int]  # of its contract's last bar
    far: int  # flag of the side of the quote that it can be left at, and its cell
    at: int
    stop_px: int
    signed: int  # contracts, bought less sold
    earned: int  # price quanta x size, before what is held is left
    worth: tuple[int, int]
    costs_micros: int


class Books(NamedTuple):
    """What the day's loss is made of, as far as anything but the market moves it: good until the desk is stirred."""

    held: list[Held]
    due_micros: int  # commissions nobody has told yet
    realised_micros: int
    most_usd: float  # the tighter of the bounds

    def if_left_now(self) -> int:
        """Give what open brackets come to if all are left now, after all costs and the commissions still due of today, in micros.

        What is open is worth the worse side of the last bar; what is not priced counts at its stop.
        """
        total = -self.due_micros
        for cells, far, at, stop_px, signed, earned, (num, den), costs_micros in self.held:
            px = cells[at] if cells[_HAS] & far else stop_px
            total += (earned + signed * px) * num // den - costs_micros  # rounded down: a gain is never overstated
        return total
