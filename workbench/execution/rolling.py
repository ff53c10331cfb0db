"""A position on its way from one month of a root into another: what is planned, and how far it has come. A value; no rules, no I/O.

It goes in two legs, first out, then in, so that never more than was held is at risk. Each month has its own bracket, stop and round trip.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from workbench.domain.decisions import Thesis
from workbench.domain.orders import Key


class Step(StrEnum):
    """How far it is."""

    PLANNED = "planned"  # a person was told
    LEAVING = "leaving"  # the exit is on its way
    FLAT = "flat"  # out; the entry over there is still to be asked for


class Rolling(msgspec.Struct):
    """One roll. ``stop_away`` and ``target_away`` are distances from the price it is left at, in quanta, kept in the other month."""

    ref: int
    key: Key
    to_contract: int
    side: int
    qty: int
    stop_away: int
    target_away: int
    hold_ns: int
    thesis: Thesis | None
    opened_ns: int
    due_ns: int
    trail_px: int | None = None  # distance at which its stop follows
    breakeven_away: int | None = None  # what the market must still gain for its stop to move to the entry
    step: Step = Step.PLANNED
    flat_ns: int = 0
