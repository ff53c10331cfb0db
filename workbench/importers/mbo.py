"""The order book, rebuilt from every order (Databento MBO), and what a venue would have sent about it. No file is opened here.

Semantics: databento.com/docs/schemas-and-data-formats/mbo. A adds an order, C takes size off one, M replaces its price and size,
R empties the book; T reports a trade and F the resting order that was hit, and neither moves the book: the C and M behind them
do. `F_LAST` ends an event; only then is the book whole. A run of `F_SNAPSHOT` messages of one instant is the book as of now: it
replaces, never adds to, what was known. Before the first snapshot or R the book is not known, and nothing is said about it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import databento_dbn as dbn
import numpy as np
import numpy.typing as npt

from workbench.domain.bars import ROWS
from workbench.domain.records import ASK, BID, Records
from workbench.importers.ladder import Row, Tape, Top, top_of

F_LAST: Final = int(dbn.F_LAST)
F_SNAPSHOT: Final = int(dbn.F_SNAPSHOT)
F_MAYBE_BAD_BOOK: Final = int(dbn.F_MAYBE_BAD_BOOK)
AGGRESSOR: Final = {"B": 1, "A": -1, "N": 0}  # of a trade; of an order, its own side
SLICE: Final = 1 << 16  # rows of a table that are Python objects at one time


class Message(NamedTuple):
    """One MBO message with its price in quanta; ``side`` +1 bid, -1 ask, 0 none."""

    action: str
    side: int
    px: int
    size: int
    order: int
    flags: int
    recv_ns: int
    event_ns: int | None


NOTHING: Final = Message("N", 0, 0, 0, 0, 0, 0, None)


def continues(last: Message, message: Message) -> bool:
    """Tell whether a message belongs to the snapshot that `last` is of: one is received in one instant and may end with `F_LAST`."""
    return bool(last.flags & message.flags & F_SNAPSHOT) and not last.flags & F_LAST and last.recv_ns == message.recv_ns


class BookSide:
    """All prices of one side with their sizes, best first."""

    __slots__ = ("_keys", "_sign", "sizes")

    def __init__(self, side: int) -> None:
        self._sign = -side  # a key falls towards the best price: -px of a bid, px of an ask
        self._keys: list[int] = []
        self.sizes: dict[int, int] = {}

    def add(self, px: int, size: int) -> None:
        """Put `size` more at a price; take it off when negative. A price without size is gone."""
        before = self.sizes.get(px)
        after = (before or 0) + size
        if after == 0 and before is not None:
            del self.sizes[px]
            del self._keys[bisect_left(self._keys, px * self._sign)]
        elif after:
            self.sizes[px] = after
            if before is None:
                insort(self._keys, px * self._sign)

    def rows(self, n: int = ROWS) -> list[Row]:
        """Give the first `n` rows."""
        sign, sizes = self._sign, self.sizes
        return [(key * sign, sizes[key * sign]) for key in self._keys[:n]]

    def clear(self) -> None:
        """Forget every price."""
        self._keys.clear()
        self.sizes.clear()


class OrderBook:
    """Every resting order of one contract.

    ========  ==========================================================================
    Value     `bids`, `asks`: sizes by price; `top()`
    Uses      `Message` in the order they were received
    Warm-up   the first snapshot or R: `is_known`
    Resets    at R, and at the first message of a snapshot
    Source    Databento MBO schema, see the head of this module
    ========  ==========================================================================

    >>> book = OrderBook()
    >>> for order, side, px, size in ((1, 1, 19199, 5), (2, -1, 19200, 7), (3, 1, 19199, 2)):
    ...     book.apply(Message("A", side, px, size, order, F_SNAPSHOT, 0, 0))
    >>> book.apply(Message("C", 1, 19199, 4, 1, F_LAST, 0, 0))
    >>> book.top()
    (19199, 3, 19200, 7, 3)
    """

    def __init__(self) -> None:
        self.bids, self.asks = BookSide(1), BookSide(-1)
        self.is_known = False
        self.n_unknown = 0  # cancels of orders that nobody added: counted, without effect
        self._orders: dict[int, tuple[int, int, int]] = {}
        self._last = NOTHING

    def side(self, side: int) -> BookSide:
        """Give the bids (+1) or the asks (-1)."""
        return self.bids if side > 0 else self.asks

    def top(self) -> Top:
        """Give the best bid and ask."""
        return top_of(self.bids.rows(1), self.asks.rows(1))

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask, as it may be in an auction."""
        bid, _, ask, _, sides = self.top()
        return sides == BID | ASK and bid >= ask

    def apply(self, message: Message) -> None:
        """Take one message in."""
        action, side, px, size, order, _, _, _ = message
        if message.flags & F_SNAPSHOT and not continues(self._last, message):
            self._clear()
        self._last = message
        if action == "R":
            self._clear()
        elif action == "A" or action == "M":
            self._drop(order)
            if side:
                self._orders[order] = (side, px, size)
                self.side(side).add(px, size)
        elif action == "C":
            self._cancel(order, size)

    def _cancel(self, order: int, size: int) -> None:
        if order not in self._orders:
            self.n_unknown += self.is_known
            return
        side, px, left = self._orders[order]
        gone = min(size, left)
        self.side(side).add(px, -gone)
        if gone == left:
            del self._orders[order]
        else:
            self._orders[order] = (side, px, left - gone)

    def _drop(self, order: int) -> None:
        known = self._orders.pop(order, None)
        if known is not None:
            side, px, size = known
            self.side(side).add(px, -size)

    def _clear(self) -> None:
        self.is_known = True
        self._orders.clear()
        self.bids.clear()
        self.asks.clear()


