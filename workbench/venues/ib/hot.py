"""The decoder's face: bytes in, records in the intake, everything else handed on in its place. Knows requests; opens no socket.

What the decoder notices on its way (`Notice`) becomes an event at its place among the records, or is told to whoever keeps the streams.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.errors import InvariantError, VenueError
from workbench.domain.events import BrokerSaid, ContractTold, TradingPaused, VolatilityTold
from workbench.domain.native import caller
from workbench.domain.records import ASK, BID, CONFLATED, Kind
from workbench.domain.units import MINUTE
from workbench.market.state import N_IDS
from workbench.venues.ib import kernels, streams
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.streams import FREE, N_ROWS, NOTICE_BITS, PRINTS, QUOTES, Notice, Source

LIMIT: Final = 64 << 20  # bytes of a frame; the longest a TWS sends (a year of history, the scanner's parameters) have a few MB
START: Final = 1 << 20  # bytes of the buffer at first
MASK: Final = (1 << NOTICE_BITS) - 1
SAID: Final = 64  # of each kind of trouble a stream tells the first ones, then every 1,024th
HALTS: Final = {-1: "halt-unknown", 0: "resumed", 1: "halted", 2: "halted-volatility"}
STEP_MICROS: Final = 1_000  # an implied volatility that moved by a tenth of a point is worth telling
RUNS: Final = 0  # of tick type 49; what is not known (-1) is no trading either
TROUBLES: Final = {
    Notice.MALFORMED: "malformed",
    Notice.OFF_GRID: "off-grid",
    Notice.HUGE: "too-large",
    Notice.BROKEN: "book-broken",
}

_decode = caller(kernels.decode_c.address, "plllpplpppp")


class Noticed(NamedTuple):
    """Something a stream's keeper must hear of: which request, what, and the value that came with it."""

    req_id: int
    notice: Notice
    value: int


class Counts(NamedTuple):
    """What the decoder met since it was made."""

    frames: int
    hot: int  # market data of ours
    ignored: int  # of these, kinds that nobody records
    stray: int  # of these, for requests that were cancelled
    bad: int  # malformed, off the grid, too large


