"""Which process connects under which client id: orders belong to the id that placed them, and TWS lets each id in once. Names; no I/O."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Offset of a process's client id. IB allows 32 clients at a time; 0 itself would bind manual orders."""

    TRADE = 0
    RECORD = 1
    HISTORY = 2
    NOTEBOOK = 3  # a cell may ask for history while a command does
    WARM_UP = 4
    GUARD = 5  # looks only; to act it takes the trader's own id, once that is free
    CONNECT = 20  # and those behind it: a check-up takes the first that is free
    PROVE = 40


def client_id(base: int, role: Role) -> int:
    """Give the client id of a role.

    >>> client_id(10, Role.HISTORY)
    12
    """
    return base + role
