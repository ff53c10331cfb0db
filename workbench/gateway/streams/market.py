"""What one contract shows at one moment: quote, last print, the day. Folded from records, one at a time or many; it sends nothing.

`Market.take` and `Market.leap` end in the same state: a contract that nobody looks at leaps over its records when somebody does.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, EVENT_TIME, RECORD, Kind, Phase, Records
from workbench.domain.units import SECOND
from workbench.gateway.streams.book import Book

Row = tuple[int, ...]  # a record as Python integers: a loop reads them many times as fast
RECV, EVENT, PX, SZ, PX2, SZ2, CONTRACT, KIND, SIDE, LEVEL, FLAGS = (
    RECORD.names.index(name)  # type: ignore[union-attr]  # a structured dtype has names
    for name in ("recv_ns", "event_ns", "px", "sz", "px2", "sz2", "contract", "kind", "side", "level", "flags")
)

QUOTE, PRINT, BAR, GAP, PHASE = int(Kind.QUOTE), int(Kind.PRINT), int(Kind.BAR), int(Kind.GAP), int(Kind.PHASE)
FIRST_DEPTH, LAST_DEPTH = int(Kind.DEPTH_INSERT), int(Kind.DEPTH_RESET)
_SHUT = (int(Phase.CLOSED), int(Phase.MAINTENANCE))
_MOST_PRICES = 65_536  # texts of prices kept


def rows_of(records: Records) -> list[Row]:
    """Give records as tuples."""
    rows: list[Row] = records.tolist()
    return rows


class Units:
    """Writes a contract's quanta as TWS writes numbers: a price like a Java double, a size without a point where it is whole.

    >>> from workbench.domain.contracts import ContractType
    >>> es = Units(Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...                     calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25"))
    >>> str(es.price(24041)), str(es.price(24040)), es.size(3)
    ('6010.25', '6010.0', 3)
    """

    def __init__(self, contract: Contract) -> None:
        self._to_pts = contract.to_pts
        self._known: dict[int, Decimal] = {}
        whole = Fraction(contract.size_quantum)
        self._lot: int | Decimal = int(whole) if whole.denominator == 1 else Decimal(contract.size_quantum)

    def price(self, px: int) -> Decimal:
        """Write a price."""
        text = self._known.get(px)
        if text is None:
            if len(self._known) >= _MOST_PRICES:
                self._known.clear()
            text = self._known[px] = Decimal(repr(self._to_pts(px)))
        return text

    def middle(self, twice_px: int) -> Decimal:
        """Write half of a sum of two prices."""
        return self.price(twice_px // 2) if twice_px % 2 == 0 else Decimal(repr(self._to_pts(twice_px) / 2))

    def size(self, sz: int) -> int | Decimal:
        """Write a size."""
        return sz if self._lot == 1 else sz * self._lot


class Market:
    """The fold of one contract's records.

    A price or size that is not known is None. `volume` and what follows it count since the session began.
    """

    __slots__ = (
        "ask", "ask_sz", "at", "bid", "bid_sz", "book", "close", "contract", "has_depth", "high", "kept", "last", "last_ns", "last_sz",
        "low", "n_prints", "open", "phase", "session", "turnover", "units", "volume",
    )  # fmt: skip

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.units = Units(contract)
        self.at = 0  # records of the tape that have been folded
        self.book = Book()
        self.has_depth = False
        self.phase: int | None = None
        self.session: int | None = None
        self.bid: int | None = None
        self.ask: int | None = None
        self.last: int | None = None
        self.kept: tuple[int | None, int, int | None, int] = (None, 0, None, 0)  # the quote at the last close
        self.close: int | None = None  # last print of the session before
        self.bid_sz = self.ask_sz = self.last_sz = self.last_ns = 0
        self._new_day()

    def _new_day(self) -> None:
        self.open: int | None = None
        self.high: int | None = None
        self.low: int | None = None
        self.volume = self.turnover = self.n_prints = 0  # turnover: sum of price x size, in quanta

    @property
    def is_shut(self) -> bool:
        """Tell whether its exchange is closed; not known is open."""
        return self.phase in _SHUT

    def take(self, row: Row) -> None:
        """Fold one record of this contract."""
        kind = row[KIND]
        if kind == QUOTE:
            flags = row[FLAGS]
            self.bid, self.bid_sz = (row[PX], row[SZ]) if flags & BID else (None, 0)
            self.ask, self.ask_sz = (row[PX2], row[SZ2]) if flags & ASK else (None, 0)
        elif kind == PRINT:
            px, sz = row[PX], row[SZ]
            self._range(px, px)
            self.last, self.last_sz, self.last_ns = px, sz, time_ns(row)
            self.volume += sz
            self.turnover += px * sz
            self.n_prints += 1
        elif FIRST_DEPTH <= kind <= LAST_DEPTH:
            if not self.has_depth:  # what was shown so far was made of quotes
                self.has_depth = True
                self.book.clear()
            self.book.take(kind, row[SIDE], row[LEVEL], row[PX], row[SZ])
        elif kind == GAP:
            self.book.clear()
        elif kind == PHASE:
            self._enter(row[LEVEL], row[PX])
        elif kind == BAR:
            self._bar(row)

    def _range(self, low: int, high: int) -> None:
        if self.open is None or self.high is None or self.low is None:
            self.open, self.high, self.low = low, high, low
            return
        self.high = max(self.high, high)
        self.low = min(self.low, low)

    def _enter(self, phase: int, session: int) -> None:
        self.phase = phase
        if phase in _SHUT:
            if self.bid is not None or self.ask is not None:
                self.kept = (self.bid, self.bid_sz, self.ask, self.ask_sz)
            self.bid = self.ask = None
            self.bid_sz = self.ask_sz = 0
            self.book.clear()
        if session != self.session:
            if self.session is not None:
                self.close = self.last
                self._new_day()
            self.session = session

    def _bar(self, row: Row) -> None:
        """Take half a bar of an import: open, high and volume, then low and close."""
        if row[LEVEL] == 0:
            self._range(row[PX], row[PX2])
            self.volume += row[SZ]
            self.last_sz = row[SZ]
            self.n_prints += row[SZ2]
        else:
            self._range(row[PX], row[PX])
            self.last, self.last_ns = row[PX2], row[EVENT]
            self.turnover += row[SZ]

    def leap(self, tape: Records, stop: int) -> None:
        """Fold all records of this contract up to `stop`, in a few calls where they are many."""
        part = tape[self.at : stop]
        part = part[part["contract"] == self.contract.id]
        self.at = stop
        kinds = part["kind"]
        turns = np.flatnonzero((kinds == PHASE) | (kinds == BAR))
        edges = [0, *turns.tolist(), len(part)]
        if len(turns) > _MOST_TURNS:  # bars: one by one
            for row in rows_of(part):
                self.take(row)
            return
        for start, end in pairwise(edges):
            self._leap_over(part[start:end])

    def _leap_over(self, part: Records) -> None:
        """Fold records of which only the first may be a phase or a bar."""
        if len(part) and int(part[0]["kind"]) in (PHASE, BAR):
            self.take(rows_of(part[:1])[0])
            part = part[1:]
        kinds = part["kind"]
        prints = part[kinds == PRINT]
        if len(prints):
            px, sz = prints["px"], prints["sz"]
            self._range(int(px[0]), int(px[0]))
            self._range(int(px.min()), int(px.max()))
            self.volume += int(sz.sum())
            self.turnover += int((px * sz).sum())
            self.n_prints += len(prints)
            self.last, self.last_sz = int(px[-1]), int(sz[-1])
            self.last_ns = time_ns(rows_of(prints[-1:])[0])
        quotes = np.flatnonzero(kinds == QUOTE)
        if len(quotes):
            self.take(rows_of(part[quotes[-1] : quotes[-1] + 1])[0])
        depth = np.flatnonzero(((kinds >= FIRST_DEPTH) & (kinds <= LAST_DEPTH)) | (kinds == GAP))
        resets = np.flatnonzero((kinds == LAST_DEPTH) | (kinds == GAP))
        for row in rows_of(part[depth[depth >= resets[-1]] if len(resets) else depth]):
            self.take(row)


_MOST_TURNS: Final = 256


def time_ns(row: Row) -> int:
    """Say when a record happened: the exchange's time where it is known, else ours."""
    return row[EVENT] if row[FLAGS] & EVENT_TIME else row[RECV]


def seconds(row: Row) -> int:
    """The same in whole seconds."""
    return time_ns(row) // SECOND