class Hot:
    r"""Market data of all requests.

    Parameters
    ----------
    intake
        Takes the records, and the events about trouble.
    limit
        Longest frame, in bytes.

    Attributes
    ----------
    is_open
        False until the handshake is over: every frame is handed on.
    on_notice
        Hears of data types, delays, broken books: the keeper of the streams.

    Examples
    --------
    >>> from workbench.clock import ManualClock
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type="future", exchange="CME", currency="USD", calendar="CME Globex Equity",
    ...               multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> intake = Intake(ManualClock(5))
    >>> hot = Hot(intake)
    >>> hot.is_open = True
    >>> hot.open(7, es, Source.BID_ASK, streams.QUOTES)
    >>> body = b"99\0007\0003\0001700000000\0006010.25\0006010.50\0003\0004\0000\0"
    >>> hot.feed(len(body).to_bytes(4, "big") + body, print)
    >>> batch = intake.take()
    >>> batch.records[["px", "sz", "px2", "sz2"]][0].tolist()
    (24041, 3, 24042, 4)
    """

    def __init__(self, intake: Intake, limit: int = LIMIT) -> None:
        self.intake = intake
        self.on_notice: Callable[[Noticed], None] = lambda noticed: None
        self.table = streams.table()
        self._last = np.zeros(N_IDS, streams.LAST_QUOTE)
        self._control = np.zeros(16, np.int64)
        self._control[streams.LIMIT] = limit
        self._row: dict[int, int] = {}
        self._said: dict[tuple[int, Notice], int] = {}
        self._implied: dict[int, tuple[int, int]] = {}  # volatility told last, and when
        self._traded: dict[int, tuple[int, int]] = {}  # volume of today, and of the day before; -1 not told
        self._have = self._epoch = 0
        self._bytes = np.zeros(START, np.uint8)
        self._view, self._addr = self._bytes.data, int(self._bytes.ctypes.data)
        arrays = (self._control, intake.records, intake.state, intake.lost, self.table, self._last)
        control_addr, ring, *more = (int(array.ctypes.data) for array in arrays)
        self._fixed = (control_addr, ring, intake.capacity, *more)
        self._now_ns, self._wake = intake.clock.now_ns, intake.came.set

    def _grow(self, n: int) -> None:
        """Make room for `n` bytes, keeping what is there."""
        before, self._bytes = self._bytes, np.zeros(n, np.uint8)
        self._bytes[: self._have] = before[: self._have]
        self._view, self._addr = self._bytes.data, int(self._bytes.ctypes.data)

    @property
    def is_open(self) -> bool:
        """Whether market data is taken; not before the handshake is over."""
        return bool(self._control[streams.IS_OPEN])

    @is_open.setter
    def is_open(self, yes: bool) -> None:
        self._control[streams.IS_OPEN] = yes

    # requests

    def open(self, req_id: int, contract: Contract, source: Source, emits: int) -> None:
        """Say what a request id means, before the request leaves.

        Raises
        ------
        InvariantError
            The id was used in this connection, or the table is full.
        """
        if req_id in self._row:
            raise InvariantError(f"request id {req_id} was used before in this connection")
        if not 0 < contract.id < N_IDS:
            raise InvariantError(f"contract id {contract.id} is none: 1 to {N_IDS - 1}")
        if len(self._row) >= N_ROWS // 2:
            self._forget_ended()
        at = self._place(req_id)
        quanta = contract.quantum, Fraction(contract.size_quantum)
        streams.fill(self.table[at], req_id, contract.id, source, emits, quanta, self.intake.stamp())
        self._row[req_id] = at
        if source == Source.LAST:
            self._last[contract.id]["by_tick"] = 0

    def close(self, req_id: int) -> None:
        """Say that a request was cancelled: what still comes for it is counted and let go."""
        row = self.table[self._row[req_id]]
        if row["source"] == Source.LAST:
            self._last[int(row["contract"])]["by_tick"] = 0
        row["source"] = int(Source.ENDED)

    def emit(self, req_id: int, emits: int) -> None:
        """Change what a stream's messages become (`QUOTES`, `PRINTS`, `RT_VOLUME`). A line that is to quote anew quotes at once."""
        row = self.table[self._row[req_id]]
        begins = emits & ~int(row["emits"])
        row["emits"] = emits
        if begins & PRINTS:
            self._last[int(row["contract"])]["by_tick"] = 0
        if begins & QUOTES and row["source"] == Source.LEVEL1:
            self._quote(row)

    def _quote(self, row: np.void) -> None:
        """Write the quote that a line knows."""
        has = (BID if row["known"] & BID and row["bid_sz"] else 0) | (ASK if row["known"] & ASK and row["ask_sz"] else 0)
        bid = (int(row["bid"]), int(row["bid_sz"])) if has & BID else (0, 0)
        ask = (int(row["ask"]), int(row["ask_sz"])) if has & ASK else (0, 0)
        contract = int(row["contract"])
        if has and self.intake.write(contract, Kind.QUOTE, px=bid[0], sz=bid[1], px2=ask[0], sz2=ask[1], flags=has | CONFLATED):
            row["out_has"], row["out_bid"], row["out_bid_sz"], row["out_ask"], row["out_ask_sz"] = has, *bid, *ask
            last = self._last[contract]
            last["bid"], last["ask"], last["has"] = bid[0], ask[0], has

    def lose(self, contract: int, *, is_line_well: bool = False) -> None:
        """Say that data of a contract is missing: a GAP is recorded, and nothing is known until the next quote.

        A line that is not asked for quotes keeps what it knows, and so does one that is well: it was not the one that failed, and tells
        changes alone. One that is well and quotes says at once how the quote stands; of one that is not the next last price may be old.
        """
        self.intake.gap(contract)
        last = self._last[contract]
        last["bid"] = last["ask"] = last["has"] = 0
        mine = self.table["contract"] == contract
        self.table["out_has"][mine] = -1
        quoting = mine & (self.table["emits"] & QUOTES != 0)
        if is_line_well:
            for at in np.flatnonzero(quoting & (self.table["source"] == int(Source.LEVEL1))):
                self._quote(self.table[at])
            return
        self.table["known"][quoting] = 0
        self.table["n_last"][mine] = 0

    def empty_book(self, req_id: int) -> None:
        """Say that both sides of a book are empty (code 317)."""
        self.intake.write(int(self.table[self._row[req_id]]["contract"]), Kind.DEPTH_RESET)

    def heard(self, req_id: int) -> tuple[int, int]:
        """Give how many messages came for a request, and when the last one did (0: none)."""
        row = self.table[self._row[req_id]]
        return int(row["n_messages"]), int(row["last_ns"])

    @property
    def requests(self) -> Sequence[int]:
        """Ids that are open or were closed in this connection."""
        return list(self._row)

    @property
    def counts(self) -> Counts:
        """What came since the start."""
        c = self._control
        at = (streams.N_FRAMES, streams.N_HOT, streams.N_IGNORED, streams.N_STRAY, streams.N_BAD)
        return Counts(*(int(c[k]) for k in at))

    def reset(self) -> None:
        """Forget bytes and requests: the connection is gone, and ids mean nothing any more."""
        self._have = 0
        self._epoch += 1
        self.is_open = False
        self._row.clear()
        self._said.clear()
        self.table["req_id"] = FREE

    def _place(self, req_id: int) -> int:
        at = req_id & (N_ROWS - 1)
        while self.table["req_id"][at] != FREE:
            at = (at + 1) & (N_ROWS - 1)
        return at

    def _forget_ended(self) -> None:
        """Put the table together anew from what is open."""
        kept = self.table[(self.table["req_id"] != FREE) & (self.table["source"] != int(Source.ENDED))].copy()
        if len(kept) >= N_ROWS // 2:
            raise InvariantError(f"{len(kept)} streams are open; {N_ROWS // 2} are the most")
        self.table["req_id"] = FREE
        self._row.clear()
        for row in kept:
            req_id = int(row["req_id"])
            at = self._row[req_id] = self._place(req_id)
            self.table[at] = row

    # bytes

    def feed(self, data: bytes, on_frame: Callable[[bytes], None]) -> None:
        """Take what a socket brought, cut anywhere. Frames that are not ours go to `on_frame`, without their length; it must not raise.

        Raises
        ------
        VenueError
            A frame says that it is longer than any can be: where the next one begins is not known any more.
        """
        have = self._have
        end = have + len(data)
        if end > len(self._view):
            self._grow(max(end, 2 * len(self._view)))
        self._view[have:end] = data
        self._have, epoch = end, self._epoch
        packed = _decode(self._addr, 0, end, self._now_ns(), *self._fixed)
        if packed & MASK:
            try:
                packed = self._go_on(packed, end, on_frame)
            finally:
                self._wake()
            if epoch != self._epoch:
                return  # somebody closed the connection: what follows is nobody's
        at = packed >> NOTICE_BITS
        self._have = end - at
        if at and end > at:
            self._view[: end - at] = bytes(self._view[at:end])
        self._wake()

    def _go_on(self, packed: int, end: int, on_frame: Callable[[bytes], None]) -> int:
        """Do what the decoder came back for, and let it go on, until it is through or the connection is closed."""
        control, view, epoch = self._control, self._view, self._epoch
        while notice := packed & MASK:
            at = packed >> NOTICE_BITS
            if notice == Notice.FRAME:
                on_frame(bytes(view[control[streams.FRAME_FROM] : control[streams.FRAME_TO]]))
            elif notice == Notice.TOO_LONG:
                self._have = 0
                raise VenueError(f"a frame of {int.from_bytes(view[at : at + 4], 'big'):,} bytes cannot be meant")
            else:
                self._tell(Notice(notice))
            if epoch != self._epoch:
                break
            packed = _decode(self._addr, at, end, self._now_ns(), *self._fixed)
        return packed

    def _tell(self, notice: Notice) -> None:
        """Make of a notice an event at its place, and tell the keeper of the streams."""
        control = self._control
        at, value = int(control[streams.ROW]), int(control[streams.VALUE])
        row = self.table[at] if at >= 0 else None
        req_id, contract = (int(row["req_id"]), int(row["contract"])) if row is not None else (FREE, None)
        if notice == Notice.TOLD and row is not None:
            self._tell_amounts(int(row["contract"]), int(row["open_interest"]), int(row["volume"]))
            return
        if notice == Notice.VOLATILITY and contract is not None:
            self._tell_volatility(contract, value)
            return
        if notice == Notice.HALTED:
            word = HALTS.get(value, "halt-unknown")
            self.intake.put(BrokerSaid(0, word, f"tick type 49 says {value}", None, contract))
            if contract is not None:
                self.intake.put(TradingPaused(contract, value != RUNS, word))
        elif notice in TROUBLES:
            if notice != Notice.BROKEN:
                self._complain(req_id, notice, contract)
            if row is not None and row["is_broken"] == 1:
                row["is_broken"] = 2  # once is enough
                self.intake.write(int(row["contract"]), Kind.DEPTH_RESET)
                notice = Notice.BROKEN
        self.on_notice(Noticed(req_id, notice, value))

    def _tell_amounts(self, contract: int, open_interest: int, volume: int) -> None:
        """Tell how much is open and traded. A day begins with no volume, and says less than the one before until it has more."""
        last, before = self._traded.get(contract, (-1, -1))
        if volume >= 0:
            last, before = self._traded[contract] = volume, last if volume < last else before
        most = max(last, before)
        self.intake.put(ContractTold(contract, open_interest if open_interest >= 0 else None, most if most >= 0 else None))

    def _tell_volatility(self, contract: int, micros: int) -> None:
        """Tell what options imply when it is first known, then when it has moved, once a minute at most: TWS says it with each quote."""
        told, told_ns = self._implied.get(contract, (-STEP_MICROS, 0))
        now_ns = self._now_ns()
        if abs(micros - told) >= STEP_MICROS and (told < 0 or now_ns - told_ns >= MINUTE):
            self._implied[contract] = micros, now_ns
            self.intake.put(VolatilityTold(contract, micros))

    def _complain(self, req_id: int, notice: Notice, contract: int | None) -> None:
        n = self._said[req_id, notice] = self._said.get((req_id, notice), 0) + 1
        if n <= SAID or n % 1024 == 0:
            frame = self._view[self._control[streams.FRAME_FROM] : self._control[streams.FRAME_TO]]
            text = bytes(frame[:200]).decode(errors="backslashreplace").replace("\0", "|")
            self.intake.put(BrokerSaid(0, TROUBLES[notice], f"{n}: {text}", None, contract))
