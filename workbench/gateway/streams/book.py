"""A contract's book as the tape tells it, and how a client is told what changed in its rows. Rows in, rows out; no message, no client."""

from __future__ import annotations

from typing import Final, NamedTuple

from workbench.domain.records import Kind

INSERT, UPDATE, DELETE = range(3)  # operations of the wire
ASK_SIDE, BID_SIDE = range(2)  # sides of the wire
Level = tuple[int, int]  # price and size, in quanta
_INSERT, _UPDATE, _DELETE = int(Kind.DEPTH_INSERT), int(Kind.DEPTH_UPDATE), int(Kind.DEPTH_DELETE)


class Move(NamedTuple):
    """One message about one row."""

    operation: int
    side: int
    position: int
    level: Level


class Book:
    """Rows of both sides, best first; `sides[BID_SIDE]` are the bids.

    >>> book = Book()
    >>> book.take(Kind.DEPTH_INSERT, 1, 0, 24040, 7)
    >>> book.take(Kind.DEPTH_INSERT, 1, 0, 24041, 3)
    >>> book.sides[BID_SIDE]
    [(24041, 3), (24040, 7)]
    """

    __slots__ = ("sides",)

    def __init__(self) -> None:
        self.sides: tuple[list[Level], list[Level]] = ([], [])

    def clear(self) -> None:
        """Know no row any more."""
        for side in self.sides:
            side.clear()

    def take(self, kind: int, side: int, level: int, px: int, sz: int) -> None:
        """Apply one depth record. What cannot be meant (a row behind the end) is put at the end or left out."""
        if kind not in (_INSERT, _UPDATE, _DELETE):
            self.clear()
            return
        rows = self.sides[BID_SIDE if side > 0 else ASK_SIDE]
        if kind == _INSERT:
            rows.insert(level, (px, sz))
        elif kind == _UPDATE:
            rows[level : level + 1] = [(px, sz)]
        else:
            del rows[level : level + 1]

    def quote(self, bid: Level | None, ask: Level | None) -> None:
        """Show a quote as a book of one row a side."""
        self.sides[BID_SIDE][:] = [] if bid is None else [bid]
        self.sides[ASK_SIDE][:] = [] if ask is None else [ask]


def in_place(shown: list[Level], rows: list[Level], side: int) -> list[Move]:
    """Bring `shown` to `rows` by updates in place, inserts at the end and deletes from the end: read the same by every client.

    >>> shown = [(5, 1), (4, 1)]
    >>> in_place(shown, [(6, 2), (5, 1), (4, 1)], BID_SIDE)
    [Move(operation=1, side=1, position=0, level=(6, 2)), Move(operation=1, side=1, position=1, level=(5, 1)),
     Move(operation=0, side=1, position=2, level=(4, 1))]
    >>> shown
    [(6, 2), (5, 1), (4, 1)]
    """
    moves = [Move(UPDATE, side, at, new) for at, (old, new) in enumerate(zip(shown, rows, strict=False)) if old != new]
    moves += [Move(INSERT, side, at, rows[at]) for at in range(len(shown), len(rows))]
    moves += [Move(DELETE, side, at, _GONE) for at in range(len(shown) - 1, len(rows) - 1, -1)]
    shown[:] = rows
    return moves


def shifting(shown: list[Level], rows: list[Level], side: int) -> list[Move]:
    """Bring `shown` to `rows` by inserts and deletes that shift, as documented; rows known by their price.

    >>> shown = [(5, 1), (4, 1)]
    >>> shifting(shown, [(6, 2), (5, 1)], BID_SIDE)
    [Move(operation=2, side=1, position=1, level=(0, 0)), Move(operation=0, side=1, position=0, level=(6, 2))]
    """
    if len({px for px, _ in rows}) < len(rows) or len({px for px, _ in shown}) < len(shown):
        return in_place(shown, rows, side)  # two rows at one price: which is which cannot be told
    moves = []
    wanted = {px for px, _ in rows}
    for at in range(len(shown) - 1, -1, -1):
        if shown[at][0] not in wanted:
            moves.append(Move(DELETE, side, at, _GONE))
            del shown[at]
    for at, row in enumerate(rows):
        if at < len(shown) and shown[at] == row:
            continue
        if at < len(shown) and shown[at][0] == row[0]:
            moves.append(Move(UPDATE, side, at, row))
            shown[at] = row
        else:
            moves.append(Move(INSERT, side, at, row))
            shown.insert(at, row)
    return moves + in_place(shown, rows, side)


_GONE: Final[Level] = (0, 0)  # price and size of a deleted row: both are nothing
