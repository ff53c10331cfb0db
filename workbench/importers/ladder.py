"""What a venue would send about its book: rows inserted, changed and deleted in the first ten. No order book and no file here.

Rules
-----
1. The reader holds `ROWS` rows a side; an insert pushes the last one out and nothing is sent for that.
2. After the rows of one event the reader's book is the true one.
3. A re-image (DEPTH_RESET, every row, the quote) stands at the head of each log session, so that a session can be read alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from workbench.domain.bars import ROWS
from workbench.domain.records import ASK, BID, EVENT_TIME, RECORD, Kind, Records

Row = tuple[int, int]  # px, size
Top = tuple[int, int, int, int, int]  # bid px, size, ask px, size, flags
PACK: Final = 1 << 16  # rows held as Python objects, ten times as large, before they are packed


class Tape:
    """Collects the records of one contract in their order of arrival.

    ``recv_ns`` and ``event_ns`` are those of the source's message; ``event_ns`` `None` clears the flag.

    >>> tape = Tape()
    >>> tape.at(2_000, 1_000)
    >>> tape.print(19200, 3, 1)
    >>> tape.quote((19199, 5, 19200, 7, BID | ASK))
    >>> tape.records()["kind"].tolist()
    [2, 1]
    """

    def __init__(self) -> None:
        self._rows: list[tuple[int, ...]] = []
        self._full: list[Records] = []
        self._recv_ns, self._event_ns, self._flags = 0, 0, 0
        self._top: Top | None = None
        self._sent: dict[int, list[Row]] = {1: [], -1: []}

    def at(self, recv_ns: int, event_ns: int | None) -> None:
        """Set the stamps of what follows."""
        self._recv_ns = recv_ns
        self._event_ns, self._flags = (0, 0) if event_ns is None else (event_ns, EVENT_TIME)

    def print(self, px: int, size: int, side: int) -> None:
        """Report a trade; ``side`` +1 buyer was aggressive, -1 seller, 0 not known."""
        self._put(Kind.PRINT, px, size, side=side)

    def gap(self) -> None:
        """Say that something is missing from before here."""
        self._put(Kind.GAP)
        self._top = None

    def quote(self, top: Top) -> None:
        """Send the best bid and ask, if they are not what was sent last."""
        if top != self._top:
            self._top = top
            self._put(Kind.QUOTE, *top[:4], flags=top[4])

    def forget(self) -> None:
        """Empty the reader's book: the next rows are a re-image."""
        self._put(Kind.DEPTH_RESET)
        self._top = None
        self._sent = {1: [], -1: []}

    def depth(self, side: int, want: Sequence[Row]) -> None:
        """Turn the rows that were sent for a side into `want`, best first, at most `ROWS` of them."""
        have = self._sent[side]
        if have == want:
            return
        level = 0
        while level < len(want):
            px, size = want[level]
            if level < len(have) and have[level][0] == px:
                if have[level][1] != size:
                    self._row(Kind.DEPTH_UPDATE, side, level, px, size)
                    have[level] = want[level]
            elif level < len(have) and side * (have[level][0] - px) > 0:
                self._row(Kind.DEPTH_DELETE, side, level, *have.pop(level))
                continue
            else:
                self._row(Kind.DEPTH_INSERT, side, level, px, size)
                have.insert(level, want[level])
                del have[ROWS:]
            level += 1
        while len(have) > len(want):
            self._row(Kind.DEPTH_DELETE, side, len(have) - 1, *have.pop())

    def records(self) -> Records:
        """Give what was collected; contract and seq are not set."""
        return np.concatenate([*self._full, np.array(self._rows, RECORD)])

    def _row(self, kind: Kind, side: int, level: int, px: int, size: int) -> None:
        self._put(kind, px, size, side=side, level=level)

    def _put(self, kind: int, px: int = 0, sz: int = 0, px2: int = 0, sz2: int = 0, side: int = 0, level: int = 0, flags: int = 0) -> None:
        self._rows.append((0, self._recv_ns, self._event_ns, px, sz, px2, sz2, 0, kind, side, level, self._flags | flags))
        if len(self._rows) == PACK:
            self._full.append(np.array(self._rows, RECORD))
            self._rows.clear()


def top_of(bids: Sequence[Row], asks: Sequence[Row]) -> Top:
    """Give the best of both sides as a quote.

    >>> top_of([(19199, 5)], [])
    (19199, 5, 0, 0, 1)
    """
    bid, bid_size = bids[0] if bids else (0, 0)
    ask, ask_size = asks[0] if asks else (0, 0)
    return bid, bid_size, ask, ask_size, (BID if bids else 0) | (ASK if asks else 0)