class BookCount(NamedTuple):
    """How a rebuilt book behaved: whole events, those with bid at or above ask, messages before it was known, lost orders."""

    n_events: int = 0
    n_crossed: int = 0
    n_blind: int = 0
    n_unknown: int = 0


def messages(table: npt.NDArray[Any], px: npt.NDArray[np.int64]) -> Iterator[Message]:
    """Give the rows of an ``mbo`` table one by one; `px` holds their prices in quanta, ``ts_recv`` is made never to fall."""
    recv = np.maximum.accumulate(table["ts_recv"].astype(np.int64))
    for first in range(0, len(table), SLICE):
        part, own = table[first : first + SLICE], slice(first, first + SLICE)
        event: list[int | None] = [None if at == dbn.UNDEF_TIMESTAMP else at for at in part["ts_event"].tolist()]
        actions = [action.decode("latin-1") for action in part["action"].tolist()]
        sides = [AGGRESSOR.get(side.decode("latin-1"), 0) for side in part["side"].tolist()]
        numbers = (px[own], part["size"], part["order_id"], part["flags"], recv[own])
        yield from map(Message._make, zip(actions, sides, *(column.tolist() for column in numbers), event, strict=True))


def replay(stream: Iterable[Message], sessions: npt.NDArray[np.int64]) -> tuple[Records, BookCount]:
    """Turn messages into QUOTE, PRINT, DEPTH and GAP records.

    Parameters
    ----------
    stream
        Messages of one contract.
    sessions
        The log session of each message; where it changes, the book is sent anew.

    Returns
    -------
    tuple[Records, BookCount]
        Records without contract and seq, in order of arrival; what was counted on the way.
    """
    book, tape = OrderBook(), Tape()
    n_events = n_crossed = n_blind = 0
    session = before = -1  # the book was sent anew in `session`; `before` is that of the last message
    last, was_bad = NOTHING, False
    for message, now in zip(stream, _one_by_one(sessions), strict=True):
        if last.flags & F_SNAPSHOT and not continues(last, message):
            _send(book, tape, last, anew=True)
            session = before
        book.apply(message)
        last, before = message, now
        n_blind += not book.is_known
        is_bad = bool(message.flags & F_MAYBE_BAD_BOOK)
        tape.at(message.recv_ns, message.event_ns)
        if is_bad and not was_bad:
            tape.gap()
        was_bad = is_bad
        if message.flags & F_SNAPSHOT:
            continue
        if message.action == "T":
            tape.print(message.px, message.size, message.side)
        if book.is_known and message.flags & F_LAST:
            _send(book, tape, message, anew=now != session)
            session = now
            n_events += 1
            n_crossed += book.is_crossed
    if last.flags & F_SNAPSHOT:
        _send(book, tape, last, anew=True)
    return tape.records(), BookCount(n_events, n_crossed, n_blind, book.n_unknown)


def _one_by_one(column: npt.NDArray[np.int64]) -> Iterator[int]:
    for first in range(0, len(column), SLICE):
        yield from column[first : first + SLICE].tolist()


def _send(book: OrderBook, tape: Tape, message: Message, *, anew: bool) -> None:
    """Say what the event that `message` ends did to the first rows."""
    tape.at(message.recv_ns, message.event_ns)
    if anew:
        tape.forget()
    bids, asks = book.bids.rows(), book.asks.rows()
    tape.quote(top_of(bids, asks))
    tape.depth(1, bids)
    tape.depth(-1, asks)
