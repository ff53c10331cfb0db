"""Orders and the commands that move them. Frozen values; no I/O.

Rules
-----
1. Everything about an order is keyed (account, contract, strategy).
2. A bracket is entry + stop + target with one life and one ``ref``; refs rise and are never re-used.
3. ``px`` is an integer price in the contract's quanta and lies on its order increment.
4. A command carries when and why it was decided; the same log gives the same commands, byte for byte.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import msgspec


class Key(NamedTuple):
    """Whose order, position, limit or P&L it is."""

    account: str
    contract: int
    strategy: str


class Cause(NamedTuple):
    """What a decision answered: record ``seq`` (n = 0), or the n-th event behind that record."""

    seq: int
    n: int


class Side(IntEnum):
    """Direction of an entry."""

    BUY = 1
    SELL = -1


class OrderType(IntEnum):
    """How an order seeks its price."""

    MARKET = 1
    LIMIT = 2
    STOP = 3


class Leg(IntEnum):
    """Which order of a bracket. STOP before TARGET: the cautious order, in matching and in reports."""

    ENTRY = 0
    STOP = 1
    TARGET = 2
    EXIT = 3


class Command(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """An instruction to a venue. The loop makes it durable before its first byte leaves."""

    ref: int
    key: Key
    decided_ns: int
    cause: Cause


class Submit(Command, frozen=True, array_like=True, tag=True, gc=False):
    """Open a bracket: the entry, with stop and target at the venue before the entry can fill.

    ``entry_px`` of a MARKET entry is the price the decision saw; it binds nothing.
    """

    side: int
    qty: int
    entry_type: OrderType
    entry_px: int
    stop_px: int
    target_px: int


class Modify(Command, frozen=True, array_like=True, tag=True, gc=False):
    """Move the stop of a bracket."""

    stop_px: int


class Cancel(Command, frozen=True, array_like=True, tag=True, gc=False):
    """Withdraw what is left of a bracket's entry."""


class Exit(Command, frozen=True, array_like=True, tag=True, gc=False):
    """Leave now: cancel what is left of the entry, then close the position at market."""

    why: str


class Protect(Command, frozen=True, array_like=True, tag=True, gc=False):
    """Put a stop and a target over ``qty`` that is held: in the place of those that are missing, or of another size."""

    qty: int
    stop_px: int
    target_px: int


class Reprice(Command, frozen=True, array_like=True, tag=True, gc=False):
    """Move the limit of an entry that rests; its stop and target stay where they are."""

    entry_px: int


class Ask(Command, frozen=True, array_like=True, tag=True, gc=False):
    """A question the engine depends on; its answer is an event (`events.Answered`)."""

    question: str
    detail: str


AnyCommand = Submit | Modify | Cancel | Exit | Protect | Reprice | Ask
COMMANDS: Final = (Submit, Modify, Cancel, Exit, Protect, Reprice, Ask)
